"""Business records for tests of the F&O simulator: products, units, contact persons, quotations, in company usmf."""

from __future__ import annotations

from typing import Any

import requests

from tests.local.finops.finops_simulated import Finops

HEADERS, LINES = "/data/CDSSalesQuotationHeaders", "/data/CDSSalesQuotationLines"
PERSONS, CDS_PERSONS = "/data/ContactPersons", "/data/CDSContactPersonsV2"
BIKE = {
    "ProductNumber": "BK-1",
    "ProductName": "Bike",
    "ProductType": "Item",
    "SalesPrice": 100,
    "CurrencyCode": "USD",
    "SalesUnitSymbol": "ea",
    "IsStockedProduct": "Yes",
}


def stock(finops: Finops) -> None:
    """Units ea and box; a bike and a tour that are sold; customer C1."""
    for unit in ("ea", "box"):
        assert finops.post("/data/UnitsOfMeasure", json={"UnitSymbol": unit, "UnitClass": "Quantity"}).ok
    tour = {**BIKE, "ProductNumber": "TOUR", "ProductName": "Tour", "ProductType": "Service", "IsStockedProduct": "No"}
    assert finops.post("/admin/products", json=[BIKE, tour]).json() == {"released": 2, "changed": 0}
    assert finops.create_customer(DeliveryAddressCity="Bend", PrimaryContactEmail="c@example.com").ok


def header(finops: Finops, **values: Any) -> requests.Response:
    """Create quotation Q1 for customer C1, with these values over those; None leaves one out."""
    good = {"SalesQuotationNumber": "Q1", "RequestingCustomerAccountNumber": "C1", "SalesQuotationName": "Bikes"}
    return finops.post(HEADERS, json=_given({**good, **values}))


def line(finops: Finops, **values: Any) -> requests.Response:
    """Create line 1 of Q1: three bikes at 100; None leaves a value out."""
    good = {
        "SalesQuotationNumber": "Q1",
        "LineCreationSequenceNumber": 1,
        "ProductNumber": "BK-1",
        "RequestedSalesQuantity": 3,
        "SalesPrice": 100,
    }
    return finops.post(LINES, json=_given({**good, **values}))


def line_at(number: int, quotation: str = "Q1", company: str = "usmf") -> str:
    """The address of a line."""
    return f"{LINES}(dataAreaId='{company}',LineCreationSequenceNumber={number},SalesQuotationNumber='{quotation}')"


def header_at(quotation: str = "Q1", company: str = "usmf") -> str:
    """The address of a quotation."""
    return f"{HEADERS}(dataAreaId='{company}',SalesQuotationNumber='{quotation}')"


def person(finops: Finops, **values: Any) -> requests.Response:
    """Create contact person CON-1, Ada Lovelace, for the party of customer C1; None leaves a value out."""
    good = {
        "ContactPersonId": "CON-1",
        "AssociatedPartyNumber": "P-000001",
        "FirstName": "Ada",
        "LastName": "Lovelace",
        "PrimaryEmailAddress": "ada@example.com",
    }
    return finops.post(PERSONS, json=_given({**good, **values}))


def person_at(number: str = "CON-1", company: str = "usmf") -> str:
    """The address of a contact person."""
    return f"{PERSONS}(dataAreaId='{company}',ContactPersonId='{number}')"


def cds_person_at(party: str, account: str = "C1") -> str:
    """The address of a contact person as one of a customer."""
    kind = "Microsoft.Dynamics.DataEntities.SmmContactPersonCdsAssociatedContactType'Customer'"
    return (
        f"{CDS_PERSONS}(dataAreaId='usmf',ContactPersonPartyNumber='{party}',"
        f"AssociatedContactType={kind},AssociatedContactNumber='{account}')"
    )


def person_of_customer(finops: Finops, **values: Any) -> requests.Response:
    """Create contact person CON-1 as one of customer C1 through CDSContactPersonsV2; None leaves a value out."""
    good = {
        "ContactPersonPartyNumber": "CON-1",
        "AssociatedContactType": "Customer",
        "AssociatedContactNumber": "C1",
        "ContactPersonId": "CON-1",
        "FirstName": "Ada",
        "LastName": "Lovelace",
    }
    return finops.post(CDS_PERSONS, json=_given({**good, **values}))


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
