"""Products and price list items in Sales: what the tests of writing to it are about."""

from __future__ import annotations

from typing import Any

from sync.keys import chosen_key
from sync.model import Bind, EntityRef, Scalar
from sync.ports import Write
from sync.systems.http import Exchange
from sync.systems.sales import SalesSystem
from tests.systems.systems_world import Admin, AnyToken, gates

PRODUCTS = EntityRef(
    "sales",
    "products",
    ("productid",),
    binds=(
        Bind("_defaultuomid_value", "defaultuomid", "uoms"),
        Bind("_defaultuomscheduleid_value", "defaultuomscheduleid", "uomschedules"),
        Bind("_transactioncurrencyid_value", "transactioncurrencyid", "transactioncurrencies"),
        Bind("_pricelevelid_value", "pricelevelid", "pricelevels"),
    ),
)
PRICES = EntityRef(
    "sales",
    "productpricelevels",
    ("productpricelevelid",),
    binds=(
        Bind("_pricelevelid_value", "pricelevelid", "pricelevels"),
        Bind("_productid_value", "productid", "products"),
        Bind("_uomid_value", "uomid", "uoms"),
    ),
)
NOWHERE = "00000000-0000-0000-0000-00000000dead"


class Shop:
    """A Dataverse simulator with a currency, units and a price list, the system under test, and what it has sent."""

    def __init__(self, base: str) -> None:
        self.admin = Admin(base)
        self.gates, self.clock = gates()
        self.sent: list[str] = []
        self.slept: list[float] = []
        self.system = self.connected()
        self.euro = self.made(
            "transactioncurrencies", isocurrencycode="EUR", currencyname="Euro", currencysymbol="€", exchangerate=1,
            currencyprecision=2,
        )  # fmt: skip
        self.group = self.made("uomschedules", name="Default unit", baseuomname="Piece")
        self.piece = self.unit("Piece")
        self.box = self.unit("Box")
        self.prices = self.price_list("Standard")

    def connected(self, **options: Any) -> SalesSystem:
        """A system whose waiting moves the gates' clock instead of the test's time."""

        def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            self.clock.advance(seconds)

        def sent(exchange: Exchange) -> None:
            path = exchange.path.removeprefix("/api/data/v9.2/").replace("Microsoft.Dynamics.CRM.", "")
            self.sent.append(f"{exchange.method} {path}")

        known: dict[str, Any] = {"clock": self.clock, "sleep": sleep, "observer": sent}
        return SalesSystem(self.admin.base, AnyToken(), self.gates, **{**known, **options})

    @property
    def writes(self) -> list[str]:
        """The write requests that were sent."""
        return [one for one in self.sent if one.startswith("POST")]

    def unit(self, name: str) -> str:
        group = {"uomscheduleid@odata.bind": f"/uomschedules({self.group})"}
        return self.made("uoms", name=name, quantity=1, **group)

    def price_list(self, name: str) -> str:
        currency = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({self.euro})"}
        return self.made("pricelevels", name=name, **currency)

    def product(self, number: str, **values: Scalar | None) -> Write:
        """The create of a product that Sales accepts, with these values over the good ones."""
        good: dict[str, Scalar | None] = {
            "productnumber": number, "name": f"Name of {number}", "productstructure": 1, "quantitydecimal": 2,
            "_defaultuomid_value": self.piece, "_defaultuomscheduleid_value": self.group,
        }  # fmt: skip
        key = product_key(number)
        return Write("create", key, {**key, **good, **values})

    def price(self, number: str, *, unit: str | None = None, **values: Scalar | None) -> Write:
        """The create of a price list item of the product with this number."""
        good: dict[str, Scalar | None] = {
            "_pricelevelid_value": self.prices, "_productid_value": product_key(number)["productid"],
            "_uomid_value": unit or self.piece, "amount": 10, "pricingmethodcode": 1, "quantitysellingcode": 1,
        }  # fmt: skip
        key: dict[str, Scalar] = {"productpricelevelid": chosen_key("price", number, unit or "")}
        return Write("create", key, {**key, **good, **values})

    def stored(self, *columns: str, table: str = "products") -> dict[str, Any]:
        """The rows of a table by product number: the value of one column, or those of several."""
        rows = self.admin.stored(table)
        if len(columns) == 1:
            return {row["productnumber"]: row.get(columns[0]) for row in rows}
        return {row["productnumber"]: tuple(row.get(column) for column in columns) for row in rows}

    def contact(self, **values: Any) -> str:
        """A contact; gives its id."""
        return self.made("contacts", **{"lastname": "Doe", **values})

    def document(self, table: str, *, contact: str = "", **values: Any) -> str:
        """A quote, an order or an invoice of a contact, or of an account when none is named; gives its id."""
        customer = (
            {"customerid_contact@odata.bind": f"/contacts({contact})"}
            if contact
            else {"customerid_account@odata.bind": f"/accounts({self.made('accounts', name='Contoso')})"}
        )
        prices = {
            "pricelevelid@odata.bind": f"/pricelevels({self.prices})",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({self.euro})",
        }
        return self.made(table, name="Document", **customer, **prices, **values)

    def patch(self, table: str, id: str, **values: Any) -> None:
        """Change a row as somebody else would."""
        self.admin.ask("PATCH", f"/api/data/v9.2/{table}({id})", values)

    def made(self, set: str, **values: Any) -> str:
        """A row as somebody else would make it; gives its id."""
        answer = self.admin.post(f"{self.admin.base}/api/data/v9.2/{set}", json=values, timeout=30)
        assert answer.ok, answer.text
        return answer.headers["OData-EntityId"].rpartition("(")[2].removesuffix(")")


def product_key(number: str) -> dict[str, Scalar]:
    """The primary key that is chosen for a product."""
    return {"productid": chosen_key("product", number)}


def change(number: str, **values: Scalar | None) -> Write:
    """An update of a product."""
    return Write("update", product_key(number), values)


def numbers(count: int) -> list[str]:
    return [f"P{index:04}" for index in range(count)]
