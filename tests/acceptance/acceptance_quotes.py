"""What sellers do about quotes in Sales, and clerks about quotations in F&O, for one test's world."""

from __future__ import annotations

from typing import Any

from tests.acceptance.acceptance_trade import CONTACTS, DRAFT, PRODUCTS, Trade
from tests.acceptance.acceptance_world import World, created

QUOTES, ACCOUNTS, BUYERS = "quotes_to_finops", "accounts_to_finops", "contact_customers_to_finops"
ALL = (PRODUCTS, ACCOUNTS, CONTACTS, BUYERS, QUOTES)
"""Every flow, in the order in which nothing has to wait."""
DAY = {"requestdeliveryby": "2026-12-24T00:00:00Z"}


class Quoting:
    """Quotes in Sales and quotations in F&O; `customer` is the account whose a quote is when nobody else is named."""

    def __init__(self, world: World, trade: Trade, customer: str = "") -> None:
        self.world, self.trade, self.customer = world, trade, customer

    def draft(self, number: str = "Q-1", *, account: str = "", contact: str = "", **values: Any) -> str:
        """A draft without lines; gives its id."""
        account = account or ("" if contact else self.customer)
        body = {"quotenumber": number, **DAY, **values}
        return self.trade.document("quotes", contact=contact, account=account, **body)

    def line(self, quote: str, product: str = "P1", quantity: float = 1, *, unit: str = "ea", **values: Any) -> str:
        """A line of a draft; gives its id."""
        found = self.trade.products()[product]["productid"]
        binds = {"productid@odata.bind": f"/products({found})", "uomid@odata.bind": f"/uoms({self.trade.units[unit]})"}
        return self.bare_line(quote, quantity=quantity, **binds, **values)

    def bare_line(self, quote: str, **values: Any) -> str:
        """A line that says nothing but this."""
        return created(
            self.world.sales.send("POST", "quotedetails", {"quoteid@odata.bind": f"/quotes({quote})", **values})
        )

    def change_line(self, line: str, **values: Any) -> None:
        self.trade.patch("quotedetails", line, **values)

    def remove_line(self, line: str) -> None:
        self.world.sales.send("DELETE", f"quotedetails({line})")

    def activate(self, quote: str) -> None:
        self.trade.patch("quotes", quote, statecode=1, statuscode=2)
        self.world.sales_admin.advance(3600)  # a full read reads what is older than that once

    def quote(self, number: str = "Q-1", *lines: tuple[str, float], **values: Any) -> str:
        """An active quote with these lines, of product and quantity; gives its id."""
        quote = self.draft(number, **values)
        for product, quantity in lines or (("P1", 1),):
            self.line(quote, product, quantity)
        self.activate(quote)
        return quote

    def revise(self, quote: str) -> str:
        """Close a quote as revised; gives the id of the draft that follows it."""
        answer = self.world.sales.send(
            "POST", "ReviseQuote", {"QuoteId": quote, "ColumnSet": {"AllColumns": False, "Columns": ["quoteid"]}}
        )
        return str(answer.json()["quoteid"])

    def close(self, quote: str, status: int = 5) -> None:
        body = {"subject": "The end", "quoteid@odata.bind": f"/quotes({quote})"}
        self.world.sales.send("POST", "CloseQuote", {"Status": status, "QuoteClose": body})

    def win(self, quote: str) -> None:
        body = {"subject": "Won", "quoteid@odata.bind": f"/quotes({quote})"}
        self.world.sales.send("POST", "WinQuote", {"Status": 4, "QuoteClose": body})

    def lines_of(self, quote: str) -> list[dict[str, Any]]:
        """The lines of a quote in Sales, in their order."""
        rows = [row for row in self.world.sales_admin.rows("quotedetails") if row["_quoteid_value"] == quote]
        return sorted(rows, key=lambda row: row.get("sequencenumber") or 0)

    def decide(self, status: str, number: str = "Q-1") -> None:
        """A clerk sends, confirms, loses or cancels the quotation."""
        body = {"dataAreaId": "usmf", "SalesQuotationNumber": number, "SalesQuotationStatus": status}
        self.world.finops.send("POST", "/admin/quotations", body)

    def quotations(self) -> dict[str, dict[str, Any]]:
        """The quotations by number; none may be there twice."""
        rows = self.world.finops_admin.rows("CDSSalesQuotationHeaders")
        assert len({(row["dataAreaId"], row["SalesQuotationNumber"]) for row in rows}) == len(rows)
        return {row["SalesQuotationNumber"]: row for row in rows}

    def rows(self, number: str = "Q-1") -> dict[int, dict[str, Any]]:
        """The lines of a quotation by their number."""
        rows = self.world.finops_admin.rows("CDSSalesQuotationLines")
        own = [row for row in rows if row["SalesQuotationNumber"] == number]
        return {int(row["LineCreationSequenceNumber"]): row for row in own}

    def shown(self, number: str = "Q-1") -> dict[int, tuple[str, float]]:
        """Product and quantity of the lines of a quotation, by their number."""
        return {
            at: (row["ProductNumber"], float(row["RequestedSalesQuantity"])) for at, row in self.rows(number).items()
        }


class Desk(Quoting):
    """The sales desk: one customer, C1; two products, P1 at 10 and P2 at 25 dollars, sold by the piece."""

    def __init__(self, world: World, trade: Trade) -> None:
        super().__init__(world, trade, world.account("C1", "Contoso"))
        trade.release("P1")
        trade.release("P2", SalesPrice=25)


__all__ = ["ACCOUNTS", "ALL", "BUYERS", "CONTACTS", "DRAFT", "PRODUCTS", "QUOTES", "Desk", "Quoting"]
