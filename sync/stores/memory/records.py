"""Issues and waiting rows in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from threading import Lock

from sync.model import Issue, Waiter
from sync.ports import Clock
from sync.stores.keys import encode_awaited, encode_id
from sync.stores.rules import NO_TROUBLE, is_old, settled, shown, was_seen


class MemoryIssues:
    """Twin of `ports.Issues`; `clock` dates issues that come without dates."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._issues: dict[tuple[str, int, str], Issue] = {}
        self._lock = Lock()

    def put(self, issues: Sequence[Issue]) -> None:
        with self._lock:
            for issue in issues:
                key = _issue_key(issue)
                self._issues[key] = shown(issue, self._issues.get(key), self._clock.now())

    def close(self, flow: str, partition: int, seqs: Mapping[str, int]) -> None:
        with self._lock:
            for id, seq in seqs.items():
                issue = Issue(flow, partition, id, NO_TROUBLE, seq)
                key = _issue_key(issue)
                self._issues[key] = settled(issue, self._issues.get(key), self._clock.now())

    def is_open(self, flow: str, partition: int, id: str) -> bool:
        with self._lock:
            issue = self._issues.get((flow, partition, encode_id(id)))
            return issue is not None and issue.closed is None

    def open(self, flow: str) -> Iterable[Issue]:
        with self._lock:
            return [issue for issue in self._issues.values() if issue.flow == flow and issue.closed is None]

    def closed(self, flow: str) -> Iterable[Issue]:
        with self._lock:
            return [issue for issue in self._issues.values() if issue.flow == flow and was_seen(issue)]

    def forget(self, flow: str, before: datetime) -> int:
        with self._lock:
            old = [key for key, issue in self._issues.items() if issue.flow == flow and is_old(issue, before)]
            for key in old:
                del self._issues[key]
            return len(old)


class MemoryWaiting:
    """Twin of `ports.Waiting`."""

    def __init__(self) -> None:
        self._waiters: dict[tuple[str, str, str], Waiter] = {}
        self._lock = Lock()

    def put(self, waiters: Sequence[Waiter]) -> None:
        with self._lock:
            for waiter in waiters:
                known = self._waiters.get(_key(waiter))
                if known is None or known.turn != waiter.turn:
                    self._waiters[_key(waiter)] = waiter

    def awaiting(self, names: Sequence[str]) -> list[Waiter]:
        wanted = {encode_awaited(name) for name in names}
        with self._lock:
            return [waiter for key, waiter in self._waiters.items() if key[0] in wanted]

    def remove(self, waiters: Sequence[Waiter]) -> None:
        with self._lock:
            for waiter in waiters:
                known = self._waiters.get(_key(waiter))
                if known is not None and waiter.turn in ("", known.turn):
                    del self._waiters[_key(waiter)]

    def open(self, flow: str) -> Iterable[Waiter]:
        with self._lock:
            return [waiter for waiter in self._waiters.values() if waiter.flow == flow]


def _issue_key(issue: Issue) -> tuple[str, int, str]:
    return issue.flow, issue.partition, encode_id(issue.id)


def _key(waiter: Waiter) -> tuple[str, str, str]:
    return encode_awaited(waiter.awaits), waiter.flow, encode_id(waiter.id)
