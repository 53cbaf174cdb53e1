"""The tables as callers see them: with or without the solution's columns, and without those that are hidden.

Hiding a column has the schema change while a client runs: the column is unknown from one request to the next, its
values stay where they are, and a column that is shown again is a new one to the client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from local.simulators.dataverse.schema import Table, load_tables

_FIXED = ("lookup", "state", "status")


class Visible:
    """Follows the switches `p2c_solution` and `hidden_columns`."""

    def __init__(self, switch: Callable[[str], Any], own: Path | None = None) -> None:
        """`own`: a folder of tables that the organisation has made itself."""
        self._switch = switch
        self._own = own

    def tables(self) -> Mapping[str, Table]:
        """Every table by its entity set name; the same object until one of the switches has another value."""
        solution, hidden = self._switch("p2c_solution"), self._switch("hidden_columns")
        if hidden:
            return _without(solution, tuple(sorted(hidden)), self._own)
        return load_tables(p2c=solution, own=self._own)


def hideable(own: Path | None = None) -> Sequence[str]:
    """The columns that can be hidden, as "<entity set>.<column>": those that the platform itself does not need."""
    tables = load_tables(p2c=True, own=own).values()
    return [
        f"{table.entity_set}.{name}"
        for table in tables
        for name, column in table.columns.items()
        if name not in _needed(table) and not column.required and not column.readonly and column.kind not in _FIXED
    ]


def _needed(table: Table) -> set[str]:
    """The columns of the keys and the name."""
    return {table.key, table.name, *(name for key in table.keys for name in key.columns)}


@lru_cache(maxsize=8)
def _without(solution: bool, hidden: tuple[str, ...], own: Path | None) -> Mapping[str, Table]:
    columns: dict[str, set[str]] = {}
    for one in hidden:
        entity_set, _, column = one.partition(".")
        columns.setdefault(entity_set, set()).add(column)
    tables = load_tables(p2c=solution, own=own)
    return {name: _hiding(table, columns.get(name)) for name, table in tables.items()}


def _hiding(table: Table, columns: set[str] | None) -> Table:
    if columns is None:
        return table
    return replace(table, columns={name: column for name, column in table.columns.items() if name not in columns})
