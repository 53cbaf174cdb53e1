"""What a simulator counts, so that a test can say how many requests something took and whether a pause was kept."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

_GRACE = 1.0
_KEY = re.compile(r"\(.*?\)(?=$|/)")


class OnWork(Protocol):
    """Is told of the work of the request under way."""

    def __call__(self, *, operations: int, reads: int, writes: int) -> None: ...


class Counters:
    """Counts since the start or the last reset. Seconds of Retry-After run by `clock`; `on_work` hears of each work."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, on_work: OnWork | None = None) -> None:
        self._clock = clock
        self._on_work = on_work
        self._pauses: list[tuple[float, float]] = []
        self.reset()

    def reset(self) -> None:
        """Set every count to zero; pauses that were asked for go on."""
        self._by_request: Counter[str] = Counter()
        self._requests = self._operations = self._reads = self._writes = self._rejected = self._too_early = 0

    def arrived(self, method: str, target: str) -> None:
        """A request came in; `target` is its path after the service root, with the query."""
        self._requests += 1
        self._by_request[_label(method, target)] += 1
        now = self._clock()
        self._pauses = [pause for pause in self._pauses if pause[1] > now]
        self._too_early += any(start <= now for start, _ in self._pauses)

    def answered(self, status: int, retry_after: float | None) -> None:
        """An answer went out. From a second after a 429 or 503 until its Retry-After ends, requests come too early."""
        self._rejected += status == 429
        if status in (429, 503) and retry_after is not None:
            now = self._clock()
            self._pauses.append((now + _GRACE, now + retry_after))

    def pause_left(self) -> float:
        """Seconds until the longest pause that was asked for ends; 0 when there is none."""
        now = self._clock()
        return max((end - now for _, end in self._pauses), default=0.0)

    def did(self, *, operations: int = 0, reads: int = 0, writes: int = 0) -> None:
        """Parts of a `$batch` that were run; rows that an answer holds; rows that were really changed."""
        self._operations += operations
        self._reads += reads
        self._writes += writes
        if self._on_work is not None:
            self._on_work(operations=operations, reads=reads, writes=writes)

    def as_json(self) -> dict[str, Any]:
        return {
            "requests": self._requests,
            "by_request": dict(self._by_request),
            "operations": self._operations,
            "reads": self._reads,
            "writes": self._writes,
            "rejected_429": self._rejected,
            "started_during_retry_after": self._too_early,
        }


def _label(method: str, target: str) -> str:
    """`GET accounts`, `GET accounts(key)`, `POST accounts/CreateMultiple`: the same for every row and query."""
    path = _KEY.sub("(key)", target.partition("?")[0])
    return f"{method} {path.replace('Microsoft.Dynamics.CRM.', '').replace('Microsoft.Dynamics.DataEntities.', '')}"
