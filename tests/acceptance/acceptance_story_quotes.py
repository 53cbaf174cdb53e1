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
LOST, CANCELLED = 5, 6
"""Statuses of quotes that are closed."""

type Line = tuple[str, float, str]
"""Product, quantity and unit."""


class StoryQuotes:
    """What becomes of the quotes in the three chapters."""

    def __init__(self, world: World, trade: Trade, *, solution: bool) -> None:
        self._trade = trade
        self._desk = Quoting(world, trade)
        self._flagged: dict[str, Any] = {OURS: True} if solution else {}
        self._ids: dict[str, list[str]] = {}
        self.handmade: dict[str, str] = {}

    def opening(self, accounts: Mapping[str, str], owner: Mapping[str, Any]) -> None:
        """Quotes of products that are in no link yet, of customers in every state."""
        for number in HANDMADE:
            self.handmade[number] = self._trade.make_product(number, currency="USD")
            self._trade.patch("products", self.handmade[number], statecode=0, statuscode=1)
        contoso, fabrikam = accounts["Contoso"], accounts["Fabrikam"]
        self._quote("Q-1", ("P1", 2, "ea"), ("P5", 1, "box"), ("P1", 3, "ea"), account=contoso)
        self._quote("Q-2", ("P5", 3, "ea"), account=fabrikam)
        self._quote("Q-3", ("P1", 1, "ea"), account=accounts["Latecomers"])
        self._quote("Q-4", ("P1", 1, "ea"), ("P9", 7, "ea"), account=contoso)
        self._quote("Q-5", ("P1", 5, "ea"), written_in=True, account=contoso)
        self._quote("Q-6", account=fabrikam)
        self._quote("Q-7", ("P5", 6, "box"), account=accounts["Northwind"], freightamount=12.5)
        self._quote("Q-8", ("P1", 8, "ea"), account=accounts["Contoso branch"], **owner)

    def changes(self) -> None:
        """Revised, won, cancelled; the product that was waited for is sold, one that is added has just been stopped."""
        self._trade.release("P9")
        desk, revision = self._desk, self._revision("Q-1")
        first, second, third = self._lines_of(revision)
        desk.remove_line(second)
        desk.change_line(first, quantity=20, sequencenumber=9)
        desk.change_line(third, manualdiscountamount=10)
        self._line(revision, ("P3", 3, "ea"))
        desk.activate(revision)
        desk.win(self._ids["Q-2"][-1])
        desk.close(self._ids["Q-6"][-1], CANCELLED)
        renamed = self._revision("Q-7")
        self._trade.patch("quotes", renamed, name="Renamed", emailaddress="buyer@example.com")
        desk.activate(renamed)

    def return_(self, accounts: Mapping[str, str]) -> None:
        """Revised once more and mended, lost, and one for a customer that has just got its number."""
        desk = self._desk
        more = self._revision("Q-1")
        for product in ("P2", "P5"):
            self._line(more, (product, 2, "ea"))
        mended = self._revision("Q-5")
        desk.remove_line(self._lines_of(mended)[-1])
        other = self._revision("Q-4")
        desk.change_line(self._lines_of(other)[0], **self._bind("productid", "products", "P3"))
        boxes = self._revision("Q-8")
        desk.change_line(self._lines_of(boxes)[0], quantity=80, **self._bind("uomid", "uoms", "box"))
        swapped = self._revision("B-Davis")
        for line, place in zip(self._lines_of(swapped), (2, 1), strict=True):
            desk.change_line(line, sequencenumber=place)
        for revision in (more, mended, other, boxes, swapped):
            desk.activate(revision)
        desk.close(self._ids["Q-3"][-1], LOST)
        self._quote("Q-9", ("P7", 9, "ea"), account=accounts["Numberless"])

    def of_contact(self, name: str, contact: str, *lines: Line) -> None:
        """A contact's quote, `B-` and its name."""
        self._quote(f"B-{name}", *lines, contact=contact)

    def names(self) -> dict[str, str]:
        """Numbers and revisions of the quotes by their ids."""
        return {id: f"{number} {at}" for number, ids in self._ids.items() for at, id in enumerate(ids)}

    def _quote(self, number: str, *lines: Line, written_in: bool = False, **values: Any) -> None:
        quote = self._desk.draft(number, **self._flagged, **values)
        for line in lines:
            self._line(quote, line)
        if written_in:
            self._desk.bare_line(
                quote, isproductoverridden=True, productdescription="Ribbon", priceperunit=3, quantity=1
            )
        self._desk.activate(quote)
        self._ids[number] = [quote]

    def _line(self, quote: str, line: Line) -> None:
        product, quantity, unit = line
        self._desk.line(quote, product, quantity, unit=unit, ispriceoverridden=True, priceperunit=10)

    def _lines_of(self, quote: str) -> list[str]:
        return [line["quotedetailid"] for line in self._desk.lines_of(quote)]

    def _bind(self, column: str, set: str, name: str) -> dict[str, str]:
        id = self._trade.units[name] if set == "uoms" else self._trade.product(name)["productid"]
        return {f"{column}@odata.bind": f"/{set}({id})"}

    def _revision(self, number: str) -> str:
        """A draft that follows the last quote of this number."""
        revision = self._desk.revise(self._ids[number][-1])
        self._ids[number].append(revision)
        return revision
