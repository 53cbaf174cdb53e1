"""What the quotes of a data folder must become, written from flows.md 1 and 6 alone, with none of the app's code."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from tests.acceptance.acceptance_customers import expected as expected_customers
from tests.acceptance.acceptance_products import expected as expected_products
from tests.acceptance.acceptance_rules import Expected, Row, Wanted, address, company_of, currency_of, cut, line, read

ACTIVE = "1"
CENT = Decimal("0.01")


def expected(folder: Path) -> tuple[Expected, Expected]:
    """The quotations, and their lines by `<number> <line number>`, after the first sync of a data folder."""
    quotations, lines = Expected("SalesQuotationNumber"), Expected("key")
    accounts = {row["accountid"].lower(): row for row in read(folder, "accounts")}
    customers, sold = expected_customers(folder).rows, expected_products(folder).rows
    of_quote: dict[str, list[Row]] = defaultdict(list)
    for row in read(folder, "quotedetails"):
        of_quote[row["quoteid"].lower()].append(row)
    for row in read(folder, "quotes"):
        account = accounts.get(row["customerid"].lower(), {})
        number = line(account, "accountnumber")
        own = of_quote[row["quoteid"].lower()]
        if row.get("statecode") != ACTIVE:
            quotations.skipped["not-active"] += 1
        elif number not in customers:
            quotations.waiting["customer-not-linked"] += 1
        elif any(each["productid"] not in sold for each in own):
            quotations.waiting["product-not-linked"] += 1
        else:
            quotations.rows[row["quotenumber"]] = _quotation(folder, row, account, quotations.warnings)
            if Decimal(row.get("freightamount") or 0):
                quotations.warnings["header-discount-not-synced"] += 1
            lines.rows |= {f"{row['quotenumber']} {each['sequencenumber']}": _line(row, each) for each in own}
    return quotations, lines


def with_keys(lines: list[dict[str, str]]) -> list[dict[str, str]]:
    """Lines as found, with the number of their quotation and their own as `key`."""
    return [{**row, "key": f"{row['SalesQuotationNumber']} {row['LineCreationSequenceNumber']}"} for row in lines]


def _quotation(folder: Path, row: Row, account: Row, warnings: Counter[str]) -> Wanted:
    customer = line(account, "accountnumber")
    delivery = address(row, "DeliveryAddress", "shipto", customer, "StateId", warnings)
    if delivery["DeliveryAddressCountryRegionISOCode"]:
        delivery["DeliveryAddressDescription"] = customer
        delivery["DeliveryAddressName"] = line(row, "shipto_name") or line(account, "name")[:60]
        delivery["IsDeliveryAddressOrderSpecific"] = "Yes"
    return {
        "dataAreaId": company_of(folder),
        "RequestingCustomerAccountNumber": customer,
        "SalesQuotationName": cut(line(row, "name"), 60, "SalesQuotationName", warnings),
        "CurrencyCode": currency_of(folder, row),
        "RequestedShippingDate": f"{row['requestdeliveryby'][:10]}T12:00:00Z",
        "SalesQuotationStatus": "Created",
        **delivery,
    }


def _line(quote: Row, row: Row) -> Wanted:
    quantity, price = Decimal(row["quantity"]), Decimal(row["priceperunit"])
    discount = Decimal(row.get("manualdiscountamount") or 0)
    of_unit = (discount / quantity).quantize(CENT, ROUND_HALF_UP)
    return {
        "ProductNumber": row["productid"],
        "RequestedSalesQuantity": quantity,
        "SalesUnitSymbol": row["uomid"],
        "SalesPrice": price,
        "LineDiscountAmount": of_unit,
        "FixedPriceCharges": (of_unit * quantity - discount).quantize(CENT, ROUND_HALF_UP),
        "LineAmount": quantity * price - discount,
        "RequestedReceiptDate": f"{quote['requestdeliveryby'][:10]}T12:00:00Z",
        "LineDescription": row["description"],
    }
