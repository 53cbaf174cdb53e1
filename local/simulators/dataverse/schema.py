"""The tables that the simulator knows, read from `tables/*.toml`; `columns` says how columns are written there, and
`own_tables` how a folder of more of them is.

`p2c` in such a file holds what the Prospect-to-cash solution adds, in the same form; `collections` the names by which
a row knows the rows that point to it, as `"<table>.<navigation property>" = "<name>"`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from local.simulators.dataverse.columns import Column, Key, Lookup, read_column, read_lookup
from local.simulators.dataverse.own_tables import Layers, add_own

__all__ = ["Collection", "Column", "Key", "Lookup", "Table", "load_tables"]

_FACTS = ("logical", "entity_set", "schema", "key", "name", "tracking", "bulk")
_PARTS = ("columns", "lookups", "keys", "flags", "collections")


@dataclass(frozen=True, slots=True)
class Collection:
    """A one-to-many relationship, named as its collection: rows of `entity_set` point here through `lookup`."""

    name: str
    entity_set: str
    lookup: Lookup
    navigation: str
    """The navigation property of the rows that point here."""


@dataclass(frozen=True, eq=False)
class Table:
    """One table with everything that reads and writes of it need to know."""

    logical: str
    entity_set: str
    schema: str
    key: str
    name: str
    tracking: bool
    bulk: bool
    columns: Mapping[str, Column]
    lookups: Mapping[str, Lookup]
    states: Mapping[int, tuple[int, ...]]
    keys: tuple[Key, ...]
    collections: Mapping[str, Collection]
    """By name; only those whose name is known, from tables that the simulator has."""

    @cached_property
    def edm(self) -> Mapping[str, str]:
        """Column name to Edm type."""
        return {name: column.edm for name, column in self.columns.items()}

    @cached_property
    def navigations(self) -> Mapping[str, tuple[Lookup, str]]:
        """Navigation property to its lookup and its (first) target set."""
        return {nav: (lookup, target) for lookup in self.lookups.values() for nav, target in lookup.targets.items()}

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """What a new row holds before anybody gave anything: no flag is set, choices have their default."""
        flags = {name: False for name, column in self.columns.items() if column.kind == "bool"}
        return flags | {name: one.default for name, one in self.columns.items() if one.default is not None}

    @cached_property
    def money(self) -> tuple[str, ...]:
        """The money columns that are kept in the base currency as well."""
        return tuple(
            name for name, column in self.columns.items() if column.kind == "money" and f"{name}_base" in self.columns
        )

    @cached_property
    def required(self) -> tuple[Column, ...]:
        """The columns without which a row is refused."""
        return tuple(column for column in self.columns.values() if column.required and column.name != self.key)

    @cached_property
    def never_empty(self) -> frozenset[str]:
        """Columns that the server fills when nobody does, and that no update may empty (wire.md 1.2)."""
        return frozenset(
            name
            for name, column in self.columns.items()
            if column.level == "SystemRequired" and not (column.required or column.readonly or column.create_only)
        )

    @cached_property
    def create_only(self) -> frozenset[str]:
        """Columns that an update leaves as they are."""
        return frozenset(name for name, column in self.columns.items() if column.create_only)

    @cached_property
    def update_only(self) -> frozenset[str]:
        """Columns that a create leaves empty."""
        return frozenset(name for name, column in self.columns.items() if column.update_only)


@cache
def load_tables(*, p2c: bool = False, own: Path | None = None) -> Mapping[str, Table]:
    """Every table by its entity set name, with or without what the Prospect-to-cash solution adds.

    `own`: a folder of tables and columns that the organisation has made itself. Raises TableFileError when it cannot be
    used. The same objects come back for the same arguments.
    """
    folder = Path(__file__).parent / "tables"
    files = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml"))]
    layers: Layers = {data["entity_set"]: [data, data["p2c"]] if p2c and "p2c" in data else [data] for data in files}
    if own is not None:
        add_own(layers, own)
    drafts = [_draft(of) for of in layers.values()]
    return MappingProxyType({draft["entity_set"]: Table(**_with_collections(draft, drafts)) for draft in drafts})


def _draft(layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The members of a table; its collections are still the bare names by table and navigation property."""
    parts = {part: {name: entry for layer in layers for name, entry in layer.get(part, {}).items()} for part in _PARTS}
    choices, states = _choices(layers), _states(layers)
    flags = {name.lower(): (off, on) for name, (off, on) in parts["flags"].items()}
    columns = [read_column(schema, words, choices, flags) for schema, words in parts["columns"].items()]
    lookups = [read_lookup(schema, entry) for schema, entry in parts["lookups"].items()]
    return {
        **{name: layer[name] for layer in layers for name in _FACTS if name in layer},
        "columns": {column.name: column for column in [*columns, *(column for _, column in lookups)]},
        "lookups": {lookup.attribute: lookup for lookup, _ in lookups},
        "states": states,
        "keys": tuple(Key(name, tuple(of)) for name, of in parts["keys"].items()),
        "collections": parts["collections"],
    }


def _choices(layers: Sequence[Mapping[str, Any]]) -> Mapping[str, Mapping[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for layer in layers:
        for name, options in layer.get("choices", {}).items():
            found.setdefault(name, {}).update({int(value): label for value, label in options.items()})
    return found


def _states(layers: Sequence[Mapping[str, Any]]) -> Mapping[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for layer in layers:
        for state, statuses in layer.get("states", {}).items():
            found[int(state)] = (*found.get(int(state), ()), *statuses)
    return found


def _with_collections(draft: Mapping[str, Any], drafts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    by_table = {other["logical"]: other for other in drafts}
    found = {}
    for path, name in draft["collections"].items():
        logical, _, navigation = path.partition(".")
        lookup = next(one for one in by_table[logical]["lookups"].values() if navigation in one.targets)
        found[name] = Collection(name, by_table[logical]["entity_set"], lookup, navigation)
    return {**draft, "collections": found}
