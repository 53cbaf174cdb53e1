"""The plans of a mapping file as the live system allows them: which columns there are decides what is mapped.

What Sales has is remembered in storage, so that all processes have the same plans, and so that looking at an
installation asks Sales nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.mapping.compile import compile_plans
from sync.mapping.load import LoadedMapping
from sync.mapping.plan import Plan
from sync.mapping.values import ValueMap
from sync.model import Watermark
from sync.ports import Clock, Stale, Watermarks

KEEP = timedelta(hours=1)
"""How long the columns of a table are taken as they were read."""
LOOK = timedelta(minutes=1)
"""How long a process relies on what it knows of them. So long, too, what has changed is not believed by any process:
then all begin with it at once, and what is read anew because of it is judged by the new plan everywhere."""

type Columns = Mapping[str, frozenset[str]]


class LivePlans:
    """The plans of one mapping file, one for each direction. Thread-safe.

    Raises MappingProblems at once when the file and the settings make no plan, whatever columns there are.
    """

    def __init__(self, loaded: LoadedMapping, maps: Mapping[str, ValueMap], settings: Mapping[str, str]) -> None:
        self._loaded = loaded
        self._maps = maps
        self._settings = settings
        dumped = loaded.file.model_dump(mode="json", by_alias=True, warnings="none")
        # A setting, too, may name a column.
        self._named = frozenset((*_texts(dumped), *settings.values()))
        self._look_again: datetime | None = None
        self._lock = threading.Lock()
        self._columns: Columns | None = None
        self._plans = self._compiled()

    @property
    def plans(self) -> list[Plan]:
        """The plans as they are known now."""
        return list(self._plans.values())

    def plan(self, flow: str) -> Plan:
        """The plan of one of the file's flows as it is known now."""
        return self._plans[flow]

    @property
    def refers_to(self) -> frozenset[str]:
        """The mappings whose links any of the plans reads."""
        return frozenset().union(*(plan.refers_to for plan in self._plans.values()))

    def refresh(self, columns: Callable[[str], frozenset[str]], watermarks: Watermarks, clock: Clock) -> None:
        """Bring the plans up to what Sales has; `columns` is asked once an hour, by one process for all.

        Raises what `columns` and storage raise, and MappingProblems when a column is gone that a flow needs.
        """
        with self._lock:
            now = clock.now()
            if self._look_again is not None and now < self._look_again:
                return
            row = watermarks.read(self._row)
            known = _Known.read(row)
            if known is None or row.checked is None or now - row.checked >= KEEP:
                found: Columns = {table: columns(table) & self._named for table in self._tables()}
                known = _Known.learnt(found, known, now)
                self._save(known, row, watermarks, now)
            self._take(known.at(now))
            believed = known.since + LOOK
            self._look_again = believed if now < believed else now + LOOK

    def recall(self, watermarks: Watermarks) -> None:
        """Bring the plans up to what the processes at work have found; asks Sales nothing."""
        row = watermarks.read(self._row)
        if known := _Known.read(row):
            with self._lock:
                self._take(known.columns)

    @property
    def _row(self) -> str:
        """No flow has such a name."""
        return f"*columns {self._loaded.name}"

    def _save(self, known: _Known, row: Watermark, watermarks: Watermarks, now: datetime) -> None:
        try:
            watermarks.save(Watermark(self._row, row.step + 1, known.text, checked=now, etag=row.etag))
        except Stale:
            return  # another process has just asked, too

    def _take(self, found: Columns) -> None:
        if found != self._columns:
            before, self._columns = self._columns, found
            try:
                self._plans = self._compiled()
            except Exception:
                self._columns = before
                raise

    def _compiled(self) -> dict[str, Plan]:
        plans = compile_plans(self._loaded, self._maps, self._settings, self._columns)
        return {plan.flow.name: plan for plan in plans}

    def _tables(self) -> list[str]:
        file = self._loaded.file
        return [file.sales.table, *(step.table for step in file.steps if step.table)]


@dataclass(frozen=True, slots=True)
class _Known:
    """The columns that Sales has, since when that is known, and those before."""

    columns: Columns
    before: Columns
    since: datetime

    @classmethod
    def learnt(cls, found: Columns, known: _Known | None, now: datetime) -> _Known:
        if known is None:
            return cls(found, found, now)
        return known if found == known.columns else cls(found, known.at(now), now)

    @classmethod
    def read(cls, row: Watermark) -> _Known | None:
        if row.checked is None:
            return None
        said = json.loads(row.position)
        return cls(_sets(said["columns"]), _sets(said["before"]), datetime.fromisoformat(said["since"]))

    @property
    def text(self) -> str:
        return json.dumps(
            {"columns": _lists(self.columns), "before": _lists(self.before), "since": self.since.isoformat()}
        )

    def at(self, now: datetime) -> Columns:
        """Those that every process goes by at this time."""
        return self.columns if now - self.since >= LOOK else self.before


def _sets(said: Mapping[str, list[str]]) -> Columns:
    return {table: frozenset(names) for table, names in said.items()}


def _lists(columns: Columns) -> dict[str, list[str]]:
    return {table: sorted(names) for table, names in columns.items()}


def _texts(data: object) -> Iterator[str]:
    """Every text in a mapping file: the columns it may name are among them."""
    match data:
        case str():
            yield data
        case dict():
            for value in data.values():
                yield from _texts(value)
        case list():
            for value in data:
                yield from _texts(value)
