"""Watermarks, runs and counters in memory."""

from __future__ import annotations

import dataclasses
from itertools import count
from threading import Lock

from sync.model import Run, Watermark
from sync.ports import Stale


class MemoryWatermarks:
    """Twin of `ports.Watermarks`."""

    def __init__(self) -> None:
        self._watermarks: dict[str, Watermark] = {}
        self._etags = count(1)
        self._lock = Lock()

    def read(self, flow: str) -> Watermark:
        return self._watermarks.get(flow, Watermark(flow))

    def save(self, watermark: Watermark) -> Watermark:
        with self._lock:
            if watermark.etag != self.read(watermark.flow).etag:
                raise Stale
            saved = dataclasses.replace(watermark, etag=f"m{next(self._etags)}")
            self._watermarks[watermark.flow] = saved
            return saved


class MemoryRuns:
    """Twin of `ports.Runs`."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str], Run] = {}

    def save(self, run: Run) -> None:
        self._runs[run.flow, run.id] = run

    def latest(self, flow: str, limit: int) -> list[Run]:
        runs = [run for run in self._runs.values() if run.flow == flow]
        return sorted(runs, key=lambda run: (run.started, run.id), reverse=True)[:limit]


class MemoryNumbers:
    """Twin of `ports.Numbers`."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}
        self._lock = Lock()

    def take(self, counter: str, count: int, *, first: int) -> int:
        with self._lock:
            taken = self._next.get(counter, first)
            self._next[counter] = taken + count
            return taken
