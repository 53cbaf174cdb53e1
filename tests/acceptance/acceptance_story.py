"""A year in a shop, in three chapters: what people enter, then change, stop and close, then take back.

Each chapter ends in one state, whatever order the flows take it up in. Numbers of contacts are those that people gave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.acceptance_story_quotes import Line, StoryQuotes
from tests.acceptance.acceptance_trade import PRODUCTS, Trade
from tests.acceptance.acceptance_world import World

LATE_CURRENCY, LATE_UNIT = "SEK", "kg"
"""What F&O knows from the beginning in one system only, so that records wait for it or are parked."""


@dataclass(frozen=True)
class Variant:
    """Where the story takes place: with Microsoft's Prospect-to-cash solution in Sales or without, in one company or
    in two; and whether contacts that move are moved in F&O or told (flows.md CE10)."""

    solution: bool
    companies: int

    @property
    def moves(self) -> bool:
        return self.solution

    @property
    def name(self) -> str:
        return f"{'solution' if self.solution else 'plain'}-{self.companies}"


class Story:
    """The story in one world; `mappings` is the folder of the installation where there are two companies."""

    def __init__(self, world: World, variant: Variant, folder: Path) -> None:
        self.world, self.variant = world, variant
        world.start()
        if variant.solution:
            world.sales_admin.switch(p2c_solution=True)
        world.enter_reference_data()
        self.trade = Trade(world).open()
        world.finops_admin.switch(contact_moves="allowed")
        self.settings = {
            "CONTACTS__NUMBER_COLUMN": "employeeid",
            "CONTACTS__ON_MOVE": "patch" if variant.moves else "block",
            "LINK_PARTITIONS": "2",
        }
        self._owner: dict[str, Any] = {}
        if variant.companies == 2:
            self.settings["MAPPINGS"] = world.open_second_company(folder)
            self._owner = {"ownerid@odata.bind": f"/systemusers({world.seller_of_unit('Contoso Germany')})"}
        self.accounts: dict[str, str] = {}
        self.contacts: dict[str, str] = {}
        self.quotes = StoryQuotes(world, self.trade, solution=variant.solution)

    @property
    def chapters(self) -> tuple[Callable[[], None], ...]:
        return self.opening, self.changes, self.return_

    def opening(self) -> None:
        """Something for every flow; some of it cannot come yet, for want of a currency, a unit or a price list."""
        world, trade = self.world, self.trade
        world.enter_currency(LATE_CURRENCY)
        for name, number, currency in (
            ("Contoso", "C1", "USD"), ("Fabrikam", "C2", "USD"), ("Northwind", "C3", "EUR"),
            ("Latecomers", "C4", LATE_CURRENCY), ("Numberless", None, "USD"),
            ("Contoso branch", "C1" if self._owner else "C9", "USD"),
        ):  # fmt: skip
            owner = self._owner if name == "Contoso branch" else {}
            self.accounts[name] = world.account(number, name, currency=currency, **owner)
        for name, account in (
            ("Adams", "Contoso"), ("Brown", "Fabrikam"), ("Clark", "Latecomers"), ("Davis", "Contoso"),
            ("Evans", "Northwind"), ("Frank", "Contoso branch"), ("Green", "Contoso"), ("Hills", "Numberless"),
        ):  # fmt: skip
            self._contact(name, account)
        self._first("Contoso", "Adams")
        self._first("Latecomers", "Clark")
        trade.finops_unit(LATE_UNIT)
        trade.release_many(["P1", "P3", "P4", "P5"])
        trade.release_many(["P2"], CurrencyCode="EUR")
        trade.release_many(["P6"], SalesUnitSymbol=LATE_UNIT)
        trade.release_many(["P7"], IsSalesStopped="Yes")
        if self._owner:
            trade.release_many(["P1", "P8"], dataAreaId="demf", ProductName="Of another company")
        self.quotes.opening(self.accounts, self._owner)
        self._buys("Davis", ("P1", 1, "ea"), ("P5", 2, "box"))

    def changes(self) -> None:
        """Renamed, moved, bought, closed, repriced, stopped, gone; and the reference data arrive."""
        world, trade = self.world, self.trade
        world.finops.send("POST", "Currencies", {"CurrencyCode": LATE_CURRENCY, "Name": LATE_CURRENCY})
        trade.price_list("Euro", "EUR")
        trade.unit(LATE_UNIT)
        world.change(self.accounts["Latecomers"], telephone1="0800 1")
        world.change(self.accounts["Fabrikam"], name="Fabrikam Inc")
        trade.move(self.contacts["Brown"], self.accounts["Northwind"])
        self._first("Northwind", "Brown")
        self._buys("Evans", ("P9", 4, "ea"))
        trade.change(self.contacts["Green"], statecode=1, statuscode=2)
        world.deactivate(self.accounts["Northwind"])
        trade.release("P1", ProductName="Renamed", SalesPrice=11)
        trade.release("P3", IsSalesStopped="Yes")
        trade.withdraw("P4")
        trade.release("P5", SalesUnitSymbol="box", SalesPrice=95)
        trade.release("P6", SalesPrice=6)
        trade.release("P7", IsSalesStopped="No")
        self.quotes.changes()

    def return_(self) -> None:
        """Back again, sold again, active again, under other names; an account that had no number gets one."""
        world, trade = self.world, self.trade
        world.activate(self.accounts["Northwind"])
        world.change(self.accounts["Northwind"], name="Northwind Again")
        world.change(self.accounts["Numberless"], accountnumber="C5")
        world.change(self.accounts["Contoso"], **{"primarycontactid@odata.bind": None})
        trade.change(self.contacts["Green"], statecode=0, statuscode=1, jobtitle="Returner")
        trade.change(self.contacts["Adams"], firstname="Ada")
        trade.change(self.contacts["Evans"], lastname="Evans-Smith")
        trade.release("P2", SalesPrice=12)
        trade.release("P3", IsSalesStopped="No", ProductName="Sold again")
        trade.release("P4", ProductName="Back again", SalesPrice=13)
        self.quotes.return_(self.accounts)

    def names(self) -> Mapping[str, str]:
        """Names of the records of Sales by their ids, as the reader of a difference wants to see them."""
        return {id: name for name, id in (self.accounts | self.contacts).items()} | self.quotes.names()

    def records(self) -> dict[str, list[str]]:
        """The source records of every mapping, by the mapping's name."""
        products = [f"usmf|p{number}" for number in range(1, 10)]
        contacts = sorted(self.contacts.values())
        return {"accounts": sorted(self.accounts.values()), "contacts": contacts, "contact_customers": contacts,
                PRODUCTS.partition("_to_")[0]: products, "quotes": sorted(self.quotes.names())}  # fmt: skip

    def _contact(self, name: str, account: str) -> None:
        number = f"E-{name}"
        solved: dict[str, Any] = {}
        if self.variant.solution:
            solved = {"msdynce_contactnumber": number, "msdynce_isactivecustomer": False,
                      "msdynce_iscompanyanaccount": True}  # fmt: skip
        self.contacts[name] = self.trade.contact(name, account=self.accounts[account], employeeid=number, **solved)

    def _buys(self, name: str, *lines: Line) -> None:
        """A contact becomes a customer, by what says so here, and has a quote with these lines."""
        if self.variant.solution:
            self.trade.change(self.contacts[name], msdynce_isactivecustomer=True)
        self.quotes.of_contact(name, self.contacts[name], *lines)

    def _first(self, account: str, contact: str) -> None:
        """The primary contact of an account."""
        self.world.change(
            self.accounts[account], **{"primarycontactid@odata.bind": f"/contacts({self.contacts[contact]})"}
        )
