"""Whatever Dataverse answers where its documentation is silent, the app's client does its work."""

from __future__ import annotations

from typing import Any

import pytest

from local.simulators.dataverse.switches import ALLOWED, PRIVILEGES, SWITCHES
from sync.errors import ConfigError, DataError, Throttled
from sync.model import EntityRef, Use
from sync.ports import ChangeFeed, Missing, Refused, Written
from sync.systems.delta import DeltaFeed
from sync.systems.sales import SalesSystem
from sync.systems.triggers import TriggeredFeed
from tests.systems.conftest import SalesWorld
from tests.systems.systems_shop import NOWHERE, PRICES, PRODUCTS, Shop, change, numbers, product_key
from tests.systems.systems_world import ACCOUNTS, AnyToken

OPEN: list[tuple[str, Any]] = [
    *((name, value) for name, values in ALLOWED.items() if SWITCHES[name] != [] for value in values),
    *((name, value) for name, first in SWITCHES.items() if isinstance(first, bool) for value in (True, False)),
    ("web_servers", 3),
]
"""Every answer to every question that wire.md leaves open."""


def read(feed: ChangeFeed, position: str = "") -> tuple[set[str], str]:
    """The ids in the feed from a position to its end, and the position there."""
    seen: set[str] = set()
    for _ in range(60):
        page = feed.page(position, full=False)
        seen |= {change.id for change in page.changes}
        position = page.position
        if not page.more:
            return seen, position
    raise AssertionError("The feed does not end.")


@pytest.mark.parametrize(("name", "value"), OPEN)
def test_reading_and_writing_work_with_every_answer(sales: SalesWorld, name: str, value: Any) -> None:
    sales.admin.switch(**{name: value})
    ids = sales.create("A", "B", "C", "D")
    read_rows = sales.system.fetch(ACCOUNTS, ids, ["accountnumber"])
    sales.change(ids[1], name="changed since")
    sales.delete(ids[2])
    wanted = ["N-0", "N-1", "N-2", "too long for this column"]

    results = sales.system.assign(
        ACCOUNTS, [(read_rows[id], {"accountnumber": one}) for id, one in zip(ids, wanted, strict=True)]
    )

    assert results[:3] == [True, False, False]
    assert isinstance(results[3], DataError)
    stored = {row["accountid"]: row["accountnumber"] for row in sales.admin.stored("accounts")}
    assert stored == {ids[0]: "N-0", ids[1]: None, ids[3]: None}
    assert [row.id for row in sales.system.search(ACCOUNTS, "accountnumber", ["n-0"], ["name"])] == [ids[0]]


@pytest.mark.parametrize(("name", "value"), OPEN)
def test_changes_are_followed_with_every_answer(sales: SalesWorld, name: str, value: Any) -> None:
    sales.admin.switch(**{name: value})
    ids = sales.create("A", "B")
    feed = DeltaFeed(sales.system, ACCOUNTS)
    assert read(feed)[0] == set(ids)
    _, position = read(feed)
    assert read(feed, position)[0] == set()
    sales.change(ids[0], name="C")
    sales.delete(ids[1])
    seen, position = read(feed, position)
    assert seen == set(ids)
    sales.admin.ask("POST", "/admin/schema-change", {"table": "accounts"})
    assert read(feed, position)[0] == {ids[0]}


@pytest.mark.parametrize(("name", "value"), OPEN)
def test_rows_are_made_changed_and_found_with_every_answer(shop: Shop, name: str, value: Any) -> None:
    shop.admin.switch(**{name: value})
    wanted = numbers(5)
    too_long = shop.product("P0003", name="too long " * 20)
    made = shop.system.write(PRODUCTS, [*(shop.product(number) for number in wanted[:3]), too_long])
    assert [type(result) for result in made] == [Written] * 3 + [Refused]
    again = shop.system.write(PRODUCTS, [shop.product(number) for number in (wanted[0], wanted[4])])
    assert [type(result) for result in again] == [Refused, Written]

    nowhere = change("P0001", _pricelevelid_value=NOWHERE)
    changed = shop.system.write(PRODUCTS, [change("P0000", name="new"), nowhere, change("gone", name="x")])
    assert [type(result) for result in changed] == [Written, Refused, Missing]
    priced = shop.system.write(PRICES, [shop.price("P0000"), shop.price("P0001"), shop.price("P0000")])
    assert [type(result) for result in priced] == [Written, Written, Refused]
    published = shop.system.write(PRODUCTS, [change(one, statecode=0, statuscode=1) for one in ("P0000", "gone")])
    assert [type(result) for result in published] == [Written, Missing]

    found = shop.system.match(PRODUCTS, [{"productnumber": number.lower()} for number in wanted], ["name", "statecode"])
    assert [[(row["name"], row["statecode"]) for row in rows] for rows in found] == [
        [("new", 0)], [("Name of P0001", 2)], [("Name of P0002", 2)], [], [("Name of P0004", 2)]
    ]  # fmt: skip
    items = {"_pricelevelid_value": shop.prices, **product_key("P0001"), "_uomid_value": shop.piece}
    items["_productid_value"] = items.pop("productid")
    assert [len(rows) for rows in shop.system.match(PRICES, [items], ["amount"])] == [1]


@pytest.mark.parametrize(("name", "value"), OPEN)
def test_what_refers_to_a_record_is_followed_with_every_answer(shop: Shop, name: str, value: Any) -> None:
    shop.admin.switch(**{name: value})
    contact, other = shop.contact(), shop.contact()
    quotes = DeltaFeed(shop.system, EntityRef("sales", "quotes", ("quoteid",)), about="contactid")
    feed = TriggeredFeed(DeltaFeed(shop.system, EntityRef("sales", "contacts", ("contactid",))), [("quotes", quotes)])
    seen, position = read(feed)
    assert seen == {contact, other}
    shop.document("quotes", contact=contact)
    seen, position = read(feed, position)
    assert seen == {contact}
    assert shop.system.referring(Use("quotes", "contactid", "statecode", (0,)), [contact, other]) == {contact}
    shop.admin.ask("POST", "/admin/schema-change", {"table": "quotes"})
    assert read(feed, position)[0] == {contact, other}


def test_a_limit_of_the_service_is_told_as_throttling_with_its_pause(sales: SalesWorld) -> None:
    sales.create("A")
    sales.admin.switch(limit_requests=3)
    with pytest.raises(Throttled) as caught:
        for _ in range(4):
            sales.system.rows("sales", "accounts", ["name"])
    assert caught.value.delay is not None
    assert 290 <= caught.value.delay <= 300


@pytest.mark.parametrize("header", [True, False])
def test_a_limit_without_a_pause_is_waited_for_all_the_same(sales: SalesWorld, header: bool) -> None:
    sales.admin.switch(limit_requests=1, retry_after=header)
    with pytest.raises(Throttled) as caught:
        for _ in range(3):
            sales.system.rows("sales", "accounts", ["name"])
    assert caught.value.delay


@pytest.mark.parametrize("form", ["json", "empty"])
def test_a_refused_token_is_a_matter_of_set_up_in_every_form(sales: SalesWorld, form: str) -> None:
    sales.admin.switch(unauthorized_body=form)
    system = SalesSystem(sales.admin.base, AnyToken(" "), sales.gates)
    with pytest.raises(ConfigError):
        system.rows("sales", "accounts", ["name"])


@pytest.mark.parametrize("privilege", [*PRIVILEGES, "organization_read"])
def test_a_missing_privilege_stops_what_needs_it_and_names_the_table(sales: SalesWorld, privilege: str) -> None:
    (id,) = sales.create("A")
    record = sales.system.fetch(ACCOUNTS, [id], ["name"])[id]
    sales.admin.switch(**{f"no_{privilege}": ["accounts"]})
    if privilege == "read":
        with pytest.raises(ConfigError, match="accounts"):
            sales.system.fetch(ACCOUNTS, [id], ["name"])
    if privilege in ("read", "organization_read"):
        with pytest.raises(ConfigError, match="accounts"):
            DeltaFeed(sales.system, ACCOUNTS).page("", full=False)
    if privilege == "write":
        with pytest.raises(ConfigError, match="prvWriteAccount"):
            sales.system.assign(ACCOUNTS, [(record, {"accountnumber": "N-1"})])
    else:
        assert sales.system.assign(ACCOUNTS, [(record, {"accountnumber": "N-1"})]) == [True]
