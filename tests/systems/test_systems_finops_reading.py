"""F&O as a source: read whole page by page, by id and by value, of one company, without wildcards and without loss."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from local.simulators.finops import switches
from local.simulators.finops.app import create_app
from sync.errors import ConfigError, Throttled, Transient
from sync.keys import record_id
from sync.model import EntityRef, Record, RowsPage, Use
from sync.ports import Gone, Write
from sync.systems.finops import FinOpsSystem
from tests.systems.conftest import FinOpsWorld
from tests.systems.systems_world import CUSTOMERS, Scripted, Swapped, customer

PRODUCTS = EntityRef("finops", "SellableReleasedProducts", ("dataAreaId", "ProductNumber"))
CURRENCIES = EntityRef("finops", "Currencies", ("CurrencyCode",))
COLUMNS = ["ProductName", "SalesPrice"]


@pytest.fixture(params=[1, 3, 10_000])
def shop(request: pytest.FixtureRequest, server: tuple[Swapped, str]) -> FinOpsWorld:
    """An F&O with unit `ea` whose pages hold so many rows."""
    server[0].app = create_app(page_size=request.param)
    return opened(server)


@pytest.fixture
def small_shop(server: tuple[Swapped, str]) -> FinOpsWorld:
    """An F&O with unit `ea` whose pages hold three rows."""
    server[0].app = create_app(page_size=3)
    return opened(server)


def opened(server: tuple[Swapped, str]) -> FinOpsWorld:
    world = FinOpsWorld(server[1])
    world.admin.ask("POST", "/data/UnitsOfMeasure", {"UnitSymbol": "ea"})
    world.admin.ask("POST", "/data/LegalEntities", {"LegalEntityId": "demf", "Name": "DEMF"})
    return world


def release(world: FinOpsWorld, *numbers: str, company: str = "usmf", **values: Any) -> None:
    good = {"CurrencyCode": "USD", "SalesUnitSymbol": "ea", "InventoryUnitSymbol": "ea", "SalesPrice": 10, **values}
    products = [{"dataAreaId": company, "ProductNumber": one, "ProductName": f"No {one}", **good} for one in numbers]
    world.admin.ask("POST", "/admin/products", products)


def pages(system: FinOpsSystem, columns: Sequence[str] = COLUMNS, company: str = "USMF") -> Iterator[RowsPage]:
    link = ""
    while True:
        page = system.rows_page(PRODUCTS, columns, company=company, link=link)
        yield page
        link = page.next
        if not link:
            return


def rows(system: FinOpsSystem) -> list[Record]:
    return [row for page in pages(system) for row in page.rows]


def test_a_table_is_read_whole_in_pages_of_any_size_and_of_its_company_alone(shop: FinOpsWorld) -> None:
    numbers = [f"P{index}" for index in range(7)]
    release(shop, *numbers)
    release(shop, "P0", "X", company="demf")
    read = rows(shop.system)

    assert [row.id for row in read] == [f"usmf|p{index}" for index in range(7)]
    assert [row.values["ProductName"] for row in read] == [f"No {one}" for one in numbers]
    assert all(row.values.keys() == {"dataAreaId", "ProductNumber", *COLUMNS} for row in read)
    assert all(row.version for row in read)
    assert {row.id for page in pages(shop.system, company="demf") for row in page.rows} == {"demf|p0", "demf|x"}


def test_a_page_is_one_request(small_shop: FinOpsWorld) -> None:
    release(small_shop, *(f"P{index}" for index in range(7)))
    assert [len(page.rows) for page in pages(small_shop.system)] == [3, 3, 1]
    assert small_shop.system.requests_sent == 3


@pytest.mark.parametrize("size", switches.CHOICES["page_rows"])
def test_the_greatest_page_is_for_the_server_to_choose(finops_world: FinOpsWorld, size: int) -> None:
    finops_world.admin.switch(page_rows=size)
    finops_world.system.write(CUSTOMERS, [customer(index) for index in range(1001)])
    link, ids = "", set()
    lengths: list[int] = []
    while link or not lengths:
        page = finops_world.system.rows_page(CUSTOMERS, [], company="usmf", link=link)
        lengths.append(len(page.rows))
        ids |= {row.id for row in page.rows}
        link = page.next
    assert (lengths, len(ids)) == ([1001] if size > 1001 else [1000, 1], 1001)


def test_a_table_without_companies_is_read_whole(finops_world: FinOpsWorld) -> None:
    page = finops_world.system.rows_page(CURRENCIES, [], company="", link="")
    assert ([row.id for row in page.rows], page.next) == (["usd"], "")


def test_an_empty_table_is_one_page(finops_world: FinOpsWorld) -> None:
    assert finops_world.system.rows_page(PRODUCTS, COLUMNS, company="usmf", link="") == RowsPage((), "")


def test_what_is_read_page_by_page_is_what_is_fetched_by_id(small_shop: FinOpsWorld) -> None:
    release(small_shop, "A'1", "B|~C", "Ä/ö & #1", "plain")
    read = {row.id: row for row in rows(small_shop.system)}
    assert small_shop.system.fetch(PRODUCTS, list(read), COLUMNS) == read
    assert len(read) == 4


def test_a_version_changes_with_the_row_and_with_nothing_else(small_shop: FinOpsWorld) -> None:
    release(small_shop, "A", "B")
    before = {row.id: row.version for row in rows(small_shop.system)}
    release(small_shop, "B", SalesPrice=12)
    after = {row.id: row.version for row in rows(small_shop.system)}
    assert (after["usmf|a"] == before["usmf|a"], after["usmf|b"] == before["usmf|b"]) == (True, False)


def test_hundreds_of_ids_take_few_requests_and_absent_ones_are_absent(finops_world: FinOpsWorld) -> None:
    release(opened_again(finops_world), *(f"P{index:03}" for index in range(200)))
    ids = [record_id({"dataAreaId": "usmf", "ProductNumber": f"P{index:03}"}) for index in range(100, 300)]
    found = finops_world.system.fetch(PRODUCTS, ids, ["ProductName"])
    assert set(found) == set(ids[:100])
    assert all(found[id].id == id for id in found)
    assert finops_world.system.requests_sent <= 3


def opened_again(world: FinOpsWorld) -> FinOpsWorld:
    world.admin.ask("POST", "/data/UnitsOfMeasure", {"UnitSymbol": "ea"})
    return world


def test_a_star_in_an_id_or_a_value_stands_for_itself(small_shop: FinOpsWorld) -> None:
    release(small_shop, "A1", "A2", "A*")
    assert list(small_shop.system.fetch(PRODUCTS, ["usmf|a*"], COLUMNS)) == ["usmf|a*"]
    assert small_shop.system.fetch(PRODUCTS, ["usmf|*"], COLUMNS) == {}
    wanted = [{"dataAreaId": "usmf", "ProductName": name} for name in ("No A*", "*", "No A1")]
    found = small_shop.system.match(PRODUCTS, wanted, [])
    assert [[row["ProductNumber"] for row in rows] for rows in found] == [["A*"], [], ["A1"]]


def test_rows_are_matched_by_all_their_values_whatever_the_case(small_shop: FinOpsWorld) -> None:
    release(small_shop, "A", "B", "C", ProductDescription="Same")
    release(small_shop, "D", company="demf", ProductDescription="Same")
    match = small_shop.system.match

    def numbers(*wanted: dict[str, Any]) -> list[list[object]]:
        return [[row["ProductNumber"] for row in rows] for rows in match(PRODUCTS, wanted, ["SalesPrice"])]

    assert numbers(
        {"dataAreaId": "USMF", "ProductDescription": "SAME"},
        {"dataAreaId": "usmf", "ProductDescription": "same", "ProductName": "no b"},
        {"dataAreaId": "demf", "ProductDescription": "same"},
        {"dataAreaId": "demf", "ProductDescription": "same", "ProductName": "no b"},
        {"dataAreaId": "usmf", "SalesPrice": 10, "ProductName": "no a"},
        {"dataAreaId": "usmf", "SalesPrice": 11, "ProductName": "no a"},
        {"dataAreaId": "USMF", "ProductDescription": "SAME"},
    ) == [["A", "B", "C"], ["B"], ["D"], [], ["A"], [], ["A", "B", "C"]]
    assert match(PRODUCTS, [], []) == []


def test_many_values_are_matched_in_few_requests(finops_world: FinOpsWorld) -> None:
    release(opened_again(finops_world), *(f"P{index:03}" for index in range(200)))
    wanted = [{"dataAreaId": "usmf", "ProductName": f"No P{index:03}"} for index in range(0, 400, 2)]
    found = finops_world.system.match(PRODUCTS, wanted, [])
    assert [len(rows) for rows in found] == [1] * 100 + [0] * 100
    assert finops_world.system.requests_sent <= 3


@pytest.mark.parametrize("wanted", [{}, {"dataAreaId": "usmf"}, {"ProductName": "x"}])
def test_a_match_names_the_company_and_a_value(finops_world: FinOpsWorld, wanted: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="SellableReleasedProducts"):
        finops_world.system.match(PRODUCTS, [wanted], [])
    assert finops_world.system.requests_sent == 0


def test_a_source_is_searched_in_the_company_of_the_app(small_shop: FinOpsWorld) -> None:
    release(small_shop, "A", "B")
    release(small_shop, "A", company="demf")
    found = small_shop.system.search(PRODUCTS, "ProductNumber", ["a", "A", "b", "none"], ["ProductName"])
    assert sorted((row.id, str(row.values["ProductName"])) for row in found) == [("usmf|a", "No A"), ("usmf|b", "No B")]
    assert [row.id for row in small_shop.system.search(CURRENCIES, "CurrencyCode", ["usd"], [])] == ["usd"]


def test_what_no_flow_from_f_and_o_needs_says_so(finops_world: FinOpsWorld) -> None:
    with pytest.raises(ConfigError, match="SellableReleasedProducts"):
        finops_world.system.assign(PRODUCTS, [(Record("usmf|a", "", {}), {"ProductName": "x"})])
    with pytest.raises(ConfigError, match="Lines"):
        finops_world.system.referring(Use("Lines", "ProductNumber"), ["usmf|a"])
    assert finops_world.system.requests_sent == 0


# Links.


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_page_link_that_no_longer_works_is_gone(small_shop: FinOpsWorld, status: int) -> None:
    release(small_shop, *(f"P{index}" for index in range(7)))
    link = next(pages(small_shop.system)).next
    small_shop.admin.fault({"status": status}, PRODUCTS.set)
    with pytest.raises(Gone, match=f"status {status}, client_request_id "):
        small_shop.system.rows_page(PRODUCTS, COLUMNS, company="usmf", link=link)
    assert len(small_shop.system.rows_page(PRODUCTS, COLUMNS, company="usmf", link=link).rows) == 3


def test_a_first_page_that_is_refused_is_a_matter_of_set_up(finops_world: FinOpsWorld) -> None:
    with pytest.raises(ConfigError, match="'Nothing' in SellableReleasedProducts"):
        finops_world.system.rows_page(PRODUCTS, ["Nothing"], company="usmf", link="")
    with pytest.raises(ConfigError, match="dataAreaId"):  # a table without companies was asked for those of one
        finops_world.system.rows_page(CURRENCIES, [], company="usmf", link="")
    with pytest.raises(ConfigError, match="Currencys"):
        finops_world.system.rows_page(EntityRef("finops", "Currencys", ("CurrencyCode",)), [], company="", link="")


def test_a_throttled_page_is_not_gone(small_shop: FinOpsWorld) -> None:
    release(small_shop, *(f"P{index}" for index in range(7)))
    link = next(pages(small_shop.system)).next
    small_shop.admin.fault({"status": 429, "retry_after": 12}, PRODUCTS.set)
    with pytest.raises(Throttled) as caught:
        small_shop.system.rows_page(PRODUCTS, COLUMNS, company="usmf", link=link)
    assert caught.value.delay == 12
    small_shop.clock.advance(12)
    assert len(small_shop.system.rows_page(PRODUCTS, COLUMNS, company="usmf", link=link).rows) == 3


@pytest.mark.parametrize("action", [{"cut": 60}, {"status": 502, "html": True}, {"drop": "after"}])
def test_a_page_that_is_lost_is_read_again_later(small_shop: FinOpsWorld, action: dict[str, object]) -> None:
    release(small_shop, *(f"P{index}" for index in range(7)))
    link = next(pages(small_shop.system)).next
    small_shop.admin.fault(action, PRODUCTS.set)
    with pytest.raises(Transient):
        small_shop.system.rows_page(PRODUCTS, COLUMNS, company="usmf", link=link)
    assert len(small_shop.system.rows_page(PRODUCTS, COLUMNS, company="usmf", link=link).rows) == 3


def page_of(link: str, *numbers: str) -> dict[str, object]:
    found = [{"@odata.etag": 'W/"1"', "dataAreaId": "usmf", "ProductNumber": number} for number in numbers]
    return {"value": found, **({"@odata.nextLink": link} if link else {})}


def test_links_are_followed_exactly_as_received(script: Scripted, scripted_finops: Callable[..., FinOpsSystem]) -> None:
    odd = f"/data/{PRODUCTS.set}?$skiptoken=a%2Bb%20c'd&cross-company=true&%24select=x"
    script.json(page_of(script.base + odd))
    system = scripted_finops()
    empty = system.rows_page(PRODUCTS, [], company="usmf", link="")
    assert (empty.rows, empty.next) == ((), script.base + odd)  # a page without rows has rows behind it all the same
    script.json(page_of("", "A"))
    assert [row.id for row in system.rows_page(PRODUCTS, [], company="usmf", link=empty.next).rows] == ["usmf|a"]
    assert script.requests[-1][1] == odd


def test_a_link_to_itself_is_not_followed_for_ever(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem]
) -> None:
    link = f"{script.base}/data/{PRODUCTS.set}?$skip=3"
    script.json(page_of(link, "A"))
    with pytest.raises(ConfigError, match="twice"):
        scripted_finops().rows_page(PRODUCTS, [], company="usmf", link=link)


@pytest.mark.parametrize("link", ["https://elsewhere.example/data/x", "http://127.0.0.1:1/data/x"])
def test_a_link_that_leads_elsewhere_is_never_given_or_followed(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem], link: str
) -> None:
    script.json(page_of(link, "A"))
    with pytest.raises(ConfigError, match="leads"):
        scripted_finops().rows_page(PRODUCTS, [], company="usmf", link="")
    with pytest.raises(ConfigError, match="leads"):
        scripted_finops().rows_page(PRODUCTS, [], company="usmf", link=link)
    assert len(script.requests) == 1


def test_a_page_is_asked_for_by_its_company_and_with_its_columns_alone(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem]
) -> None:
    script.json(json.loads('{"value": []}'))
    scripted_finops().rows_page(PRODUCTS, ["ProductName", "ProductNumber"], company="USMF", link="")
    assert script.requests[0][1] == (
        f"/data/{PRODUCTS.set}?$select=dataAreaId,ProductNumber,ProductName&cross-company=true"
        "&$filter=dataAreaId%20eq%20'usmf'"
    )


def test_a_customer_written_before_is_matched_by_its_name(finops_world: FinOpsWorld) -> None:
    finops_world.system.write(CUSTOMERS, [customer(1), Write("create", customer(2).key, customer(1).values)])
    wanted = [{"dataAreaId": "usmf", "OrganizationName": "company 1"}]
    ((first, second),) = finops_world.system.match(CUSTOMERS, wanted, ["PartyNumber"])
    assert {first["CustomerAccount"], second["CustomerAccount"]} == {"C0001", "C0002"}
    assert first["PartyNumber"] != second["PartyNumber"]
