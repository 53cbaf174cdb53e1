"""The rows of the simulated company database, with transactions that leave no trace when they fail."""

from __future__ import annotations

import itertools
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from local.simulators.finops.schema import COMPANY, EntitySet, Schema
from local.simulators.odata.filter_values import fold

type Key = tuple[Any, ...]
type Stamp = tuple[int, int]
"""A row of one table behind an entity: record version, record id."""
_FIRST_RECID = 22565421000
_NO_NOTES: Mapping[str, Any] = {}


class Values(dict[str, Any]):
    """Some properties of a row; every other property is there too, with its empty value."""

    __slots__ = ("empty",)

    def __init__(self, values: Iterable[tuple[str, Any]], empty: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.empty = empty

    def __missing__(self, name: str) -> Any:
        return self.empty[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a property, its empty value included."""
        return self[name] if name in self.empty else default

    def whole(self) -> dict[str, Any]:
        """Every property with its value."""
        return {**self.empty, **self}


class Row(Values):
    """A stored row; it holds the properties that differ from their empty value.

    A row is never changed, only replaced. `stamps` are those of every table behind it, its own first. `notes` are
    facts that no client sees; administrators do.
    """

    __slots__ = ("etag", "notes", "stamps")

    def __init__(
        self, values: Mapping[str, Any], empty: Mapping[str, Any], stamps: tuple[Stamp, ...], notes: Mapping[str, Any]
    ) -> None:
        super().__init__([item for item in values.items() if item[1] != empty[item[0]]], empty)
        self.stamps = stamps
        self.notes = notes
        self.etag = _etag(stamps)


def _etag(stamps: tuple[Stamp, ...]) -> str:
    """Record version and id of every table behind the row, in base64 (wire.md 2.3)."""
    pairs = ";".join([f"{version},{recid}" for version, recid in stamps])
    return f'W/"{b64encode(f"'{pairs}'".encode()).decode()}"'


@dataclass(frozen=True, slots=True)
class Party:
    """An entry of the global address book; customers and contact persons of any company may share it."""

    number: str
    type: str
    name: str
    stamp: Stamp
    roles: frozenset[tuple[str, Key]]
    """The rows, as set name and key, that show this party."""


def key_of(entity_set: EntitySet, values: Mapping[str, Any]) -> Key:
    """The key of a row in the form in which keys compare: without case (flows.md 1.2)."""
    return tuple([fold(value) if isinstance(value := values[name], str) else value for name in entity_set.key])


class Table:
    """The rows of one entity set in the order of their creation."""

    def __init__(self, entity_set: EntitySet) -> None:
        self.entity_set = entity_set
        self.rows: dict[Key, Row] = {}
        # Keys hold enum members folded, which filters do not: such a column is searched row by row.
        indexed = {name for name in entity_set.key if name != COMPANY and entity_set.columns[name].startswith("Edm.")}
        self._places = {name: place for place, name in enumerate(entity_set.key) if name in indexed}
        self._index: dict[str, dict[Any, dict[Key, None]]] = {name: {} for name in self._places}

    def candidates(self, equals: tuple[str, frozenset[Any]] | None) -> Iterable[Row]:
        """The rows among which all with one of these folded values in this column are; all rows if no index helps."""
        if equals is None or equals[0] not in self._index:
            return self.rows.values()
        index = self._index[equals[0]]
        found = [self.rows[key] for value in equals[1] for key in index.get(value, ())]
        return sorted(found, key=lambda row: row.stamps[0][1])

    def put(self, key: Key, row: Row | None) -> None:
        """Write a row over whatever the key had; None removes it."""
        known = key in self.rows
        if row is not None:
            self.rows[key] = row
        elif known:
            del self.rows[key]
        if known != (row is not None):
            for name, place in self._places.items():
                keys = self._index[name].setdefault(key[place], {})
                if row is None:
                    keys.pop(key, None)
                else:
                    keys[key] = None

    def bring_back(self, key: Key, row: Row) -> None:
        """Undo the removal of a row: it stands again where it stood."""
        self.put(key, row)
        self.rows = dict(sorted(self.rows.items(), key=lambda item: item[1].stamps[0][1]))


class Store:
    """All tables and the global address book. Every change happens inside `transaction`."""

    def __init__(self, schema: Schema) -> None:
        self.tables = {name: Table(entity_set) for name, entity_set in schema.sets.items()}
        self.parties: dict[str, Party] = {}
        self.changed = 0
        """Rows changed for good, all in all."""
        self._recids = itertools.count(_FIRST_RECID)
        self._party_numbers = itertools.count(1)
        self._undo: list[Callable[[], None]] = []
        self._open = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes made inside stay, or none when an exception leaves it. An inner transaction joins the outer."""
        if self._open:
            yield
            return
        self._open = True
        before = self.changed
        try:
            yield
        except BaseException:
            for undo in reversed(self._undo):
                undo()
            self.changed = before
            raise
        finally:
            self._undo.clear()
            self._open = False

    def find(self, set_name: str, key: Key) -> Row | None:
        """The row with this key (in the form of `key_of`)."""
        return self.tables[set_name].rows.get(key)

    def create(
        self,
        set_name: str,
        values: Mapping[str, Any],
        *,
        notes: Mapping[str, Any] = _NO_NOTES,
        party: Party | None = None,
    ) -> Row:
        """Write a row whose key is free; with a party the row becomes one of its roles."""
        table = self.tables[set_name]
        key = key_of(table.entity_set, values)
        stamps = (self.stamp(), party.stamp) if party else (self.stamp(),)
        row = Row(values, table.entity_set.empty, stamps, notes)
        self._write(table, key, row)
        if party:
            self._write_party(replace(party, roles=party.roles | {(set_name, key)}))
        return row

    def update(
        self, set_name: str, row: Row, changes: Mapping[str, Any], *, notes: Mapping[str, Any], party: Party | None
    ) -> Row:
        """Write a row anew; its record version rises. `party` is its party when it has one, as it is now."""
        table = self.tables[set_name]
        version, recid = row.stamps[0]
        stamps = ((version + 1, recid), party.stamp) if party else ((version + 1, recid),)
        changed = Row({**row, **changes}, row.empty, stamps, notes)
        self._write(table, key_of(table.entity_set, row), changed)
        return changed

    def delete(self, set_name: str, row: Row, *, party: Party | None = None) -> None:
        """Remove a row; with a party the row is no role of it any more."""
        table = self.tables[set_name]
        key = key_of(table.entity_set, row)
        if party:
            self._write_party(replace(party, roles=party.roles - {(set_name, key)}))
        table.put(key, None)
        self._undo.append(lambda: table.bring_back(key, row))
        self.changed += 1

    def stamp(self) -> Stamp:
        """The stamp of a new record."""
        return 0, next(self._recids)

    def next_party_number(self) -> str:
        """The next number of the address book's sequence that no party has."""
        number = f"P-{next(self._party_numbers):06d}"
        while number in self.parties:
            number = f"P-{next(self._party_numbers):06d}"
        return number

    def enter_party(self, number: str, kind: str, name: str) -> Party:
        """Enter a party into the address book under a free number."""
        party = Party(number, kind, name, self.stamp(), frozenset())
        self._write_party(party)
        return party

    def rename_party(self, party: Party, name: str, changes: Mapping[str, Mapping[str, Any]], row: Row | None) -> Party:
        """Change the name of a party, and with it every role that it has but `row`, which the caller writes.

        `changes` says by set name what the new name is in the columns of that set.
        """
        renamed = replace(party, name=name, stamp=(party.stamp[0] + 1, party.stamp[1]))
        self._write_party(renamed)
        for set_name, key in party.roles:
            table = self.tables[set_name]
            if (other := table.rows[key]) is not row:
                stamps = (other.stamps[0], renamed.stamp)
                self._write(table, key, Row({**other, **changes[set_name]}, other.empty, stamps, other.notes))
        return renamed

    def _write(self, table: Table, key: Key, row: Row) -> None:
        before = table.rows.get(key)
        table.put(key, row)
        self._undo.append(lambda: table.put(key, before))
        self.changed += 1

    def _write_party(self, party: Party) -> None:
        before = self.parties.get(party.number)
        self.parties[party.number] = party

        def undo() -> None:
            if before is None:
                del self.parties[party.number]
            else:
                self.parties[party.number] = before

        self._undo.append(undo)
