"""Reading source columns: text cleaned, blank text None (flows.md 1.4, 1.5). Closures, made once for each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from sync.mapping.text import clean
from sync.mapping.transforms import Transform, guarded
from sync.model import Scalar, Values

type Read = Callable[[Values], Scalar | None]

NO_DATE = "1900-01-01T"
"""How every blank date of F&O begins (flows.md 1.5)."""


def read_one(column: str, *, multiline: bool) -> Read:
    """The value of a column."""

    def read(values: Values) -> Scalar | None:
        value = values.get(column)
        if isinstance(value, str):
            return None if value.startswith(NO_DATE) else clean(value, multiline=multiline) or None
        return value

    return read


def read_typed(column: str, table: str) -> Read:
    """A lookup to several tables: its id, "|" and the table."""

    def read(values: Values) -> Scalar | None:
        id = values.get(column)
        return None if id in (None, "") else f"{id}|{values.get(table) or ''}"

    return read


def read_text(column: str, *, multiline: bool) -> Read:
    """The same, with numbers and flags as text."""

    def read(values: Values) -> Scalar | None:
        value = values.get(column)
        if value is None or (isinstance(value, str) and value.startswith(NO_DATE)):
            return None
        return clean(value if isinstance(value, str) else as_text(value), multiline=multiline) or None

    return read


def read_joined(columns: Sequence[str], between: str, *, multiline: bool) -> Read:
    """The non-blank values of some columns with a text between them."""

    def read(values: Values) -> Scalar | None:
        texts = [
            value if isinstance(value, str) else as_text(value)
            for value in map(values.get, columns)
            if value is not None
        ]
        parts = [clean(text, multiline=multiline) for text in texts]
        return between.join(filter(None, parts)) or None

    return read


def read_combined(columns: Sequence[str], combine: Transform, target: str, *, multiline: bool) -> Read:
    """What a function makes of several columns."""
    readers = [read_one(column, multiline=multiline) for column in columns]
    call = guarded(combine, target, multiline=multiline)

    def read(values: Values) -> Scalar | None:
        return call([reader(values) for reader in readers])

    return read


def read_fixed(value: Scalar | None) -> Read:
    """The same value for every record."""
    return lambda _: value


def as_text(value: Scalar) -> str:
    """Numbers and flags as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
