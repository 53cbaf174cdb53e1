"""Records change, too, when rows of other tables change that refer to them; no such change falls between two reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sync.errors import ConfigError
from sync.model import Change, EntityRef, Page
from sync.systems.delta import DeltaFeed
from sync.systems.sales import SalesSystem
from sync.systems.triggers import TriggeredFeed
from tests.systems.systems_shop import Shop
from tests.systems.systems_world import Scripted

CONTACTS = EntityRef("sales", "contacts", ("contactid",))
TABLES = {"quotes": "quoteid", "salesorders": "salesorderid", "invoices": "invoiceid"}


def feed_of(system: SalesSystem, *tables: str) -> TriggeredFeed:
    """Contacts, and the documents of these tables that are theirs."""
    others = [
        (table, DeltaFeed(system, EntityRef("sales", table, (TABLES[table],)), about="contactid")) for table in tables
    ]
    return TriggeredFeed(DeltaFeed(system, CONTACTS), others)


def run(
    feed: TriggeredFeed, position: str = "", *, full: bool = False, between: Callable[[int], None] = lambda _turn: None
) -> tuple[list[Page], str]:
    """Read until there is no more; `between` is done behind each page, by its number. Pages and last position."""
    pages: list[Page] = []
    while True:
        page = feed.page(position, full=full)
        pages.append(page)
        position, full = page.position, False
        if not page.more:
            return pages, position
        between(len(pages))
        assert len(pages) < 80


def changes(pages: list[Page]) -> list[Change]:
    return [change for page in pages for change in page.changes]


def test_a_document_raises_a_change_of_its_customer(small_shop: Shop) -> None:
    customer, other = small_shop.contact(), small_shop.contact()
    feed = feed_of(small_shop.system, *TABLES)
    pages, position = run(feed)
    assert {change.id for change in changes(pages)} == {customer, other}
    for table in TABLES:
        small_shop.document(table, contact=customer)
        small_shop.document(table)  # an account's
        pages, position = run(feed, position)
        assert changes(pages) == [Change(customer)]
    pages, position = run(feed, position)
    assert changes(pages) == []


def test_a_round_at_rest_is_one_request_a_table(small_shop: Shop) -> None:
    small_shop.contact()
    feed = feed_of(small_shop.system, *TABLES)
    _, position = run(feed)
    small_shop.sent.clear()
    pages, _ = run(feed, position)
    assert small_shop.sent == ["GET contacts", "GET quotes", "GET salesorders", "GET invoices"]
    assert [page.more for page in pages] == [True, True, True, False]


def test_tokens_are_taken_before_the_first_read_and_rows_of_triggers_are_never_loaded(small_shop: Shop) -> None:
    customer = small_shop.contact()
    for _ in range(7):
        small_shop.document("quotes", contact=customer)
    small_shop.sent.clear()
    feed = feed_of(small_shop.system, "quotes", "invoices")
    pages, position = run(feed)
    first = small_shop.sent.index("GET contacts")
    assert small_shop.sent[:first] == ["GET quotes"] * 3 + ["GET invoices"]
    assert small_shop.sent[first:].count("GET quotes") == 1
    assert [feed.mode(page.position) for page in pages[:5]] == ["full"] * 5
    assert feed.mode("") == "full"
    assert feed.mode(position) == "delta"


@pytest.mark.parametrize("moment", range(1, 9))
def test_no_document_falls_between_two_reads_whenever_it_comes(small_shop: Shop, moment: int) -> None:
    """A contact that became a customer while the first read was under way is read, or told, after that."""
    contacts = [small_shop.contact() for _ in range(5)]
    feed = feed_of(small_shop.system, "quotes")
    became: dict[str, int] = {}

    def between(turn: int) -> None:
        if turn == moment:
            became.update(dict.fromkeys(contacts, turn))
            for contact in contacts:
                small_shop.document("quotes", contact=contact)

    pages, position = run(feed, between=between)
    later, _ = run(feed, position)
    assert became
    seen = [change.id for change in changes(pages[moment:] + later)]
    assert set(contacts) <= set(seen)


def test_many_documents_of_one_customer_are_one_change_a_page(small_shop: Shop) -> None:
    customer, second = small_shop.contact(), small_shop.contact()
    feed = feed_of(small_shop.system, "quotes")
    _, position = run(feed)
    quotes = [small_shop.document("quotes", contact=customer) for _ in range(4)]
    small_shop.document("quotes", contact=second)
    small_shop.document("quotes")
    pages, position = run(feed, position)
    assert [page.changes for page in pages if page.changes] == [
        (Change(customer),), (Change(customer), Change(second))
    ]  # fmt: skip
    small_shop.admin.ask("DELETE", f"/api/data/v9.2/quotes({quotes[0]})")
    small_shop.patch("quotes", quotes[1], statecode=1, statuscode=2)
    pages, _ = run(feed, position)
    assert changes(pages) == [Change(customer)]


@pytest.mark.parametrize("cause", ["age", "schema"])
def test_a_lost_token_of_a_trigger_leads_to_a_full_read_of_the_main_table(small_shop: Shop, cause: str) -> None:
    contacts = [small_shop.contact() for _ in range(4)]
    feed = feed_of(small_shop.system, "quotes", "invoices")
    _, position = run(feed)
    if cause == "schema":
        small_shop.admin.ask("POST", "/admin/schema-change", {"table": "quotes"})
    else:
        small_shop.admin.fault({"status": 410, "code": "0x0"}, "quotes", "GET")
    small_shop.document("quotes", contact=contacts[0])
    pages, position = run(feed, position)
    assert {change.id for change in changes(pages)} == set(contacts)
    assert "full" in {feed.mode(page.position) for page in pages}
    assert feed.mode(position) == "delta"
    pages, _ = run(feed, position)
    assert changes(pages) == []


@pytest.mark.parametrize(("table", "columns"), [("contacts", "contactid"), ("quotes", "quoteid,_contactid_value")])
def test_a_link_that_never_works_stops_the_flow_at_every_run_until_it_does(
    small_shop: Shop, table: str, columns: str
) -> None:
    contacts = [small_shop.contact() for _ in range(4)]
    feed = feed_of(small_shop.system, "quotes", "invoices")
    _, position = run(feed)
    small_shop.document("quotes", contact=contacts[0])
    small_shop.admin.fault({"status": 410, "code": "0x0"}, f"{table}?$select={columns}&$deltatoken", times=None)
    for _ in range(3):
        pages, position = run(feed, position)
        assert f"{table} cannot be read to its end" in str(pages[-1].stop)
    small_shop.admin.ask("DELETE", "/admin/faults")
    pages, position = run(feed, position)
    assert pages[-1].stop is None
    assert {change.id for change in changes(pages)} == set(contacts)
    assert changes(run(feed, position)[0]) == []


def test_a_trigger_whose_token_is_never_reached_stops_the_flow(small_shop: Shop) -> None:
    customer = small_shop.contact()
    for _ in range(7):
        small_shop.document("quotes", contact=customer)
    feed = feed_of(small_shop.system, "quotes")
    small_shop.admin.fault({"status": 404, "code": "0x0"}, "skiptoken", times=None)
    pages, position = run(feed)
    assert "quotes cannot be read to its end" in str(pages[-1].stop)
    small_shop.admin.ask("DELETE", "/admin/faults")
    pages, _ = run(feed, position)
    assert changes(pages)[0] == Change(customer, changes(pages)[0].version)


def test_a_lost_token_of_the_main_table_leaves_the_triggers_where_they_are(small_shop: Shop) -> None:
    contacts = [small_shop.contact() for _ in range(4)]
    feed = feed_of(small_shop.system, "quotes")
    _, position = run(feed)
    small_shop.document("quotes", contact=contacts[0])
    small_shop.admin.ask("POST", "/admin/schema-change", {"table": "contacts"})
    pages, position = run(feed, position)
    found = [change.id for change in changes(pages)]
    assert set(found) == set(contacts)
    assert pages[-1].changes == (Change(contacts[0]),)


def test_a_full_read_on_request_reads_the_main_table_from_wherever_the_feed_stands(small_shop: Shop) -> None:
    contacts = [small_shop.contact() for _ in range(4)]
    feed = feed_of(small_shop.system, "quotes", "invoices")
    first, position = run(feed)
    small_shop.document("quotes", contact=contacts[0])
    round_of_one, _ = run(feed, position)
    for at in ["", *(page.position for page in (*first, *round_of_one))]:
        pages, end = run(feed, at, full=True)
        assert {change.id for change in changes(pages)} == set(contacts)
        assert feed.mode(end) == "delta"


def test_a_full_read_that_is_due_is_shown_until_it_begins(small_shop: Shop) -> None:
    small_shop.contact()
    _, position = run(feed_of(small_shop.system))
    feed = feed_of(small_shop.system, "quotes")
    page = feed.page(position, full=False)
    assert feed.mode(position) == feed.mode(page.position) == "full"
    pages, end = run(feed, page.position)
    assert len(changes(pages)) == 1
    assert feed.mode(end) == "delta"


def test_a_feed_that_gets_triggers_or_other_ones_reads_the_main_table_anew(small_shop: Shop) -> None:
    contacts = {small_shop.contact() for _ in range(4)}
    _, position = run(feed_of(small_shop.system, "quotes"))
    pages, position = run(feed_of(small_shop.system, "quotes", "invoices"), position)
    assert {change.id for change in changes(pages)} == contacts
    pages, position = run(feed_of(small_shop.system, "invoices"), position)
    assert changes(pages) == []
    assert json.loads(position)["triggers"].keys() == {"invoices"}

    plain = DeltaFeed(small_shop.system, CONTACTS)
    position, more = "", True
    while more:
        page = plain.page(position, full=False)
        position, more = page.position, page.more
    pages, _ = run(feed_of(small_shop.system, "quotes"), position)
    assert {change.id for change in changes(pages)} == contacts


@pytest.mark.parametrize("text", ["{", "[]", '"x"', '{"a":1}', "null"])
def test_a_position_that_cannot_be_read_is_the_beginning(small_shop: Shop, text: str) -> None:
    contact = small_shop.contact()
    pages, _ = run(feed_of(small_shop.system, "quotes"), text)
    assert {change.id for change in changes(pages)} == {contact}


def test_a_table_without_tracking_stops_the_flow(small_shop: Shop) -> None:
    others = [("products", DeltaFeed(small_shop.system, EntityRef("sales", "products", ("productid",)), about="x"))]
    with pytest.raises(ConfigError, match="products"):
        TriggeredFeed(DeltaFeed(small_shop.system, CONTACTS), others).page("", full=False)


def test_a_trigger_asks_for_its_id_and_its_lookup_alone(script: Scripted, scripted_sales: SalesSystem) -> None:
    delta: dict[str, Any] = {"value": [], "@odata.deltaLink": f"{script.base}/api/data/v9.2/quotes?$deltatoken=1"}
    script.json(delta)
    feed_of(scripted_sales, "quotes").page("", full=False)
    (_, path, headers, _) = script.requests[0]
    assert path == "/api/data/v9.2/quotes?$select=quoteid,_contactid_value"
    assert "odata.track-changes" in headers["prefer"]
