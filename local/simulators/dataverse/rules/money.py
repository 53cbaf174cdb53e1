"""Amounts: the currency of a row, its rate, the same amounts in the organisation's base currency; rounding."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from local.simulators.dataverse.rules import refusals
from local.simulators.dataverse.rules.world import Change, World, put
from local.simulators.dataverse.store import Row

CURRENCY = "_transactioncurrencyid_value"
_BASE_CURRENCY = "_basecurrencyid_value"
_RATE_DIGITS = Decimal("0.0000000001")
_FOUR_PLACES = Decimal("0.0001")
_USUAL_PRECISION = 2


def base_currency(world: World) -> str | None:
    """The base currency of the organisation; before it is set, the first currency that was entered."""
    return world.organization.get(_BASE_CURRENCY) or next(iter(world.store.rows("transactioncurrencies").by_id), None)


def fill(change: Change) -> None:
    """Keep every amount also in the base currency, by the rate of the row's currency."""
    table, row, world = change.table, change.row, change.world
    amounts = [name for name in table.money if name in row]
    if CURRENCY not in row:
        if amounts:
            put(row, CURRENCY, base_currency(world))
        elif change.old is None:
            return
    currency = world.find("transactioncurrencies", row.get(CURRENCY))
    rate = currency.get("exchangerate") if currency else None
    put(row, "exchangerate", rate.quantize(_RATE_DIGITS) if rate else None)
    for name in table.money:
        put(row, f"{name}_base", (row[name] / rate).quantize(_FOUR_PLACES) if rate and name in row else None)


def rounded(amount: Decimal, currency: Row | None) -> Decimal:
    """An amount that the server computed, in the digits of its currency, as money is stored.

    Half a unit goes away from zero, as flows.md 1.6 has it; the platform's own way is not documented.
    """
    digits = (currency or {}).get("currencyprecision", _USUAL_PRECISION)
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP).quantize(_FOUR_PLACES)


def guard_currency(change: Change) -> None:
    """The base currency stays active."""
    if change.row["statecode"] != 0 and change.row[change.table.key] == change.world.organization.get(_BASE_CURRENCY):
        raise refusals.base_currency_stays_active()


def guard_currency_delete(row_id: str, world: World) -> None:
    """The base currency is not deleted while there are others, whose rates it is the measure of."""
    others = len(world.store.rows("transactioncurrencies").by_id) > 1
    if others and row_id == world.organization.get(_BASE_CURRENCY):
        raise refusals.base_currency_kept()
