"""Keys of rows: the primary key and alternate keys, in addresses and as rules (wire.md 1.3 and 1.4).

Alternate keys come with the tables; a test or a person may add more to a running simulator, as an administrator of a
real organisation would. An index that is not Active finds nothing and refuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, get_args
from urllib.parse import quote

from local.simulators.dataverse import errors
from local.simulators.dataverse.columns import IndexStatus, Key
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.store import Row, Store
from local.simulators.odata.filter_values import guid_text, instant, kind_of

INDEX_STATUSES: tuple[str, ...] = get_args(IndexStatus.__value__)
_PAIR = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*('(?:[^']|'')*'|[^',]+?)\s*(?:,|$)")
_WITHOUT_EFFECT = frozenset("/<>*%&:\\?+")
"""Characters that make a key value useless in an address, encoded or not."""
_KEY_TYPES = frozenset({"Edm.String", "Edm.Int32", "Edm.Decimal", "Edm.Guid", "Edm.DateTimeOffset"})


class KeyDefinitionError(ValueError):
    """A key that cannot be added; the text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """The row that an address means. Without `row_id` no row has this key; `key` is empty when the id was given."""

    row_id: str | None
    written: str
    """What stood in the parentheses, percent-encoded."""
    key: Mapping[str, Any] = field(default_factory=dict)


class Keys:
    """The alternate keys of one organisation."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._added: dict[str, dict[str, Key]] = {}

    def of(self, table: Table) -> tuple[Key, ...]:
        """The alternate keys of a table, whatever the status of their index."""
        added = self._added.get(table.entity_set)
        return (*(key for key in table.keys if key.name not in added), *added.values()) if added else table.keys

    def define(self, table: Table, key: Key) -> None:
        """Add a key or change the status of its index. Raises `KeyDefinitionError`."""
        if key.status not in INDEX_STATUSES:
            raise KeyDefinitionError(f"The status of an index is one of {', '.join(INDEX_STATUSES)}.")
        if not key.columns or len(key.columns) > 16 or len({key.name, *(one.name for one in self.of(table))}) > 10:
            raise KeyDefinitionError("A table has at most 10 keys, a key has 1 to 16 columns.")
        for column in key.columns:
            if table.edm.get(column) not in _KEY_TYPES:
                raise KeyDefinitionError(f"{column!r} is no column of {table.entity_set} that a key may have.")
        seen: set[tuple[Any, ...]] = set()
        for row in self._store.rows(table.entity_set).after(None):
            values = _values(table, key, row)
            if values in seen and key.status == "Active":
                raise KeyDefinitionError(f"Rows of {table.entity_set} share {values!r}: the index cannot be built.")
            if values is not None:
                seen.add(values)
        self._added.setdefault(table.entity_set, {})[key.name] = key

    def locate(self, table: Table, text: str) -> Place:
        """The place of a row from the decoded text in the parentheses of an address. Raises `errors.Refusal`."""
        try:
            return Place(guid_text(text.strip()), _encoded(text))
        except ValueError:
            pairs = _pairs(table, text)
        if [*pairs] == [table.key]:
            return Place(_guid(table, pairs[table.key]), _encoded(text))
        key = next((one for one in self._active(table) if set(one.columns) == pairs.keys()), None)
        if key is None:
            raise errors.bad_key(table.logical)
        values = {name: _value(table, name, written) for name, written in pairs.items()}
        return Place(self._found(table, key, values), _encoded(text), values)

    def missing(self, table: Table, place: Place) -> errors.Refusal:
        """The refusal when no row is at a place."""
        if place.row_id is not None and not place.key:
            return errors.no_such_row(table.logical, place.row_id)
        return errors.no_such_key(table.logical)

    def columns(self, table: Table) -> frozenset[str]:
        """The columns of all keys that are in effect."""
        return frozenset(column for key in self._active(table) for column in key.columns)

    def check(self, table: Table, row: Row) -> None:
        """Refuse a row that has a key which another row has. A key with an empty column is not looked at."""
        for key in self._active(table):
            values = {name: row.get(name) for name in key.columns}
            if None in values.values():
                continue
            found = self._found(table, key, values)
            if found is not None and found != row[table.key]:
                raise errors.duplicate_entity_key(key.name, ", ".join(key.columns))

    def _active(self, table: Table) -> Iterator[Key]:
        return (key for key in self.of(table) if key.status == "Active")

    def _found(self, table: Table, key: Key, values: Mapping[str, Any]) -> str | None:
        first, *others = ((name, _compared(table, name, values[name])) for name in key.columns)
        for row in self._store.rows(table.entity_set).with_values(first[0], [first[1]]):
            if all(_compared(table, name, row.get(name)) == value for name, value in others):
                row_id: str = row[table.key]
                return row_id
        return None


def _encoded(text: str) -> str:
    return quote(text, safe="',=()")


def _compared(table: Table, name: str, value: Any) -> Any:
    return None if value is None else kind_of(table.edm[name], case_insensitive_text=True).key(value)


def _values(table: Table, key: Key, row: Row) -> tuple[Any, ...] | None:
    values = tuple(_compared(table, name, row.get(name)) for name in key.columns)
    return None if None in values else values


def _pairs(table: Table, text: str) -> dict[str, str]:
    """`name=value` pairs, values as written. Raises `errors.Refusal`."""
    pairs: dict[str, str] = {}
    position = 0
    while position < len(text):
        found = _PAIR.match(text, position)
        if not found or found[1] in pairs:
            raise errors.bad_key(table.logical)
        pairs[found[1]] = found[2]
        position = found.end()
    return pairs


def _value(table: Table, name: str, written: str) -> Any:
    """The value of a key column. Raises `errors.Refusal` when it does not fit or cannot work in an address."""
    edm = table.edm[name]
    try:
        if edm == "Edm.String":
            if not written.startswith("'"):
                raise ValueError(written)
            return _text(written[1:-1].replace("''", "'"))
        if edm == "Edm.Guid":
            return guid_text(written)
        if edm == "Edm.DateTimeOffset":
            instant(written)
            return written
        return int(written) if edm == "Edm.Int32" else Decimal(written)
    except (ValueError, InvalidOperation) as problem:
        raise errors.bad_key(table.logical) from problem


def _text(value: str) -> str:
    if not _WITHOUT_EFFECT.isdisjoint(value):
        raise errors.key_characters(value)
    return value


def _guid(table: Table, written: str) -> str:
    try:
        return guid_text(written)
    except ValueError as problem:
        raise errors.bad_key(table.logical) from problem
