"""In whatever order flows run and messages are delivered, everything ends in the same state, nothing twice."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from local.data.enter import enter
from local.data.folder import DataFolder
from local.data.generate import generate
from local.data.quotes import enter_quotes
from tests.acceptance.acceptance_customers import expected, with_primary_contacts
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_people import expected_customers, expected_persons, with_accounts
from tests.acceptance.acceptance_products import expected as expected_products
from tests.acceptance.acceptance_products import with_items
from tests.acceptance.acceptance_rules import as_texts
from tests.acceptance.acceptance_trade import BUYERS, CONTACTS, PRODUCTS
from tests.acceptance.acceptance_world import World

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

FLOWS = (PRODUCTS, ACCOUNTS, CONTACTS, BUYERS)
OUTCOMES = {"sales": ("products", "productpricelevels"), "finops": ("CustomersV3", "ContactPersons")}
"""What the flows write, by system."""
PASSING = ("createdon", "modifiedon", "versionnumber", "productpricelevelid")
"""Columns that say when something was written, and an id that nobody refers to."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trade")
    generate(path, seed=5, accounts=15, contacts=20, products=12, quotes=9)
    return path


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """What the first order came to, for all others."""
    return {}


@pytest.mark.parametrize("flows", list(permutations(FLOWS)), ids=lambda flows: "-".join(name[:9] for name in flows))
def test_every_order_of_flows_and_deliveries_ends_in_the_same_state(
    world: World, folder: Path, results: dict[str, Any], flows: tuple[str, ...]
) -> None:
    here = filled(world, folder)
    run_in_disorder(here, flows, random.Random("-".join(flows)))

    state = final_state(world)
    assert all(state.values())
    assert state == results.setdefault("state", state)
    counts = {flow: status.totals for flow, status in here.statuses().items()}
    open_ones = {flow: (totals.reasons["waiting"], totals.reasons["parked"]) for flow, totals in counts.items()}
    assert open_ones == results.setdefault("open", open_ones)


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_contacts_and_products_become_what_the_specification_says(
    world: World, tmp_path: Path, seed: int
) -> None:
    generate(tmp_path, seed=seed, accounts=40, contacts=50, products=40, quotes=12)
    here = filled(world, tmp_path, quotes=False)
    statuses = here.sync_all(*random.Random(seed).sample(FLOWS, len(FLOWS)))
    persons, goods = expected_persons(tmp_path), expected_products(tmp_path)
    assert statuses[CONTACTS].totals.as_json() | persons.shown == statuses[CONTACTS].totals.as_json()
    assert statuses[PRODUCTS].totals.as_json() | goods.shown == statuses[PRODUCTS].totals.as_json()

    enter_quotes(DataFolder(tmp_path), world.sales)
    here.sync_all(*FLOWS)
    buyers = expected_customers(tmp_path)
    customers = as_texts(world.finops_admin.rows("CustomersV3"))
    accounts = with_primary_contacts(expected(tmp_path), tmp_path, persons.rows)
    assert not accounts.differences([row for row in customers if row["PartyType"] == "Organization"])
    assert not buyers.differences([row for row in customers if row["PartyType"] == "Person"])
    found = as_texts(world.finops_admin.rows("ContactPersons"))
    assert not persons.differences(with_accounts(found, customers))
    products, items = (as_texts(world.sales_admin.rows(name)) for name in OUTCOMES["sales"])
    assert not goods.differences(with_items(products, items))


def filled(world: World, folder: Path, *, quotes: bool = True) -> Installation:
    """A fresh installation beside systems that hold this folder; with quotes, products are made by hand for them."""
    world.start()
    enter(DataFolder(folder), world.sales, world.finops)
    if quotes:
        enter_quotes(DataFolder(folder), world.sales)
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


def final_state(world: World) -> dict[str, list[dict[str, Any]]]:
    """What the flows have written, without ids and numbers that a system gave and without times; in one order."""
    names = {row["PartyNumber"]: row["CustomerAccount"] for row in world.finops_admin.rows("CustomersV3")}
    for person in world.finops_admin.rows("ContactPersons"):
        names[person["ContactPersonPartyNumber"]] = person["ContactPersonId"]
    names |= {row["productid"]: row["productnumber"] for row in world.sales_admin.rows("products")}
    admins = {"sales": world.sales_admin, "finops": world.finops_admin}
    return {
        name: sorted((dict(_steady(row, names)) for row in admins[system].rows(name)), key=str)
        for system, sets in OUTCOMES.items()
        for name in sets
    }


def _steady(row: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for column, value in row.items():
        if column not in PASSING and not column.startswith("_address"):
            yield column, names.get(value, value) if isinstance(value, str) else value
