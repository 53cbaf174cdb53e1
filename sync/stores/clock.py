"""The storage service's clock, as its answers tell it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock

_DRIFT = 1e-4
"""Seconds by which a machine's clock may run wrong in a second."""


class StorageClock:
    """The one clock that all processes share, wrong by less than a second.

    A Date header names a whole second. The true time lay in that second at some moment between sending and receiving,
    so that every answer bounds the offset of this machine's clock from both sides; the bounds of many answers meet.
    Answers that contradict the bounds (the machine's clock was set, another server answered) replace them.

    `measure` sends any request to the service; it is called when the time is asked before the first answer came.
    """

    def __init__(self, measure: Callable[[], None], local: Callable[[], float] = time.time) -> None:
        self._measure = measure
        self._local = local
        self._low = self._high = 0.0
        self._seen: float | None = None
        self._lock = Lock()

    def now(self) -> datetime:
        """The service's time. Raises what the first measurement raises."""
        if self._seen is None:
            self._measure()
        return datetime.fromtimestamp(self._local() + (self._low + self._high) / 2, UTC)

    def observe(self, date: str, sent: float, received: float) -> None:
        """Take in the Date header of an answer that was asked for at `sent` and came at `received`, local times."""
        second = parsedate_to_datetime(date).timestamp()
        low, high = second - received, second + 1 - sent
        with self._lock:
            if self._seen is not None:
                drift = abs(received - self._seen) * _DRIFT
                kept_low, kept_high = max(low, self._low - drift), min(high, self._high + drift)
                if kept_low <= kept_high:
                    low, high = kept_low, kept_high
            self._low, self._high, self._seen = low, high, received
