"""The change feed misses nothing, goes on where it stopped, and reads everything again only when it must."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sync.errors import ConfigError
from sync.model import Change, Page
from sync.systems.delta import DeltaFeed, Position, read_position
from sync.systems.sales import SalesSystem
from tests.systems.conftest import SalesWorld
from tests.systems.systems_world import ACCOUNTS, Scripted

DAY = 86_400


def run(feed: DeltaFeed, position: str = "", *, full: bool = False) -> tuple[list[Page], str]:
    """Read until there is no more; gives the pages and the last position."""
    pages = []
    while True:
        page = feed.page(position, full=full)
        pages.append(page)
        position, full = page.position, False
        if not page.more:
            return pages, position
        assert len(pages) < 60


def changes(pages: list[Page]) -> list[Change]:
    return [change for page in pages for change in page.changes]


def ids(pages: list[Page]) -> set[str]:
    return {change.id for change in changes(pages)}


def phases(feed: DeltaFeed, position: str = "", *, full: bool = False) -> list[str]:
    """The phase behind each page."""
    return [read_position(page.position).phase for page in run(feed, position, full=full)[0]]


def test_a_first_read_gives_every_row_and_ends_on_a_delta_link(small_pages: SalesWorld) -> None:
    made = small_pages.create(*"abcdefgh")
    feed = DeltaFeed(small_pages.system, ACCOUNTS)
    pages, position = run(feed)

    assert ids(pages) == set(made)
    versions = {row["accountid"]: f'W/"{row["versionnumber"]}"' for row in small_pages.admin.stored("accounts")}
    assert all(change.version == versions[change.id] for change in changes(pages))
    assert [page.more for page in pages] == [True] * (len(pages) - 1) + [False]
    assert small_pages.system.requests_sent == len(pages)
    # Three tracked pages without changes, three of the load, three since the start, one delta.
    assert [bool(page.changes) for page in pages] == [False] * 3 + [True] * 6 + [False]
    assert (feed.mode(""), feed.mode(pages[0].position), feed.mode(position)) == ("full", "full", "delta")


def test_a_read_asks_for_ids_alone(script: Scripted, scripted_sales: SalesSystem) -> None:
    script.json({"value": [], "@odata.deltaLink": f"{script.base}/api/data/v9.2/accounts?$deltatoken=1"})
    run(DeltaFeed(scripted_sales, ACCOUNTS, page_size=500))
    paths = [path for _, path, _, _ in script.requests]
    prefers = [headers["prefer"] for _, _, headers, _ in script.requests]

    assert paths[0] == "/api/data/v9.2/accounts?$select=accountid"
    assert paths[1] == "/api/data/v9.2/accounts?$select=accountid&$orderby=accountid%20asc"
    assert paths[2].startswith("/api/data/v9.2/accounts?$select=accountid&$filter=modifiedon%20ge%20")
    assert paths[3] == "/api/data/v9.2/accounts?$deltatoken=1"
    tracked, plain = "odata.track-changes,odata.maxpagesize=500", "odata.maxpagesize=500"
    assert prefers == [tracked, plain, plain, tracked]


def test_later_reads_give_what_changed_and_what_was_deleted_and_no_more(small_pages: SalesWorld) -> None:
    made = small_pages.create(*"abcdefgh")
    feed = DeltaFeed(small_pages.system, ACCOUNTS)
    _, position = run(feed)
    assert run(feed, position)[0] == [Page((), run(feed, position)[1], more=False)]

    for id in made[:4]:
        small_pages.change(id, name="renamed")
    small_pages.delete(made[7])
    new = small_pages.create("new")
    pages, _ = run(feed, position)

    assert ids(pages) == {*made[:4], made[7], *new}
    assert [change.id for change in changes(pages) if change.deleted] == [made[7]]
    assert len(pages) == 2
    assert pages[0].more


def test_rows_that_change_while_a_full_read_is_under_way_are_all_seen(small_pages: SalesWorld) -> None:
    made = small_pages.create(*"abcdefgh")
    feed = DeltaFeed(small_pages.system, ACCOUNTS)
    seen: dict[str, str] = {}
    position, more, turn = "", True, 0
    while more:
        page = feed.page(position, full=False)
        seen.update({change.id: "" if change.deleted else change.version for change in page.changes})
        position, more = page.position, page.more
        if turn < 8:
            small_pages.change(made[turn % 7], name=f"turn {turn}")
            made += small_pages.create(f"created in turn {turn}")
        if turn == 4:
            small_pages.delete(made[7])
        turn += 1

    stored = {row["accountid"]: f'W/"{row["versionnumber"]}"' for row in small_pages.admin.stored("accounts")}
    assert {id: version for id, version in seen.items() if version} == stored
    assert seen[made[7]] == ""


def test_reading_a_position_again_gives_at_least_the_same_changes(small_pages: SalesWorld) -> None:
    small_pages.create(*"abcdefgh")
    feed = DeltaFeed(small_pages.system, ACCOUNTS)
    position, more = "", True
    while more:
        page = feed.page(position, full=False)
        again = feed.page(position, full=False)
        assert {change.id for change in page.changes} <= {change.id for change in again.changes}
        position, more = page.position, page.more


@pytest.mark.parametrize("cause", ["age", "schema"])
def test_an_expired_delta_token_leads_to_a_full_read(small_pages: SalesWorld, cause: str) -> None:
    made = small_pages.create(*"abcde")
    feed = DeltaFeed(small_pages.system, ACCOUNTS)
    _, position = run(feed)
    if cause == "age":
        small_pages.admin.ask("POST", "/admin/clock", {"advance": 8 * DAY})
    else:
        small_pages.admin.ask("POST", "/admin/schema-change", {"table": "accounts"})
    new = small_pages.create("new")
    pages, position = run(feed, position)

    assert ids(pages) == {*made, *new}
    assert pages[0].changes == ()
    assert pages[0].more
    assert feed.mode(pages[0].position) == "full"
    assert feed.mode(position) == "delta"


@pytest.mark.parametrize(
    ("status", "code"), [(410, "0x0"), (400, "0x80044352"), (403, "0x80044352"), (412, "0X80044352")]
)
def test_every_known_form_of_expiry_is_understood(sales: SalesWorld, status: int, code: str) -> None:
    sales.create("a")
    feed = DeltaFeed(sales.system, ACCOUNTS)
    _, position = run(feed)
    sales.admin.fault({"status": status, "code": code}, "deltatoken")
    assert read_position(feed.page(position, full=False).position) == Position(restarts=1)


def test_a_full_read_on_request_keeps_a_good_delta_link(small_pages: SalesWorld) -> None:
    made = small_pages.create(*"abcde")
    feed = DeltaFeed(small_pages.system, ACCOUNTS)
    _, position = run(feed)
    small_pages.delete(made[0])
    small_pages.change(made[1], name="renamed")

    assert phases(feed, position, full=True) == ["load", "delta", "delta"]
    pages, _ = run(feed, position, full=True)
    assert changes(pages)[-1] == Change(made[0], deleted=True)
    assert ids(pages) == set(made)


def test_a_full_read_on_request_begins_a_load_under_way_again(small_pages: SalesWorld) -> None:
    made = small_pages.create(*"abcdefgh")
    feed = DeltaFeed(small_pages.system, ACCOUNTS)
    position = ""
    while read_position(position).phase != "since":
        position = feed.page(position, full=False).position
    for under_way in (position, feed.page(position, full=True).position):
        pages, _ = run(feed, under_way, full=True)
        assert set(made) <= {change.id for page in pages[:3] for change in page.changes}
        # The rows since the start of the first read are still read once more.
        assert "since" in [read_position(page.position).phase for page in pages]


@pytest.mark.parametrize("phase", ["token", "load", "since", "delta"])
@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_page_link_that_no_longer_works_starts_its_phase_again(
    small_pages: SalesWorld, phase: str, status: int
) -> None:
    made = small_pages.create(*"abcdefgh")
    feed = DeltaFeed(small_pages.system, ACCOUNTS)
    position = come_to(feed, small_pages, made, phase)
    small_pages.admin.fault({"status": status, "code": "0x80040203"}, "skiptoken")
    page = feed.page(position, full=False)
    assert page.changes == ()
    assert page.more
    pages, _ = run(feed, page.position)
    assert ids(pages) >= set(made)


def come_to(feed: DeltaFeed, world: SalesWorld, made: list[str], phase: str) -> str:
    """The position behind the first of several pages of this phase."""
    position = ""
    while not ((at := read_position(position)).phase == phase and at.link):
        if at.phase == "delta" and not at.link:
            for id in made:
                world.change(id, name="again")
        position = feed.page(position, full=False).position
    return position


@pytest.mark.parametrize("phase", ["token", "load", "since", "delta"])
def test_a_page_link_that_never_works_stops_the_flow_at_the_third_time(small_pages: SalesWorld, phase: str) -> None:
    made = small_pages.create(*"abcdefgh")
    feed = DeltaFeed(small_pages.system, ACCOUNTS)
    position = come_to(feed, small_pages, made, phase)
    small_pages.admin.fault({"status": 404, "code": "0x80040203"}, "skiptoken", times=None)
    pages, position = run(feed, position)
    error = pages[-1].stop
    assert isinstance(error, ConfigError)
    assert "accounts cannot be read to its end" in error.what
    assert "(404), 3 times in a row" in error.what
    assert error.details["client_request_id"]
    assert [page.stop for page in pages[:-1]] == [None] * (len(pages) - 1)
    later, position = run(feed, position)
    assert "4 times in a row" in str(later[-1].stop), "every later run tries once"
    assert sum(page.stop is not None for page in later) == 1
    small_pages.admin.ask("DELETE", "/admin/faults")
    pages, position = run(feed, position)
    assert pages[-1].stop is None
    assert ids(pages) == set(made)
    assert read_position(position).restarts == 0


def test_a_delta_link_that_is_never_good_stops_the_flow(sales: SalesWorld) -> None:
    sales.create("a")
    feed = DeltaFeed(sales.system, ACCOUNTS)
    sales.admin.fault({"status": 410, "code": "0x0"}, "deltatoken", times=None)
    pages, position = run(feed)
    assert "(410), 3 times in a row" in str(pages[-1].stop)
    sales.admin.ask("DELETE", "/admin/faults")
    pages, _ = run(feed, position)
    assert pages[-1].stop is None


def test_a_position_that_was_kept_before_restarts_were_counted_is_understood() -> None:
    kept = {"phase": "load", "link": "https://x/a", "delta": "https://x/c", "started": "2026-01-01T00:00:00Z"}
    position = Position("load", link="https://x/a", delta="https://x/c", started="2026-01-01T00:00:00Z")
    assert read_position(json.dumps(kept)) == position
    assert json.loads(position.text()) == kept


def test_a_page_that_repeats_a_record_gives_it_once(script: Scripted, scripted_sales: SalesSystem) -> None:
    def row(id: str, version: int) -> dict[str, Any]:
        return {"@odata.etag": f'W/"{version}"', "accountid": id}

    deleted = {"@odata.context": f"{script.base}/$metadata#accounts/$deletedEntity", "id": "b", "reason": "deleted"}
    script.json({"value": [row("a", 1), row("b", 2), row("a", 3), deleted]})
    page = DeltaFeed(scripted_sales, ACCOUNTS).page(Position("delta", delta=f"{script.base}/x").text(), full=False)
    assert page.changes == (Change("a", 'W/"3"'), Change("b", deleted=True))


def test_a_record_repeated_from_the_page_before_does_no_harm(small_pages: SalesWorld) -> None:
    made = small_pages.create(*"abcdefgh")
    small_pages.admin.fault({"repeat": True}, "accounts", times=None)
    pages, _ = run(DeltaFeed(small_pages.system, ACCOUNTS))
    assert ids(pages) == set(made)
    assert all(len({change.id for change in page.changes}) == len(page.changes) for page in pages)


def test_an_empty_answer_to_a_delta_keeps_the_link(script: Scripted, scripted_sales: SalesSystem) -> None:
    script.json({})
    position = Position("delta", delta=f"{script.base}/x").text()
    assert DeltaFeed(scripted_sales, ACCOUNTS).page(position, full=False) == Page((), position, more=False)


@pytest.mark.parametrize("member", ["@odata.nextLink", "@odata.deltaLink"])
def test_a_link_to_another_origin_is_never_kept(script: Scripted, scripted_sales: SalesSystem, member: str) -> None:
    script.json({"value": [], member: "https://evil.example/accounts"})
    with pytest.raises(ConfigError, match=r"evil\.example"):
        DeltaFeed(scripted_sales, ACCOUNTS).page("", full=False)


def test_a_position_of_another_origin_is_not_asked(script: Scripted, scripted_sales: SalesSystem) -> None:
    with pytest.raises(ConfigError, match=r"production\.example"):
        feed = DeltaFeed(scripted_sales, ACCOUNTS)
        feed.page(Position("delta", delta="https://production.example/accounts").text(), full=False)
    assert script.requests == []


def test_a_page_link_that_leads_to_itself_stops_the_reading(script: Scripted, scripted_sales: SalesSystem) -> None:
    script.json({"value": [], "@odata.nextLink": f"{script.base}/next"})
    feed = DeltaFeed(scripted_sales, ACCOUNTS)
    position = feed.page("", full=False).position
    with pytest.raises(ConfigError, match="twice"):
        feed.page(position, full=False)


def test_a_table_without_tracking_stops_the_flow(script: Scripted, scripted_sales: SalesSystem) -> None:
    script.json({"value": []})
    with pytest.raises(ConfigError, match="delta link") as caught:
        DeltaFeed(scripted_sales, ACCOUNTS).page("", full=False)
    assert "change tracking" in caught.value.remedy.lower()


def test_a_refusal_of_the_first_page_is_no_reason_to_read_for_ever(sales: SalesWorld) -> None:
    sales.admin.fault({"status": 400, "code": "0x0"}, "accounts")
    with pytest.raises(ConfigError):
        DeltaFeed(sales.system, ACCOUNTS).page("", full=False)


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', '{"phase":"other"}', '{"phase":"load"}', '{"a":1}', "null"])
def test_a_position_that_cannot_be_read_is_the_beginning(text: str) -> None:
    assert read_position(text) == Position()


def test_a_position_survives_being_kept() -> None:
    position = Position("load", link="https://x/a?b", delta="https://x/c", started="2026-01-01T00:00:00Z")
    assert read_position(position.text()) == position
    assert json.loads(position.text())["phase"] == "load"
