"""Reading the JSON of a write: names, types, enum members and lengths, before any business rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from local.simulators.finops.errors import Refusal, unreadable
from local.simulators.finops.schema import NAMESPACE, EntitySet, Schema
from local.simulators.odata.jsontext import loads

_LIMITS = {"Edm.Int32": 2**31, "Edm.Int64": 2**63, "Edm.Decimal": 2**63}
_MOST_DIGITS = 32
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_FIRST, _END = datetime(1900, 1, 1, tzinfo=UTC), datetime(2155, 1, 1, tzinfo=UTC)


def read_document(body: bytes) -> dict[str, Any]:
    """The JSON object of a request body."""
    try:
        document = loads(body)
        if b"\\u" in body:
            orjson.loads(body)  # Refuses half surrogate pairs, which no later answer could carry.
    except (ValueError, RecursionError) as problem:
        raise unreadable(f"The request body is no valid JSON: {problem}") from problem
    if not isinstance(document, dict):
        raise unreadable("The request body must be one JSON object.")
    return document


def read_values(schema: Schema, entity_set: EntitySet, document: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a document in the form in which rows hold them; annotations are left out.

    Raises Refusal (400) for an unknown property or an annotation of one, a value of another type, an unknown enum
    member.
    """
    values = {}
    for name, value in document.items():
        if "@" in name:
            _check_annotation(entity_set, name, value)
        elif name not in entity_set.columns:
            raise unreadable(
                f"The property '{name}' does not exist on type '{NAMESPACE}.{entity_set.type}'. "
                "Make sure to only use property names that are defined by the type."
            )
        else:
            values[name] = _value(schema, entity_set, name, value)
    return values


def too_long(entity_set: EntitySet, name: str, value: Any) -> bool:
    """Whether a text has more UTF-16 code units than its field holds (flows.md 1.4)."""
    limit = entity_set.lengths.get(name)
    if limit is None or not isinstance(value, str):
        return False
    return len(value) > limit or (not value.isascii() and len(value.encode("utf-16-le")) > 2 * limit)


def _check_annotation(entity_set: EntitySet, name: str, value: object) -> None:
    subject, _, term = name.partition("@")
    if subject and (subject not in entity_set.columns or term == "odata.bind"):
        raise unreadable(
            f"The annotation '{name}' is about no property of type '{NAMESPACE}.{entity_set.type}'. "
            "What a row refers to is written in its properties."
        )
    if name == "@odata.type" and value != f"#{NAMESPACE}.{entity_set.type}":
        raise unreadable(
            f"The type '{value}' is not the type of '{entity_set.name}': '#{NAMESPACE}.{entity_set.type}'."
        )


def _value(schema: Schema, entity_set: EntitySet, name: str, value: Any) -> Any:
    kind = entity_set.columns[name]
    if value is None:
        if kind == "Edm.String" or kind in schema.enums:
            return entity_set.empty[name]
        raise unreadable(f"The property '{name}' of type {kind} cannot be null.")
    if kind == "Edm.String":
        if isinstance(value, str):
            return value
    elif kind in schema.enums:
        if isinstance(value, str):
            return _member(schema, kind, name, value)
    elif kind in _LIMITS:
        if _fits(kind, value):
            return value
    elif isinstance(value, str):
        return _instant(name, value)
    raise _wrong_type(name, kind, value)


def _fits(kind: str, value: object) -> bool:
    """Whether a JSON number is one of this type; F&O keeps 32 digits of a decimal."""
    if isinstance(value, Decimal):
        if kind != "Edm.Decimal" or abs(value) >= _LIMITS[kind] or value.adjusted() <= -_MOST_DIGITS:
            return False
        return len(value.as_tuple().digits) <= _MOST_DIGITS
    return isinstance(value, int) and not isinstance(value, bool) and -_LIMITS[kind] <= value < _LIMITS[kind]


def _member(schema: Schema, kind: str, name: str, value: str) -> str:
    if value not in schema.enums[kind]:
        raise unreadable(
            f"Cannot convert the literal '{value}' of property '{name}' to the expected type '{NAMESPACE}.{kind}'."
        )
    return value


def read_instant(text: str) -> str:
    """A moment in the form in which rows hold it. Raises ValueError for another form, no zone, a year F&O has not."""
    if _INSTANT.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not of the form 2026-05-01T12:00:00Z")
    moment = datetime.fromisoformat(text)
    if not _FIRST <= moment < _END:
        raise ValueError(f"{text!r} is no moment from {_FIRST.year} to {_END.year - 1}")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(name: str, value: str) -> str:
    try:
        return read_instant(value)
    except ValueError as problem:
        raise _wrong_type(name, "Edm.DateTimeOffset", value) from problem


def _wrong_type(name: str, kind: str, value: object) -> Refusal:
    return unreadable(f"Cannot convert the {type(value).__name__} in property '{name}' to the expected type '{kind}'.")
