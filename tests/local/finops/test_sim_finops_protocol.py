"""The frame of F&O's answers: annotations, expansion, key literals, content types, tracing (wire.md 2.1 to 2.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from local.simulators.finops.addresses import link, parse, split
from local.simulators.finops.schema import load
from tests.local.finops.finops_simulated import CONTOSO, Finops, contoso, told

WAREHOUSES = "/data/Warehouses"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


@pytest.fixture
def finops(fresh: Callable[[], Finops]) -> Finops:
    session = fresh()
    assert session.create_customer().status_code == 201
    return session


def warehouse(finops: Finops, number: str, **values: Any) -> None:
    assert finops.post(WAREHOUSES, json={"WarehouseId": number, "OperationalSiteId": "1", **values}).status_code == 201


def expanded(finops: Finops, path: str, expand: str, **options: str) -> Any:
    return finops.get(path, params={"$expand": expand, **options}).json()


def test_expand_gives_the_rows_behind_a_navigation_property(finops: Finops) -> None:
    warehouse(finops, "21", ExternallyLocatedWarehouseCustomerAccountNumber="c1")
    warehouse(finops, "22", ExternallyLocatedWarehouseCustomerAccountNumber="C1", MainRefillingWarehouseId="13")

    row = expanded(finops, CONTOSO, "Warehouses($select=WarehouseId)")
    assert row["CustomerAccount"] == "C1"
    assert [one["WarehouseId"] for one in row["Warehouses"]] == ["21", "22"]
    assert row["Warehouses"][0].keys() == {"@odata.etag", "WarehouseId"}

    page = expanded(
        finops,
        WAREHOUSES,
        "MainRefillingWarehouse,ExternallyLocatedWarehouseCustomer",
        **{"$select": "WarehouseId", "$filter": "WarehouseId eq '22'"},
    )
    (found,) = page["value"]
    assert found["MainRefillingWarehouse"]["WarehouseId"] == "13"
    assert found["ExternallyLocatedWarehouseCustomer"]["OrganizationName"] == "Contoso"
    assert found.keys() == {
        "@odata.etag", "WarehouseId", "MainRefillingWarehouse", "ExternallyLocatedWarehouseCustomer"
    }  # fmt: skip


def test_what_leads_nowhere_is_null_or_an_empty_list(finops: Finops) -> None:
    (row,) = expanded(finops, WAREHOUSES, "MainRefillingWarehouse,MainRefillingAssignedWarehouses")["value"]
    assert (row["MainRefillingWarehouse"], row["MainRefillingAssignedWarehouses"]) == (None, [])


def test_rows_of_another_company_are_not_behind_a_navigation_property(finops: Finops) -> None:
    finops.post("/data/LegalEntities", json={"LegalEntityId": "demf"})
    finops.post("/data/OperationalSitesV2", json={"SiteId": "1", "dataAreaId": "demf"})
    finops.post(WAREHOUSES, json={"WarehouseId": "13", "dataAreaId": "demf", "OperationalSiteId": "1"})
    warehouse(finops, "22", MainRefillingWarehouseId="13")
    path = f"{WAREHOUSES}(dataAreaId='usmf',WarehouseId='22')"
    assert expanded(finops, path, "MainRefillingWarehouse")["MainRefillingWarehouse"]["dataAreaId"] == "usmf"


@pytest.mark.parametrize(
    "expand",
    [
        "Warehouses($expand=MainRefillingWarehouse)",
        "Warehouses/MainRefillingWarehouse",
        "Warehouses($filter=WarehouseId eq '1')",
        "Warehouses($select=Name)",
        "warehouses",
        "CustomerGroupId",
        "",
        "*",
        "Warehouses(",
    ],
)
def test_expansion_goes_one_level_deep_and_knows_its_names(finops: Finops, expand: str) -> None:
    assert told(finops.get(CONTOSO, params={"$expand": expand}))
    assert told(finops.get("/data/CustomersV3", params={"$expand": expand}))


@pytest.mark.parametrize("option", ["$filter=CustomerAccount eq 'C1'", "$top=1", "$skip=1", "$count=true", "$foo=1"])
def test_a_single_row_takes_no_options_of_a_set(finops: Finops, option: str) -> None:
    assert told(finops.get(f"{CONTOSO}?{option}"))
    assert told(finops.patch(f"{CONTOSO}?{option}", json={"NameAlias": "x"}))
    assert told(finops.post(f"/data/CustomersV3?{option}", json=contoso(CustomerAccount="C2")))
    assert finops.get("/data/CustomersV3/$count").text == "1"


@pytest.mark.parametrize(
    "option", ["$top=1", "$select=CustomerAccount", "$orderby=CustomerAccount", "$expand=Warehouses"]
)
def test_a_number_of_rows_takes_a_filter_only(finops: Finops, option: str) -> None:
    assert finops.get("/data/CustomersV3/$count?$filter=CustomerAccount eq 'C1'").text == "1"
    assert told(finops.get(f"/data/CustomersV3/$count?{option}"))


def test_full_metadata_adds_the_three_annotations_and_none_takes_all_away(finops: Finops) -> None:
    def asked(level: str, path: str) -> Any:
        accept = f"application/json;odata.metadata={level}"
        answer = finops.get(f"{path}?$select=CustomerAccount", headers={"Accept": accept})
        assert f"odata.metadata={level}" in answer.headers["Content-Type"]
        return answer.json()

    whole = asked("full", CONTOSO)
    assert whole["@odata.type"] == "#Microsoft.Dynamics.DataEntities.CustomerV3"
    assert whole["@odata.id"] == whole["@odata.editLink"] == finops.base + CONTOSO
    assert asked("full", "/data/CustomersV3")["value"][0]["@odata.id"] == finops.base + CONTOSO
    assert asked("none", CONTOSO) == {"CustomerAccount": "C1"}
    assert asked("none", "/data/CustomersV3") == {"value": [{"CustomerAccount": "C1"}]}
    assert asked("minimal", CONTOSO).keys() == {"@odata.context", "@odata.etag", "CustomerAccount"}


def test_who_takes_no_json_gets_no_data_and_writes_none(finops: Finops) -> None:
    atom = {"Accept": "application/atom+xml"}
    assert finops.get(CONTOSO, headers=atom).status_code == 406
    assert finops.post("/data/CustomersV3", json=contoso(CustomerAccount="C2"), headers=atom).status_code == 406
    assert [row["CustomerAccount"] for row in finops.rows("CustomersV3")] == ["C1"]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "", "application/json; charset=utf-16"])
def test_a_body_of_another_content_type_is_refused(finops: Finops, kind: str) -> None:
    answer = finops.patch(CONTOSO, data=b'{"NameAlias": "x"}', headers={"Content-Type": kind} if kind else {})
    assert answer.status_code == 415
    assert finops.get(CONTOSO).json()["NameAlias"] == "Contoso"


def test_keys_of_every_type_are_read_from_the_address_and_written_into_it(finops: Finops) -> None:
    qualified = "Microsoft.Dynamics.DataEntities.SmmContactPersonCdsAssociatedContactType'Customer'"
    parts = ["dataAreaId='usmf'", "ContactPersonPartyNumber='X'", "AssociatedContactNumber='C1'"]
    status = {
        kind: finops.get(
            f"/data/CDSContactPersonsV2({','.join([*parts, f'AssociatedContactType={kind}'])})"
        ).status_code
        for kind in (qualified, "'Customer'", "Customer", qualified.replace("'Customer'", "'Friend'"), "0")
    }
    assert list(status.values()) == [404, 400, 400, 400, 400]

    row = {"dataAreaId": "usmf", "ContactPersonPartyNumber": "A/1", "AssociatedContactNumber": "O'B"}
    written = link("http://x", load().sets["CDSContactPersonsV2"], {**row, "AssociatedContactType": "Customer"})
    path, _ = split(written.removeprefix("http://x"))
    assert parse(load(), path).key == {**row, "AssociatedContactType": "Customer"}

    line = "/data/CDSSalesQuotationLines(SalesQuotationNumber='Q1',LineCreationSequenceNumber={},dataAreaId='usmf')"
    assert [finops.get(line.format(number)).status_code for number in ("1", "-1", "'1'", "1.0", "2147483648", "x")] == [
        404, 404, 400, 400, 400, 400
    ]  # fmt: skip


def test_every_answer_can_be_traced(finops: Finops) -> None:
    answers = [finops.get(CONTOSO), finops.get("/data/Nothing"), finops.post("/data/CustomersV3", json={})]
    assert len({answer.headers["ms-dyn-aid"] for answer in answers}) == 3
    assert all("dur=" in answer.headers["server-timing"] for answer in answers)


def test_the_service_root_works_with_and_without_a_slash(finops: Finops) -> None:
    assert finops.get("/data").json() == finops.get("/data/").json()


def test_metadata_tells_navigation_with_its_target_set(finops: Finops) -> None:
    tree = ET.fromstring(finops.get("/data/$metadata").content)  # noqa: S314  (our own server's document)
    types = {one.attrib["Name"]: one for one in tree.iter(f"{EDM}EntityType")}
    bound = {
        one.attrib["Name"]: {b.attrib["Path"]: b.attrib["Target"] for b in one.iter(f"{EDM}NavigationPropertyBinding")}
        for one in tree.iter(f"{EDM}EntitySet")
    }
    for one in load().sets.values():
        told = {nav.attrib["Name"]: nav.attrib["Type"] for nav in types[one.type].iter(f"{EDM}NavigationProperty")}
        assert told.keys() == one.navigation.keys() == bound[one.name].keys()
        assert bound[one.name] == {name: target.set for name, target in one.navigation.items()}
    assert told_type(types, "CustomerV3", "Warehouses") == "Collection(Microsoft.Dynamics.DataEntities.Warehouse)"


def told_type(types: dict[str, ET.Element], name: str, navigation: str) -> str:
    return next(
        nav.attrib["Type"] for nav in types[name].iter(f"{EDM}NavigationProperty") if nav.attrib["Name"] == navigation
    )


def test_dates_outside_of_the_years_that_f_and_o_knows_are_refused(finops: Finops) -> None:
    for wrong in ("1899-12-31T12:00:00Z", "2155-01-01T00:00:00Z", "2026-05-01", "2026-05-01T12:00:00", "soon",
                  "1900-01-01T00:00:00+02:00", "2154-12-31T23:00:00-02:00", "20260501T120000Z", "2026-W18-5T12:00:00Z",
                  "2026-05-01 12:00:00Z", "2026-05-01T12Z", "2026-05-01T12:00:00,5Z"):  # fmt: skip
        assert told(finops.patch(CONTOSO, json={"CredManCustomerSince": wrong}))
    assert finops.patch(CONTOSO, json={"CredManCustomerSince": "2026-05-01T14:00:00+02:00"}).status_code == 204
    assert finops.get(CONTOSO).json()["CredManCustomerSince"] == "2026-05-01T12:00:00Z"


@pytest.mark.parametrize(
    ("condition", "found"),
    [("CreditLimit divby 2 eq 2.5", 1), ("CreditLimit mul 2 add 1 eq 11", 1), ("CreditLimit mod 2 eq 0", 0)],
)
def test_filters_calculate(finops: Finops, condition: str, found: int) -> None:
    finops.patch(CONTOSO, json={"CreditLimit": 5})
    assert len(finops.get("/data/CustomersV3", params={"$filter": condition}).json()["value"]) == found
