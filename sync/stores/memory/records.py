"""Issues and waiting rows in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock

from sync.model import Issue, Waiter
from sync.ports import Clock
from sync.stores.keys import encode_awaited, encode_id
from sync.stores.rules import refreshed


class MemoryIssues:
    """Twin of `ports.Issues`; `clock` dates issues that come without dates."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._issues: dict[tuple[str, int, str], Issue] = {}
        self._lock = Lock()

    def put(self, issues: Sequence[Issue]) -> None:
        with self._lock:
            now = self._clock.now()
            for issue in issues:
                key = (issue.flow, issue.partition, encode_id(issue.id))
                there = self._issues.get(key)
                if there is None or issue.seq > there.seq:
                    self._issues[key] = refreshed(issue, there, now)

    def close(self, flow: str, partition: int, seqs: Mapping[str, int]) -> None:
        with self._lock:
            for id, seq in seqs.items():
                there = self._issues.get((flow, partition, encode_id(id)))
                if there is not None and seq > there.seq:
                    closed = there.closed or self._clock.now()
                    key = (flow, partition, encode_id(id))
                    self._issues[key] = dataclasses.replace(there, seq=seq, closed=closed)

    def open(self, flow: str) -> Iterable[Issue]:
        with self._lock:
            return [issue for issue in self._issues.values() if issue.flow == flow and issue.closed is None]


class MemoryWaiting:
    """Twin of `ports.Waiting`."""

    def __init__(self) -> None:
        self._waiters: dict[tuple[str, str, str], Waiter] = {}
        self._lock = Lock()

    def put(self, waiters: Sequence[Waiter]) -> None:
        with self._lock:
            for waiter in waiters:
                self._waiters.setdefault(_key(waiter), waiter)

    def awaiting(self, names: Sequence[str]) -> list[Waiter]:
        wanted = {encode_awaited(name) for name in names}
        with self._lock:
            return [waiter for key, waiter in self._waiters.items() if key[0] in wanted]

    def remove(self, waiters: Sequence[Waiter]) -> None:
        with self._lock:
            for waiter in waiters:
                self._waiters.pop(_key(waiter), None)

    def open(self, flow: str) -> Iterable[Waiter]:
        with self._lock:
            return [waiter for waiter in self._waiters.values() if waiter.flow == flow]


def _key(waiter: Waiter) -> tuple[str, str, str]:
    return encode_awaited(waiter.awaits), waiter.flow, encode_id(waiter.id)
