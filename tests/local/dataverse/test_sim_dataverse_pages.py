"""Lists: options, paging, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from local.simulators.dataverse.cookies import PagingCookie
from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated

COUNT = 25


@pytest.fixture(scope="module")
def sales() -> Iterator[Dataverse]:
    """25 accounts A0 to A24; the simulator's pages hold ten rows at most."""
    with simulated(page_size=10) as session:
        session.accounts(COUNT)
        yield session


def names(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [row["name"] for row in answer["value"]]


@pytest.mark.parametrize(
    ("asked", "sizes"), [(None, [10, 10, 5]), (8, [8, 8, 8, 1]), (5, [5, 5, 5, 5, 5]), (100, [10, 10, 5])]
)
def test_pages_hold_every_row_once_in_the_order_of_the_key(
    sales: Dataverse, asked: int | None, sizes: list[int]
) -> None:
    pages = sales.pages("accounts?$select=name", f"odata.maxpagesize={asked}" if asked else None)
    assert [len(page["value"]) for page in pages] == sizes
    assert [row["accountid"] for page in pages for row in page["value"]] == [guid(n + 1) for n in range(COUNT)]


def test_the_page_size_that_was_used_is_told(sales: Dataverse) -> None:
    for asked, used in ((8, 8), (100, 10)):
        answer = sales.get("accounts", headers={"Prefer": f"odata.maxpagesize={asked}"})
        assert answer.headers["Preference-Applied"] == f"odata.maxpagesize={used}"
    assert "Preference-Applied" not in sales.get("accounts").headers
    assert code(sales.get("accounts", headers={"Prefer": "odata.maxpagesize=0"})) == (400, "0x0")


def test_a_link_carries_the_options_and_a_cookie_of_the_documented_form(sales: Dataverse) -> None:
    link = sales.get("accounts?$select=name&$filter=contains(name,'A')").json()["@odata.nextLink"]
    base, _, token = link.partition("&$skiptoken=")
    assert base == f"{sales.api}accounts?$select=name&$filter=contains(name,'A')"
    inner = re.fullmatch(r'<cookie pagenumber="2" pagingcookie="([^"]+)" istracking="False" />', unquote(token))
    assert inner
    assert unquote(inner[1]).startswith('<cookie page="1">')
    assert code(sales.get(f"accounts?$orderby=name&$skiptoken={token}")) == (400, "0x0")
    forged = PagingCookie(2, False, {"last": guid(1), "values": "5"}).link_value()
    assert code(sales.get(f"accounts?$orderby=name&$skiptoken={forged}")) == (400, "0x0")
    for broken in ("nonsense", token.replace("25", "26")):
        assert code(sales.get(f"accounts?$skiptoken={broken}")) == (400, "0x0")


def test_a_filter_and_an_order_hold_over_all_pages(sales: Dataverse) -> None:
    pages = sales.pages("accounts?$select=name&$filter=name ne 'A3'&$orderby=name desc")
    found = [name for page in pages for name in names(page)]
    assert found == sorted((f"A{n}" for n in range(COUNT) if n != 3), reverse=True)


def test_ids_are_found_by_in_and_by_or(sales: Dataverse) -> None:
    wanted = [guid(n) for n in (3, 20, 99)]
    listed = ",".join(f'"{one}"' for one in wanted)
    by_in = f"Microsoft.Dynamics.CRM.In(PropertyName='accountid',PropertyValues=[{listed}])"
    by_or = " or ".join(f"accountid eq {one}" for one in wanted)
    for condition in (by_in, by_in.replace('"', "'"), by_or):
        answer = sales.get("accounts", params={"$select": "name", "$filter": condition})
        assert names(answer.json()) == ["A2", "A19"]


def test_other_columns_are_found_without_case_and_after_a_change(sales: Dataverse) -> None:
    search = {"$select": "name", "$filter": "name eq 'a5' or name eq 'moved'"}
    assert names(sales.get("accounts", params=search).json()) == ["A5"]
    sales.patch(f"accounts({guid(6)})", json={"name": "Moved"})
    assert names(sales.get("accounts", params=search).json()) == ["Moved"]
    sales.patch(f"accounts({guid(6)})", json={"name": "A5"})
    assert names(sales.get("accounts", params=search).json()) == ["A5"]


def test_top_and_count(sales: Dataverse) -> None:
    page = sales.get("accounts?$select=name&$top=3&$count=true").json()
    assert (len(page["value"]), page["@odata.count"], "@odata.nextLink" in page) == (3, COUNT, False)
    assert sales.get("accounts/$count").text == str(COUNT)
    assert sales.get("accounts/$count?$filter=name eq 'A1' or name eq 'A2'").text == "2"
    with_preference = sales.get("accounts?$top=3", headers={"Prefer": "odata.maxpagesize=4"}).json()
    assert len(with_preference["value"]) == 4


def test_options_may_be_encoded_as_real_clients_do_it(sales: Dataverse) -> None:
    answer = sales.get("accounts?%24select=name%2Caccountnumber&%24filter=name+eq+%27A1%27")
    assert names(answer.json()) == ["A1"]


@pytest.mark.parametrize("order", ["", "&$orderby=accountid", "&$orderby=accountid%20asc"])
def test_a_page_goes_on_behind_its_last_row_even_when_rows_go(sales: Dataverse, order: str) -> None:
    first = sales.get(f"accounts?$select=name{order}").json()
    row = sales.row("accounts", guid(10))
    sales.delete(f"accounts({guid(10)})")
    try:
        assert names(sales.get(first["@odata.nextLink"]).json())[0] == "A10"
    finally:
        sales.post("accounts", json={"accountid": guid(10), "name": row["name"]})


def test_the_key_orders_downwards_too(sales: Dataverse) -> None:
    pages = sales.pages("accounts?$select=name&$orderby=accountid desc")
    assert [row["accountid"] for page in pages for row in page["value"]] == [guid(n) for n in range(COUNT, 0, -1)]


def test_a_fault_can_repeat_the_last_record_of_the_page_before(sales: Dataverse) -> None:
    sales.fault(match={"path": "skiptoken"}, action={"repeat": True})
    pages = sales.pages("accounts?$select=name")
    assert names(pages[1])[0] == names(pages[0])[-1]
    assert len(names(pages[1])) == 11
    assert sum(len(page["value"]) for page in pages) == COUNT + 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("$skip=5", (400, "0x80060888")),
        ("$format=json", (400, "0x80060888")),
        ("$apply=aggregate(accountid with countdistinct as n)", (501, "0x0")),
        ("$select=name,Name", (400, "0x0")),
        ("$select=primarycontactid", (400, "0x0")),
        ("$filter=Name eq 'x'", (400, "0x0")),
        ("$filter=name eq", (400, "0x0")),
        ("$filter=name in ('a')", (400, "0x0")),
        ("$orderby=Name", (400, "0x0")),
        ("$top=-1", (400, "0x0")),
        ("$top=many", (400, "0x0")),
        ("$select=name&$select=fax", (400, "0x0")),
    ],
)
def test_options_that_are_not_offered_are_refused(sales: Dataverse, query: str, expected: tuple[int, str]) -> None:
    assert code(sales.get(f"accounts?{query}")) == expected


def test_a_url_has_a_longest_length_which_a_batch_does_not_share(sales: Dataverse) -> None:
    listed = ",".join(f"'{guid(n)}'" for n in range(1000))
    url = f"accounts?$select=name&$filter=Microsoft.Dynamics.CRM.In(PropertyName='accountid',PropertyValues=[{listed}])"
    assert sales.get(url).status_code == 414
    part = f"--b\r\nContent-Type: application/http\r\n\r\nGET {sales.api}{url.replace(' ', '%20')} HTTP/1.1\r\n\r\n\r\n"
    batch = sales.post("$batch", data=f"{part}--b--\r\n", headers={"Content-Type": "multipart/mixed; boundary=b"})
    assert batch.status_code == 200
    assert batch.text.count('"accountid"') == 10
