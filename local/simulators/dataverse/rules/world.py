"""What a rule is given: the row that is about to be stored, and the organisation around it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.store import Row, Store
from local.simulators.odata.filter_values import kind_of

_TEXT_KEY = kind_of("Edm.String", case_insensitive_text=True).key


@dataclass(frozen=True, slots=True)
class Caller:
    """Who the requests of the simulator act as, and in which organisation."""

    user_id: str
    business_unit_id: str
    organization_id: str


@dataclass(frozen=True, slots=True)
class World:
    """The organisation as the rules see it. `switch` gives the value of a switch."""

    store: Store
    caller: Caller
    switch: Callable[[str], Any]

    def find(self, entity_set: str, row_id: str | None) -> Row | None:
        """A row by its id, or None when there is none."""
        return None if row_id is None else self.store.rows(entity_set).by_id.get(row_id)

    def referring(self, entity_set: str, column: str, target_id: str) -> list[Row]:
        """The rows of a table whose lookup column holds this id."""
        rows = self.store.rows(entity_set)
        return [rows.by_id[row_id] for row_id in rows.refers(column, target_id)]

    def with_text(self, entity_set: str, column: str, value: str) -> list[Row]:
        """The rows of a table that have this text, in whatever case, as the platform compares texts."""
        return self.store.rows(entity_set).with_values(column, [_TEXT_KEY(value)])

    @property
    def organization(self) -> Row:
        """The row of the organisation."""
        return self.store.rows("organizations").by_id[self.caller.organization_id]


@dataclass(frozen=True, slots=True)
class Change:
    """A row before it is stored; a rule may fill in `row`.

    `old` is the row that it replaces, None for a new one. `named` are the columns that the caller gave values for,
    None when the server itself writes: what guards a row against callers does not apply then.
    """

    table: Table
    row: Row
    old: Row | None
    named: Collection[str] | None
    world: World

    @property
    def by_caller(self) -> bool:
        """Whether somebody asked for this write of this very row."""
        return self.named is not None

    def names(self, column: str) -> bool:
        """Whether the caller gave a value for a column."""
        return self.named is not None and column in self.named

    def changed(self, column: str) -> bool:
        """Whether a row that exists gets another value in a column."""
        return self.old is not None and self.old.get(column) != self.row.get(column)

    def names_other_than(self, columns: Iterable[str]) -> bool:
        """Whether the caller gave a value for any column besides these."""
        return self.named is not None and not set(self.named) <= set(columns)


def put(row: Row, name: str, value: Any) -> None:
    """Set a value; None empties the column, since rows hold no nulls."""
    if value is None:
        row.pop(name, None)
    else:
        row[name] = value
