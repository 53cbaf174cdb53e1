"""Gates in memory."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from threading import Lock

from sync.model import System
from sync.ports import Clock


class MemoryGates:
    """Twin of `ports.Gates`: what one process shuts is shut for all at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[System, datetime] = {}
        self._lock = Lock()

    def delay(self, system: System) -> float:
        until = self._until.get(system)
        return 0.0 if until is None else max(0.0, (until - self._clock.now()).total_seconds())

    def opened(self, system: System) -> float:
        until = self._until.get(system)
        return math.inf if until is None else max(0.0, (self._clock.now() - until).total_seconds())

    def shut(self, system: System, seconds: float) -> None:
        until = self._clock.now() + timedelta(seconds=seconds)
        with self._lock:
            self._until[system] = max(until, self._until.get(system, until))
