"""The demo's second round: what sellers and clerks do once everything is in step, and what one then sees of it.

It is played in the sample, whose records it knows by their numbers (local/data).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.data.oddities import STOPPED
from local.joined import Tables, folded
from local.world import World

ANY = {"If-Match": "*"}
_USUAL_END = 4
"""The status of a quote that is won."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that somebody did, and how to see what came of it, from outside."""

    side: str
    told: str
    came: Callable[[Tables], str]


def play(world: World) -> list[Act]:
    """Do all of it, on both sides; what comes of it is seen when the world is quiet again."""
    hands = _Hands(world)
    revised, locked, won = hands.quoted()[:3]
    return [
        hands.give_number("Numberless Goods", "N000009", "ODD-CUSTOMER"),
        hands.sell_again(STOPPED, "ODD-PRODUCT"),
        hands.revise(revised),
        hands.win(won),
        hands.rename(),
        hands.add_line(revised),
        hands.send_out(locked),
        hands.revise(locked),
        hands.reprice(),
        hands.stop(),
    ]


class _Hands:
    """People at work: each deed is done at once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._before = Tables(world)
        synced = self._before.of("finops", "CDSSalesQuotationHeaders", "SalesQuotationNumber")
        active = [row for row in self._before.rows("sales", "quotes") if row["statecode"] == 1]
        self._quotes = {row["quotenumber"]: row for row in active if folded(row["quotenumber"]) in synced}
        self._products = [
            row
            for row in self._before.rows("finops", "SellableReleasedProducts")
            if row["IsSalesStopped"] == "No" and row["CurrencyCode"] == "USD" and row["ProductNumber"].startswith("P")
        ]

    def quoted(self) -> list[str]:
        """Numbers of quotes that are quotations and have lines."""
        usual = sorted(number for number in self._quotes if number.startswith("QUO-"))
        return [number for number in usual if self._lines(self._quotes[number]["quoteid"])]

    def give_number(self, account: str, number: str, quote: str) -> Act:
        (row,) = self._before.of("sales", "accounts", "name")[folded(account)]
        self._change(f"accounts({row['accountid']})", {"accountnumber": number})

        def came(tables: Tables) -> str:
            customers = tables.of("finops", "CustomersV3", "CustomerAccount").get(folded(number), [])
            parties = {customer["PartyNumber"] for customer in customers}
            persons = [
                row for row in tables.rows("finops", "ContactPersons") if row["AssociatedPartyNumber"] in parties
            ]
            names = ", ".join(str(person["LastName"]) for person in persons)
            return f"{_number(customers)}, contact person {names or 'none'}, {quote} with {_quotation(tables, quote)}"

        return Act("Sales", f"{account} gets a number", came)

    def sell_again(self, number: str, quote: str) -> Act:
        self._release(number, IsSalesStopped="No")

        def came(tables: Tables) -> str:
            prices = ", ".join(f"{price:.2f}" for price in _prices(tables, number))
            return f"{prices or 'no price'} in Sales, {quote} with {_quotation(tables, quote)}"

        return Act("F&O", f"{number} is sold again", came)

    def revise(self, number: str) -> Act:
        """A seller doubles the first line and takes one more of it."""
        quote = self._quotes[number]["quoteid"]
        draft = self._world.sales.send("POST", "ReviseQuote", {"QuoteId": quote, "ColumnSet": {"AllColumns": True}})
        revision = draft.json()["quoteid"]
        first = self._lines(revision)[0]
        more = {
            "quoteid@odata.bind": f"/quotes({revision})",
            "productid@odata.bind": f"/products({first['_productid_value']})",
            "uomid@odata.bind": f"/uoms({first['_uomid_value']})",
            "quantity": 1,
        }
        self._change(f"quotedetails({first['quotedetailid']})", {"quantity": first["quantity"] * 2})
        self._world.sales.send("POST", "quotedetails", more)
        self._change(f"quotes({revision})", {"statecode": 1, "statuscode": 3})
        return Act("Sales", f"{number} is revised", lambda tables: _quotation(tables, number))

    def win(self, number: str) -> Act:
        quote = self._quotes[number]
        close = {"subject": "Won", "quoteid@odata.bind": f"/quotes({quote['quoteid']})"}
        self._world.sales.send("POST", "WinQuote", {"Status": _USUAL_END, "QuoteClose": close})
        return Act("Sales", f"{number} is won", lambda tables: _quotation(tables, number))

    def rename(self) -> Act:
        accounts = self._before.of("sales", "accounts", "accountnumber")
        number, (row,) = next((number, rows) for number, rows in sorted(accounts.items()) if number.startswith("c01"))
        self._change(f"accounts({row['accountid']})", {"name": f"{row['name']} Worldwide"})

        def came(tables: Tables) -> str:
            customers = tables.of("finops", "CustomersV3", "CustomerAccount").get(number, [])
            return f"{_number(customers)} {', '.join(str(each['OrganizationName']) for each in customers)}"

        return Act("Sales", f"{row['name']} is renamed", came)

    def add_line(self, number: str) -> Act:
        line = {
            "dataAreaId": self._world.company,
            "SalesQuotationNumber": number,
            "LineCreationSequenceNumber": 900,
            "ProductNumber": self._products[0]["ProductNumber"],
            "RequestedSalesQuantity": 1,
        }
        self._world.finops.send("POST", "CDSSalesQuotationLines", line)

        def came(tables: Tables) -> str:
            lines = tables.of("finops", "CDSSalesQuotationLines", "SalesQuotationNumber").get(folded(number), [])
            kept = any(row["LineCreationSequenceNumber"] == line["LineCreationSequenceNumber"] for row in lines)
            return "line 900 is still there" if kept else "line 900 is gone"

        return Act("F&O", f"{number} gets a clerk's line", came)

    def send_out(self, number: str) -> Act:
        body = {"dataAreaId": self._world.company, "SalesQuotationNumber": number, "SalesQuotationStatus": "Sent"}
        self._world.finops.send("POST", "/admin/quotations", body)
        return Act("F&O", f"{number} is sent out", lambda tables: _quotation(tables, number))

    def reprice(self) -> Act:
        product = self._products[1]
        number, price = product["ProductNumber"], round(product["SalesPrice"] + 10, 2)
        self._release(number, SalesPrice=price)

        def came(tables: Tables) -> str:
            return f"{', '.join(f'{price:.2f}' for price in _prices(tables, number))} in Sales"

        return Act("F&O", f"{number} costs {price:.2f}", came)

    def stop(self) -> Act:
        number = self._products[2]["ProductNumber"]
        self._release(number, IsSalesStopped="Yes")

        def came(tables: Tables) -> str:
            (sold,) = tables.of("sales", "products", "productnumber")[folded(number)]
            return f"{sold['name']}, {'Retired' if sold['statecode'] == 1 else 'Active, with a warning'}"

        return Act("F&O", f"{number} is no longer sold", came)

    def _release(self, number: str, **values: Any) -> None:
        body = {"dataAreaId": self._world.company, "ProductNumber": number, **values}
        self._world.finops.send("POST", "/admin/products", body)

    def _change(self, path: str, values: dict[str, Any]) -> None:
        self._world.sales.send("PATCH", path, values, **ANY)

    def _lines(self, quote: str) -> list[dict[str, Any]]:
        """The lines of a quote as they are now, in their order."""
        rows = [row for row in self._world.rows("sales", "quotedetails") if row["_quoteid_value"] == quote]
        return sorted(rows, key=lambda row: row["lineitemnumber"] or 0)


def _prices(tables: Tables, number: str) -> list[float]:
    """What a product costs in Sales, in all its price lists."""
    (sold,) = tables.of("sales", "products", "productnumber")[folded(number)]
    items = tables.of("sales", "productpricelevels", "_productid_value").get(folded(sold["productid"]), [])
    return [item["amount"] for item in items]


def _number(customers: list[dict[str, Any]]) -> str:
    return ", ".join(str(customer["CustomerAccount"]) for customer in customers) or "none"


def _quotation(tables: Tables, number: str) -> str:
    """A quotation as a clerk sees it."""
    for row in tables.of("finops", "CDSSalesQuotationHeaders", "SalesQuotationNumber").get(folded(number), []):
        lines = tables.of("finops", "CDSSalesQuotationLines", "SalesQuotationNumber").get(folded(number), [])
        amount = sum(line["LineAmount"] for line in lines)
        return f"{len(lines)} line{'s' * (len(lines) != 1)}, {amount:.2f}, {row['SalesQuotationStatus']}"
    return "no quotation"
