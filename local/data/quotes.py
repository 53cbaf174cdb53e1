"""Enter the quotes of a data folder as a seller would, once the products that F&O sells are in Sales.

A quote is written as a draft, then its lines, then it is activated, won or closed. A line whose product Sales does not
have gets one made by hand, active and in no link.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.data.bodies import SalesBodies, value
from local.data.enter import Api, create, told
from local.data.folder import DataFolder, Row

DRAFT, ACTIVE, WON, CLOSED = "0", "1", "2", "3"
_ACTIVATED = {"statecode": 1, "statuscode": 3}
_ENDS = {WON: ("WinQuote", 4), CLOSED: ("CloseQuote", 5)}
"""The action that ends a quote in this state, and its status when the file names none."""
_BY_NUMBER = ("productid", "uomid")
"""Lookups of a line that hold a number or a name instead of an id."""


def enter_quotes(folder: DataFolder, sales: Api) -> dict[str, int]:
    """Enter quotes and lines; gives the number of rows by file. Raises DataFolderError and EnterError as `enter`."""
    quotes, lines = folder.rows("quotes"), folder.rows("quotedetails")
    if quotes:
        types = sales.types()
        _enter_headers(folder, sales, types["quotes"])
        _enter_lines(folder, sales, types["quotedetails"])
        for number, row in enumerate(quotes):
            with told(folder, "quotes", number):
                _move_on(row, sales)
    return {"quotes": len(quotes), "quotedetails": len(lines)}


def _enter_headers(folder: DataFolder, sales: Api, types: Mapping[str, str]) -> None:
    bodies = SalesBodies(folder, "quotes", types, sales.all_of)
    lists = _price_lists(sales)
    made = []
    for number, row in enumerate(folder.rows("quotes")):
        with told(folder, "quotes", number):
            body = bodies.body(row)
            currency = body.get("transactioncurrencyid@odata.bind", "").partition("(")[2].rstrip(")").lower()
            if "pricelevelid@odata.bind" not in body and currency in lists:
                body["pricelevelid@odata.bind"] = f"/pricelevels({lists[currency]})"
            made.append((number, body))
    create(folder, "quotes", sales, made)


def _price_lists(sales: Api) -> dict[str, str]:
    """The price list that a seller takes for each currency: the first by name."""
    rows = sales.all_of("pricelevels", "name,_transactioncurrencyid_value", "statecode eq 0")
    by_name = sorted(rows, key=lambda row: str(row["name"]).casefold(), reverse=True)
    return {str(row["_transactioncurrencyid_value"]).lower(): row["pricelevelid"] for row in by_name}


def _enter_lines(folder: DataFolder, sales: Api, types: Mapping[str, str]) -> None:
    bodies = SalesBodies(folder, "quotedetails", types, sales.all_of)
    goods = _Goods(sales)
    made = []
    for number, row in enumerate(folder.rows("quotedetails")):
        with told(folder, "quotedetails", number):
            body = bodies.body(row, without=("quoteid", *_BY_NUMBER))
            body["quoteid@odata.bind"] = f"/quotes({row['quoteid']})"
            if row.get("productid"):
                body |= goods.binds(row)
            if row.get("priceperunit"):
                body.setdefault("ispriceoverridden", True)
            made.append((number, body))
    create(folder, "quotedetails", sales, made)


def _move_on(row: Row, sales: Api) -> None:
    """Bring a draft into the state that its row says."""
    state = row.get("statecode") or DRAFT
    if state == DRAFT:
        return
    if state not in (ACTIVE, *_ENDS):
        raise ValueError(f"statecode is {state!r}. A quote is 0 Draft, 1 Active, 2 Won or 3 Closed.")
    status = value("statuscode", row["statuscode"], "Edm.Int32") if row.get("statuscode") else None
    activated = {"statuscode": status} if state == ACTIVE and status is not None else {}
    sales.send("PATCH", f"quotes({row['quoteid']})", {**_ACTIVATED, **activated}, **{"If-Match": "*"})
    if state in _ENDS:
        action, usual = _ENDS[state]
        close = {"subject": row.get("name") or action, "quoteid@odata.bind": f"/quotes({row['quoteid']})"}
        sales.send("POST", action, {"Status": usual if status is None else status, "QuoteClose": close})


class _Goods:
    """The products and units of Sales, as a seller finds them."""

    def __init__(self, sales: Api) -> None:
        self._sales = sales
        columns = "productnumber,_defaultuomscheduleid_value,_defaultuomid_value"
        self._products = {str(row["productnumber"]).casefold(): row for row in sales.all_of("products", columns)}
        units = sales.all_of("uoms", "name,_uomscheduleid_value")
        self._units = {(str(unit["name"]), str(unit["_uomscheduleid_value"])): unit["uomid"] for unit in units}

    def binds(self, line: Row) -> dict[str, Any]:
        """The lookups of a line to its product and unit; a product that is not there is made."""
        product = self._products.get(line["productid"].casefold()) or self._make(line)
        unit = product["_defaultuomid_value"]
        if line.get("uomid"):
            unit = self._units.get((line["uomid"], str(product["_defaultuomscheduleid_value"])))
            if unit is None:
                raise ValueError(
                    f"product {line['productid']} is sold in no unit {line['uomid']!r}. Add it to uoms.csv."
                )
        return {"productid@odata.bind": f"/products({product['productid']})", "uomid@odata.bind": f"/uoms({unit})"}

    def _make(self, line: Row) -> Mapping[str, Any]:
        wanted = line.get("uomid", "")
        found = next(((unit, group) for (name, group), unit in self._units.items() if name == wanted), None)
        if found is None:
            raise ValueError(f"no unit is named {wanted!r}. Add it to uoms.csv, or mend uomid.")
        unit, group = found
        product = {
            "productnumber": line["productid"],
            "name": (line.get("description") or line["productid"])[:100],
            "productstructure": 1,
            "quantitydecimal": 2,
            "defaultuomid@odata.bind": f"/uoms({unit})",
            "defaultuomscheduleid@odata.bind": f"/uomschedules({group})",
        }
        answer = self._sales.send("POST", "products", product, Prefer="return=representation").json()
        path = f"products({answer['productid']})"
        self._sales.send("PATCH", path, {"statecode": 0, "statuscode": 1}, **{"If-Match": "*"})
        self._products[line["productid"].casefold()] = answer
        return dict(answer)
