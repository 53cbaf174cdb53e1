"""Reading from the F&O simulator: keys, companies, filters, pages, the form of values (wire.md 2.2, 2.3, Part 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.local.finops.finops_simulated import CONTOSO, Finops, simulators, told


@pytest.fixture(scope="module")
def fresh() -> Iterator[Callable[[], Finops]]:
    with simulators(page_size=3) as fresh:
        yield fresh


def numbers(answer: requests.Response) -> list[str]:
    return [row["CustomerAccount"] for row in answer.json()["value"]]


@pytest.fixture
def two_companies(finops: Finops) -> Finops:
    """Customers A to D in usmf, E in demf."""
    finops.post("/data/LegalEntities", json={"LegalEntityId": "demf", "Name": "Contoso DE"})
    finops.post("/data/CustomerGroups", json={"dataAreaId": "demf", "CustomerGroupId": "10"})
    for number in "ABCD":
        finops.create_customer(CustomerAccount=number, OrganizationName=f"Customer {number}")
    assert (
        finops.create_customer(CustomerAccount="E", dataAreaId="demf", IsExternallyMaintained="Yes").status_code == 201
    )
    return finops


def test_without_a_token_nothing_is_read(finops: Finops) -> None:
    assert requests.get(finops.base + CONTOSO, timeout=30).status_code == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C1')", 200),
        ("/data/CustomersV3(CustomerAccount='c1',dataAreaId='USMF')", 200),
        ("/data/Currencies('USD')", 200),
        ("/data/CustomersV3(CustomerAccount='C1')", 400),
        ("/data/CustomersV3('C1')", 400),
        ("/data/CustomersV3(dataAreaId=usmf,CustomerAccount='C1')", 400),
        ("/data/CustomersV3(dataAreaId='usmf',CustomerAccount=", 400),
        ("/data/CustomersV3(dataAreaId='usmf',customerAccount='C1')", 404),
        ("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C2')", 404),
        ("/data/customersv3", 404),
        ("/data/CustomersV9", 404),
        ("/data/CustomersV3/OrganizationName", 404),
    ],
)
def test_a_row_is_found_by_its_whole_key_and_nothing_else(finops: Finops, path: str, status: int) -> None:
    finops.create_customer()
    answer = finops.get(path)
    assert answer.status_code == status
    assert (status == 200) != ("error" in answer.json())


@pytest.mark.parametrize("number", ["O'Brien", "A/1", "R&D", "50%", "a b", "Ä#?", "x')(y"])
def test_a_number_of_any_characters_is_reached_by_its_encoded_key(finops: Finops, number: str) -> None:
    created = finops.create_customer(CustomerAccount=number)
    quoted = quote(number.replace("'", "''"), safe="")
    answer = finops.get(f"/data/CustomersV3(dataAreaId='usmf',CustomerAccount='{quoted}')")
    assert answer.json()["CustomerAccount"] == number
    assert finops.get(created.headers["Location"]).json() == answer.json()


def test_another_company_is_seen_only_across_companies(two_companies: Finops) -> None:
    assert numbers(two_companies.get("/data/CustomersV3?$top=9")) == ["A", "B", "C"]
    assert two_companies.get("/data/CustomersV3/$count").text == "4"
    assert two_companies.get("/data/CustomersV3/$count?cross-company=true").text == "5"
    other = {"$filter": "dataAreaId eq 'DEMF'"}
    assert numbers(two_companies.get("/data/CustomersV3", params=other)) == []
    assert numbers(two_companies.get("/data/CustomersV3", params={**other, "cross-company": "true"})) == ["E"]
    row = "/data/CustomersV3(dataAreaId='demf',CustomerAccount='E')"
    assert two_companies.get(row).status_code == 404
    assert two_companies.patch(row, json={"NameAlias": "x"}).status_code == 404
    assert two_companies.get(f"{row}?cross-company=true").json()["dataAreaId"] == "demf"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("CustomerAccount eq 'b'", ["B"]),
        ("CustomerAccount eq 'B' or CustomerAccount eq 'D' or CustomerAccount eq 'Z'", ["B", "D"]),
        ("dataAreaId eq 'usmf' and (CustomerAccount eq 'D' or CustomerAccount eq 'A')", ["A", "D"]),
        ("OrganizationName eq '*mer C*'", ["C"]),
        ("IsExternallyMaintained eq Microsoft.Dynamics.DataEntities.NoYes'Yes'", ["E"]),
        ("OrganizationName gt 'Customer B' and CreditLimit eq 0", ["C", "D"]),
        ("AddressCity eq '' and not (CustomerAccount ne 'A')", ["A"]),
    ],
)
def test_filters_find_what_they_say(two_companies: Finops, wanted: str, found: list[str]) -> None:
    answer = two_companies.get("/data/CustomersV3", params={"$filter": wanted, "cross-company": "true"})
    assert numbers(answer) == found


@pytest.mark.parametrize(
    "options",
    [
        {"$filter": "CustomerAccount in ('A','B')"},
        {"$filter": "IsExternallyMaintained has Microsoft.Dynamics.DataEntities.NoYes'Yes'"},
        {"$filter": "customeraccount eq 'A'"},
        {"$filter": "IsExternallyMaintained eq Microsoft.Dynamics.DataEntities.NoYes'Maybe'"},
        {"$filter": "CustomerAccount eq"},
        {"$select": "Name"},
        {"$orderby": "Name"},
        {"$top": "-1"},
        {"$skip": "x"},
        {"$count": "yes"},
        {"$apply": "groupby((CustomerAccount))"},
        {"$expand": "CustomerGroup"},
        {"$deltatoken": "1"},
    ],
)
def test_what_the_service_does_not_offer_is_refused(finops: Finops, options: dict[str, str]) -> None:
    assert told(finops.get("/data/CustomersV3", params=options))


def test_changes_are_not_tracked_whoever_asks(two_companies: Finops) -> None:
    answer = two_companies.get("/data/CustomersV3?$top=1", headers={"Prefer": "odata.track-changes"})
    assert "Preference-Applied" not in answer.headers
    assert answer.json().keys() == {"@odata.context", "value"}


def test_a_row_that_goes_between_two_pages_hides_another_one(two_companies: Finops) -> None:
    first = two_companies.get("/data/CustomersV3")
    assert two_companies.delete("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='A')").status_code == 204
    assert (numbers(first), numbers(two_companies.get(first.json()["@odata.nextLink"]))) == (["A", "B", "C"], [])


def test_pages_follow_one_another_and_lose_nothing(two_companies: Finops) -> None:
    first = two_companies.get(
        "/data/CustomersV3",
        params={"$select": "CustomerAccount", "$orderby": "CustomerAccount desc", "$count": "true",
                "cross-company": "true", "$filter": "OrganizationName ne 'a&b'"},
    )  # fmt: skip
    second = two_companies.get(first.json()["@odata.nextLink"])
    assert first.json()["@odata.count"] == 5
    assert numbers(first) + numbers(second) == ["E", "D", "C", "B", "A"]
    assert "@odata.nextLink" not in second.json()


@pytest.mark.parametrize(
    ("options", "pages"), [("$top=4", ["ABC", "D"]), ("$top=9&$skip=1", ["BCD", "E"]), ("$top=0", [""])]
)
def test_top_reaches_over_pages_and_skip_starts_later(two_companies: Finops, options: str, pages: list[str]) -> None:
    page = two_companies.get(f"/data/CustomersV3?cross-company=true&{options}")
    found = ["".join(numbers(page))]
    while "@odata.nextLink" in page.json():
        page = two_companies.get(page.json()["@odata.nextLink"])
        found.append("".join(numbers(page)))
    assert found == pages


def test_a_page_repeats_the_last_record_of_the_page_before_when_a_fault_says_so(
    two_companies: Finops,
) -> None:
    fault: dict[str, Any] = {"match": {"path": "$skip"}, "action": {"repeat": True}}
    assert two_companies.post("/admin/faults", json=fault).ok
    first = two_companies.get("/data/CustomersV3?cross-company=true")
    assert numbers(two_companies.get(first.json()["@odata.nextLink"])) == ["C", "D", "E"]


def test_values_that_nobody_set_are_empty_and_never_null(finops: Finops) -> None:
    finops.create_customer(IsExternallyMaintained="Yes")
    row = finops.get(CONTOSO).json()
    assert None not in row.values()
    assert (row["AddressCity"], row["CredManCustomerSince"]) == ("", "1900-01-01T12:00:00Z")
    assert (row["IsExternallyMaintained"], row["OnHoldStatus"], row["CreditLimit"]) == ("Yes", "No", 0)


def test_select_gives_the_chosen_properties_and_the_etag(finops: Finops) -> None:
    finops.create_customer()
    row = finops.get(f"{CONTOSO}?$select=OrganizationName,CreditLimit").json()
    assert row.keys() == {"@odata.context", "@odata.etag", "OrganizationName", "CreditLimit"}
