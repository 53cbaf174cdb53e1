"""Quotes (wire.md 1.14): what must be there, numbers, states, totals."""

from __future__ import annotations

from decimal import Decimal

from local.simulators.dataverse import errors
from local.simulators.dataverse.rules import headers, money, refusals
from local.simulators.dataverse.rules.world import Change, World
from local.simulators.dataverse.store import Row

DRAFT, ACTIVE, WON, CLOSED = 0, 1, 2, 3
OPEN = (DRAFT, ACTIVE)

_ZERO = Decimal(0)
_DETAIL_ERROR = 1
_HOW = {
    WON: "A quote is won through WinQuote.",
    CLOSED: "A quote is closed through CloseQuote.",
    DRAFT: "A quote becomes a draft again through ReviseQuote.",
}


def guard(change: Change) -> None:
    """Refuse what callers may not do to a quote: edit it when it is no draft, or move it past activation."""
    row, old = change.row, change.old
    if old is None:
        row["statecode"], row["statuscode"] = DRAFT, change.table.states[DRAFT][0]
        if change.names("quotenumber") and change.world.switch("quote_number_twice") == "refused":
            _guard_number(change)
        return
    if change.names("statecode"):
        _guard_transition(row["statecode"], old["statecode"])
    if old["statecode"] != DRAFT and change.names_other_than(headers.STATE):
        raise refusals.header_read_only()


def fill(change: Change) -> None:
    """Check what a quote cannot be without, and fill in number, customer and totals."""
    row, world = change.row, change.world
    row.setdefault("revisionnumber", 0)
    if change.changed(money.CURRENCY) and world.referring("quotedetails", "_quoteid_value", row["quoteid"]):
        raise refusals.quote_currency_fixed()
    headers.fill(change)
    _fill_totals(row, world)


def with_number(number: str, world: World, besides: str) -> list[Row]:
    """The other quotes that have a number."""
    return [row for row in world.with_text("quotes", "quotenumber", number) if row["quoteid"] != besides]


def _guard_transition(after: int, before: int) -> None:
    if after == ACTIVE:
        if before != DRAFT:
            raise refusals.quote_not_draft()
    elif after != before:
        raise refusals.state_change("quote", before, after, _HOW.get(after, "There is no such state."))


def _guard_number(change: Change) -> None:
    row = change.row
    for other in with_number(row["quotenumber"], change.world, row["quoteid"]):
        if other["statecode"] in OPEN:
            raise errors.duplicate_key()


def _fill_totals(row: Row, world: World) -> None:
    """What the lines come to, less the discounts of the header, plus freight and tax.

    The formulas follow what the columns' own descriptions in the documentation say they show; taxes of the lines are
    no part of the line total, but of the total.
    """
    lines = world.referring("quotedetails", "_quoteid_value", row["quoteid"])
    per_unit = world.switch("discount_method") == "unit"
    tax = sum((line.get("tax", _ZERO) for line in lines), _ZERO)
    line_total = sum((line.get("extendedamount", _ZERO) for line in lines), _ZERO) - tax
    line_discount = sum(
        (line.get("manualdiscountamount", _ZERO) * (line.get("quantity", _ZERO) if per_unit else 1) for line in lines),
        _ZERO,
    )
    percentage = row.get("discountpercentage", _ZERO) / 100
    discount = row.get("discountamount", _ZERO) + line_total * percentage
    amounts = {
        "totallineitemamount": line_total,
        "totallineitemdiscountamount": line_discount,
        "totaldiscountamount": discount,
        "totalamountlessfreight": line_total - discount,
        "totaltax": tax,
        "totalamount": line_total - discount + row.get("freightamount", _ZERO) + tax,
    }
    currency = world.find("transactioncurrencies", row[money.CURRENCY])
    row |= {name: money.rounded(amount, currency) for name, amount in amounts.items()}
    row["pricingerrorcode"] = _DETAIL_ERROR if any(line.get("pricingerrorcode") for line in lines) else 0
