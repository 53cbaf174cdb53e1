"""Formatted values: how a value looks to a person (`OData.Community.Display.V1.FormattedValue`, wire.md 1.5).

Texts and ids have none. The language is English (United States), the time zone UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from local.simulators.dataverse.schema import Column


@dataclass(frozen=True, slots=True)
class Currency:
    """How amounts of a currency look."""

    symbol: str = "$"
    places: int = 2


def formatted(column: Column, value: Any, currency: Currency) -> str | None:
    """The formatted value of a column that is no lookup, or None where there is none. `value` is not None."""
    match column.kind:
        case "choice" | "state" | "status":
            return column.choices.get(value) if column.choices else None
        case "bool":
            return column.flags[bool(value)]
        case "int" | "bigint":
            return f"{value:,}"
        case "decimal" | "double":
            return f"{Decimal(value):,.{column.places if column.places is not None else 2}f}"
        case "money":
            amount = f"{currency.symbol}{abs(Decimal(value)):,.{currency.places}f}"
            return f"({amount})" if value < 0 else amount
        case "time":
            return _moment(datetime.fromisoformat(value), day_only=column.day_only)
        case "date":
            return _day(date.fromisoformat(value))
    return None


def _moment(moment: datetime, *, day_only: bool) -> str:
    if day_only:
        return _day(moment.date())
    return f"{_day(moment.date())} {moment.hour % 12 or 12}:{moment:%M %p}"


def _day(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"
