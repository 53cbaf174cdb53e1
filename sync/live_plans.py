"""The plans of a mapping file as the live system allows them: which columns there are decides what is mapped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sync.mapping.compile import compile_plans
from sync.mapping.load import LoadedMapping
from sync.mapping.plan import Plan
from sync.mapping.values import ValueMap
from sync.ports import Clock

KEEP = timedelta(hours=1)
"""How long the columns of a table are taken as they were read."""


class LivePlans:
    """The plans of one mapping file, one for each direction. Thread-safe.

    Raises MappingProblems at once when the file and the settings make no plan, whatever columns there are.
    """

    def __init__(self, loaded: LoadedMapping, maps: Mapping[str, ValueMap], settings: Mapping[str, str]) -> None:
        self._loaded = loaded
        self._maps = maps
        self._settings = settings
        self._read: datetime | None = None
        self._lock = threading.Lock()
        self._columns: Mapping[str, frozenset[str]] | None = None
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

    def refresh(self, columns: Callable[[str], frozenset[str]], clock: Clock) -> None:
        """Read the columns of the file's Sales tables, if it is time, and compile anew if they are other ones.

        Raises what `columns` raises, and MappingProblems when a column is gone that the flow cannot do without.
        """
        with self._lock:
            now = clock.now()
            if self._read is not None and now - self._read < KEEP:
                return
            found = {table: columns(table) for table in self._tables()}
            if found != self._columns:
                self._columns = found
                self._plans = self._compiled()
            self._read = now

    def _compiled(self) -> dict[str, Plan]:
        plans = compile_plans(self._loaded, self._maps, self._settings, self._columns)
        return {plan.flow.name: plan for plan in plans}

    def _tables(self) -> list[str]:
        file = self._loaded.file
        return [file.sales.table, *(step.table for step in file.steps if step.table)]
