"""Contact persons of the F&O simulator: parties, the two entities that show them, what is refused (flows.md 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.local.finops.finops_business import (
    cds_person_at,
    person,
    person_at,
    person_of_customer,
)
from tests.local.finops.finops_simulated import CONTOSO, Finops, told


@pytest.fixture
def finops(fresh: Callable[[], Finops]) -> Finops:
    session = fresh()
    assert session.create_customer().ok
    return session


def test_a_contact_person_gets_a_party_of_its_own_and_a_name(finops: Finops) -> None:
    created = person(finops)
    assert created.status_code == 201, created.text
    row = created.json()
    assert (row["ContactPersonPartyNumber"], row["AssociatedPartyNumber"]) == ("P-000002", "P-000001")
    assert (row["ContactPersonName"], row["SearchName"]) == ("Ada Lovelace", "Ada Lovelace")
    assert row["ContactPersonPartyType"] == "Person"
    assert finops.get(person_at()).json() == {**row, "@odata.context": row["@odata.context"]}


def test_both_entities_show_one_contact_person_and_either_changes_it(finops: Finops) -> None:
    person(finops)
    shown = finops.get(cds_person_at("P-000002")).json()
    assert (shown["ContactPersonId"], shown["PrimaryEmailAddress"]) == ("CON-1", "ada@example.com")

    assert finops.patch(cds_person_at("P-000002"), json={"PrimaryEmailAddress": "a@l.example"}).status_code == 204
    assert finops.get(person_at()).json()["PrimaryEmailAddress"] == "a@l.example"
    assert finops.patch(person_at(), json={"LastName": "King", "IsInactive": "Yes"}).status_code == 204
    after = finops.get(cds_person_at("P-000002")).json()
    assert (after["LastName"], after["IsInactive"]) == ("King", "Yes")
    assert after["@odata.etag"] != shown["@odata.etag"]

    assert finops.delete(cds_person_at("P-000002")).status_code == 204
    assert finops.get(person_at()).status_code == 404


def test_a_contact_person_of_a_customer_is_known_by_account_and_party(finops: Finops) -> None:
    created = person_of_customer(finops)
    assert created.status_code == 201, created.text
    assert finops.get(cds_person_at("CON-1")).status_code == 200
    record = finops.get(person_at()).json()
    assert (record["AssociatedPartyNumber"], record["ContactPersonPartyNumber"]) == ("P-000001", "CON-1")
    numbered = person_of_customer(finops, ContactPersonPartyNumber=None, ContactPersonId=None).json()
    assert (numbered["ContactPersonPartyNumber"], numbered["ContactPersonId"]) == ("P-000002", "CP-000001")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"AssociatedContactNumber": "C9"},
            "The value 'C9' in field 'Account number' is not found in the related table",
        ),
        ({"AssociatedContactType": "Vendor"}, "The value 'Vendor' is not allowed in field 'Account type'"),
        ({"AssociatedContactNumber": None}, "Field 'Account number' must be filled in"),
        ({"ContactPersonPartyNumber": "P-9"}, "ContactPerson). Contact: CON-1"),
        ({"PrimaryAddressCountryRegionISOCode": "XK"}, "related table 'Countries/regions'"),
    ],
)
def test_what_cannot_be_a_contact_person_of_a_customer_is_refused(
    finops: Finops, values: dict[str, Any], words: str
) -> None:
    assert person_of_customer(finops).ok
    assert words in told(person_of_customer(finops, **{"ContactPersonPartyNumber": "P-8", **values}))
    assert len(finops.rows("ContactPersons")) == len(finops.rows("CDSContactPersonsV2")) == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"AssociatedPartyNumber": "P-9"},
            "The value 'P-9' in field 'Contact for party' is not found in the related table",
        ),
        ({"AssociatedPartyNumber": None}, "Field 'Contact for party' must be filled in"),
        ({"LastName": "A" * 26}, "exceeds the maximum length of 25"),
        ({"FirstName": None, "LastName": None}, "Field 'Last name' must be filled in"),
        ({"ContactInformationLanguageId": "xx"}, "The value 'xx' in field"),
        ({"ContactPersonPartyNumber": "P-000001"}, "Party P-000001 is of type Organization"),
    ],
)
def test_what_cannot_be_a_contact_person_is_refused(finops: Finops, values: dict[str, Any], words: str) -> None:
    assert words in told(person(finops, **values))
    assert finops.rows("ContactPersons") == []


def test_a_first_name_is_asked_for_only_where_that_is_switched_on(finops: Finops) -> None:
    assert person(finops, FirstName=None).status_code == 201
    finops.switch(first_name="mandatory")
    assert "Field 'First name' must be filled in" in told(person(finops, ContactPersonId="CON-2", FirstName=None))
    assert "'First name'" in told(finops.patch(person_at(), json={"LastName": "King"}))


def test_another_party_to_be_the_contact_of_is_taken_only_where_that_is_switched_on(finops: Finops) -> None:
    person(finops)
    finops.create_customer(CustomerAccount="C2", OrganizationName="Fabrikam")
    move = {"AssociatedPartyNumber": "P-000003"}
    assert "'Contact for party' does not allow editing" in told(finops.patch(person_at(), json=move))
    finops.switch(contact_moves="allowed")
    assert finops.patch(person_at(), json=move).status_code == 204
    assert finops.get(cds_person_at("P-000002")).status_code == 404
    assert finops.get(cds_person_at("P-000002", "C2")).json()["LastName"] == "Lovelace"
    assert "is not found" in told(finops.patch(person_at(), json={"AssociatedPartyNumber": "P-9"}))


def test_a_contact_that_becomes_a_customer_keeps_one_party_and_one_name(finops: Finops) -> None:
    person(finops)
    customer = {"CustomerAccount": "CON-1", "PartyType": "Person", "PartyNumber": "P-000002", "OrganizationName": None}
    created = finops.create_customer(**customer, PersonFirstName="Ada", PersonLastName="King").json()
    assert created["PartyNumber"] == "P-000002"
    assert finops.get(person_at()).json()["ContactPersonName"] == "Ada King"

    assert finops.patch(person_at(), json={"FirstName": "Augusta"}).status_code == 204
    account = finops.get("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='CON-1')").json()
    assert (account["PersonFirstName"], account["PersonLastName"]) == ("Augusta", "King")
    assert finops.get(cds_person_at("P-000002")).json()["FirstName"] == "Augusta"


def test_a_role_without_a_name_takes_the_name_of_its_party(finops: Finops) -> None:
    person(finops)
    customer = {"CustomerAccount": "CON-1", "PartyType": "Person", "PartyNumber": "P-000002", "OrganizationName": None}
    row = finops.create_customer(**customer).json()
    assert (row["PersonFirstName"], row["PersonLastName"], row["NameAlias"]) == ("Ada", "Lovelace", "Ada Lovelace")


def test_the_contacts_of_a_customer_that_is_deleted_stay_without_it(finops: Finops) -> None:
    person(finops)
    assert finops.delete(CONTOSO).status_code == 204
    assert finops.get(cds_person_at("P-000002")).status_code == 404
    assert finops.patch(person_at(), json={"FirstName": "Augusta"}).status_code == 204
    assert finops.rows("CDSContactPersonsV2") == []
    assert finops.get(person_at()).json()["ContactPersonName"] == "Augusta Lovelace"


def test_a_customers_contact_must_be_one_of_its_company(finops: Finops) -> None:
    person(finops)
    assert finops.patch(CONTOSO, json={"ContactPersonId": "con-1"}).status_code == 204
    assert "The value 'CON-9'" in told(finops.patch(CONTOSO, json={"ContactPersonId": "CON-9"}))


def test_a_contact_person_is_shown_under_the_customer_of_its_own_company(finops: Finops) -> None:
    germany = {"dataAreaId": "demf", "PartyNumber": "P-000001", "CustomerAccount": "A0"}
    finops.post("/data/LegalEntities", json={"LegalEntityId": "demf", "Name": "Germany"})
    finops.post("/data/CustomerGroups", json={"dataAreaId": "demf", "CustomerGroupId": "10"})
    assert finops.create_customer(**germany).status_code == 201
    assert person(finops).status_code == 201
    assert person(finops, dataAreaId="demf").status_code == 201
    shown = {row["dataAreaId"]: row["AssociatedContactNumber"] for row in finops.rows("CDSContactPersonsV2")}
    assert shown == {"usmf": "C1", "demf": "A0"}
