"""Pauses in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from threading import Lock

from sync.model import Pause, Refusals
from sync.ports import Clock
from sync.stores.rules import counted


class MemoryPauses:
    """Twin of `ports.Pauses`: what one process pauses is paused for all at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pauses: dict[str, Pause] = {}
        self._refusals: dict[str, Refusals] = {}
        self._lock = Lock()

    def read(self, flow: str) -> Pause | None:
        return self._pauses.get(flow)

    def put(self, pause: Pause) -> None:
        with self._lock:
            self._pauses[pause.flow] = pause

    def remove(self, flow: str) -> bool:
        with self._lock:
            return self._pauses.pop(flow, None) is not None

    def count(self, flow: str, ended: int, refused: Mapping[str, int], *, within: timedelta) -> Refusals:
        with self._lock:
            there = self._refusals.get(flow)
            self._refusals[flow] = counted(there, ended, refused, now=self._clock.now(), within=within)
            return self._refusals[flow]

    def forget(self, flow: str) -> None:
        with self._lock:
            self._refusals.pop(flow, None)
