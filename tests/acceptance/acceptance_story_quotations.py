"""What the active quotes of the story must be in F&O, written from flows.md 6 alone, with none of the app's code."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.acceptance.acceptance_story import Story
from tests.acceptance.acceptance_trade import ACTIVE

type Rows = list[dict[str, Any]]
type Quotations = dict[tuple[str, str], tuple[dict[str, str], list[tuple[str | Decimal, ...]]]]
"""By company and number: the columns of the header, and the lines without their numbers, sorted."""

HEADER = ("RequestingCustomerAccountNumber", "SalesQuotationName", "CurrencyCode", "RequestedShippingDate", "Email")
LINE = ("ProductNumber", "SalesUnitSymbol", "RequestedReceiptDate")
AMOUNTS = ("RequestedSalesQuantity", "SalesPrice", "LineDiscountAmount", "FixedPriceCharges", "LineAmount")
CENT = Decimal("0.01")


def quotations_wanted(story: Story, customers: Rows) -> Quotations:
    """The quotations of all quotes that are active, whose customer is among these and whose products F&O sells.

    F&O refuses new lines of a product that is stopped, and with them the document (QE22).
    """
    sales, finops = story.world.sales_admin, story.world.finops_admin
    companies = _companies(story)
    there = {(row["dataAreaId"], row["CustomerAccount"]) for row in customers}
    sold = {row["ProductNumber"] for row in finops.rows("SellableReleasedProducts")
            if row["dataAreaId"] == "usmf" and row["IsSalesStopped"] == "No"}  # fmt: skip
    numbers = {row["accountid"]: row["accountnumber"] for row in sales.rows("accounts")}
    numbers |= {row["contactid"]: row["employeeid"] for row in sales.rows("contacts")}
    currencies = {id: code for code, id in story.world.currencies.items()}
    lines = sales.rows("quotedetails")
    found: Quotations = {}
    for quote in sales.rows("quotes"):
        own = [row for row in lines if row["_quoteid_value"] == quote["quoteid"]]
        company, customer = companies[quote["_owningbusinessunit_value"]], numbers[quote["_customerid_value"]]
        came = (company, customer) in there and all(row["productnumber"] in sold for row in own)
        if quote["statecode"] == ACTIVE and came:
            day = f"{quote['requestdeliveryby'][:10]}T12:00:00Z"
            currency = currencies[quote["_transactioncurrencyid_value"]]
            header = (customer, quote["name"], currency, day, quote["emailaddress"] or "")
            rows = sorted(_line(story, row, day) for row in own)
            found[company, quote["quotenumber"]] = dict(zip(HEADER, header, strict=True)), rows
    return found


def quotations_found(headers: Rows, lines: Rows) -> Quotations:
    """The quotations of F&O in the same form."""
    return {
        (header["dataAreaId"], header["SalesQuotationNumber"]): (
            {name: header[name] for name in HEADER},
            sorted(_line_found(row) for row in lines if _of(row) == _of(header)),
        )
        for header in headers
    }


def _companies(story: Story) -> dict[str, str]:
    """The company of each business unit, by its id (flows.md 1.1)."""
    units = story.world.sales_admin.rows("businessunits")
    return {row["businessunitid"]: "demf" if row["name"] == "Contoso Germany" else "usmf" for row in units}


def _line(story: Story, row: Mapping[str, Any], day: str) -> tuple[str | Decimal, ...]:
    (unit,) = (name for name, id in story.trade.units.items() if id == row["_uomid_value"])
    quantity, price = Decimal(str(row["quantity"])), Decimal(str(row["priceperunit"]))
    discount = Decimal(str(row["manualdiscountamount"] or 0))
    of_unit = (discount / quantity).quantize(CENT, ROUND_HALF_UP)
    charge = (of_unit * quantity - discount).quantize(CENT, ROUND_HALF_UP)
    return row["productnumber"], unit, day, quantity, price, of_unit, charge, quantity * price - discount


def _line_found(row: Mapping[str, Any]) -> tuple[str | Decimal, ...]:
    return *(row[name] for name in LINE), *(Decimal(str(row[name])) for name in AMOUNTS)


def _of(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["dataAreaId"], row["SalesQuotationNumber"]
