"""State and status belong together in every table; a state without a status takes its first (wire.md 1.12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.simulators.dataverse.schema import load_tables
from tests.local.dataverse.dataverse_simulated import code, simulated
from tests.local.dataverse.selling import Shop

PAIRS: dict[str, dict[int, tuple[int, ...]]] = {
    "accounts": {0: (1,), 1: (2,)},
    "contacts": {0: (1,), 1: (2,)},
    "uomschedules": {0: (1,), 1: (2,)},
    "transactioncurrencies": {0: (1,), 1: (2,)},
    "pricelevels": {0: (100001,), 1: (100002,)},
    "products": {0: (1,), 1: (2,), 2: (0,), 3: (3,)},
    "quotes": {0: (1,), 1: (2, 3), 2: (4,), 3: (5, 6, 7)},
    "salesorders": {0: (1, 2, 690970000), 1: (3,), 2: (4,), 3: (100001, 100002), 4: (100003,)},
    "invoices": {0: (1, 2, 4, 5, 6), 1: (3, 7), 2: (100001, 100002), 3: (100003,)},
}
SIMPLE = ("accounts", "contacts", "uomschedules", "transactioncurrencies", "pricelevels")


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with simulated() as session:
        yield Shop(session)


def a_row(shop: Shop, entity_set: str) -> str:
    """The address of a row that nothing refers to."""
    made = {
        "accounts": lambda: shop.sales.create("accounts", name="A"),
        "contacts": lambda: shop.sales.create("contacts", lastname="C"),
        "uomschedules": lambda: shop.sales.create("uomschedules", name="G", baseuomname="U"),
        "transactioncurrencies": lambda: shop.dollar,
        "pricelevels": lambda: shop.price_list("P", shop.euro),
    }[entity_set]()
    return f"{entity_set}({made})"


def state(shop: Shop, address: str) -> tuple[Any, Any]:
    row = shop.sales.get(address).json()
    return row["statecode"], row["statuscode"]


@pytest.mark.parametrize("entity_set", PAIRS)
def test_the_tables_know_the_documented_pairs(entity_set: str) -> None:
    assert load_tables()[entity_set].states == PAIRS[entity_set]


@pytest.mark.parametrize("entity_set", SIMPLE)
def test_a_row_goes_from_active_to_inactive_and_back_and_the_status_follows(shop: Shop, entity_set: str) -> None:
    address, ((active,), (inactive,)) = a_row(shop, entity_set), PAIRS[entity_set].values()
    assert state(shop, address) == (0, active)
    assert shop.sales.patch(address, json={"statecode": 1}).status_code == 204
    assert state(shop, address) == (1, inactive)
    assert shop.sales.patch(address, json={"statecode": 0, "statuscode": active}).status_code == 204
    assert state(shop, address) == (0, active)


@pytest.mark.parametrize("entity_set", SIMPLE)
def test_a_status_of_the_other_state_is_refused(shop: Shop, entity_set: str) -> None:
    address, ((active,), (inactive,)) = a_row(shop, entity_set), PAIRS[entity_set].values()
    for wrong in ({"statecode": 1, "statuscode": active}, {"statecode": 0, "statuscode": inactive},
                  {"statuscode": inactive}):  # fmt: skip
        assert code(shop.sales.patch(address, json=wrong)) == (400, "0x80048408")
    assert state(shop, address) == (0, active)


def test_a_state_cannot_be_emptied(shop: Shop) -> None:
    for address in (
        *(a_row(shop, entity_set) for entity_set in SIMPLE),
        f"quotes({shop.quote()})",
        f"products({shop.product()})",
    ):
        before = state(shop, address)
        assert code(shop.sales.patch(address, json={"statecode": None})) == (400, "0x80040203")
        assert code(shop.sales.delete(f"{address}/statecode")) == (400, "0x80040203")
        assert state(shop, address) == before


@pytest.mark.parametrize("entity_set", SIMPLE)
def test_a_state_that_does_not_exist_is_refused(shop: Shop, entity_set: str) -> None:
    address = a_row(shop, entity_set)
    assert code(shop.sales.patch(address, json={"statecode": 9})) == (400, "0x8004431A")


def test_a_contact_has_a_full_name_and_its_company_or_person(shop: Shop) -> None:
    parent = shop.sales.create("contacts", firstname="Ada", lastname="Lovelace")
    of_account = shop.sales.create(
        "contacts", lastname="Hopper", **{"parentcustomerid_account@odata.bind": f"/accounts({shop.customer})"}
    )
    address = f"contacts({of_account})"
    row = shop.sales.get(address).json()
    assert (row["fullname"], row["_accountid_value"], row["_parentcontactid_value"]) == ("Hopper", shop.customer, None)
    moved = {"firstname": "Grace", "parentcustomerid_contact@odata.bind": f"/contacts({parent})"}
    assert shop.sales.patch(address, json=moved).status_code == 204
    row = shop.sales.get(address).json()
    assert (row["fullname"], row["_accountid_value"], row["_parentcontactid_value"]) == ("Grace Hopper", None, parent)
