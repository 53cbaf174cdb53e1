"""Change tracking: what a delta read brings, in which order, and when it must be started again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.simulators.dataverse.cookies import PagingCookie
from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated

TRACK = "odata.track-changes"


@pytest.fixture
def sales() -> Iterator[Dataverse]:
    """Five accounts A0 to A4 and pages of three rows at most."""
    with simulated(page_size=3) as session:
        session.accounts(5)
        yield session


def told(pages: list[dict[str, Any]]) -> list[str]:
    """The names of changed rows and the ids of deleted ones, in the order in which they came."""
    return [entry.get("name") or entry["id"] for page in pages for entry in page["value"]]


def start(sales: Dataverse) -> str:
    """A first tracked read; returns its delta link."""
    link: str = sales.pages("accounts?$select=name", TRACK)[-1]["@odata.deltaLink"]
    return link


def test_the_first_read_brings_every_row_and_a_link_on_its_last_page_alone(sales: Dataverse) -> None:
    sales.delete(f"accounts({guid(5)})")
    pages = sales.pages("accounts?$select=name", TRACK)
    assert told(pages) == ["A0", "A1", "A2", "A3"]
    assert ["@odata.deltaLink" in page for page in pages] == [False, True]
    assert "istracking%3D%22True%22" in pages[0]["@odata.nextLink"]
    assert pages[0]["@odata.context"] == f"{sales.api}$metadata#accounts(name)"
    answer = sales.get("accounts", headers={"Prefer": f"{TRACK},odata.maxpagesize=2"})
    assert answer.headers["Preference-Applied"] == "odata.track-changes,odata.maxpagesize=2"


def test_a_delta_brings_changes_by_version_then_deletions_with_all_selected_columns(sales: Dataverse) -> None:
    link = start(sales)
    sales.delete(f"accounts({guid(2)})")
    sales.patch(f"accounts({guid(4)})", json={"telephone1": "1"})
    sales.patch(f"accounts({guid(1)})", json={"name": "first"})
    sales.patch(f"accounts({guid(1)})", json={"name": "again"})
    pages = sales.pages(link)
    assert told(pages) == ["A3", "again", guid(2)]
    changed, _, deleted = pages[0]["value"]
    assert set(changed) == {"@odata.etag", "name", "accountid"}
    assert deleted == {
        "@odata.context": f"{sales.api}$metadata#accounts/$deletedEntity",
        "id": guid(2),
        "reason": "deleted",
    }
    assert pages[0]["@odata.context"] == f"{sales.api}$metadata#accounts(name)/$delta"
    again = sales.pages(pages[-1]["@odata.deltaLink"])
    assert told(again) == []
    assert "@odata.deltaLink" in again[-1]


def test_a_delta_pages_like_a_list_with_deletions_last(sales: Dataverse) -> None:
    link = start(sales)
    for number in (1, 2):
        sales.delete(f"accounts({guid(number)})")
    for number in (3, 4, 5):
        sales.patch(f"accounts({guid(number)})", json={"fax": "1"})
    for number in range(10, 14):
        sales.create("accounts", accountid=guid(number), name=f"N{number}")
    sales.delete(f"accounts({guid(13)})")
    pages = sales.pages(link)
    assert [len(page["value"]) for page in pages] == [3, 3, 3]
    assert told(pages) == ["A2", "A3", "A4", "N10", "N11", "N12", guid(1), guid(2), guid(13)]
    assert ["@odata.deltaLink" in page for page in pages] == [False, False, True]


def test_nothing_that_changes_between_pages_is_lost(sales: Dataverse) -> None:
    first = sales.get("accounts?$select=name", headers={"Prefer": TRACK}).json()
    sales.patch(f"accounts({guid(5)})", json={"name": "late"})
    sales.delete(f"accounts({guid(4)})")
    sales.create("accounts", accountid=guid(6), name="new")
    second = sales.pages(first["@odata.nextLink"], TRACK)
    assert told(second) == []
    assert told(sales.pages(second[-1]["@odata.deltaLink"])) == ["late", "new", guid(4)]


def test_a_row_that_was_deleted_and_made_again_is_a_change(sales: Dataverse) -> None:
    link = start(sales)
    sales.delete(f"accounts({guid(2)})")
    sales.create("accounts", accountid=guid(2), name="back")
    assert told(sales.pages(link)) == ["back"]


def test_a_row_that_was_deleted_twice_is_told_once(sales: Dataverse) -> None:
    link, row = start(sales), guid(1)
    for _ in range(2):
        assert sales.delete(f"accounts({row})").status_code == 204
        sales.patch(f"accounts({row})", json={"name": "again"})
    sales.delete(f"accounts({row})")
    assert [entry["id"] for entry in sales.get(link).json()["value"]] == [row]


def test_a_failed_change_leaves_no_trace(sales: Dataverse) -> None:
    link = start(sales)
    refused = sales.bulk(
        "accounts",
        "UpsertMultiple",
        [
            {"accountid": guid(1), "name": "x"},
            {"accountid": guid(9), "name": "y"},
            {"accountid": guid(2), "name": "x" * 161},
        ],
    )
    assert refused.status_code == 400
    assert told(sales.pages(link)) == []


def test_changes_can_be_counted(sales: Dataverse) -> None:
    link = start(sales)
    sales.patch(f"accounts({guid(1)})", json={"name": "x"})
    sales.delete(f"accounts({guid(2)})")
    token = link.partition("$deltatoken=")[2]
    assert sales.get(f"accounts/$count?$deltatoken={token}").text == "2"


@pytest.mark.parametrize("option", ["filter=name eq 'x'", "orderby=name", "top=1"])
def test_options_that_do_not_go_with_tracking_are_refused_by_name(sales: Dataverse, option: str) -> None:
    answer = sales.get(f"accounts?${option}", headers={"Prefer": TRACK})
    assert code(answer)[0] == 400
    assert f'The "{option.partition("=")[0]}" query parameter' in answer.json()["error"]["message"]


def test_a_table_without_tracking_refuses(sales: Dataverse) -> None:
    assert code(sales.get("transactioncurrencies", headers={"Prefer": TRACK}))[0] == 400


def test_a_token_lives_seven_days_of_the_simulators_clock(sales: Dataverse) -> None:
    link = start(sales)
    sales.post("/admin/clock", json={"advance": 7 * 86400 - 60})
    assert sales.get(link).status_code == 200
    sales.post("/admin/clock", json={"advance": 120})
    assert code(sales.get(link)) == (400, "0x80044352")
    assert told(sales.pages(start(sales))) == []


def test_how_long_a_token_lives_is_a_setting_of_the_organisation(sales: Dataverse) -> None:
    sales.switch(delta_token_days=1)
    link = start(sales)
    sales.post("/admin/clock", json={"advance": 86400 - 60})
    assert sales.get(link).status_code == 200
    sales.post("/admin/clock", json={"advance": 120})
    assert code(sales.get(link)) == (400, "0x80044352")


def test_a_change_of_the_table_itself_ends_its_tokens(sales: Dataverse) -> None:
    link, other = start(sales), sales.pages("contacts", TRACK)[-1]["@odata.deltaLink"]
    assert sales.post("/admin/schema-change", json={"table": "accounts"}).status_code == 200
    assert code(sales.get(link)) == (400, "0x80044352")
    assert sales.get(other).status_code == 200
    assert sales.get(start(sales)).status_code == 200
    assert sales.post("/admin/schema-change", json={"table": "Account"}).status_code == 400


_FORGED = PagingCookie(2, True, dict.fromkeys(("since", "upto", "at", "last", "deleted", "page"), "9" * 30))


@pytest.mark.parametrize(
    "query",
    [
        "$deltatoken=x",
        "$deltatoken=5!yesterday",
        "$skiptoken=istracking%3D%22True%22",
        f"$skiptoken={_FORGED.link_value()}",
    ],
)
def test_a_malformed_token_is_refused(sales: Dataverse, query: str) -> None:
    assert code(sales.get(f"accounts?{query}")) == (400, "0x0")


def test_a_fault_can_repeat_the_last_record_of_the_page_before(sales: Dataverse) -> None:
    sales.fault(match={"path": "skiptoken"}, times=None, action={"repeat": True})
    assert told(sales.pages("accounts?$select=name", TRACK)) == ["A0", "A1", "A2", "A2", "A3", "A4"]
