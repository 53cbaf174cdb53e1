"""The quotes of the story: of products that Sales had before F&O, of customers that come late, revised, won, closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.acceptance.acceptance_quotes import Quoting
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World

HANDMADE = ("P1", "P5", "P9")
"""Products that sellers have made by hand; F&O sells the last of them only from the second chapter on."""
OURS = "msdynce_hasexternallymaintainedproductsonly"


class StoryQuotes:
    """What becomes of the quotes in the three chapters."""

    def __init__(self, world: World, trade: Trade, *, solution: bool) -> None:
        self._trade = trade
        self._desk = Quoting(world, trade)
        self._flagged: dict[str, Any] = {OURS: True} if solution else {}
        self._ids: dict[str, list[str]] = {}

    def opening(self, accounts: Mapping[str, str], owner: Mapping[str, Any]) -> None:
        """Quotes of products that are in no link yet, of customers in every state."""
        for number in HANDMADE:
            made = self._trade.make_product(number, currency="USD")
            self._trade.patch("products", made, statecode=0, statuscode=1)
        contoso = accounts["Contoso"]
        self._quote("Q-1", contoso, ("P1", 2), ("P5", 1), ("P1", 4))
        self._quote("Q-2", accounts["Fabrikam"], ("P5", 3))
        self._quote("Q-3", accounts["Latecomers"], ("P1", 1))
        self._quote("Q-4", contoso, ("P1", 1), ("P9", 7))
        self._quote("Q-5", contoso, ("P1", 5), written_in=True)
        self._quote("Q-6", accounts["Fabrikam"])
        self._quote("Q-7", accounts["Northwind"], ("P5", 6), freightamount=12.5)
        self._quote("Q-8", accounts["Contoso branch"], ("P1", 8), **owner)

    def changes(self) -> None:
        """Revised, won, closed; the product that was waited for is sold."""
        self._trade.release("P9")
        desk, revision = self._desk, self._revision("Q-1")
        first, second, third = (line["quotedetailid"] for line in desk.lines_of(revision))
        desk.remove_line(second)
        desk.change_line(first, quantity=20, sequencenumber=9)
        desk.change_line(third, manualdiscountamount=10)
        self._line(revision, "P3", 3)
        desk.activate(revision)
        desk.win(self._ids["Q-2"][-1])
        desk.close(self._ids["Q-6"][-1])
        renamed = self._revision("Q-7")
        self._trade.patch("quotes", renamed, name="Renamed", emailaddress="buyer@example.com")
        desk.activate(renamed)

    def return_(self, accounts: Mapping[str, str]) -> None:
        """Revised once more and mended, and one for a customer that has just got its number."""
        desk = self._desk
        revision = self._revision("Q-1")
        for product in ("P2", "P5"):
            self._line(revision, product, 2)
        desk.activate(revision)
        mended = self._revision("Q-5")
        desk.remove_line(desk.lines_of(mended)[-1]["quotedetailid"])
        desk.activate(mended)
        more = self._revision("Q-8")
        desk.change_line(desk.lines_of(more)[0]["quotedetailid"], quantity=80)
        desk.activate(more)
        self._quote("Q-9", accounts["Numberless"], ("P7", 9))

    def of_contact(self, number: str, contact: str) -> None:
        """A quote without lines of a contact."""
        quote = self._desk.draft(number, contact=contact, **self._flagged)
        self._desk.activate(quote)
        self._ids[number] = [quote]

    def names(self) -> dict[str, str]:
        """Numbers and revisions of the quotes by their ids."""
        return {id: f"{number} {at}" for number, ids in self._ids.items() for at, id in enumerate(ids)}

    def _quote(self, number: str, account: str, *lines: tuple[str, float], written_in: bool = False,
               **values: Any) -> None:  # fmt: skip
        quote = self._desk.draft(number, account=account, **self._flagged, **values)
        for product, quantity in lines:
            self._line(quote, product, quantity)
        if written_in:
            self._desk.bare_line(
                quote, isproductoverridden=True, productdescription="Ribbon", priceperunit=3, quantity=1
            )
        self._desk.activate(quote)
        self._ids[number] = [quote]

    def _line(self, quote: str, product: str, quantity: float) -> None:
        self._desk.line(quote, product, quantity, ispriceoverridden=True, priceperunit=10)

    def _revision(self, number: str) -> str:
        """A draft that follows the last quote of this number."""
        revision = self._desk.revise(self._ids[number][-1])
        self._ids[number].append(revision)
        return revision
