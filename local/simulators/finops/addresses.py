"""Resource addresses below `/data/`: entity sets, keys, `/$count`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from local.simulators.finops.errors import no_resource, unreadable
from local.simulators.finops.schema import NAMESPACE, EntitySet, Schema
from local.simulators.finops.store import Key, key_of
from local.simulators.finops.values import read_instant

ROOT = "/data/"
_SET = re.compile(r"(\w+)(\()?")
_PREDICATE = re.compile(r"\s*(?:(\w+)\s*=\s*)?((?:[\w.]+)?'(?:[^']|'')*'|[^,()'\s]+)\s*([,)])")
_BITS = {"Edm.Int32": 31, "Edm.Int64": 63}
_MEMBER = re.compile(rf"{re.escape(NAMESPACE)}\.(\w+)'(\w+)'")


@dataclass(frozen=True, slots=True)
class Address:
    """What a request is about: a set, one of its rows when `key` is there, or the number of its rows."""

    entity_set: EntitySet
    key: Mapping[str, Any] | None
    count: bool

    @property
    def row_key(self) -> Key:
        """The key in the form in which tables hold it; only for an address of one row."""
        return key_of(self.entity_set, self.key or {})


def split(url: str, *, accept_slash: bool = True) -> tuple[str, str]:
    """The path after the service root, decoded, and the query, still encoded, of an absolute or relative URL.

    Raises Refusal (404) for what is no address, for one outside of the service root, and for an encoded slash where
    none is accepted.
    """
    path, _, query = url.partition("?")
    if path.startswith(("http://", "https://")):
        try:
            path = urlsplit(path).path
        except ValueError as problem:
            raise no_resource(url) from problem
    if path.startswith("/"):
        if not path.startswith(ROOT):
            raise no_resource(url)
        path = path[len(ROOT) :]
    if not accept_slash and "%2f" in path.lower():
        raise no_resource(url)
    return unquote(path), query


def parse(schema: Schema, path: str) -> Address:
    """The address that a path (decoded, after the service root) stands for.

    Raises Refusal: 404 for unknown or wrongly spelt sets and key names, 400 for an incomplete key or a value of
    another type (wire.md Part 4).
    """
    found = _SET.match(path)
    entity_set = schema.sets.get(found[1]) if found else None
    if found is None or entity_set is None:
        raise no_resource(path)
    if found[2] is None:
        if path[found.end() :] in ("", "/", "/$count"):
            return Address(entity_set, None, path.endswith("/$count"))
        raise no_resource(path)
    return Address(entity_set, _key(schema, entity_set, path, found.end()), count=False)


def link(base: str, entity_set: EntitySet, row: Mapping[str, Any]) -> str:
    """The absolute URL of a row; `base` is the address of the server without a slash at the end."""
    parts = []
    for name in entity_set.key:
        parts.append(f"{name}={quote(_written(entity_set.columns[name], row[name]), safe="':")}")
    return f"{base}{ROOT}{entity_set.name}({','.join(parts)})"


def _written(kind: str, value: Any) -> str:
    """A key value as it stands in an address (wire.md 2.2)."""
    if kind == "Edm.String":
        return f"'{value.replace("'", "''")}'"
    return str(value) if kind.startswith("Edm.") else f"{NAMESPACE}.{kind}'{value}'"


def _key(schema: Schema, entity_set: EntitySet, path: str, start: int) -> dict[str, Any]:
    given: dict[str, str] = {}
    ending = ","
    while ending == ",":
        found = _PREDICATE.match(path, start)
        if found is None:
            raise unreadable(f"The key in '{path}' cannot be read: write {_pattern(entity_set)}.")
        name = found[1] or (entity_set.key[0] if len(entity_set.key) == 1 else "")
        if name in given or (name and name not in entity_set.key):
            raise no_resource(path)
        given[name], ending, start = found[2], found[3], found.end()
    if path[start:]:
        raise no_resource(path)
    if set(given) != set(entity_set.key):
        raise unreadable(
            "The number of keys specified in the URI does not match number of key properties for the resource "
            f"'{NAMESPACE}.{entity_set.type}': write {_pattern(entity_set)}."
        )
    return {name: _literal(schema, entity_set.columns[name], text, path) for name, text in given.items()}


def _literal(schema: Schema, kind: str, text: str, path: str) -> Any:
    if kind == "Edm.String" and text.startswith("'"):
        return text[1:-1].replace("''", "'")
    if kind in _BITS and re.fullmatch(r"-?[0-9]{1,19}", text) and -(2 ** _BITS[kind]) <= int(text) < 2 ** _BITS[kind]:
        return int(text)
    if (
        kind in schema.enums
        and (found := _MEMBER.fullmatch(text))
        and found[1] == kind
        and found[2] in schema.enums[kind]
    ):
        return found[2]
    if kind == "Edm.DateTimeOffset":
        with suppress(ValueError):
            return read_instant(text)
    raise unreadable(f"The key value {text} in '{path}' is no {kind}.")


def _pattern(entity_set: EntitySet) -> str:
    return f"{entity_set.name}({','.join(f'{name}=...' for name in entity_set.key)})"
