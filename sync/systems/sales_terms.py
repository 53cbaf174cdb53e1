"""How values stand in the addresses of Sales, and what every read of it sends (wire.md 1.1, 1.3, 1.5).

Query functions go by attributes (`contactid`), rows and plain conditions by columns (`_contactid_value`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from sync.model import Scalar, Use
from sync.systems import odata

API = "/api/data/v9.2"
READING = {"If-None-Match": "null"}
"""Headers of every read: no cached answers (wire.md 1.1)."""

_CHAIN = 100
"""Conditions joined with `or`; far below what a query may hold."""
_FEW = 10
"""Of a second column so many values are asked for by name; with more of them, rows are sorted out here."""
_LOOKUP = re.compile(r"_(\w+)_value")


def attribute(column: str) -> str:
    """The logical name of a column: `contactid` for `_contactid_value`."""
    found = _LOOKUP.fullmatch(column)
    return found[1] if found else column


def conditions(column: str, values: Sequence[Scalar], *, room: int, most: int) -> Iterator[str]:
    """Filters that together find every value: `In()`, and `eq` joined with `or` for what `In()` is not sure to take.

    That are numbers, and texts with quotes in them: how `In()` wants a quote inside a value is not documented.
    """
    plain = [value for value in values if isinstance(value, str) and not set(value) & set("\"'\\")]
    others = [value for value in values if not isinstance(value, str) or set(value) & set("\"'\\")]
    head, tail = f"Microsoft.Dynamics.CRM.In(PropertyName='{attribute(column)}',PropertyValues=%5B", "%5D)"
    listed = [(item, item) for value in plain for item in [f"%22{odata.literal(value)[1:-1]}%22"]]
    for pack in odata.packs(listed, room=room - len(head) - len(tail), between=1, most=most):
        yield f"{head}{','.join(pack)}{tail}"
    terms = [(term, term) for value in others for term in [equals(column, value)]]
    for pack in odata.packs(terms, room=room - 2, between=len("%20or%20"), most=_CHAIN):
        yield odata.any_of(pack)


def joint_conditions(wanted: Sequence[Mapping[str, Scalar]], *, room: int, most: int) -> Iterator[str]:
    """Filters that together find every row that has all values of one of `wanted`, which name the same columns.

    They go by the column with the most different values, and let other rows through as well: the caller compares.
    """
    values = {column: list({folded(one[column]): one[column] for one in wanted}.values()) for column in wanted[0]}
    chosen = max(values, key=lambda column: len(values[column]))
    besides = [
        odata.any_of([equals(column, value) for value in found])
        for column, found in values.items()
        if column != chosen and len(found) <= _FEW
    ]
    taken = sum(len(term) + len("%20and%20") for term in besides)
    for condition in conditions(chosen, values[chosen], room=room - taken, most=most):
        yield odata.all_of([condition, *besides])


def of_use(use: Use) -> str:
    """The condition on the rows of a `Use`, "" when there is none; a row without a value is none of the values."""
    if not use.where or not use.values:
        return ""
    if use.among:
        return odata.any_of([equals(use.where, value) for value in use.values])
    none = odata.all_of([f"{use.where}%20ne%20{odata.literal(value)}" for value in use.values])
    return f"({none}%20or%20{use.where}%20eq%20null)"


def equals(column: str, value: Scalar) -> str:
    """`column eq value`; an id in a lookup stands without quotes."""
    if isinstance(value, str) and _LOOKUP.fullmatch(column):
        return f"{column}%20eq%20{quote(value, safe='')}"
    return odata.equals(column, value)


def folded(value: object) -> object:
    """A value in the form in which Sales compares it: texts without case."""
    return value.casefold() if isinstance(value, str) else value
