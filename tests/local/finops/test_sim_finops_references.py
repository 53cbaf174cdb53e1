"""References of the F&O simulator: what a value must be found in, in which company, in which order it is told."""

from __future__ import annotations

import pytest

from tests.local.finops.finops_business import header, line
from tests.local.finops.finops_simulated import CONTOSO, Finops, told

pytestmark = pytest.mark.usefixtures("stocked")


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("CustomerGroupId", "Customer groups"),
        ("SalesCurrencyCode", "Currencies"),
        ("SiteId", "Sites"),
        ("WarehouseId", "Warehouses"),
        ("PaymentTerms", "Terms of payment"),
        ("DeliveryTerms", "Terms of delivery"),
        ("DeliveryMode", "Modes of delivery"),
        ("InvoiceAccount", "Customers"),
        ("ContactPersonId", "Contacts"),
        ("LanguageId", "Languages"),
        ("AddressCountryRegionISOCode", "Countries/regions"),
    ],
)
def test_a_value_that_no_row_has_is_refused_with_the_table_it_should_be_in(
    finops: Finops, name: str, table: str
) -> None:
    text = told(finops.patch(CONTOSO, json={name: "zz9"[:2] if "Country" in name else "zz9"}))
    assert f"is not found in the related table '{table}'.; Warning: validateField failed on field" in text
    assert text.endswith(f"'CustCustomerV3Entity.{name}'.")


def test_a_reference_holds_in_the_company_of_the_row(finops: Finops) -> None:
    finops.post("/data/LegalEntities", json={"LegalEntityId": "demf", "Name": "Germany"})
    finops.post("/data/PaymentTerms", json={"dataAreaId": "demf", "Name": "Net60"})
    assert "'Net60'" in told(finops.patch(CONTOSO, json={"PaymentTerms": "Net60"}))
    finops.post("/data/PaymentTerms", json={"Name": "Net60"})
    assert finops.patch(CONTOSO, json={"PaymentTerms": "net60"}).status_code == 204
    assert finops.get(CONTOSO).json()["PaymentTerms"] == "net60"


def test_an_empty_value_refers_to_nothing(finops: Finops) -> None:
    assert finops.patch(CONTOSO, json={"PaymentTerms": "", "SiteId": None, "LanguageId": ""}).status_code == 204


def test_the_first_problem_in_the_order_of_the_request_is_told(finops: Finops) -> None:
    assert "'zz1'" in told(finops.patch(CONTOSO, json={"SiteId": "zz1", "WarehouseId": "zz2"}))
    assert "'zz2'" in told(finops.patch(CONTOSO, json={"WarehouseId": "zz2", "SiteId": "zz1"}))


def test_states_are_checked_on_every_kind_of_address_where_a_list_was_loaded(finops: Finops) -> None:
    assert finops.post("/admin/states", json={"US": ["OR", "WA"]}).ok
    address = {"DeliveryAddressCountryRegionISOCode": "US", "DeliveryAddressStateId": "Oregon"}
    assert "The value 'Oregon' in field 'State' is not found" in told(header(finops, **address))
    assert header(finops, **address | {"DeliveryAddressStateId": "or"}).status_code == 201
    assert "'Oregon'" in told(line(finops, **address))
    assert line(finops, **address | {"DeliveryAddressStateId": "WA"}).status_code == 201


def test_what_a_row_takes_over_is_not_checked_again(finops: Finops) -> None:
    finops.post("/data/DeliveryTerms", json={"TermsCode": "FOB"})
    finops.patch(CONTOSO, json={"DeliveryTerms": "FOB"})
    finops.delete("/data/DeliveryTerms(dataAreaId='usmf',TermsCode='FOB')")
    assert header(finops).json()["DeliveryTermsCode"] == "FOB"
