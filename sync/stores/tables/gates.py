"""Gates on Table storage: every process sees within half a second what one of them was told."""

from __future__ import annotations

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


class TableGates:
    """`ports.Gates` on the table `<prefix>gates`: a row for each system, times by the storage service's clock."""

    def __init__(
        self, storage: TableStorage, clock: Clock | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._table = storage.table("gates")
        self._clock = clock or storage.clock
        self._monotonic = monotonic
        self._seen: dict[System, tuple[float, datetime | None]] = {}
        self._lock = Lock()

    def delay(self, system: System) -> float:
        # One reader asks for all: the others wait for its answer instead of asking too.
        with self._lock:
            seen, until = self._seen.get(system, (None, None))
            asked = self._monotonic()
            if seen is None or asked - seen >= CACHED_SECONDS:
                until = _until(self._table.get(_PARTITION, system))
                self._seen[system] = (asked, until)
        return 0.0 if until is None else max(0.0, (until - self._clock.now()).total_seconds())

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
            self._seen[system] = (self._monotonic(), last)


def _until(row: Row | None) -> datetime | None:
    if row is None:
        return None
    check_format(row, "gates")
    return moment_from(row.get("until"))
