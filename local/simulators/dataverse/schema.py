"""The tables that the simulator knows, read from `tables/*.toml`.

A column is written as a kind with words: `"text 160 required"`, `"money readonly"`. Kinds: guid, text (with its
length), int, bigint, decimal, money, bool, time, choice, state, status. A lookup names its navigation properties with
their target sets, and what the delete of a target does to the row: `cascade` deletes it too, `clear` empties the
lookup, `restrict` refuses the delete, `keep` does nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

type OnDelete = Literal["cascade", "clear", "restrict", "keep"]

_EDM = {
    "guid": "Edm.Guid",
    "text": "Edm.String",
    "int": "Edm.Int32",
    "bigint": "Edm.Int64",
    "decimal": "Edm.Decimal",
    "money": "Edm.Decimal",
    "bool": "Edm.Boolean",
    "time": "Edm.DateTimeOffset",
    "choice": "Edm.Int32",
    "state": "Edm.Int32",
    "status": "Edm.Int32",
    "lookup": "Edm.Guid",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A property of a row. A lookup's column is named `_<attribute>_value`."""

    name: str
    kind: str
    length: int | None = None
    required: bool = False
    readonly: bool = False
    create_only: bool = False
    choices: Mapping[int, str] | None = None

    @property
    def edm(self) -> str:
        return _EDM[self.kind]

    @property
    def attribute(self) -> str:
        """The logical name: the column's name, and for a lookup the name inside `_..._value`."""
        return self.name.removeprefix("_").removesuffix("_value") if self.kind == "lookup" else self.name


@dataclass(frozen=True)
class Lookup:
    """A reference to a row of one of several tables: navigation property to target set."""

    attribute: str
    targets: Mapping[str, str]
    on_delete: OnDelete
    required: bool = False
    readonly: bool = False

    @cached_property
    def column(self) -> str:
        return f"_{self.attribute}_value"

    @property
    def polymorphic(self) -> bool:
        return len(self.targets) > 1


@dataclass(frozen=True)
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

    @cached_property
    def edm(self) -> Mapping[str, str]:
        """Column name to Edm type."""
        return {name: column.edm for name, column in self.columns.items()}

    @cached_property
    def navigations(self) -> Mapping[str, tuple[Lookup, str]]:
        """Navigation property to its lookup and its target set."""
        return {nav: (lookup, target) for lookup in self.lookups.values() for nav, target in lookup.targets.items()}

    @cached_property
    def money(self) -> tuple[str, ...]:
        """The money columns that a caller may write."""
        return tuple(name for name, column in self.columns.items() if column.kind == "money" and not column.readonly)

    @cached_property
    def required(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns.values() if column.required)

    @cached_property
    def create_only(self) -> frozenset[str]:
        return frozenset(name for name, column in self.columns.items() if column.create_only)


@cache
def load_tables() -> Mapping[str, Table]:
    """Every table by its entity set name."""
    folder = Path(__file__).parent / "tables"
    tables = [_table(tomllib.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.toml"))]
    return {table.entity_set: table for table in tables}


def _table(data: Mapping[str, Any]) -> Table:
    choices = {name: {int(value): label for value, label in of.items()} for name, of in data.get("choices", {}).items()}
    lookups = {attribute: _lookup(attribute, entry) for attribute, entry in data.get("lookups", {}).items()}
    columns = {name: _column(name, words.split(), choices.get(name)) for name, words in data["columns"].items()}
    for lookup in lookups.values():
        columns[lookup.column] = Column(lookup.column, "lookup", required=lookup.required, readonly=lookup.readonly)
    return Table(
        **{name: data[name] for name in ("logical", "entity_set", "schema", "key", "name", "tracking", "bulk")},
        columns=columns,
        lookups=lookups,
        states={int(state): tuple(statuses) for state, statuses in data.get("states", {}).items()},
    )


def _column(name: str, words: list[str], choices: Mapping[int, str] | None) -> Column:
    kind, *rest = words
    return Column(
        name,
        kind,
        length=int(rest.pop(0)) if kind == "text" else None,
        required="required" in rest,
        readonly="readonly" in rest,
        create_only="createonly" in rest,
        choices=choices,
    )


def _lookup(attribute: str, entry: Mapping[str, Any]) -> Lookup:
    *words, on_delete = entry["words"].split()
    return Lookup(attribute, entry["targets"], on_delete, required="required" in words, readonly="readonly" in words)
