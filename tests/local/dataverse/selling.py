"""What a seller needs before a quote can be written: a currency, units, a price list, products, a customer."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import requests

from tests.local.dataverse.dataverse_simulated import Dataverse

ACTIVE: dict[str, Any] = {"statecode": 0, "statuscode": 1}
RETIRED = {"statecode": 1, "statuscode": 2}
DRAFT = {"statecode": 2, "statuscode": 0}
UNDER_REVISION = {"statecode": 3, "statuscode": 3}
ACTIVE_QUOTE: dict[str, Any] = {"statecode": 1, "statuscode": 2}

_NUMBERS = count(1)


def bind(**targets: tuple[str, str]) -> dict[str, Any]:
    """Binds by navigation property: `bind(productid=("products", id))`."""
    return {f"{name}@odata.bind": f"/{entity_set}({row_id})" for name, (entity_set, row_id) in targets.items()}


class Shop:
    """The rows that quotes are made of, in one simulator. The currency of everything is euro unless said otherwise."""

    def __init__(self, sales: Dataverse) -> None:
        self.sales = sales
        self.euro = self._currency("EUR", 1)
        self.dollar = self._currency("USD", 1.25)
        self.group = sales.create("uomschedules", name="Default unit", baseuomname="Piece")
        self.other_group = sales.create("uomschedules", name="Hours", baseuomname="Hour")
        self.piece = self.unit("Piece", self.group)
        self.hour = self.unit("Hour", self.other_group)
        self.prices = self.price_list("Standard", self.euro)
        self.dollars = self.price_list("Export", self.dollar)
        self.customer = sales.create("accounts", name="Contoso")

    def _currency(self, iso: str, rate: float) -> str:
        return self.sales.create(
            "transactioncurrencies", isocurrencycode=iso, currencyname=iso, currencysymbol=iso, exchangerate=rate,
            currencyprecision=2,
        )  # fmt: skip

    def unit(self, name: str, group: str) -> str:
        return self.sales.create("uoms", name=name, quantity=1, **bind(uomscheduleid=("uomschedules", group)))

    def price_list(self, name: str, currency: str) -> str:
        binds = bind(transactioncurrencyid=("transactioncurrencies", currency))
        return self.sales.create("pricelevels", name=name, **binds)

    def product_values(self, **values: Any) -> dict[str, Any]:
        """A whole product of a number that no other has."""
        units = bind(defaultuomid=("uoms", self.piece), defaultuomscheduleid=("uomschedules", self.group))
        return {"name": "Chair", "productnumber": f"P{next(_NUMBERS)}", "productstructure": 1, "quantitydecimal": 2,
                **units, **values}  # fmt: skip

    def product(self, *, price: float | None = None, publish: bool = False, **values: Any) -> str:
        """Create a product, with a price in the standard price list, and publish it when wanted."""
        product = self.sales.create("products", **self.product_values(**values))
        if price is not None:
            assert self.post_price(product, amount=price).status_code == 204
        if publish:
            assert self.change(product, ACTIVE).status_code == 204
        return product

    def sold(self, price: float) -> str:
        """A published product with a price."""
        return self.product(price=price, publish=True)

    def family(self, *, publish: bool = False) -> str:
        number = f"F{next(_NUMBERS)}"
        family = self.sales.create("products", name="Seats", productnumber=number, productstructure=2)
        if publish:
            assert self.change(family, ACTIVE).status_code == 204
        return family

    def change(self, product: str, values: Mapping[str, Any]) -> requests.Response:
        """PATCH a product."""
        return self.sales.patch(f"products({product})", json=dict(values), headers={"If-Match": "*"})

    def state(self, product: str) -> tuple[int, int]:
        row = self.sales.row("products", product)
        return row["statecode"], row["statuscode"]

    def post_price(self, product: str, *, prices: str | None = None, unit: str | None = None, **values: Any
    ) -> requests.Response:  # fmt: skip
        """POST a price list item; the standard price list and the piece unless said otherwise."""
        binds = bind(
            productid=("products", product),
            pricelevelid=("pricelevels", prices or self.prices),
            uomid=("uoms", unit or self.piece),
        )
        codes = {"pricingmethodcode": 1, "quantitysellingcode": 1, "roundingpolicycode": 1}
        return self.sales.post("productpricelevels", json={**codes, "amount": 10, **binds, **values})

    def quote_values(self, **values: Any) -> dict[str, Any]:
        binds = bind(
            customerid_account=("accounts", self.customer),
            pricelevelid=("pricelevels", self.prices),
            transactioncurrencyid=("transactioncurrencies", self.euro),
        )
        return {"name": "Chairs for all", **binds, **values}

    def quote(self, **values: Any) -> str:
        """Create a draft."""
        return self.sales.create("quotes", **self.quote_values(**values))

    def order(self, **values: Any) -> str:
        """Create an order of the customer."""
        return self.sales.create("salesorders", **self.quote_values(**values))

    def invoice(self, **values: Any) -> str:
        """Create an invoice of the customer."""
        return self.sales.create("invoices", **self.quote_values(**values))

    def line_values(self, quote: str, product: str | None, **values: Any) -> dict[str, Any]:
        binds = bind(quoteid=("quotes", quote))
        if product is not None:
            binds |= bind(productid=("products", product), uomid=("uoms", self.piece))
        return {"quantity": 1, **binds, **values}

    def line(self, quote: str, product: str | None, **values: Any) -> str:
        """Create a line of a product, in pieces, or a write-in without one."""
        return self.sales.create("quotedetails", **self.line_values(quote, product, **values))

    def activate(self, quote: str) -> requests.Response:
        return self.sales.patch(f"quotes({quote})", json=ACTIVE_QUOTE)

    def active_quote(self, **values: Any) -> str:
        """A quote with one line, activated."""
        quote = self.quote(**values)
        self.line(quote, self.sold(10))
        assert self.activate(quote).status_code == 204
        return quote

    def end(self, action: str, quote: str, status: int = -1, **values: Any) -> requests.Response:
        """WinQuote or CloseQuote."""
        close = {"subject": action, **bind(quoteid=("quotes", quote)), **values}
        return self.sales.post(action, json={"QuoteClose": close, "Status": status})

    def revise(self, quote: str, **columns: Any) -> requests.Response:
        return self.sales.post("ReviseQuote", json={"QuoteId": quote, "ColumnSet": columns or {"AllColumns": True}})
