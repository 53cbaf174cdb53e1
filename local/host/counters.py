"""What the host did, counted: runs per function, and its own operations on storage."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any


class Counters:
    """Thread-safe counts, served at `/admin/host/counters`.

    Storage operations are the host's own (receiving, deleting, updating and moving messages, leases and timer
    records), one for each HTTP request; what the functions do themselves is not in them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._functions: dict[str, Counter[str]] = {}
        self._storage: Counter[str] = Counter()

    def declare(self, functions: Iterable[str]) -> None:
        """Name the functions, so that one that never ran is shown with zeros."""
        with self._lock:
            for name in functions:
                self._functions.setdefault(name, Counter())

    def started(self, function: str) -> None:
        """A run begins."""
        with self._lock:
            self._functions.setdefault(function, Counter())["running"] += 1

    def ended(self, function: str, ok: bool) -> None:
        """A run has ended, with success or with an exception."""
        with self._lock:
            counts = self._functions[function]
            counts["running"] -= 1
            counts["runs"] += 1
            counts["failures"] += not ok

    def poisoned(self, function: str) -> None:
        """A message went to the poison queue."""
        with self._lock:
            self._functions.setdefault(function, Counter())["poisoned"] += 1

    def storage(self, operation: str) -> None:
        """The host made one storage request."""
        with self._lock:
            self._storage[operation] += 1

    def snapshot(self) -> dict[str, Any]:
        """`{"functions": {name: {"runs", "failures", "running", "poisoned"}}, "storage": {operation: n}}`."""
        with self._lock:
            return {
                "functions": {
                    name: {key: counts[key] for key in ("runs", "failures", "running", "poisoned")}
                    for name, counts in self._functions.items()
                },
                "storage": dict(self._storage),
            }
