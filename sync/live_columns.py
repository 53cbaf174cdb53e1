"""The columns that both systems have, of the tables and by the names that an installation's mapping files speak of.

They are remembered in storage, so that all processes go by the same ones, so that F&O's metadata, which are big, are
read by one process for all, and so that looking at an installation asks the systems nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.mapping.conditions import Columns, LiveColumns
from sync.model import System, Watermark
from sync.ports import Clock, Stale, Watermarks

KEEP = timedelta(hours=1)
"""How long the columns of a system are taken as they were read."""
LOOK = timedelta(minutes=1)
"""How long a process relies on what it knows of them. So long, too, what has changed is not believed by any process:
then all begin with it at once, and what is read anew because of it is judged by the new plan everywhere."""

type Ask = Callable[[Collection[str]], Mapping[str, frozenset[str]]]
"""What a system answers for these entity sets; those that it does not have are not in it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What mapping files speak of: entity sets by system, and all texts that may name a column."""

    sets: Mapping[System, frozenset[str]]
    names: frozenset[str]

    @classmethod
    def all_of(cls, wanted: Iterable[Wanted]) -> Wanted:
        """What several mapping files speak of."""
        each = list(wanted)
        systems: tuple[System, ...] = ("sales", "finops")
        sets = {system: frozenset[str]().union(*(one.sets[system] for one in each)) for system in systems}
        return cls(sets, frozenset[str]().union(*(one.names for one in each)))


class KnownToAll:
    """The columns of both systems as all processes of an installation know them. Thread-safe."""

    def __init__(self, wanted: Wanted) -> None:
        self._systems = {system: _KnownOf(system, sets, wanted.names) for system, sets in wanted.sets.items() if sets}
        self._lock = threading.Lock()

    def refresh(self, ask: Callable[[System], Ask], watermarks: Watermarks, clock: Clock) -> LiveColumns:
        """The columns that every process goes by now; a system is asked once an hour, by one process for all.

        Raises what asking and storage raise.
        """
        with self._lock:
            return {system: known.refresh(ask(system), watermarks, clock) for system, known in self._systems.items()}

    def recall(self, watermarks: Watermarks) -> tuple[LiveColumns, datetime | None]:
        """The columns as the processes at work have found them, and when they did; asks no system."""
        found = {system: known.recall(watermarks) for system, known in self._systems.items()}
        told = {system: each for system, each in found.items() if each is not None}
        return {system: columns for system, (columns, _) in told.items()}, min(
            (checked for _, checked in told.values()), default=None
        )


class _KnownOf:
    """The columns of one system."""

    def __init__(self, system: System, sets: frozenset[str], names: frozenset[str]) -> None:
        self._row = f"*columns {system}"  # no flow has such a name
        self._sets, self._names = sets, names
        asked = json.dumps([sorted(sets), sorted(names)])
        self._asked = hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._look_again: datetime | None = None
        self._columns: Columns = {}

    def refresh(self, ask: Ask, watermarks: Watermarks, clock: Clock) -> Columns:
        now = clock.now()
        if self._look_again is not None and now < self._look_again:
            return self._columns
        row = watermarks.read(self._row)
        known = _Known.read(row, self._asked)
        if known is None or row.checked is None or now - row.checked >= KEEP:
            found = {set: names & self._names for set, names in ask(sorted(self._sets)).items()}
            known = _Known.learnt(found, known, now)
            self._save(known, row, watermarks, now)
        at_present = known.at(now)
        if at_present != self._columns:  # the same object as long as nothing has changed
            self._columns = at_present
        believed = known.since + LOOK
        self._look_again = believed if now < believed else now + LOOK
        return self._columns

    def recall(self, watermarks: Watermarks) -> tuple[Columns, datetime] | None:
        """None when no process has asked for what these mapping files speak of."""
        row = watermarks.read(self._row)
        known = _Known.read(row, self._asked)
        return None if known is None or row.checked is None else (known.columns, row.checked)

    def _save(self, known: _Known, row: Watermark, watermarks: Watermarks, now: datetime) -> None:
        try:
            watermarks.save(Watermark(self._row, row.step + 1, known.text(self._asked), checked=now, etag=row.etag))
        except Stale:
            return  # another process has just asked, too


@dataclass(frozen=True, slots=True)
class _Known:
    """The columns that a system has, since when that is known, and those before."""

    columns: Columns
    before: Columns
    since: datetime

    @classmethod
    def learnt(cls, found: Columns, known: _Known | None, now: datetime) -> _Known:
        if known is None:
            return cls(found, found, now)
        return known if found == known.columns else cls(found, known.at(now), now)

    @classmethod
    def read(cls, row: Watermark, asked: str) -> _Known | None:
        """None for what is not known, or was asked with other mapping files or settings, which name other columns."""
        if row.checked is None:
            return None
        said = json.loads(zlib.decompress(base64.b64decode(row.position)))
        if said["asked"] != asked:
            return None
        return cls(_sets(said["columns"]), _sets(said["before"]), datetime.fromisoformat(said["since"]))

    def text(self, asked: str) -> str:
        """Packed: the names of a dozen tables come near to the 32,768 characters that a property may have."""
        said = {
            "asked": asked,
            "columns": _lists(self.columns),
            "before": _lists(self.before),
            "since": self.since.isoformat(),
        }
        return base64.b64encode(zlib.compress(json.dumps(said).encode(), 9)).decode()

    def at(self, now: datetime) -> Columns:
        """Those that every process goes by at this time."""
        return self.columns if now - self.since >= LOOK else self.before


def _sets(said: Mapping[str, list[str]]) -> Columns:
    return {table: frozenset(names) for table, names in said.items()}


def _lists(columns: Columns) -> dict[str, list[str]]:
    return {table: sorted(names) for table, names in sorted(columns.items())}
