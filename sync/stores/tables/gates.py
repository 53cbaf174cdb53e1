"""Gates on Table storage: every process sees within half a second what one of them was told."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from sync.model import System
from sync.ports import Clock
from sync.stores.codec import check_format, moment_from, moment_text
from sync.stores.tables.storage import TableStorage
from sync.stores.tables.table import Put, Row

CACHED_SECONDS = 0.5
"""No request starts later than a second after a 429 (promise 6): half of it for the cache, half for the shutting."""

_PARTITION = "gates"
_MOST_SYSTEMS = 100


class TableGates:
    """`ports.Gates` on the table `<prefix>gates`: a row for each system, times by the storage service's clock.

    All rows are read at once, so that a process that calls both systems asks storage no more often than for one.
    """

    def __init__(
        self, storage: TableStorage, clock: Clock | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._table = storage.table("gates")
        self._clock = clock or storage.clock
        self._monotonic = monotonic
        self._asked: float | None = None
        self._until: dict[str, datetime | None] = {}
        self._lock = Lock()

    def delay(self, system: System) -> float:
        # One reader asks for all: the others wait for its answer instead of asking too.
        with self._lock:
            now = self._monotonic()
            if self._asked is None or now - self._asked >= CACHED_SECONDS:
                self._until = {row["RowKey"]: _until(row) for row in self._table.first(_PARTITION, _MOST_SYSTEMS)}
                self._asked = now
            until = self._until.get(system)
        return 0.0 if until is None else max(0.0, (until - self._clock.now()).total_seconds())

    def opened(self, system: System) -> float:
        with self._lock:
            until = self._until.get(system)
        return math.inf if until is None else max(0.0, (self._clock.now() - until).total_seconds())

    def shut(self, system: System, seconds: float) -> None:
        until = self._clock.now() + timedelta(seconds=seconds)

        def shut() -> datetime:
            row = self._table.get(_PARTITION, system)
            there = _until(row)
            if row is not None and there is not None and there >= until:
                return there
            etag = None if row is None else row.metadata["etag"]
            self._table.save(_PARTITION, Put(system, {"until": moment_text(until)}, etag))
            return until

        last = self._table.repeat(shut)
        with self._lock:
            self._until[system] = last


def _until(row: Row | None) -> datetime | None:
    if row is None:
        return None
    check_format(row, "gates")
    return moment_from(row.get("until"))
