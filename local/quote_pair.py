"""Quotes and quotations as one sees from outside that they belong together: by number, customer and lines."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from local.joined import Pair, Row, Tables, contact_number, customer_of, fitting, folded

_ACTIVE = 1
_NAME = 60
"""How many UTF-16 code units of a quotation's name F&O keeps."""
_CENT = Decimal("0.01")
_STATES = {0: "draft", 1: "active", 2: "won", 3: "closed"}

type _Line = tuple[str, Decimal, Decimal, Decimal]
"""Product number, quantity, price, and what it comes to without tax."""


def _excused(_: Tables, quote: Row) -> str:
    return "" if quote["statecode"] == _ACTIVE else "not-active"


def _differs(tables: Tables, quote: Row, quotation: Row) -> str:
    if folded(fitting(quote["name"], _NAME)) != folded(quotation["SalesQuotationName"]):
        return "another name than its quotation"
    if _customer(tables, quote) != folded(quotation["RequestingCustomerAccountNumber"]):
        return "another customer than its quotation"
    lacking = Counter(_lines_in_sales(tables, quote)) - Counter(_lines_in_finops(tables, quotation))
    return f"lines that its quotation has not: {_told(lacking)}" if lacking else ""


def _customer(tables: Tables, quote: Row) -> str:
    """The number of the customer in F&O whose quote it is."""
    for contact in tables.of("sales", "contacts", "contactid").get(folded(quote["_customerid_value"]), []):
        return contact_number(contact)
    customer = customer_of(tables, quote["_customerid_value"])
    return folded(customer["CustomerAccount"]) if customer else ""


def _lines_in_sales(tables: Tables, quote: Row) -> list[_Line]:
    products = tables.of("sales", "products", "productid")
    return [
        (
            folded(products[folded(line["_productid_value"])][0]["productnumber"]),
            _amount(line["quantity"]),
            _amount(line["priceperunit"]),
            _amount(line["extendedamount"]) - _amount(line["tax"]),
        )
        for line in tables.of("sales", "quotedetails", "_quoteid_value").get(folded(quote["quoteid"]), [])
    ]


def _lines_in_finops(tables: Tables, quotation: Row) -> list[_Line]:
    number = folded(quotation["SalesQuotationNumber"])
    return [
        (
            folded(line["ProductNumber"]),
            _amount(line["RequestedSalesQuantity"]),
            _amount(line["SalesPrice"]),
            _amount(line["LineAmount"]),
        )
        for line in tables.of("finops", "CDSSalesQuotationLines", "SalesQuotationNumber").get(number, [])
        if folded(line["dataAreaId"]) == folded(quotation["dataAreaId"])
    ]


def _amount(value: object) -> Decimal:
    return Decimal(str(value or 0)).quantize(_CENT)


def _told(lines: Counter[_Line]) -> str:
    product, quantity, price, amount = next(iter(lines))
    more = f" and {lines.total() - 1} more" if lines.total() > 1 else ""
    return f"{quantity.normalize():f} of {product} at {price} for {amount}{more}"


def _shown(tables: Tables, quote: Row, quotation: Row) -> tuple[str, str]:
    entered, came = _lines_in_sales(tables, quote), _lines_in_finops(tables, quotation)
    state = _STATES[quote["statecode"]]
    return (
        f"{quote['quotenumber']} {state}, {_sum(entered)}",
        f"{quotation['RequestingCustomerAccountNumber']}, {_sum(came)}, {quotation['SalesQuotationStatus']}",
    )


def _sum(lines: list[_Line]) -> str:
    total = sum((line[-1] for line in lines), Decimal(0))
    return f"{len(lines)} line{'s' * (len(lines) != 1)}, {total:.2f}"


QUOTES = Pair(
    "quotes_to_finops",
    ("sales", "quotes"),
    ("finops", "CDSSalesQuotationHeaders"),
    lambda row: folded(row["quoteid"]),
    lambda row: folded(row["quotenumber"]),
    lambda row: folded(row["SalesQuotationNumber"]),
    _excused,
    _differs,
    _shown,
    lambda row: str(row["quotenumber"]),
)
"""A quotation follows all revisions of its quote; what is compared is the one that is active."""
