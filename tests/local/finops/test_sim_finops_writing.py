"""Writing to the F&O simulator: defaults, checks, parties, addresses, Infolog (wire.md 2.4, 2.6; flows.md 3)."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

from tests.local.finops.finops_simulated import CONTOSO, Finops, contoso, told


def party_stamp(etag: str) -> bytes:
    """The last pair of record version and id in an ETag of two tables (wire.md 2.3)."""
    return b64decode(etag.removeprefix('W/"').removesuffix('"')).partition(b";")[2]


def test_a_create_answers_with_the_whole_row_its_defaults_and_its_address(finops: Finops) -> None:
    name = "A customer with quite a long name"
    created = finops.create_customer(dataAreaId="USMF", OrganizationName=name, CreditLimit=12.5)
    assert created.status_code == 201
    row = created.json()
    assert row["dataAreaId"] == "usmf"
    assert (row["PartyType"], row["LanguageId"], row["NameAlias"]) == ("Organization", "en-us", name[:20])
    assert row["PartyNumber"] == "P-000001"
    assert row["CreditLimit"] == 12.5
    assert len(row) == 307
    assert created.headers["OData-Version"] == "4.0"
    assert finops.get(created.headers["Location"]).json() == row


def test_patch_changes_what_it_says_and_the_etag(finops: Finops) -> None:
    before = finops.create_customer(AddressCity="Seattle").json()
    answer = finops.patch(CONTOSO, json={"OrganizationName": "Fabrikam", "@odata.type":
                          "#Microsoft.Dynamics.DataEntities.CustomerV3"})  # fmt: skip
    assert (answer.status_code, answer.content) == (204, b"")
    after = finops.get(CONTOSO).json()
    assert {name for name in after if after[name] != before[name]} == {"@odata.etag", "OrganizationName"}
    assert finops.put(CONTOSO, json={"OrganizationName": "Fabrikam"}).status_code == 204
    assert finops.get(CONTOSO).json() == after


def test_a_stale_etag_is_refused_unless_it_is_switched_off(finops: Finops) -> None:
    stale = finops.create_customer().json()["@odata.etag"]
    assert finops.patch(CONTOSO, json={"NameAlias": "x"}, headers={"If-Match": stale}).status_code == 204
    assert finops.patch(CONTOSO, json={"NameAlias": "y"}, headers={"If-Match": stale}).status_code == 412
    assert finops.delete(CONTOSO, headers={"If-Match": stale}).status_code == 412
    finops.switch(if_match="ignored")
    assert finops.patch(CONTOSO, json={"NameAlias": "y"}, headers={"If-Match": stale}).status_code == 204


def test_patch_of_a_missing_key_is_404_and_creates_only_where_that_is_switched_on(finops: Finops) -> None:
    values = contoso(CustomerAccount=None)
    assert finops.patch(CONTOSO, json=values).status_code == 404
    assert finops.rows("CustomersV3") == []
    finops.switch(patch_upserts=True)
    assert finops.patch(CONTOSO, json=values, headers={"If-Match": "*"}).status_code == 404
    assert finops.patch(CONTOSO, json=values).status_code == 201
    assert finops.rows("CustomersV3")[0]["CustomerAccount"] == "C1"


def test_a_deleted_row_is_gone_and_its_key_free(finops: Finops) -> None:
    first = finops.create_customer().json()
    assert finops.delete(CONTOSO).status_code == 204
    assert (finops.get(CONTOSO).status_code, finops.delete(CONTOSO).status_code) == (404, 404)
    again = finops.create_customer()
    assert again.status_code == 201
    assert again.json()["@odata.etag"] != first["@odata.etag"]


def test_a_second_create_says_that_the_record_exists_whatever_the_case(finops: Finops) -> None:
    finops.create_customer()
    assert told(finops.create_customer(CustomerAccount="c1", OrganizationName="Other")) == (
        "Write failed for table row of type 'CustCustomerV3Entity'. Infolog: Info: Cannot create a record in Customers "
        "(CustTable). Customer account: c1, Other.\nThe record already exists.."
    )
    assert [row["OrganizationName"] for row in finops.rows("CustomersV3")] == ["Contoso"]


@pytest.mark.parametrize(
    ("values", "field", "name"),
    [
        ({"CustomerGroupId": "Local"}, "The value 'Local' in field 'Customer group' is not found", "CustomerGroupId"),
        ({"SalesCurrencyCode": "XXX"}, "The value 'XXX' in field 'Currency' is not found", "SalesCurrencyCode"),
        ({"SiteId": "9"}, "The value '9' in field 'Site' is not found", "SiteId"),
        ({"WarehouseId": "9"}, "The value '9' in field 'Warehouse' is not found", "WarehouseId"),
        ({"AddressCountryRegionISOCode": "XK"}, "The value 'XK' in field 'Country", "AddressCountryRegionISOCode"),
        ({"CustomerAccount": "A" * 21}, "exceeds the maximum length of 20", "CustomerAccount"),
        ({"OrganizationName": "A" * 101}, "exceeds the maximum length of 100", "OrganizationName"),
        ({"OrganizationName": "\N{GRINNING FACE}" * 51}, "exceeds the maximum length of 100", "OrganizationName"),
        ({"PrimaryContactPhone": "1" * 256}, "exceeds the maximum length of 255", "PrimaryContactPhone"),
        ({"DeliveryAddressZipCode": "1" * 11}, "exceeds the maximum length of 10", "DeliveryAddressZipCode"),
        ({"PartyType": "Company"}, "The value 'Company' is not allowed", "PartyType"),
    ],
)
def test_a_bad_field_is_refused_in_the_infolog_on_create_and_on_update(
    finops: Finops, values: dict[str, Any], field: str, name: str
) -> None:
    finops.create_customer()
    text = told(finops.create_customer(**{"CustomerAccount": "C2", **values}))
    assert text.startswith("Write failed for table row of type 'CustCustomerV3Entity'. Infolog: Warning: ")
    assert field in text
    assert text.endswith(f"; Warning: validateField failed on field 'CustCustomerV3Entity.{name}'.")
    assert len(finops.rows("CustomersV3")) == 1
    if name not in ("CustomerAccount", "PartyType"):
        assert told(finops.patch(CONTOSO, json=values)) == text


def test_one_bad_field_keeps_the_good_ones_from_being_written(finops: Finops) -> None:
    before = finops.create_customer().json()
    bad = {"OrganizationName": "Fabrikam", "AddressCity": "Bend", "CustomerGroupId": "Local"}
    assert told(finops.patch(CONTOSO, json=bad))
    assert told(finops.create_customer(CustomerAccount="C2", **bad))
    assert finops.get(CONTOSO).json() == before
    assert len(finops.rows("CustomersV3")) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"OrganizationName": "A" * 100, "CustomerAccount": "A" * 20},
        {"OrganizationName": "\N{GRINNING FACE}" * 50},
        {"CustomerGroupId": "20", "SalesCurrencyCode": "eur", "SiteId": "1", "WarehouseId": "13"},
        {"AddressCountryRegionISOCode": "de", "AddressState": "anything"},
        {"SiteId": "", "SalesMemo": "x" * 5000, "AddressStreet": "1 Main St\nSuite 4"},
    ],
)
def test_values_up_to_the_limits_are_stored_as_sent(finops: Finops, values: dict[str, Any]) -> None:
    created = finops.create_customer(**values)
    assert created.status_code == 201, created.text
    assert {name: finops.rows("CustomersV3")[0][name] for name in values} == values


@pytest.mark.parametrize("name", ["CustomerAccount", "CustomerGroupId", "SalesCurrencyCode"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_required_field_must_be_filled_in(finops: Finops, name: str, value: str | None) -> None:
    text = told(finops.create_customer(**{name: value}))
    assert "must be filled in.; Warning: validateWrite failed on data source 'CustTable (CustTable)'." in text


def test_a_number_sequence_fills_the_account_where_it_is_automatic(finops: Finops) -> None:
    finops.switch(customer_numbers="automatic")
    finops.create_customer(CustomerAccount="C-000001")
    assert finops.create_customer(CustomerAccount=None).json()["CustomerAccount"] == "C-000002"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"customerGroupId": "10"}, "The property 'customerGroupId' does not exist on type"),
        ({"OrganizationName": 5}, "OrganizationName"),
        ({"CreditLimit": "5"}, "CreditLimit"),
        ({"CreditLimit": 10**30}, "CreditLimit"),
        ({"CreditLimit": 1e-200}, "CreditLimit"),
        ({"OrganizationName": ["x"]}, "OrganizationName"),
        ({"OrganizationNumberOfEmployees": 1.5}, "OrganizationNumberOfEmployees"),
        ({"OrganizationNumberOfEmployees": 2**31}, "OrganizationNumberOfEmployees"),
        ({"OrganizationNumberOfEmployees": True}, "OrganizationNumberOfEmployees"),
        ({"IsExternallyMaintained": True}, "IsExternallyMaintained"),
        ({"IsExternallyMaintained": "yes"}, "'yes'"),
        ({"CredManCustomerSince": "yesterday"}, "CredManCustomerSince"),
        ({"@odata.type": "#Microsoft.Dynamics.DataEntities.Customer"}, "is not the type of"),
        ({"dataAreaId": "zzzz"}, "'zzzz' does not exist"),
    ],
)
def test_a_body_of_another_shape_than_the_entity_is_refused(finops: Finops, values: dict[str, Any], words: str) -> None:
    assert words in told(finops.post("/data/CustomersV3", json={**contoso(), **values}))
    assert finops.rows("CustomersV3") == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'"x"', b'{"OrganizationName":"\\ud83d"}', b"[" * 99999])
def test_a_body_that_is_no_json_object_is_refused(finops: Finops, body: bytes) -> None:
    assert told(finops.post("/data/CustomersV3", data=body, headers={"Content-Type": "application/json"}))


def test_keys_party_type_and_party_number_stay_as_they_were_created(finops: Finops) -> None:
    finops.create_customer()
    same = {"CustomerAccount": "c1", "dataAreaId": "USMF", "PartyType": "Organization", "PartyNumber": "P-000001"}
    before = finops.rows("CustomersV3")
    assert finops.patch(CONTOSO, json=same).status_code == 204
    assert finops.rows("CustomersV3") == before
    for name, value in {"CustomerAccount": "C2", "PartyType": "Person", "PartyNumber": "P-9"}.items():
        assert "does not allow editing" in told(finops.patch(CONTOSO, json={name: value}))


def test_a_new_name_is_the_name_of_the_party_on_every_role(finops: Finops) -> None:
    finops.create_customer()
    shared = finops.create_customer(CustomerAccount="C2", PartyNumber="P-000001").json()
    other = finops.create_customer(CustomerAccount="C3").json()
    finops.patch(CONTOSO, json={"OrganizationName": "Fabrikam"})
    first, second, third = finops.rows("CustomersV3")
    assert (first["OrganizationName"], second["OrganizationName"]) == ("Fabrikam", "Fabrikam")
    assert (third["OrganizationName"], first["NameAlias"]) == ("Contoso", "Contoso")
    renamed, sharing, apart = (row["@odata.etag"] for row in finops.get("/data/CustomersV3").json()["value"])
    assert sharing != shared["@odata.etag"]
    assert apart == other["@odata.etag"]
    assert party_stamp(renamed) == party_stamp(sharing) != party_stamp(shared["@odata.etag"])


def test_a_person_is_named_by_its_parts_and_is_no_organization(finops: Finops) -> None:
    person = {"PartyType": "Person", "OrganizationName": None, "PersonFirstName": "Ada", "PersonLastName": "Lovelace"}
    row = finops.create_customer(**person).json()
    assert (row["NameAlias"], row["PartyType"]) == ("Ada Lovelace", "Person")
    text = told(finops.create_customer(CustomerAccount="C2", PartyNumber=row["PartyNumber"]))
    assert "cannot take the role" in text


def test_an_update_that_changes_an_address_makes_one_new_version(finops: Finops) -> None:
    finops.create_customer(AddressCity="Seattle", AddressStreet="1 Main St", AddressCountryRegionISOCode="US")

    def versions() -> int:
        count: int = finops.rows("CustomersV3")[0]["_addressVersions"]
        return count

    assert versions() == 1
    finops.patch(CONTOSO, json={"AddressCity": "Portland", "AddressStreet": "2 Main St"})
    assert versions() == 2
    finops.patch(CONTOSO, json={"AddressCity": "Portland", "OrganizationName": "Fabrikam", "AddressBooks": "x"})
    assert versions() == 2
    finops.patch(CONTOSO, json={"AddressCity": "Salem", "DeliveryAddressCity": "Bend"})
    assert versions() == 4
    finops.create_customer(CustomerAccount="C2", AddressCity="", DeliveryAddressDescription="")
    assert finops.rows("CustomersV3")[1]["_addressVersions"] == 0
    assert "_addressVersions" not in finops.get(CONTOSO).json()


def test_states_are_checked_where_a_list_was_loaded(finops: Finops) -> None:
    assert finops.post("/admin/states", json={"US": ["WA", "OR"]}).ok
    address = {"AddressCountryRegionISOCode": "US", "AddressState": "Washingt"}
    text = told(finops.create_customer(**address))
    assert "The value 'Washingt' in field 'State' is not found in the related table 'States/provinces'." in text
    assert finops.create_customer(**{**address, "AddressState": "wa"}).status_code == 201
    assert told(finops.patch(CONTOSO, json={"AddressState": "XX"}))
    delivery = {"DeliveryAddressCountryRegionISOCode": "DE", "DeliveryAddressState": "XX"}
    assert finops.patch(CONTOSO, json=delivery).status_code == 204


def test_the_infolog_speaks_the_language_that_is_switched_on(finops: Finops) -> None:
    finops.switch(infolog_language="de")
    assert "Der Wert 'X' im Feld 'Debitorengruppe'" in told(finops.create_customer(CustomerGroupId="X"))
    finops.create_customer()
    assert "Der Datensatz existiert bereits.." in told(finops.create_customer())


def test_reference_data_is_written_like_any_row(finops: Finops) -> None:
    unit = finops.post("/data/UnitsOfMeasure", json={"UnitSymbol": "ea", "UnitClass": "Quantity"})
    assert unit.json()["SystemOfUnits"] == "None"
    group = "/data/CustomerGroups(dataAreaId='usmf',CustomerGroupId='20')"
    assert finops.patch(group, json={"Description": "Retail"}).status_code == 204
    assert finops.get(group).json()["Description"] == "Retail"
    assert finops.delete(group).status_code == 204
    assert "'20'" in told(finops.create_customer(CustomerGroupId="20"))
    assert "Cannot create a record in Customer groups (CustGroup). Customer group: 10, Again." in told(
        finops.post("/data/CustomerGroups", json={"CustomerGroupId": "10", "Description": "Again"})
    )
