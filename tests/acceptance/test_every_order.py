"""In whatever order flows run and messages are delivered, everything ends in the same state, nothing twice."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import permutations, zip_longest
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local.data.enter import enter
from local.data.folder import DataFolder
from local.data.generate import generate
from local.data.oddities import STOPPED
from local.data.quotes import enter_quotes
from sync.stores.tables import TableLinks
from tests.acceptance.acceptance_customers import expected, with_primary_contacts
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_people import expected_customers, expected_persons, with_accounts
from tests.acceptance.acceptance_products import expected as expected_products
from tests.acceptance.acceptance_products import with_items
from tests.acceptance.acceptance_quotes import QUOTES
from tests.acceptance.acceptance_rules import as_texts
from tests.acceptance.acceptance_story import Story, Variant
from tests.acceptance.acceptance_story_end import expect_the_last_chapter
from tests.acceptance.acceptance_story_quotations import Quotations, quotations_found, quotations_wanted
from tests.acceptance.acceptance_trade import BUYERS, CONTACTS, PRODUCTS
from tests.acceptance.acceptance_world import World

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

FLOWS = (PRODUCTS, ACCOUNTS, CONTACTS, BUYERS, QUOTES)
OUTCOMES = {
    "sales": ("products", "productpricelevels"),
    "finops": ("CustomersV3", "ContactPersons", "CDSSalesQuotationHeaders", "CDSSalesQuotationLines"),
}
"""What the flows write, by system."""
PASSING = ("createdon", "modifiedon", "versionnumber", "productpricelevelid", "InventoryLotId")
"""Columns that say when something was written, and ids that nobody refers to."""
OTHERS = {"CDSSalesQuotationHeaders": ("ContactPersonId",)}
"""Columns that nobody here writes: F&O takes them over from the customer as that is when the quotation is made."""
NOT_IN_STEP = ("waiting", "parked", "skipped", "removed")
"""Last endings of a record that are the same in every order: a write may be the last, or that none was needed."""
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


class FirstEnds:
    """What the first order of a variant came to, chapter by chapter, for all others of it, in any test process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, variant: Variant, ends: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """These ends, if they are the first."""
        mine = self._folder / f"{variant.name}-{uuid4().hex}.json"
        mine.write_text(json.dumps(ends))
        with suppress(FileExistsError):
            (self._folder / f"{variant.name}.json").hardlink_to(mine)
        first: list[dict[str, Any]] = json.loads((self._folder / f"{variant.name}.json").read_text())
        return first


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


def final_state(story: Story, here: Installation) -> dict[str, Any]:
    """What the flows have written and remembered, without ids and numbers that a system gave and without times."""
    world = story.world
    finops = {name: world.finops_admin.rows(name) for name in OUTCOMES["finops"]}
    sales = {name: world.sales_admin.rows(name) for name in OUTCOMES["sales"]}
    names = {row["PartyNumber"]: f"{row['dataAreaId']} {row['CustomerAccount']}" for row in finops["CustomersV3"]}
    for person in finops["ContactPersons"]:
        names[person["ContactPersonPartyNumber"]] = f"{person['dataAreaId']} {person['ContactPersonId']}"
    names |= {row["productid"]: row["productnumber"] for row in sales["products"]} | dict(story.names())
    for kind in (story.trade.units, story.trade.groups, story.trade.price_lists, world.currencies):
        names |= {id: name for name, id in kind.items()}
    rows = {name: sorted((dict(_steady(row, names, OTHERS.get(name, ()))) for row in each), key=str)
            for name, each in (sales | finops).items()}  # fmt: skip
    issues = sorted([issue.flow, names.get(issue.id, issue.id), issue.trouble.code]
                    for status in here.statuses().values() for issue in status.issues)  # fmt: skip
    return {**rows, "links": remembered(story, here, names), "issues": issues}


def differences(end: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What one of the two has and the other has not: of rows the values that differ."""
    assert end.keys() == other.keys()
    found = []
    for name in end:
        here, there = ([row for row in one[name] if row not in two[name]] for one, two in ((end, other), (other, end)))
        for one, two in zip_longest(here, there):
            if isinstance(one, dict) and isinstance(two, dict):
                found.append(f"{name}: { ({key: (one[key], two[key]) for key in one if one[key] != two.get(key)}) }")
            else:
                found.append(f"{name}: {one} {two}")
    return found


def remembered(story: Story, here: Installation, names: Mapping[str, str]) -> list[list[str]]:
    """What the links say of every record of the story: its counterpart, and why it has none or is not in step."""
    partitions = here.app.settings.link_partitions
    links = TableLinks(here.app.connections.storage, partitions=partitions)
    found = []
    for mapping, ids in story.records().items():
        for link in (each for part in range(partitions) for each in links.read(mapping, part, ids).values()):
            target = "|".join(names.get(str(value), str(value)) for value in link.target.values())
            state = (link.state, link.reason) if link.state in NOT_IN_STEP else ("in step", "")
            held = [name for name in ("dirty", "held", "again", "owed") if getattr(link, name)]
            found.append([mapping, names.get(link.id, link.id), target, *state, *held])
            lines = links.lines(mapping, links.partition(link.id), [link.id]).get(link.id, ())
            found += [[mapping, names[link.id], f"line {line.number}", "gone" if line.gone else ""] for line in lines]
    return sorted(found)


def _steady(row: Mapping[str, Any], names: Mapping[str, str], others: Collection[str]) -> Iterator[tuple[str, Any]]:
    for column, value in row.items():
        if column not in PASSING and column not in others and not column.startswith("_address"):
            yield column, names.get(value, value) if isinstance(value, str) else value
