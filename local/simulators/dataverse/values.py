"""What may be written into a column: for each column a function from the JSON value to the value that is stored.

Empty texts are stored as nothing, as the platform does. Money is kept with four decimals (wire.md 1.5 shows
`5000000.0000`), other decimals with the digits they came with, ten places at most. Lengths count UTF-16 code units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from local.simulators.dataverse import errors
from local.simulators.dataverse.schema import Column, Table, load_tables
from local.simulators.odata.filter_values import guid_text

type Reader = Callable[[Any], Any]

_INT32 = range(-(2**31), 2**31)
_INT64 = range(-(2**63), 2**63)
_MONEY_LIMIT = Decimal("922337203685477")
_DECIMAL_LIMIT = Decimal("100000000000")
_FOUR_PLACES = Decimal("0.0001")
_TEN_PLACES = Decimal("1E-10")


@lru_cache
def readers(entity_set: str) -> Mapping[str, Reader]:
    """The functions for all columns of a table that take a plain value; lookups are written by navigation property."""
    table = load_tables()[entity_set]
    return {name: _reader(column, table) for name, column in table.columns.items() if column.kind != "lookup"}


def time_text(moment: datetime) -> str:
    """A moment as the API writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _reader(column: Column, table: Table) -> Reader:
    name, where = column.name, table.entity_set

    def unreadable(value: Any) -> errors.Refusal:
        return errors.unreadable_value(where, name, value, column.edm)

    def text(value: Any) -> Any:
        if value.__class__ is not str:
            if value is None:
                return None
            raise unreadable(value)
        limit = column.length or 0
        try:
            length = len(value) if value.isascii() else len(value.encode("utf-16-le")) // 2
        except UnicodeEncodeError as problem:  # half of a surrogate pair
            raise unreadable(value) from problem
        if length > limit:
            raise errors.too_long(name, table.logical, limit)
        return value or None

    def integer(value: Any) -> Any:
        if value is None:
            return None
        if value.__class__ is not int or value not in (_INT64 if column.kind == "bigint" else _INT32):
            raise unreadable(value)
        return value

    def choice(value: Any) -> Any:
        number = integer(value)
        if number is not None and column.choices is not None and number not in column.choices:
            raise errors.option_out_of_range(name, table.logical, number, column.choices)
        return number

    def amount(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, int | Decimal) or isinstance(value, bool):
            raise unreadable(value)
        money, number = column.kind == "money", Decimal(value)
        if abs(number) > (_MONEY_LIMIT if money else _DECIMAL_LIMIT):
            raise errors.number_out_of_range(name, table.logical, money=money)
        if money:
            return number.quantize(_FOUR_PLACES)
        exponent = number.as_tuple().exponent
        return number.quantize(_TEN_PLACES) if isinstance(exponent, int) and exponent < -10 else number

    def flag(value: Any) -> Any:
        if value not in (True, False, None) or value.__class__ is int:
            raise unreadable(value)
        return value

    def guid(value: Any) -> Any:
        try:
            return None if value is None else guid_text(value)
        except (ValueError, TypeError) as problem:
            raise unreadable(value) from problem

    def moment(value: Any) -> Any:
        if value is None:
            return None
        try:
            parsed = datetime.fromisoformat(value)
        except (ValueError, TypeError) as problem:
            raise unreadable(value) from problem
        if parsed.tzinfo is None:
            raise unreadable(value)
        return time_text(parsed)

    by_kind: Mapping[str, Reader] = {
        "text": text, "int": integer, "bigint": integer, "choice": choice, "state": choice, "status": choice,
        "money": amount, "decimal": amount, "bool": flag, "guid": guid, "time": moment,
    }  # fmt: skip
    return by_kind[column.kind]
