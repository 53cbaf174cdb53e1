"""What the products of a data folder must become, written from flows.md 1 and 2 alone, with none of the app's code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from tests.acceptance.acceptance_rules import (
    ACTIVE,
    Expected,
    Row,
    Wanted,
    company_of,
    currency_of,
    cut,
    line,
    plain,
    read,
)

GROUP = "Default unit"
"""The unit group of new products (P6), whose name compares as texts of value maps do."""
TYPES = {"Item": "1", "Service": "3", "": ""}
YES_NO = {"Yes": "true", "No": "false", "": "false"}
LONGEST_NUMBER, LONGEST_NAME, LONGEST_DESCRIPTION = 100, 100, 2000
MOST_DECIMALS = 5


class Reference:
    """The reference data of Sales that products need, as the files have it."""

    def __init__(self, folder: Path) -> None:
        groups = {plain(row["name"]): row["uomscheduleid"] for row in read(folder, "uomschedules")}
        self.group = groups.get(plain(GROUP), "")
        self.units = {
            plain(row["name"]): row["uomid"] for row in read(folder, "uoms") if row["uomscheduleid"] == self.group
        }
        self.currencies = {
            row["isocurrencycode"]: row["transactioncurrencyid"] for row in read(folder, "transactioncurrencies")
        }
        self._lists = [(currency_of(folder, row), row) for row in read(folder, "pricelevels")]

    def price_list(self, code: str) -> str:
        """The price list of a currency: the first by name of those that are valid today (flows.md 2.3, step 3)."""
        today = datetime.now(UTC).date()
        valid = [
            (row["name"].casefold(), row["pricelevelid"])
            for currency, row in self._lists
            if currency == code and row.get("statecode", "0") in ACTIVE and _valid(row, today)
        ]
        return min(valid)[1] if valid else ""


def expected(folder: Path) -> Expected:
    """What the first sync of a data folder makes of its products, with every setting as it is shipped.

    A row holds the columns of `products` and, behind `item.`, those of its one row of `productpricelevels`.
    """
    company, reference, came = company_of(folder), Reference(folder), Expected("productnumber")
    for row in released(folder, company):
        if row.get("IsSalesStopped", "") == "Yes":
            came.skipped["sales-stopped"] += 1
        elif code := _reason(row, reference):
            came.parked[code] += 1
        elif not reference.price_list(row["CurrencyCode"]):
            came.waiting["no-price-list"] += 1
        else:
            came.rows[line(row, "ProductNumber")] = _product(row, reference, came.warnings)
    return came


def released(folder: Path, company: str) -> list[Row]:
    """The products of the one company that is read (flows.md 1.15, R8)."""
    return [row for row in read(folder, "products") if row.get("dataAreaId", "").lower() in ("", company)]


def with_items(products: list[dict[str, str]], items: list[dict[str, str]]) -> list[dict[str, str]]:
    """Products as found, with the columns of their price list item as `item.<column>`; one with two is there twice."""
    by_product: dict[str, list[dict[str, str]]] = {}
    for item in items:
        by_product.setdefault(item["_productid_value"], []).append(item)
    return [
        {**product, **{f"item.{name}": text for name, text in item.items()}}
        for product in products
        for item in by_product.get(product["productid"], [{}])
    ]


def made_by_hand(folder: Path) -> set[str]:
    """Numbers of products that a quote line names and F&O does not sell: a seller makes them (design.md)."""
    return {row["productid"] for row in read(folder, "quotedetails") if row.get("productid")} - set(
        expected(folder).rows
    )


def _reason(row: Row, reference: Reference) -> str:
    """Why a product cannot be written, in the order of flows.md 1.15, R5: its number, then its fields as they stand."""
    reasons = {
        "number-too-long": len(line(row, "ProductNumber").encode("utf-16-le")) > 2 * LONGEST_NUMBER,
        "unit-not-mapped": plain(row.get("SalesUnitSymbol", "")) not in reference.units,
        "currency-not-mapped": row.get("CurrencyCode", "") not in reference.currencies,
    }
    return next((code for code, applies in reasons.items() if applies), "")


def _product(row: Row, reference: Reference, warnings: Counter[str]) -> Wanted:
    price_list = reference.price_list(row["CurrencyCode"])
    unit = reference.units[plain(row["SalesUnitSymbol"])]
    price = Decimal(row.get("SalesPrice") or 0)
    return {
        "productnumber": line(row, "ProductNumber"),
        "name": cut(line(row, "ProductName") or line(row, "ProductNumber"), LONGEST_NAME, "name", warnings),
        "description": cut(row.get("ProductDescription", "").strip(), LONGEST_DESCRIPTION, "description", warnings),
        "producttypecode": TYPES[row.get("ProductType", "")],
        "_defaultuomid_value": unit,
        "_defaultuomscheduleid_value": reference.group,
        "quantitydecimal": str(min(MOST_DECIMALS, max(0, int(row.get("SalesUnitDecimalPrecision") or 0)))),
        "price": price,
        "_transactioncurrencyid_value": reference.currencies[row["CurrencyCode"]],
        "currentcost": Decimal(row.get("UnitCost") or 0),
        "isstockitem": YES_NO[row.get("IsStockedProduct", "")],
        "productstructure": "1",
        "_pricelevelid_value": price_list,
        "statecode": "0",
        "statuscode": "1",
        "item._pricelevelid_value": price_list,
        "item._uomid_value": unit,
        "item.amount": price,
        "item.pricingmethodcode": "1",
        "item.quantitysellingcode": "1",
        "item.roundingpolicycode": "1",
    }


def _valid(row: Mapping[str, str], today: date) -> bool:
    begin, end = (date.fromisoformat(row[name][:10]) if row.get(name) else today for name in ("begindate", "enddate"))
    return begin <= today <= end
