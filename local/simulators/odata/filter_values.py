"""How values of the Edm types compare: one kind per family of types, with the form in which its values are compared.

Stored values are texts for text, Guid (lower case), date and enumeration columns, numbers for number columns, booleans
for boolean columns, and None for nothing. Both systems compare texts without case; times are compared as instants.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

_NUMBERS = frozenset({"Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double", "Edm.Byte"})
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_INTEGERS = frozenset({"Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.Byte"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of types. `key` is the form in which two values are equal, `rank` the form in which they are ordered."""

    name: str
    key: Callable[[Any], Any]
    rank: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def fold(text: str) -> str:
    """A text as both systems compare it: without case."""
    return text.casefold()


def number(value: Any) -> Any:
    """A number whose digits count; a float stands for its shortest decimal text."""
    return Decimal(repr(value)) if isinstance(value, float) else value


@lru_cache(maxsize=65536)
def instant(value: str) -> datetime:
    """A moment from its ISO text; a date stands for its first moment, UTC. Raises ValueError."""
    if len(value) == len("2026-01-05"):
        return datetime.combine(date.fromisoformat(value), time(), UTC)
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value} has no time zone: end it with Z or an offset")
    return moment


def guid_order(guid: str) -> str:
    """The order of SQL Server's uniqueidentifier, last group first: a reader that sorts by text is found out."""
    return (
        guid[24:]
        + guid[19:23]
        + guid[16:18]
        + guid[14:16]
        + guid[11:13]
        + guid[9:11]
        + guid[6:8]
        + guid[4:6]
        + guid[2:4]
        + guid[0:2]
    )


TEXT = Kind("Edm.String", _same, _same)
FOLDED_TEXT = Kind("Edm.String", fold, fold)
GUID = Kind("Edm.Guid", _same, guid_order)
NUMBER = Kind("number", number, number)
BOOLEAN = Kind("Edm.Boolean", _same, _same)
INSTANT = Kind("Edm.DateTimeOffset", instant, instant)


def kind_of(edm_type: str, *, case_insensitive_text: bool) -> Kind:
    """The kind of a column type; a type that is no Edm type is an enumeration, compared by member name."""
    if edm_type in _NUMBERS:
        return NUMBER
    if edm_type == "Edm.String":
        return FOLDED_TEXT if case_insensitive_text else TEXT
    named: Mapping[str, Kind] = {
        "Edm.Guid": GUID,
        "Edm.Boolean": BOOLEAN,
        "Edm.DateTimeOffset": INSTANT,
        "Edm.Date": INSTANT,
    }
    return named.get(edm_type) or Kind(edm_type.rpartition(".")[2], _same, _same)


def from_text(edm_type: str, text: str) -> Any:
    """A value of a column type from its plain text, as query functions carry it. Raises ValueError."""
    if edm_type in _INTEGERS:
        return int(text)
    if edm_type in _NUMBERS:
        try:
            return Decimal(text)
        except InvalidOperation as problem:
            raise ValueError(f"{text!r} is no number") from problem
    if edm_type == "Edm.Boolean":
        return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
    if edm_type == "Edm.Guid":
        return guid_text(text)
    if edm_type in ("Edm.DateTimeOffset", "Edm.Date"):
        instant(text)
    return text


def guid_text(text: str) -> str:
    """A Guid in lower case, hyphens in place, braces removed. Raises ValueError, TypeError for what is no text."""
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is no Guid")
    bare = text[1:-1] if text[:1] == "{" and text[-1:] == "}" else text
    if _GUID.fullmatch(bare) is None:
        raise ValueError(f"{text!r} is no Guid")
    return bare.lower()
