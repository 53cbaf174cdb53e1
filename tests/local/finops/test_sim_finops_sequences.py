"""Number sequences of the F&O simulator: who makes the numbers, and what becomes of a sent one (flows.md 11, QE21)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from tests.local.finops.finops_business import header, person, person_at
from tests.local.finops.finops_simulated import Finops, told

Create = Callable[[Finops, str | None], requests.Response]


def customer(finops: Finops, number: str | None) -> requests.Response:
    return finops.create_customer(CustomerAccount=number)


def contact(finops: Finops, number: str | None) -> requests.Response:
    return person(finops, ContactPersonId=number)


def quotation(finops: Finops, number: str | None) -> requests.Response:
    return header(finops, SalesQuotationNumber=number)


CASES = [
    ("customer_numbers", customer, "CustomerAccount", "C-000001"),
    ("contact_numbers", contact, "ContactPersonId", "CP-000001"),
    ("quotation_numbers", quotation, "SalesQuotationNumber", "SQ-000001"),
]
sequence = pytest.mark.parametrize(("switch", "create", "name", "first"), CASES)


pytestmark = pytest.mark.usefixtures("stocked")


@sequence
def test_a_manual_number_must_be_sent(finops: Finops, switch: str, create: Create, name: str, first: str) -> None:
    finops.switch(**{switch: "manual"})
    assert "must be filled in" in told(create(finops, None))
    assert create(finops, first).json()[name] == first


@sequence
def test_an_automatic_number_fills_the_gap_and_avoids_those_taken(
    finops: Finops, switch: str, create: Create, name: str, first: str
) -> None:
    finops.switch(**{switch: "automatic"})
    assert create(finops, first).json()[name] == first
    assert create(finops, None).json()[name] == f"{first[:-1]}2"


@sequence
def test_a_number_can_be_replaced_and_is_read_from_the_answer(
    finops: Finops, switch: str, create: Create, name: str, first: str
) -> None:
    finops.switch(**{switch: "replaced"})
    assert create(finops, "MINE-1").json()[name] == first


@sequence
def test_a_number_can_be_refused(finops: Finops, switch: str, create: Create, name: str, first: str) -> None:
    finops.switch(**{switch: "refused"})
    text = told(create(finops, "MINE-1"))
    assert "does not allow editing" in text
    assert f".{name}'" in text
    assert create(finops, None).json()[name] == first


def test_each_company_counts_for_itself(finops: Finops) -> None:
    finops.post("/data/LegalEntities", json={"LegalEntityId": "demf", "Name": "Germany"})
    finops.post("/data/CustomerGroups", json={"dataAreaId": "demf", "CustomerGroupId": "10"})
    finops.switch(customer_numbers="automatic")
    made = [finops.create_customer(CustomerAccount=None, dataAreaId=company).json() for company in ("usmf", "demf")]
    assert [row["CustomerAccount"] for row in made] == ["C-000001", "C-000001"]


@pytest.mark.parametrize(("setting", "number"), [("created", "CON-1"), ("numbered", "P-000002")])
def test_a_party_number_that_no_party_has_is_taken_or_replaced(finops: Finops, setting: str, number: str) -> None:
    finops.switch(unknown_party=setting)
    assert person(finops, ContactPersonPartyNumber="CON-1").json()["ContactPersonPartyNumber"] == number
    assert finops.get(person_at()).ok


def test_a_party_number_that_no_party_has_can_be_refused(finops: Finops) -> None:
    finops.switch(unknown_party="refused")
    text = told(finops.create_customer(CustomerAccount="C2", PartyNumber="P-9"))
    assert "The value 'P-9' in field 'Party ID' is not found in the related table 'Global address book'." in text
    assert finops.create_customer(CustomerAccount="C2", PartyNumber="P-000001").status_code == 201
    assert person(finops).status_code == 201


def test_a_party_that_is_there_can_be_refused_as_well(finops: Finops) -> None:
    finops.switch(known_party="refused")
    text = told(finops.create_customer(CustomerAccount="C2", PartyNumber="P-000001"))
    assert "The value 'P-000001' is not allowed in field 'Party ID'" in text
    assert finops.create_customer(CustomerAccount="C2", PartyNumber="P-9").status_code == 201
