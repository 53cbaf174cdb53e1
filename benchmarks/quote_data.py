"""Quotes for the benchmark: the files, the revisions that sellers make of them, and what F&O must hold then."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.measured import WrongResult
from local.data.enter import Api
from local.data.folder import DataFolder, Row, write_folder
from local.data.generate import generate
from local.world import World

_NAMESPACE = uuid.UUID("0f4f6c2e-7d0e-4a57-9f0b-5d7c6a1f2b90")
_QUOTES_PER_ACCOUNT = 4
_MOST_PRODUCTS = 500
_CURRENCY = "USD"
_ACTIVE = {"statecode": 1, "statuscode": 3}
_CENT = Decimal("0.01")

_HEADER = (
    "dataAreaId",
    "RequestingCustomerAccountNumber",
    "SalesQuotationName",
    "CurrencyCode",
    "RequestedShippingDate",
)
_LINE = (
    "dataAreaId",
    "LineCreationSequenceNumber",
    "ProductNumber",
    "RequestedSalesQuantity",
    "SalesUnitSymbol",
    "SalesPrice",
    "LineDiscountAmount",
    "FixedPriceCharges",
    "RequestedReceiptDate",
    "LineDescription",
)
"""What the app sends of a quotation without an address, and of a line, beside the quotation's number."""

type Body = dict[str, Any]
type Quotation = list[tuple[str, Decimal, Decimal, Decimal]]
"""Product, quantity, price and amount of the lines, in their order."""


class Quotes:
    """So many active quotes of so many lines each, for customers and of products of the same folder.

    Every third line has a discount that is no whole number of cents for a piece.
    """

    def __init__(self, path: Path, *, quotes: int, lines: int) -> None:
        generate(path, accounts=-(-quotes // _QUOTES_PER_ACCOUNT), products=min(_MOST_PRODUCTS, 10 * lines),
                 troubles=False)  # fmt: skip
        base = DataFolder(path)
        products = [{**row, "IsSalesStopped": "No"} for row in base.rows("products")]
        self.accounts, self.products = len(base.rows("accounts")), len(products)
        headers = list(_headers(base, quotes))
        rows = [row for header in headers for row in _lines(header["quoteid"], lines, products)]
        write_folder(path, {"products": products, "quotes": headers, "quotedetails": rows})
        self.folder = DataFolder(path)
        self._ids = {header["quotenumber"]: header["quoteid"] for header in headers}
        numbers = {id: number for number, id in self._ids.items()}
        self._expected: dict[str, Quotation] = {number: [] for number in self._ids}
        for row in rows:
            self._expected[numbers[row["quoteid"]]].append(_line(row))

    def revise(self, sales: Api, each: int) -> int:
        """Sellers revise every so many-th quote and add one to the quantity of a line; gives how many they were."""
        numbers = list(self._ids)[::each]
        for place, number in enumerate(numbers):
            body = {"QuoteId": self._ids[number], "ColumnSet": {"AllColumns": False, "Columns": ["quoteid"]}}
            draft = sales.send("POST", "ReviseQuote", body).json()["quoteid"]
            lines = sales.all_of("quotedetails", "lineitemnumber", f"_quoteid_value eq {draft}")
            changed = place % len(lines)
            id = next(line["quotedetailid"] for line in lines if line["lineitemnumber"] == changed + 1)
            product, quantity, price, amount = self._expected[number][changed]
            sales.send("PATCH", f"quotedetails({id})", {"quantity": quantity + 1}, **{"If-Match": "*"})
            sales.send("PATCH", f"quotes({draft})", _ACTIVE, **{"If-Match": "*"})
            self._expected[number][changed] = product, quantity + 1, price, amount + price
            self._ids[number] = draft
        return len(numbers)

    def check(self, world: World) -> None:
        """Raises WrongResult unless F&O holds each quote once, with all its lines in their order and their amounts."""
        found: dict[str, Quotation] = {}
        for header in world.rows("finops", "CDSSalesQuotationHeaders"):
            if header["SalesQuotationNumber"] in found:
                raise WrongResult(f"Quotation {header['SalesQuotationNumber']} is in F&O twice.")
            found[header["SalesQuotationNumber"]] = []
        rows = world.rows("finops", "CDSSalesQuotationLines")
        for row in sorted(rows, key=lambda row: int(row["LineCreationSequenceNumber"])):
            found[row["SalesQuotationNumber"]].append(_quotation_line(row))
        wrong = [number for number in self._expected | found if found.get(number) != self._expected.get(number)]
        if wrong:
            raise WrongResult(
                f"F&O holds {len(found)} quotations with {len(rows)} lines; {len(wrong)} are not as in Sales. The "
                f"first is {wrong[0]}: {found.get(wrong[0])}, not {self._expected.get(wrong[0])}."
            )


def copies(world: World, count: int) -> list[tuple[Body, list[Body]]]:
    """The first quotations of F&O as they would be entered once more under numbers of their own, with their lines."""
    headers = world.rows("finops", "CDSSalesQuotationHeaders")[:count]
    places = {header["SalesQuotationNumber"]: place for place, header in enumerate(headers)}
    found: list[tuple[Body, list[Body]]] = [(_copied(header, _HEADER), []) for header in headers]
    for row in world.rows("finops", "CDSSalesQuotationLines"):
        if row["SalesQuotationNumber"] in places:
            found[places[row["SalesQuotationNumber"]]][1].append(_copied(row, _LINE))
    return found


def _copied(row: Mapping[str, Any], columns: Iterable[str]) -> Body:
    number = f"COPY-{row['SalesQuotationNumber']}"
    return {**{name: row[name] for name in columns}, "SalesQuotationNumber": number}


def _headers(base: DataFolder, quotes: int) -> Iterable[Row]:
    accounts = base.rows("accounts")
    currency = next(
        row["transactioncurrencyid"]
        for row in base.rows("transactioncurrencies")
        if row["isocurrencycode"] == _CURRENCY
    )
    for n in range(quotes):
        account = accounts[n % len(accounts)]
        yield {
            "quoteid": str(uuid.uuid5(_NAMESPACE, f"quote/{n}")),
            "quotenumber": f"QUO-{n + 1:06d}",
            "name": f"{account['name']} {n + 1}",
            "customerid": account["accountid"],
            "transactioncurrencyid": currency,
            "requestdeliveryby": f"2027-{n % 12 + 1:02d}-15T00:00:00Z",
            "statecode": "1",
            "statuscode": "3",
        }


def _lines(quote: str, count: int, products: list[Row]) -> Iterable[Row]:
    choose = random.Random(quote)
    for number in range(1, count + 1):
        product = choose.choice(products)
        yield {
            "quotedetailid": str(uuid.uuid5(_NAMESPACE, f"{quote}/{number}")),
            "quoteid": quote,
            "lineitemnumber": str(number),
            "sequencenumber": str(number),
            "productid": product["ProductNumber"],
            "uomid": product["SalesUnitSymbol"],
            "quantity": str(choose.randint(2, 20)),
            "priceperunit": product["SalesPrice"],
            "manualdiscountamount": "1.00" if number % 3 == 0 else "",
            "description": product["ProductName"],
        }


def _line(row: Row) -> tuple[str, Decimal, Decimal, Decimal]:
    quantity, price = Decimal(row["quantity"]), Decimal(row["priceperunit"])
    return row["productid"], quantity, price, quantity * price - Decimal(row["manualdiscountamount"] or 0)


def _quotation_line(row: Mapping[str, Any]) -> tuple[str, Decimal, Decimal, Decimal]:
    quantity, price, amount = (
        Decimal(str(row[name])) for name in ("RequestedSalesQuantity", "SalesPrice", "LineAmount")
    )
    return str(row["ProductNumber"]), quantity, price, amount.quantize(_CENT)
