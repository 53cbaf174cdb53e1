"""What the check needs from both systems, as Protocols; nothing of it writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from sync.mapping.terms import ReferenceSet, Tables
from sync.model import EntityRef, System, Values


class Column(Protocol):
    """One column as its system tells it; None stands for what a system does not tell.

    `name` is the one in rows (a lookup of Sales is `_<attribute>_value`). `kind` is one of text, whole, decimal,
    yes_no, date, moment, guid, lookup, choice, enum, other; `type` the system's own word. `members` are an enum's by
    name, `options` an option set's by number. `targets` are the logical names of the tables that a lookup can lead to,
    `binds` its navigation properties with the entity sets that each leads to.
    """

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def max_length(self) -> int | None: ...
    @property
    def required(self) -> bool | None: ...
    @property
    def creatable(self) -> bool | None: ...
    @property
    def updatable(self) -> bool | None: ...
    @property
    def members(self) -> Mapping[str, int] | None: ...
    @property
    def options(self) -> Mapping[int, str] | None: ...
    @property
    def targets(self) -> tuple[str, ...]: ...
    @property
    def binds(self) -> Mapping[str, tuple[str, ...]]: ...


class Table(Protocol):
    """One table: its entity set, its own name, its key, its columns by name; `change_tracking` is Sales' alone."""

    @property
    def set(self) -> str: ...
    @property
    def logical_name(self) -> str: ...
    @property
    def key(self) -> tuple[str, ...]: ...
    @property
    def columns(self) -> Mapping[str, Column]: ...
    @property
    def change_tracking(self) -> bool | None: ...


class Systems(Protocol):
    """Both systems. Every method raises what reading them raises (SyncError): no rights, not reached, throttled."""

    def tables(self, system: System, sets: Collection[str]) -> Mapping[str, Table | None]:
        """The tables with these entity sets; None for one that the system does not have."""
        ...

    def rows(self, system: System, table: Table, columns: Sequence[str], *, company: str) -> Iterable[Values]:
        """All rows of a table, of one company of F&O ("" for a table without companies), as they come."""
        ...

    def is_used(self, set: str, column: str, id: str) -> bool:
        """Whether the lookup `column` (its logical name) of any row of this Sales table leads to this id."""
        ...

    def references(self, sets: Sequence[ReferenceSet]) -> Tables:
        """The look-ups of a plan, as its flow makes them."""
        ...

    def try_reading(self, entity: EntityRef, columns: Sequence[str], *, company: str) -> None:
        """Look for a row that is not there, which needs the right to read, and every one of these columns."""
        ...

    def try_following(self, entity: EntityRef) -> None:
        """Read the first of a table's tracked changes, as a flow does that follows them."""
        ...
