"""Customers of the F&O simulator: prospects, conflicts, deletes, parties of any company (flows.md 3, wire.md 2.6)."""

from __future__ import annotations

from tests.local.finops.finops_business import header, header_at, stock
from tests.local.finops.finops_simulated import CONTOSO, Finops, told


def test_a_customer_of_a_prospects_party_must_have_the_prospects_number(finops: Finops) -> None:
    assert finops.post("/admin/prospects", json={"P-7": "PR-1"}).json() == {"P-7": "PR-1"}
    assert told(finops.create_customer(PartyNumber="P-7")).endswith(
        "Cannot create customer with account number 'C1' with same party number as prospect 'PR-1'. The customer and "
        "prospect should have the same account number..; Warning: validateWrite failed on data source 'CustTable "
        "(CustTable)'."
    )
    assert finops.create_customer(PartyNumber="P-7", CustomerAccount="pr-1").status_code == 201
    assert finops.create_customer(PartyNumber="P-8").status_code == 201


def test_an_update_conflict_is_told_as_often_as_it_was_asked_for(finops: Finops) -> None:
    finops.create_customer()
    assert finops.post("/admin/conflicts", json={"CustomersV3": 2}).ok
    for _ in range(2):
        text = told(finops.patch(CONTOSO, json={"OrganizationName": "Fabrikam"}))
        assert "Cannot edit a record in Customers (CustTable). Customer account: C1, Contoso.\n" in text
        assert "An update conflict occurred due to another user process deleting the record or changing one or" in text
    assert finops.get(CONTOSO).json()["OrganizationName"] == "Contoso"
    assert finops.patch(CONTOSO, json={"OrganizationName": "Fabrikam"}).status_code == 204
    assert finops.post("/admin/conflicts", json={"Nothing": 1}).status_code == 400


def test_a_customer_with_quotations_cannot_be_deleted(finops: Finops) -> None:
    stock(finops)
    header(finops)
    text = told(finops.delete(CONTOSO))
    assert "Cannot delete a record in Customers (CustTable). Customer account: C1, Contoso.\n" in text
    assert "1 records in Sales quotations" in text
    assert finops.delete(header_at()).status_code == 204
    assert finops.delete(CONTOSO).status_code == 204


def test_one_party_is_a_customer_of_several_companies_under_one_name(finops: Finops) -> None:
    finops.post("/data/LegalEntities", json={"LegalEntityId": "demf", "Name": "Germany"})
    finops.post("/data/CustomerGroups", json={"dataAreaId": "demf", "CustomerGroupId": "80"})
    finops.create_customer()
    sister = {
        "dataAreaId": "demf",
        "CustomerGroupId": "80",
        "PartyNumber": "P-000001",
        "OrganizationName": "Contoso AG",
    }
    assert finops.create_customer(**sister).status_code == 201
    assert finops.get(CONTOSO).json()["OrganizationName"] == "Contoso AG"
    assert "The value '10'" in told(finops.create_customer(dataAreaId="demf", CustomerAccount="C2"))
