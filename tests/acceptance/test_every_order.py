"""In whatever order flows run and messages are delivered, everything ends in the same state, nothing twice."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from local.data.enter import enter
from local.data.folder import DataFolder
from local.data.generate import generate
from local.data.oddities import STOPPED
from local.data.quotes import enter_quotes
from tests.acceptance.acceptance_customers import expected, with_primary_contacts
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_people import expected_customers, expected_persons, with_accounts
from tests.acceptance.acceptance_products import expected as expected_products
from tests.acceptance.acceptance_products import with_items
from tests.acceptance.acceptance_quotes import QUOTES
from tests.acceptance.acceptance_rules import as_texts
from tests.acceptance.acceptance_story import Story, Variant
from tests.acceptance.acceptance_story_end import OUTCOMES, FirstEnds, differences, final_state
from tests.acceptance.acceptance_story_quotations import Quotations, quotations_found, quotations_wanted
from tests.acceptance.acceptance_trade import BUYERS, CONTACTS, PRODUCTS
from tests.acceptance.acceptance_world import World

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

FLOWS = (PRODUCTS, ACCOUNTS, CONTACTS, BUYERS, QUOTES)
VARIANTS = tuple(Variant(solution, companies) for solution in (False, True) for companies in (1, 2))
SEEDS = int(os.environ.get("ORDER_SEEDS", "8"))
"""How many stories are told. In the chapters of the first 40 every order of flows comes up once, in those of 120 three
times; with 480 everything is loaded in every order in every variant."""


def plot(seed: int) -> tuple[Variant, list[tuple[str, ...]]]:
    """Where the story of this seed takes place, and the order of flows of each of its three chapters."""
    orders = list(permutations(FLOWS))
    random.Random(1).shuffle(orders)
    third = len(orders) // 3
    chapters = [orders[(seed + chapter * third) % len(orders)] for chapter in range(3)]
    return VARIANTS[(seed + seed // len(orders)) % len(VARIANTS)], chapters


def told(seed: int) -> str:
    variant, orders = plot(seed)
    return f"{seed}-{variant.name}-" + "-".join(flow.partition("_to_")[0] for flow in orders[0])


@pytest.fixture(scope="module")
def first_ends(tmp_path_factory: pytest.TempPathFactory) -> FirstEnds:
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "ends-of-the-story"
    folder.mkdir(exist_ok=True)
    return FirstEnds(folder)


@pytest.mark.parametrize(("variant", "orders"), [pytest.param(*plot(seed), id=told(seed)) for seed in range(SEEDS)])
def test_every_order_of_flows_and_deliveries_ends_in_the_same_state(
    world: World, tmp_path: Path, first_ends: FirstEnds, variant: Variant, orders: Sequence[tuple[str, ...]]
) -> None:
    story = Story(world, variant, tmp_path)
    choose = random.Random(repr(orders))
    ends = []
    quotations: Quotations = {}
    for chapter, flows in zip(story.chapters, orders, strict=True):
        chapter()
        here = world.install(**story.settings)  # a process that has not just looked at reference data
        run_in_disorder(here, flows, choose)
        ends.append(end := final_state(story, here))
        quotations |= quotations_wanted(story, end["CustomersV3"])  # else they stay as they were
        assert quotations_found(end["CDSSalesQuotationHeaders"], end["CDSSalesQuotationLines"]) == quotations

    for number, (end, other) in enumerate(zip(ends, first_ends.of(variant, ends), strict=True), 1):
        assert not differences(end, other), f"chapter {number} ends otherwise than in the first order"
    expect_the_last_chapter(story, ends[-1])


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_contacts_and_products_become_what_the_specification_says(
    world: World, tmp_path: Path, seed: int
) -> None:
    generate(tmp_path, seed=seed, accounts=40, contacts=50, products=40, quotes=12)
    here = filled(world, tmp_path)
    statuses = here.sync_all(*random.Random(seed).sample(FLOWS, len(FLOWS)))
    persons, goods = expected_persons(tmp_path), expected_products(tmp_path)
    assert statuses[CONTACTS].totals.as_json() | persons.shown == statuses[CONTACTS].totals.as_json()
    assert statuses[PRODUCTS].totals.as_json() | goods.shown == statuses[PRODUCTS].totals.as_json()
    accounts = with_primary_contacts(expected(tmp_path), tmp_path, persons.rows)
    led = sum(bool(row.get("ContactPersonId")) for row in accounts.rows.values())
    assert led > 20, "many accounts have a primary contact"
    told = statuses[ACCOUNTS].totals.as_json()
    assert told | accounts.shown | {"updated": led} == told, "each was sent once, when the contact was there"

    enter_quotes(DataFolder(tmp_path), world.sales)
    here.sync_all(*FLOWS)
    buyers = expected_customers(tmp_path)
    customers = as_texts(world.finops_admin.rows("CustomersV3"))
    assert not accounts.differences([row for row in customers if row["PartyType"] == "Organization"])
    assert not buyers.differences([row for row in customers if row["PartyType"] == "Person"])
    found = as_texts(world.finops_admin.rows("ContactPersons"))
    assert not persons.differences(with_accounts(found, customers))
    products, items = (as_texts(world.sales_admin.rows(name)) for name in OUTCOMES["sales"])
    products = [row for row in products if row["productnumber"] != STOPPED]  # a seller made it by hand to quote it
    assert not goods.differences(with_items(products, items))


def filled(world: World, folder: Path) -> Installation:
    """A fresh installation beside systems that hold this folder, without its quotes."""
    world.start()
    enter(DataFolder(folder), world.sales, world.finops)
    world.settle()
    return world.install(LINK_PARTITIONS="2")


def run_in_disorder(here: Installation, flows: tuple[str, ...], choose: random.Random) -> None:
    """Detect flow by flow in this order; in between, messages of any flow are delivered, as chance has it."""
    seen: list[Installation] = []
    for flow in flows:
        seen.append(here.of(flow))
        seen[-1].detect()
        for _ in range(choose.randint(0, 4)):
            choose.choice(seen).deliver_next()
    here.pump_all(*flows)
    for flow in flows:
        here.app.sweep(flow)
    here.pump_all(*flows)


def expect_the_last_chapter(story: Story, end: Mapping[str, Any]) -> None:
    """What the specification says about it, so that no order is right because all are wrong."""
    other = "demf" if story.variant.companies == 2 else "usmf"
    customers = {(row["dataAreaId"], row["CustomerAccount"]): row for row in end["CustomersV3"]}
    persons = {row["ContactPersonId"]: row for row in end["ContactPersons"]}
    products = {row["productnumber"]: row for row in end["products"]}
    branch = (other, "C1" if other == "demf" else "C9")
    firms = {("usmf", f"C{number}") for number in range(1, 6)}
    assert customers.keys() == {*firms, branch, ("usmf", "E-Davis"), ("usmf", "E-Evans")}
    assert customers["usmf", "C3"]["OrganizationName"] == "Northwind Again"
    primary = {number: row["ContactPersonId"] for (_, number), row in customers.items() if row["ContactPersonId"]}
    assert primary == {"C3": "E-Brown", "C4": "E-Clark"}
    assert persons.keys() == {f"E-{name}" for name in story.contacts if name != "Davis"}
    brown = "usmf C3" if story.variant.moves else "usmf C2"
    of = {number: row["AssociatedPartyNumber"] for number, row in persons.items()}
    assert of == {
        "E-Adams": "usmf C1", "E-Brown": brown, "E-Clark": "usmf C4", "E-Evans": "usmf C3",
        "E-Frank": " ".join(branch), "E-Green": "usmf C1", "E-Hills": "usmf C5",
    }  # fmt: skip
    assert persons["E-Evans"]["ContactPersonPartyNumber"] == customers["usmf", "E-Evans"]["PartyNumber"]
    assert (persons["E-Green"]["IsInactive"], persons["E-Green"]["EmploymentProfession"]) == ("No", "Returner")
    assert {number: (row["name"], float(row["price"]), row["statecode"]) for number, row in products.items()} == {
        "P1": ("Renamed", 11, 0), "P2": ("Product P2", 12, 0), "P3": ("Sold again", 10, 0),
        "P4": ("Back again", 13, 0), "P5": ("Product P5", 95, 0), "P6": ("Product P6", 6, 0),
        "P7": ("Product P7", 10, 0), "P9": ("Product P9", 10, 0),
    }  # fmt: skip
    ids = {number: row["productid"] for number, row in story.trade.products().items()}
    assert story.quotes.handmade.items() <= ids.items(), "those that sellers had made were adopted"
    prices = [(row["_productid_value"], row["_pricelevelid_value"], row["_uomid_value"], float(row["amount"]))
              for row in end["productpricelevels"]]  # fmt: skip
    assert sorted(prices) == [
        ("P1", "Standard", "ea", 11), ("P2", "Euro", "ea", 12), ("P3", "Standard", "ea", 10),
        ("P4", "Standard", "ea", 13), ("P5", "Standard", "box", 95), ("P5", "Standard", "ea", 10),
        ("P6", "Standard", "kg", 6), ("P7", "Standard", "ea", 10), ("P9", "Standard", "ea", 10),
    ]  # fmt: skip
    expect_the_last_quotations(end, branch)
    moved = [] if story.variant.moves else [[CONTACTS, "Brown", "contact-moved"]]
    assert end["issues"] == moved


def expect_the_last_quotations(end: Mapping[str, Any], branch: tuple[str, str]) -> None:
    """Whose they are, and their lines by number: numbers stay through revisions, new ones go on above the highest."""
    headers = {row["SalesQuotationNumber"]: row for row in end["CDSSalesQuotationHeaders"]}
    lines: dict[str, dict[int, tuple[str, float, str]]] = {number: {} for number in headers}
    for row in end["CDSSalesQuotationLines"]:
        said = row["ProductNumber"], float(row["RequestedSalesQuantity"]), row["SalesUnitSymbol"]
        lines[row["SalesQuotationNumber"]][int(row["LineCreationSequenceNumber"])] = said
    of = {number: (row["dataAreaId"], row["RequestingCustomerAccountNumber"]) for number, row in headers.items()}
    assert of == {
        "Q-1": ("usmf", "C1"), "Q-2": ("usmf", "C2"), "Q-3": ("usmf", "C4"), "Q-4": ("usmf", "C1"),
        "Q-5": ("usmf", "C1"), "Q-6": ("usmf", "C2"), "Q-7": ("usmf", "C3"), "Q-8": branch, "Q-9": ("usmf", "C5"),
        "B-Davis": ("usmf", "E-Davis"), "B-Evans": ("usmf", "E-Evans"),
    }  # fmt: skip
    assert lines == {
        "Q-1": {1: ("P1", 20, "ea"), 3: ("P1", 3, "ea"), 10: ("P3", 3, "ea"), 11: ("P2", 2, "ea"), 12: ("P5", 2, "ea")},
        "Q-2": {1: ("P5", 3, "ea")}, "Q-3": {1: ("P1", 1, "ea")}, "Q-4": {2: ("P9", 7, "ea"), 3: ("P3", 1, "ea")},
        "Q-5": {1: ("P1", 5, "ea")}, "Q-6": {}, "Q-7": {1: ("P5", 6, "box")}, "Q-8": {1: ("P1", 80, "box")},
        "Q-9": {1: ("P7", 9, "ea")}, "B-Davis": {1: ("P1", 1, "ea"), 2: ("P5", 2, "box")},
        "B-Evans": {1: ("P9", 4, "ea")},
    }  # fmt: skip
    assert headers["Q-7"]["SalesQuotationName"] == "Renamed"
