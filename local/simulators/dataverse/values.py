"""What may be written into a column: for each column a function from the JSON value to the value that is stored.

Empty texts are stored as nothing, as the platform does. Money is kept with four decimals (wire.md 1.5 shows
`5000000.0000`), other decimals with the digits they came with, as many as the column has places. Lengths count UTF-16
code units. A value of the wrong JSON type cannot be read at all (`0x80048d19`); one that can be read but is too long or
out of range has a code of its own (wire.md 1.12). Lookups are written by navigation property and have no function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from local.simulators.dataverse import errors
from local.simulators.dataverse.schema import Column, Table
from local.simulators.odata.filter_values import guid_text

type Reader = Callable[[Any], Any]
"""From a JSON value to what is stored. Raises `errors.Refusal`."""

_INT32 = (-(2**31), 2**31 - 1)
_INT64 = (-(2**63), 2**63 - 1)
_MONEY = Decimal("922337203685477")
_DECIMAL = Decimal("100000000000")
_FOUR_PLACES = Decimal("0.0001")
_MOST_PLACES = 10
_EARLIEST = datetime(1753, 1, 1, tzinfo=UTC)
"""The first moment that the platform's database can hold."""


@lru_cache
def readers(table: Table) -> Mapping[str, Reader]:
    """The functions for all columns of a table that take a plain value."""
    return {
        name: _READERS[column.kind](table, column) for name, column in table.columns.items() if column.kind in _READERS
    }


@lru_cache(maxsize=64)
def time_text(moment: datetime) -> str:
    """A moment as the API writes it: UTC, whole seconds. All rows of a request are written at the same moment."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _unreadable(table: Table, column: Column, value: Any) -> errors.Refusal:
    return errors.unreadable_value(table.entity_set, column.name, value, column.edm)


def _out_of_range(table: Table, column: Column) -> errors.Refusal:
    return errors.number_out_of_range(column.name, table.logical, money=column.kind == "money")


def _text(table: Table, column: Column) -> Reader:
    limit = column.length

    def read(value: Any) -> Any:
        if value.__class__ is not str:
            if value is None:
                return None
            raise _unreadable(table, column, value)
        if limit is not None:
            try:
                length = len(value) if value.isascii() else len(value.encode("utf-16-le")) // 2
            except UnicodeEncodeError as problem:  # half of a surrogate pair
                raise _unreadable(table, column, value) from problem
            if length > limit:
                raise errors.too_long(column.name, table.logical, limit)
        return value or None

    return read


def _whole(limits: tuple[int, int], table: Table, column: Column) -> Reader:
    """Beyond the type a number cannot be read, beyond the column's limits it is out of range."""
    lowest, highest = limits
    low = lowest if column.low is None else int(column.low)
    high = highest if column.high is None else int(column.high)

    def read(value: Any) -> Any:
        if value is None:
            return None
        if value.__class__ is not int or not lowest <= value <= highest:
            raise _unreadable(table, column, value)
        if not low <= value <= high:
            raise _out_of_range(table, column)
        return value

    return read


def _choice(table: Table, column: Column) -> Reader:
    number, choices = _whole(_INT32, table, column), column.choices or {}

    def read(value: Any) -> Any:
        chosen = number(value)
        if chosen is not None and chosen not in choices:
            raise errors.option_out_of_range(column.name, table.logical, chosen, choices)
        return chosen

    return read


def _money(table: Table, column: Column) -> Reader:
    low = -_MONEY if column.low is None else column.low
    high = _MONEY if column.high is None else column.high

    def read(value: Any) -> Any:
        number = _number(table, column, value)
        if number is None:
            return None
        if not low <= number <= high:
            raise _out_of_range(table, column)
        return number.quantize(_FOUR_PLACES)

    return read


def _decimal(table: Table, column: Column) -> Reader:
    low = -_DECIMAL if column.low is None else column.low
    high = _DECIMAL if column.high is None else column.high
    places = _MOST_PLACES if column.places is None else column.places
    unit = Decimal(1).scaleb(-places)

    def read(value: Any) -> Any:
        number = _number(table, column, value)
        if number is None:
            return None
        if not low <= number <= high:
            raise _out_of_range(table, column)
        exponent = number.as_tuple().exponent
        return number.quantize(unit) if isinstance(exponent, int) and exponent < -places else number

    return read


def _number(table: Table, column: Column, value: Any) -> Decimal | None:
    if value is None:
        return None
    if value.__class__ is not int and value.__class__ is not Decimal:
        raise _unreadable(table, column, value)
    return Decimal(value)


def _flag(table: Table, column: Column) -> Reader:
    def read(value: Any) -> Any:
        if value is True or value is False or value is None:
            return value
        raise _unreadable(table, column, value)

    return read


def _guid(table: Table, column: Column) -> Reader:
    def read(value: Any) -> Any:
        return None if value is None else _parsed(guid_text, table, column, value)

    return read


def _moment(table: Table, column: Column) -> Reader:
    """Columns of which forms show the day hold moments all the same."""

    def read(value: Any) -> Any:
        if value is None:
            return None
        moment = _parsed(datetime.fromisoformat, table, column, value)
        if moment.tzinfo is None or not _is_day(value[:10]) or value[10] != "T":
            raise _unreadable(table, column, value)
        if moment < _EARLIEST:
            raise errors.date_out_of_range(column.name, table.logical)
        return time_text(moment)

    return read


def _day(table: Table, column: Column) -> Reader:
    """A date without a time: a moment is no date."""

    def read(value: Any) -> Any:
        if value is None:
            return None
        day = _parsed(date.fromisoformat, table, column, value)
        if not _is_day(value):
            raise _unreadable(table, column, value)
        if day < _EARLIEST.date():
            raise errors.date_out_of_range(column.name, table.logical)
        return day.isoformat()

    return read


def _parsed[Parsed](parse: Callable[[str], Parsed], table: Table, column: Column, value: Any) -> Parsed:
    """What `parse` makes of a value. Raises `errors.Refusal` for one that it does not take."""
    try:
        return parse(value)
    except (ValueError, TypeError) as problem:
        raise _unreadable(table, column, value) from problem


def _is_day(text: str) -> bool:
    """Whether a text that Python read as a date has the only form that OData gives it, year, month and day."""
    return len(text) == len("2026-01-05") and text[4] == text[7] == "-"


_READERS: Mapping[str, Callable[[Table, Column], Reader]] = {
    "text": _text,
    "memo": _text,
    "int": partial(_whole, _INT32),
    "bigint": partial(_whole, _INT64),
    "choice": _choice,
    "state": _choice,
    "status": _choice,
    "money": _money,
    "decimal": _decimal,
    "double": _decimal,
    "bool": _flag,
    "guid": _guid,
    "time": _moment,
    "date": _day,
}
