"""Sales quotations of the F&O simulator: defaults, lines, prices, amounts, statuses, what is refused (flows.md 6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.finops.finops_business import BIKE, HEADERS, LINES, header, header_at, line, line_at
from tests.local.finops.finops_simulated import CONTOSO, Finops, told

pytestmark = pytest.mark.usefixtures("stocked")


@pytest.fixture
def quoted(finops: Finops) -> Finops:
    assert header(finops).status_code == 201
    assert line(finops).status_code == 201
    return finops


def decide(finops: Finops, status: str) -> dict[str, Any]:
    """Give Q1 another status, as a person does."""
    answer = finops.post("/admin/quotations", json={"SalesQuotationNumber": "Q1", "SalesQuotationStatus": status})
    assert answer.ok, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_header_takes_from_its_customer_what_is_not_sent(finops: Finops) -> None:
    finops.post("/data/PaymentTerms", json={"Name": "Net30"})
    finops.patch(CONTOSO, json={"SiteId": "1", "WarehouseId": "13", "PaymentTerms": "Net30", "LanguageId": "de"})
    row = header(finops, CurrencyCode=None).json()
    assert (row["CurrencyCode"], row["LanguageId"], row["PaymentTermsName"]) == ("USD", "de", "Net30")
    assert (row["DefaultShippingSiteId"], row["DefaultShippingWarehouseId"]) == ("1", "13")
    assert (row["InvoiceCustomerAccountNumber"], row["Email"]) == ("C1", "c@example.com")
    assert (row["DeliveryAddressCity"], row["DeliveryAddressName"]) == ("Bend", "Contoso")
    assert row["SalesQuotationStatus"] == "Created"
    own = {"CurrencyCode": "EUR", "LanguageId": "fr", "DeliveryAddressCity": "Salem", "DefaultShippingSiteId": "1"}
    sent = header(finops, SalesQuotationNumber="Q2", **own).json()
    assert {name: sent[name] for name in own} == own


def test_an_address_that_is_sent_is_not_mixed_with_the_customers(finops: Finops) -> None:
    finops.patch(CONTOSO, json={"DeliveryAddressStreet": "1 Main St", "DeliveryAddressZipCode": "97701"})
    row = header(finops, DeliveryAddressCity="Salem").json()
    assert (row["DeliveryAddressCity"], row["DeliveryAddressStreet"], row["DeliveryAddressZipCode"]) == (
        "Salem",
        "",
        "",
    )


def test_dates_that_are_not_sent_are_today_by_the_simulators_clock(finops: Finops) -> None:
    finops.post("/admin/clock", json={"set": "2026-05-01T08:30:00Z"})
    assert header(finops).json()["RequestedShippingDate"] == "2026-05-01T12:00:00Z"
    assert line(finops).json()["RequestedReceiptDate"] == "2026-05-01T12:00:00Z"


def test_a_line_takes_from_header_and_product_what_is_not_sent(finops: Finops) -> None:
    header(finops, DefaultShippingSiteId="1", CurrencyCode="USD")
    row = line(finops, LineCreationSequenceNumber=None, SalesPrice=None, RequestedSalesQuantity=None).json()
    assert row["LineCreationSequenceNumber"] == 1
    assert (row["ProductName"], row["LineDescription"], row["SalesUnitSymbol"]) == ("Bike", "Bike", "ea")
    assert (row["SalesPrice"], row["RequestedSalesQuantity"], row["LineAmount"]) == (100, 1, 100)
    assert (row["CurrencyCode"], row["ShippingSiteId"], row["SalesQuotationStatus"]) == ("USD", "1", "Created")
    assert row["InventoryLotId"]
    assert line(finops, LineCreationSequenceNumber=7).status_code == 201
    assert line(finops, LineCreationSequenceNumber=None).json()["LineCreationSequenceNumber"] == 8


@pytest.mark.parametrize(
    ("quantity", "unit_discount", "charge", "amount"),
    [(3, 3.33, -0.01, 290), (3, 6.67, 0.01, 280), (4, 2.5, 0, 390), (7, 0.14, -0.02, 699), (0.5, 2, 0, 49)],
)
def test_an_amount_is_quantity_times_price_less_the_unit_discount_and_the_charge(
    finops: Finops, quantity: float, unit_discount: float, charge: float, amount: float
) -> None:
    """The first rows of the table in flows.md 6.6."""
    header(finops)
    values = {"LineDiscountAmount": unit_discount, "FixedPriceCharges": charge}
    row = line(finops, RequestedSalesQuantity=quantity, LineAmount=1, **values).json()
    assert row["LineAmount"] == amount


def test_charges_are_part_of_the_amount_unless_that_is_switched_off(finops: Finops) -> None:
    header(finops)
    finops.switch(line_charges="ignored")
    row = line(finops, LineDiscountAmount=3.33, FixedPriceCharges=-0.01).json()
    assert (row["LineAmount"], row["FixedPriceCharges"]) == (290.01, -0.01)


def test_an_amount_is_rounded_as_its_currency_says(finops: Finops) -> None:
    finops.post("/data/Currencies", json={"CurrencyCode": "JPY", "GeneralRoundingRule": 1})
    header(finops, CurrencyCode="JPY")
    assert line(finops, SalesPrice=33.5, RequestedSalesQuantity=1).json()["LineAmount"] == 34


@pytest.mark.parametrize(
    "values",
    [
        {"SalesPrice": 9e18, "RequestedSalesQuantity": 9e18},
        {"SalesPriceQuantity": 1e-30},
        {"LineDiscountPercentage": -9e18, "RequestedSalesQuantity": 1e9},
    ],
)
def test_an_amount_that_the_field_does_not_hold_is_refused(finops: Finops, values: dict[str, Any]) -> None:
    header(finops)
    assert "is not allowed in field 'Net amount'" in told(line(finops, **values))
    assert line(finops).status_code == 201


def test_an_update_makes_a_new_amount_and_totals_that_are_sent_are_left_out(quoted: Finops) -> None:
    assert quoted.patch(line_at(1), json={"RequestedSalesQuantity": 5, "LineAmount": 1}).status_code == 204
    assert quoted.get(line_at(1)).json()["LineAmount"] == 500
    assert quoted.patch(header_at(), json={"QuotationTotalAmount": 500}).status_code == 204
    assert quoted.get(header_at()).json()["QuotationTotalAmount"] == 0


def test_prices_are_kept_or_put_back_to_the_products_own(quoted: Finops) -> None:
    quoted.patch(line_at(1), json={"SalesPrice": 80})
    assert quoted.get(line_at(1)).json()["LineAmount"] == 240
    quoted.switch(quotation_prices="recalculated")
    quoted.patch(line_at(1), json={"RequestedSalesQuantity": 2})
    row = quoted.get(line_at(1)).json()
    assert (row["SalesPrice"], row["LineAmount"]) == (100, 200)
    assert line(quoted, LineCreationSequenceNumber=2, SalesPrice=1).json()["SalesPrice"] == 100


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"RequestingCustomerAccountNumber": "C9"}, "The value 'C9' in field 'Customer account' is not found"),
        ({"RequestingCustomerAccountNumber": None}, "Field 'Customer account' must be filled in"),
        ({"SalesQuotationNumber": None}, "Field 'Quotation' must be filled in"),
        ({"SalesQuotationNumber": "Q" * 21}, "exceeds the maximum length of 20"),
        ({"CurrencyCode": "XXX"}, "The value 'XXX' in field 'Currency' is not found"),
        ({"DefaultShippingSiteId": "9"}, "The value '9' in field 'Site'"),
        ({"DefaultShippingWarehouseId": "9"}, "The value '9' in field 'Warehouse'"),
        ({"DeliveryAddressCountryRegionISOCode": "XK"}, "in the related table 'Countries/regions'"),
        ({"LanguageId": "xx"}, "in the related table 'Languages'"),
        ({"SalesQuotationStatus": "Sent"}, "Field 'Status' does not allow editing"),
    ],
)
def test_what_cannot_be_a_quotation_is_refused(finops: Finops, values: dict[str, Any], words: str) -> None:
    assert words in told(header(finops, **values))
    assert finops.rows("CDSSalesQuotationHeaders") == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"SalesQuotationNumber": "Q9"},
            "The value 'Q9' in field 'Quotation' is not found in the related table 'Sales",
        ),
        ({"ProductNumber": "BK-9"}, "The value 'BK-9' in field 'Product number' is not found in the related table"),
        ({"ProductNumber": None}, "Field 'Product number' must be filled in"),
        ({"SalesUnitSymbol": "crate"}, "The value 'crate' in field 'Unit' is not found"),
        ({"ShippingWarehouseId": "9"}, "The value '9' in field 'Warehouse' is not found"),
        ({"CurrencyCode": "EUR"}, "Field 'Currency' does not allow editing"),
        ({"LineCreationSequenceNumber": 1}, "The record already exists.."),
    ],
)
def test_what_cannot_be_a_line_is_refused(quoted: Finops, values: dict[str, Any], words: str) -> None:
    assert words in told(line(quoted, **{"LineCreationSequenceNumber": 2, **values}))
    assert len(quoted.rows("CDSSalesQuotationLines")) == 1


def test_a_quotation_belongs_to_a_customer_of_its_company(finops: Finops) -> None:
    finops.post("/data/LegalEntities", json={"LegalEntityId": "demf", "Name": "Germany"})
    assert "'C1'" in told(header(finops, dataAreaId="demf"))


def test_a_customer_on_hold_gets_no_quotation(finops: Finops) -> None:
    finops.patch(CONTOSO, json={"OnHoldStatus": "Invoice"})
    assert header(finops).status_code == 201
    finops.patch(CONTOSO, json={"OnHoldStatus": "All"})
    assert "Customer C1 is on hold" in told(header(finops, SalesQuotationNumber="Q2"))


def test_a_stopped_product_comes_on_no_new_line(quoted: Finops) -> None:
    stopped = {"ProductNumber": "BK-1", "IsSalesStopped": "Yes"}
    assert quoted.post("/admin/products", json=stopped).ok
    assert "Item 'BK-1' is blocked for" in told(line(quoted, LineCreationSequenceNumber=2))
    assert quoted.patch(line_at(1), json={"RequestedSalesQuantity": 4}).status_code == 204


@pytest.mark.parametrize(
    ("switch", "product", "values", "asked"),
    [
        ("none", "BK-1", {}, None),
        ("site", "BK-1", {}, "Site"),
        ("site", "BK-1", {"ShippingSiteId": "1"}, None),
        ("site", "TOUR", {}, None),
        ("site and warehouse", "BK-1", {"ShippingSiteId": "1"}, "Warehouse"),
        ("site and warehouse", "BK-1", {"ShippingSiteId": "1", "ShippingWarehouseId": "13"}, None),
    ],
)
def test_storage_dimensions_are_asked_for_where_products_are_set_up_so(
    finops: Finops, switch: str, product: str, values: dict[str, Any], asked: str | None
) -> None:
    finops.switch(mandatory_dimensions=switch)
    header(finops)
    answer = line(finops, ProductNumber=product, **values)
    if asked:
        assert f"Inventory dimension {asked} is mandatory" in told(answer)
    else:
        assert answer.status_code == 201, answer.text


def test_dates_in_the_past_are_refused_where_delivery_dates_are_controlled(finops: Finops) -> None:
    past = {"RequestedShippingDate": "2004-06-13T12:00:00Z"}
    assert header(finops, **past).status_code == 201
    finops.switch(delivery_date_control="checked")
    assert "is earlier than today" in told(header(finops, SalesQuotationNumber="Q2", **past))
    assert header(finops, SalesQuotationNumber="Q2").status_code == 201


@pytest.mark.parametrize("status", ["Reset", "Modified", "Revised"])
def test_an_open_quotation_can_be_changed(quoted: Finops, status: str) -> None:
    decide(quoted, status)
    assert quoted.patch(header_at(), json={"SalesQuotationName": "More bikes"}).status_code == 204
    assert quoted.get(line_at(1)).json()["SalesQuotationStatus"] == status
    assert line(quoted, LineCreationSequenceNumber=2).status_code == 201
    assert quoted.delete(line_at(1)).status_code == 204


@pytest.mark.parametrize("status", ["Sent", "Submitted", "Approved", "Confirmed", "Lost", "Cancelled"])
def test_a_quotation_that_is_not_open_cannot_be_changed(quoted: Finops, status: str) -> None:
    decide(quoted, status)
    before = (quoted.get(HEADERS).json(), quoted.get(LINES).json())
    refused = [
        quoted.patch(header_at(), json={"SalesQuotationName": "More bikes"}),
        quoted.patch(line_at(1), json={"RequestedSalesQuantity": 4}),
        line(quoted, LineCreationSequenceNumber=2),
        quoted.delete(line_at(1)),
        quoted.delete(header_at()),
    ]
    for answer in refused:
        assert f"Sales quotation Q1 has status {status} and cannot be changed" in told(answer)
    assert (quoted.get(HEADERS).json(), quoted.get(LINES).json()) == before


@pytest.mark.parametrize(("status", "code"), [("Sent", 204), ("Approved", 204), ("Confirmed", 400), ("Lost", 400)])
def test_what_is_away_can_be_changed_only_where_that_is_switched_on(quoted: Finops, status: str, code: int) -> None:
    decide(quoted, status)
    quoted.switch(edits_when_sent="allowed")
    assert quoted.patch(line_at(1), json={"RequestedSalesQuantity": 4}).status_code == code


def test_a_confirmed_quotation_names_its_sales_order(quoted: Finops) -> None:
    assert decide(quoted, "Confirmed")["GeneratedSalesOrderNumber"] == "SO-000001"
    row = quoted.get(header_at()).json()
    assert (row["SalesQuotationStatus"], row["GeneratedSalesOrderNumber"]) == ("Confirmed", "SO-000001")


def test_the_status_is_not_changed_through_the_web_service(quoted: Finops) -> None:
    assert "'Status' does not allow editing" in told(quoted.patch(header_at(), json={"SalesQuotationStatus": "Lost"}))
    assert quoted.patch(header_at(), json={"SalesQuotationStatus": "Created"}).status_code == 204


def test_a_quotation_goes_with_its_lines(quoted: Finops) -> None:
    assert header(quoted, SalesQuotationNumber="Q2").ok
    assert line(quoted, SalesQuotationNumber="Q2").ok
    assert quoted.delete(header_at()).status_code == 204
    assert [row["SalesQuotationNumber"] for row in quoted.rows("CDSSalesQuotationLines")] == ["Q2"]


def test_the_same_numbers_in_another_company_are_another_quotation(quoted: Finops) -> None:
    germany = {"dataAreaId": "demf"}
    quoted.post("/data/LegalEntities", json={"LegalEntityId": "demf", "Name": "Germany"})
    quoted.post("/data/CustomerGroups", json={**germany, "CustomerGroupId": "10"})
    assert quoted.post("/admin/products", json={**BIKE, **germany}).ok
    assert quoted.create_customer(**germany).status_code == 201
    assert header(quoted, **germany).status_code == 201
    assert line(quoted, **germany, LineCreationSequenceNumber=None).json()["LineCreationSequenceNumber"] == 1

    assert quoted.delete(f"{header_at(company='demf')}?cross-company=true").status_code == 204
    assert [row["dataAreaId"] for row in quoted.rows("CDSSalesQuotationLines")] == ["usmf"]
    assert quoted.delete(f"{CONTOSO.replace('usmf', 'demf')}?cross-company=true").status_code == 204
    assert "1 records in Sales quotations" in told(quoted.delete(CONTOSO))


def test_a_decision_about_no_quotation_is_refused(finops: Finops) -> None:
    assert finops.post("/admin/quotations", json={"SalesQuotationNumber": "Q9"}).status_code == 400
    assert finops.post("/admin/quotations", data=b"{").status_code == 400
