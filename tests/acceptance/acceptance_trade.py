"""What people do about products, contacts and quotes in both systems, for one test's world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.acceptance.acceptance_world import World, created

PRODUCTS, CONTACTS, BUYERS = "products_to_sales", "contacts_to_finops", "contact_customers_to_finops"
DRAFT, ACTIVE, WON, CLOSED = 0, 1, 2, 3
"""States of quotes."""


class Trade:
    """Units, price lists, products, contacts and quotes of a world; currencies are those of the world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.units: dict[str, str] = {}
        self.groups: dict[str, str] = {}
        self.price_lists: dict[str, str] = {}

    def open(self) -> Trade:
        """What every shop has: the unit group with its pieces and boxes, and a price list in dollars."""
        self.unit_group("Default Unit", "ea", "box")
        self.price_list("Standard")
        return self

    def unit_group(self, name: str, *units: str) -> str:
        """A unit group of Sales with these units, which F&O knows as well."""
        self.groups[name] = created(
            self.world.sales.send("POST", "uomschedules", {"name": name, "baseuomname": units[0]})
        )
        for unit in units:
            self.unit(unit, name)
        return self.groups[name]

    def unit(self, name: str, group: str = "Default Unit") -> str:
        """A unit of a group, which F&O knows as well."""
        body = {"name": name, "quantity": 1, "uomscheduleid@odata.bind": f"/uomschedules({self.groups[group]})"}
        if self.groups[group] in {row["_uomscheduleid_value"] for row in self.world.sales_admin.rows("uoms")}:
            body["baseuom@odata.bind"] = f"/uoms({self._base_of(group)})"
        self.units[name] = created(self.world.sales.send("POST", "uoms", body))
        self.finops_unit(name)
        return self.units[name]

    def finops_unit(self, symbol: str) -> None:
        """A unit that F&O sells in, if it is not there."""
        if symbol not in {row["UnitSymbol"] for row in self.world.finops_admin.rows("UnitsOfMeasure")}:
            self.world.finops.send("POST", "UnitsOfMeasure", {"UnitSymbol": symbol, "UnitClass": "Quantity"})

    def price_list(self, name: str, currency: str = "USD", **values: Any) -> str:
        """A price list of Sales."""
        bind = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({self.world.currencies[currency]})"}
        self.price_lists[name] = created(self.world.sales.send("POST", "pricelevels", {"name": name, **bind, **values}))
        return self.price_lists[name]

    def release(self, number: str = "P1", **values: Any) -> None:
        """F&O sells a product, or sells it in another way than before."""
        known = any(row["ProductNumber"] == number for row in self.world.finops_admin.rows("SellableReleasedProducts"))
        usual = {
            "ProductName": f"Product {number}", "ProductType": "Item", "SalesPrice": 10, "UnitCost": 6,
            "CurrencyCode": "USD", "SalesUnitSymbol": "ea", "InventoryUnitSymbol": "ea", "IsStockedProduct": "Yes",
        }  # fmt: skip
        body = {"dataAreaId": "usmf", "ProductNumber": number, **({} if known else usual), **values}
        self.world.finops.send("POST", "/admin/products", body)

    def release_many(self, numbers: list[str], **values: Any) -> None:
        """F&O sells so many products, each the same way."""
        body = [
            {"dataAreaId": "usmf", "ProductNumber": number, "ProductName": f"Product {number}", "ProductType": "Item",
             "SalesPrice": 10, "CurrencyCode": "USD", "SalesUnitSymbol": "ea", "IsStockedProduct": "Yes", **values}
            for number in numbers
        ]  # fmt: skip
        self.world.finops.send("POST", "/admin/products", body)

    def withdraw(self, *numbers: str) -> None:
        """F&O no longer sells these products."""
        body = [{"dataAreaId": "usmf", "ProductNumber": number} for number in numbers]
        self.world.finops.send("DELETE", "/admin/products", body)

    def make_product(self, number: str, *, unit: str = "ea", group: str = "Default Unit", **values: Any) -> str:
        """A salesperson makes a product by hand; gives its id."""
        body = {"productnumber": number, "name": f"Handmade {number}", "productstructure": 1, "quantitydecimal": 2}
        if values.get("productstructure", 1) != 2:  # a family has no units
            body |= {
                "defaultuomid@odata.bind": f"/uoms({self.units[unit]})",
                "defaultuomscheduleid@odata.bind": f"/uomschedules({self.groups[group]})",
            }
        if currency := values.pop("currency", ""):
            body["transactioncurrencyid@odata.bind"] = f"/transactioncurrencies({self.world.currencies[currency]})"
        return created(self.world.sales.send("POST", "products", {**body, **values}))

    def change_product(self, number: str = "P1", **values: Any) -> None:
        """A salesperson changes a product."""
        self.patch("products", self.product(number)["productid"], **values)

    def products(self) -> dict[str, dict[str, Any]]:
        """The products of Sales by number; no number may be there twice."""
        rows = self.world.sales_admin.rows("products")
        assert len({row["productnumber"].casefold() for row in rows}) == len(rows), "a product exists twice"
        return {row["productnumber"]: row for row in rows}

    def product(self, number: str = "P1") -> dict[str, Any]:
        return self.products()[number]

    def items(self, number: str = "P1") -> dict[str, dict[str, Any]]:
        """The price list items of a product, by the name of their unit; no item may be there twice."""
        id = self.product(number)["productid"]
        rows = [row for row in self.world.sales_admin.rows("productpricelevels") if row["_productid_value"] == id]
        names = {id: name for name, id in self.units.items()}
        assert len({(row["_pricelevelid_value"], row["_uomid_value"]) for row in rows}) == len(rows)
        return {names[row["_uomid_value"]]: row for row in rows}

    def contact(self, lastname: str | None = "Doe", *, account: str = "", contact: str = "",
                currency: str | None = "USD", **values: Any) -> str:  # fmt: skip
        """A new contact, of an account, of another contact, or of nobody; gives its id."""
        body = {"lastname": lastname, **values}
        for kind, parent in (("account", account), ("contact", contact)):
            if parent:
                body[f"parentcustomerid_{kind}@odata.bind"] = f"/{kind}s({parent})"
        if currency:
            body["transactioncurrencyid@odata.bind"] = f"/transactioncurrencies({self.world.currencies[currency]})"
        return created(
            self.world.sales.send("POST", "contacts", {name: each for name, each in body.items() if each is not None})
        )

    def patch(self, set: str, id: str, **values: Any) -> None:
        """A person changes a row of Sales."""
        self.world.sales.send("PATCH", f"{set}({id})", values, **{"If-Match": "*"})

    def change(self, contact: str, **values: Any) -> None:
        """A person changes a contact."""
        self.patch("contacts", contact, **values)

    def move(self, contact: str, account: str) -> None:
        """A contact goes over to another account."""
        self.change(contact, **{"parentcustomerid_account@odata.bind": f"/accounts({account})"})

    def persons(self) -> dict[str, dict[str, Any]]:
        """The contact persons of F&O by their id."""
        rows = self.world.finops_admin.rows("ContactPersons")
        return {row["ContactPersonId"]: row for row in rows}

    def person(self) -> dict[str, Any]:
        """The one contact person that there is."""
        (row,) = self.persons().values()
        return row

    def buyers(self) -> dict[str, dict[str, Any]]:
        """The customers that are persons, by number."""
        return {number: row for number, row in self.world.customers().items() if row["PartyType"] == "Person"}

    def quote(self, *, contact: str = "", account: str = "", state: int = ACTIVE) -> str:
        """A quote for a contact or an account, brought into a state; gives its id."""
        quote = self.document("quotes", contact=contact, account=account)
        if state != DRAFT:
            self.patch("quotes", quote, statecode=ACTIVE, statuscode=3)
        for end, action, status in ((WON, "WinQuote", 4), (CLOSED, "CloseQuote", 5)):
            if state == end:
                close = {"subject": "The end", "quoteid@odata.bind": f"/quotes({quote})"}
                self.world.sales.send("POST", action, {"Status": status, "QuoteClose": close})
        return quote

    def document(self, set: str, *, contact: str = "", account: str = "", **values: Any) -> str:
        """A new row of quotes, salesorders or invoices for a contact or an account; gives its id."""
        kind, customer = ("contact", contact) if contact else ("account", account)
        body = {
            "name": "Some goods",
            f"customerid_{kind}@odata.bind": f"/{kind}s({customer})",
            "pricelevelid@odata.bind": f"/pricelevels({next(iter(self.price_lists.values()))})",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({self.world.currencies['USD']})",
            **values,
        }
        return created(self.world.sales.send("POST", set, body))

    def _base_of(self, group: str) -> str:
        rows = self.world.sales_admin.rows("uoms")
        return next(
            str(row["uomid"])
            for row in rows
            if row["_uomscheduleid_value"] == self.groups[group] and not row.get("_baseuom_value")
        )


def amounts(items: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """The prices of items by unit."""
    return {unit: float(item["amount"]) for unit, item in items.items()}
