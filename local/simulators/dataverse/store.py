"""The rows of the simulated organisation, their versions, and transactions over them.

A row is a mapping from column name to value that holds no nulls; it is replaced, never changed, so that an old row can
be put back and a reader never sees half a write. Everything runs on one thread without awaiting in between, so a
transaction needs no lock.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from local.simulators.dataverse.schema import Table
from local.simulators.odata.filter_values import guid_order, kind_of

type Row = dict[str, Any]

_FIRST_VERSION = 900_000


class Rows:
    """The rows of one table by id, with what paging, change tracking and lookups by value need.

    `changes` and `deletions` are logs of (version, id) in the order of versions. An entry of `changes` is out of date
    when the row has another version now; an entry of `deletions` when the row exists again.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.by_id: dict[str, Row] = {}
        self.changes: tuple[list[int], list[str]] = ([], [])
        self.deletions: tuple[list[int], list[str]] = ([], [])
        self._order: list[tuple[str, str]] = []
        self._unordered: list[tuple[str, str]] = []
        self._indexes: dict[str, dict[Any, dict[str, None]]] = {}

    def use(self, table: Table) -> None:
        """Go on with the columns of `table`, which has the same key; values of other columns stay where they are."""
        self.table = table
        self._indexes = {column: index for column, index in self._indexes.items() if column in table.columns}

    def put(self, row_id: str, row: Row) -> Row | None:
        """Store a row and return the one that it replaces."""
        old = self.by_id.get(row_id)
        if old is None:
            self._unordered.append((guid_order(row_id), row_id))
        self.by_id[row_id] = row
        for column, index in self._indexes.items():
            self._reindex(column, index, row_id, old, row)
        return old

    def remove(self, row_id: str) -> Row:
        """Take a row out and return it; raises KeyError."""
        old = self.by_id.pop(row_id)
        for column, index in self._indexes.items():
            self._reindex(column, index, row_id, old, None)
        return old

    def after(self, row_id: str | None) -> Iterator[Row]:
        """All rows in the order of the primary key, from behind `row_id` (which need not exist) or from the start."""
        order = self._ordered()
        start = 0 if row_id is None else bisect_right(order, (guid_order(row_id), row_id))
        for position in range(start, len(order)):
            row = self.by_id.get(order[position][1])
            if row is not None:
                yield row

    def with_values(self, column: str, values: Iterable[Any]) -> list[Row]:
        """The rows that have one of these values (in the form of the filter's keys), in the order of the key."""
        if column == self.table.key:
            found = {value for value in values if value in self.by_id}
        else:
            index = self._index(column)
            found = {row_id for value in values for row_id in index.get(value, ())}
        return [self.by_id[row_id] for row_id in sorted(found, key=guid_order)]

    def refers(self, column: str, target_id: str) -> list[str]:
        """The ids of the rows whose lookup column holds this id."""
        return list(self._index(column).get(target_id, ()))

    def _ordered(self) -> list[tuple[str, str]]:
        if self._unordered or len(self._order) > 2 * len(self.by_id) + 1000:
            # A sorted list with a little at its end is what Python's sort is quickest at.
            merged = sorted([*self._order, *self._unordered])
            self._order = [
                entry
                for position, entry in enumerate(merged)
                if entry[1] in self.by_id and (not position or entry != merged[position - 1])
            ]
            self._unordered = []
        return self._order

    def _index(self, column: str) -> dict[Any, dict[str, None]]:
        if column not in self._indexes:
            self._indexes[column] = {}
            for row_id, row in self.by_id.items():
                self._reindex(column, self._indexes[column], row_id, None, row)
        return self._indexes[column]

    def _reindex(self, column: str, index: dict[Any, dict[str, None]], row_id: str, old: Row | None, new: Row | None
    ) -> None:  # fmt: skip
        before, now = (row.get(column) if row else None for row in (old, new))
        if before == now and (old is None) == (new is None):
            return
        key = kind_of(self.table.edm[column], case_insensitive_text=True).key
        if before is not None:
            index[key(before)].pop(row_id, None)
        if now is not None:
            index.setdefault(key(now), {})[row_id] = None


class Store:
    """All tables of the organisation; versions rise over all of them (wire.md 1.3: ETags are opaque)."""

    def __init__(self, tables: Mapping[str, Table], on_commit: Callable[[int], None]) -> None:
        """`on_commit` is told how many rows a transaction really changed."""
        self.tables = tables
        self._rows = {name: Rows(table) for name, table in tables.items()}
        self._on_commit = on_commit
        self._undo: list[Callable[[], None]] | None = None
        self.version = _FIRST_VERSION

    def use(self, tables: Mapping[str, Table]) -> None:
        """Go on with these tables, which have the same names and keys."""
        self.tables = tables
        for name, rows in self._rows.items():
            rows.use(tables[name])

    def rows(self, entity_set: str) -> Rows:
        """The rows of a table; raises KeyError for a name that is no entity set."""
        return self._rows[entity_set]

    def next_version(self) -> int:
        """A version that no row ever had."""
        self.version += 1
        return self.version

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes within are kept, or none when an exception leaves; joins a transaction that is open already."""
        if self._undo is not None:
            yield
            return
        self._undo = []
        try:
            yield
        except BaseException:
            for undo in reversed(self._undo):
                undo()
            self._undo = None
            raise
        done, self._undo = len(self._undo), None
        if done:
            self._on_commit(done)

    def put(self, entity_set: str, row: Row) -> None:
        """Store a row under a new version, which is set in it. Needs an open transaction."""
        rows, row_id = self._rows[entity_set], row[self.tables[entity_set].key]
        row["versionnumber"] = version = self.next_version()
        old = rows.put(row_id, row)
        versions, ids = rows.changes
        versions.append(version)
        ids.append(row_id)

        def undo() -> None:
            versions.pop()
            ids.pop()
            if old is None:
                rows.remove(row_id)
            else:
                rows.put(row_id, old)

        self._remember(undo)

    def remove(self, entity_set: str, row_id: str) -> None:
        """Delete a row and note the deletion. Needs an open transaction."""
        rows = self._rows[entity_set]
        old = rows.remove(row_id)
        versions, ids = rows.deletions
        versions.append(self.next_version())
        ids.append(row_id)

        def undo() -> None:
            versions.pop()
            ids.pop()
            rows.put(row_id, old)

        self._remember(undo)

    def _remember(self, undo: Callable[[], None]) -> None:
        if self._undo is None:
            raise RuntimeError("A write outside of a transaction.")
        self._undo.append(undo)


def between(log: tuple[list[int], list[str]], after: int, upto: int) -> Iterator[tuple[int, str]]:
    """The entries of a log with a version above `after` and not above `upto`."""
    versions, ids = log
    for position in range(bisect_right(versions, after), bisect_right(versions, upto)):
        yield versions[position], ids[position]


def before(log: tuple[list[int], list[str]], version: int) -> str | None:
    """The id of the entry at `version`, if there is one."""
    versions, ids = log
    position = bisect_left(versions, version)
    return ids[position] if position < len(versions) and versions[position] == version else None
