"""The plans of a mapping file as the live system allows them: which columns there are decides what is mapped.

What Sales has is remembered in storage, so that all processes have the same plans, and so that looking at an
installation asks Sales nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
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
"""How long a process relies on what it knows of them."""

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
        self._looked: datetime | None = None
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
            if self._looked is not None and now - self._looked < LOOK:
                return
            row = watermarks.read(self._row)
            if row.checked is None or now - row.checked >= KEEP:
                found: Columns = {table: columns(table) & self._named for table in self._tables()}
                self._save(found, row, watermarks, now)
            else:
                found = _read(row.position)
            self._take(found)
            self._looked = now

    def recall(self, watermarks: Watermarks) -> None:
        """Bring the plans up to what the processes at work have found; asks Sales nothing."""
        row = watermarks.read(self._row)
        if row.checked is not None:
            with self._lock:
                self._take(_read(row.position))

    @property
    def _row(self) -> str:
        """No flow has such a name."""
        return f"*columns {self._loaded.name}"

    def _save(self, found: Columns, row: Watermark, watermarks: Watermarks, now: datetime) -> None:
        position = json.dumps({table: sorted(names) for table, names in found.items()})
        try:
            watermarks.save(Watermark(self._row, row.step + 1, position, checked=now, etag=row.etag))
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


def _read(text: str) -> Columns:
    return {table: frozenset(names) for table, names in json.loads(text).items()}


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
