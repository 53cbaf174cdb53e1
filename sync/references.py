"""Reference data: small tables of both systems that mapping rows look into, read once and kept for a while.

A table is read again when nothing in it fits, since that may be new or mended, but not more often than `PATIENCE`
(flows.md 1.7).
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.mapping.plan import ReferenceSet, UnknownId
from sync.mapping.values import normalise
from sync.model import Scalar, System, Values
from sync.ports import Clock

KEEP = timedelta(minutes=5)
"""How long what was found is believed: so long may a price list go on being used that somebody has deactivated.

A process asks for a set once in that time, mostly in one request, and only while it has records to map. A product needs
four sets, so a hundred processes at once ask Sales for 400 pages in five minutes, of the 6000 requests that it grants
one user in that time (for each of its servers). A minute would take a third of them for what hardly ever changes.
"""
PATIENCE = timedelta(seconds=60)
"""How long a set is not read again for what did not fit: many records may miss the same row."""

type ReadRows = Callable[[System, str, Sequence[str]], list[Values]]


@dataclass(frozen=True, slots=True)
class _Table:
    read: datetime
    by_key: dict[str, Values]
    by_value: dict[tuple[str, str, str], str]
    found_by: dict[tuple[str, str], list[Values]]


class References:
    """The Tables of one flow. Thread-safe; raises what `rows` raises when a table cannot be read."""

    def __init__(
        self,
        sets: Sequence[ReferenceSet],
        rows: ReadRows,
        clock: Clock,
        patience: timedelta = PATIENCE,
        keep: timedelta = KEEP,
    ) -> None:
        self._sets = {(each.system, each.set): each for each in sets}
        self._rows = rows
        self._clock = clock
        self._patience = patience
        self._keep = keep
        self._tables: dict[tuple[System, str], _Table] = {}
        self._lock = threading.Lock()

    def lookup(self, system: System, set: str, id: str, give: str) -> Scalar | None:
        """The value of column `give` in the row with this key. Raises UnknownId when there is none."""
        wanted = id.casefold()
        for fresh in (False, True):
            table = self._table(system, set, fresh=fresh)
            if table is not None and wanted in table.by_key:
                return table.by_key[wanted].get(give)
        raise UnknownId(system, set, id)

    def exists(self, system: System, set: str, column: str, value: str, company: str | None) -> str | None:
        """The value as the system spells it, found without regard to case; None when it has none such."""
        wanted = (column, (company or "").casefold(), value.casefold())
        for fresh in (False, True):
            table = self._table(system, set, fresh=fresh)
            if table is not None and wanted in table.by_value:
                return table.by_value[wanted]
        return None

    def rows(
        self, system: System, set: str, column: str, value: str, fits: Callable[[Values], bool]
    ) -> Sequence[Values]:
        """The rows whose `column` is this text, compared by letters and digits, and that fit."""
        wanted = (column, normalise(value))
        for fresh in (False, True):
            table = self._table(system, set, fresh=fresh)
            found = [row for row in table.found_by.get(wanted, ()) if fits(row)] if table is not None else []
            if found:
                return found
        return ()

    def _table(self, system: System, set: str, *, fresh: bool) -> _Table | None:
        """The table as it is known; with `fresh` read again, or None when it has just been read."""
        now = self._clock.now()
        with self._lock:
            known = self._tables.get((system, set))
            if known is not None and now - known.read < (self._patience if fresh else self._keep):
                return None if fresh else known
            table = self._tables[system, set] = self._read(self._sets[system, set], now)
            return table

    def _read(self, wanted: ReferenceSet, now: datetime) -> _Table:
        columns = tuple(dict.fromkeys((wanted.key, *wanted.columns, *wanted.by)))
        rows = self._rows(wanted.system, wanted.set, columns)
        by_value = {
            (column, company, str(row[column]).casefold()): str(row[column])
            for row in rows
            for column in columns
            if row.get(column) is not None
            for company in ("", str(row.get("dataAreaId", "")).casefold())
        }
        found_by: dict[tuple[str, str], list[Values]] = defaultdict(list)
        for row in rows:
            for column in wanted.by:
                if row.get(column) is not None:
                    found_by[column, normalise(str(row[column]))].append(row)
        by_key = {str(row[wanted.key]).casefold(): row for row in rows}
        return _Table(now, by_key, by_value, dict(found_by))
