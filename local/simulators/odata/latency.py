"""How long requests are said to take: a profile of seconds per request, operation and row, with jitter.

It lets a load test meet a system that needs its time, and gives the limits on execution time something to count
(wire.md 1.10). Rows are those that the request really read and wrote. The jitter comes from a seed, in the order in
which requests arrive, so that a run can be repeated.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass, fields
from typing import Any

from local.simulators.odata.actions import FaultError, number, only_known, whole


@dataclass(frozen=True, slots=True)
class Profile:
    """Seconds for each request, each operation of a batch, each row read, each row written.

    `jitter` is the greatest share by which a request takes more or less; `wait` false only says the seconds, so that
    limits can be tested without waiting.
    """

    request: float = 0.0
    operation: float = 0.0
    row_read: float = 0.0
    row_written: float = 0.0
    jitter: float = 0.0
    seed: int = 0
    wait: bool = True


@dataclass(slots=True)
class Work:
    """What one request has done so far, and how much longer or shorter than usual it takes."""

    profile: Profile
    factor: float
    operations: int = 0
    reads: int = 0
    writes: int = 0

    @property
    def seconds(self) -> float:
        """How long the request is said to have taken so far."""
        given = self.profile
        rows = given.row_read * self.reads + given.row_written * self.writes
        return self.factor * (given.request + given.operation * self.operations + rows)

    async def wait(self) -> None:
        """Keep the answer back for as long as the work took. Only the work tells how long that is, so it is done."""
        if self.profile.wait:
            await asyncio.sleep(self.seconds)


class Latency:
    """The latency model of one simulator; without a profile nothing takes any time."""

    def __init__(self) -> None:
        self._profile: Profile | None = None
        self._random = random.Random()
        self._requests = 0
        self._seconds = 0.0
        self._current: ContextVar[Work | None] = ContextVar("work of the request", default=None)

    def set(self, wanted: Any) -> None:
        """Take over a profile from its JSON form; it stays until removed. Raises `FaultError`."""
        self._profile = _profile(wanted)
        self._random = random.Random(self._profile.seed)
        self._requests, self._seconds = 0, 0.0

    def remove(self) -> None:
        """Nothing takes any time from now on."""
        self._profile = None

    def as_json(self) -> dict[str, Any]:
        """The profile with the requests since it was set and their seconds in all; empty without one."""
        if self._profile is None:
            return {}
        return {**asdict(self._profile), "requests": self._requests, "seconds": round(self._seconds, 6)}

    def arrived(self) -> Work | None:
        """Begin to measure a request, in the context that its handler runs in."""
        if self._profile is None:
            return None
        jitter = self._profile.jitter
        work = Work(self._profile, self._random.uniform(1 - jitter, 1 + jitter))
        self._current.set(work)
        return work

    def did(self, *, operations: int, reads: int, writes: int) -> None:
        """Add to the work of the request under way in this context."""
        if self._profile is None or (work := self._current.get()) is None:
            return
        work.operations += operations
        work.reads += reads
        work.writes += writes

    def done(self, work: Work) -> None:
        """Close the measuring of a request, whether it was answered or not."""
        self._requests += 1
        self._seconds += work.seconds

    def seconds_taken(self) -> float:
        """The seconds of the request under way in this context, as far as its work is done; 0 without a profile."""
        work = self._current.get()
        return work.seconds if work else 0.0


def _profile(wanted: Any) -> Profile:
    known = [one.name for one in fields(Profile)]
    if not isinstance(wanted, Mapping) or not wanted:
        raise FaultError(
            f"A latency profile is an object with some of {', '.join(known)}, such as "
            '{"request": 0.05, "row_written": 0.002, "jitter": 0.2}.'
        )
    only_known(wanted, known, "A latency profile")
    if not isinstance(wanted.get("wait", True), bool):
        raise FaultError(f"'wait' is true or false, not {wanted['wait']!r}.")
    seconds = {name: number(wanted, name, 0.0) for name in known[:5]}
    if seconds["jitter"] > 1:
        raise FaultError("'jitter' is a share from 0 to 1: 0.2 makes a request a fifth longer or shorter at most.")
    return Profile(**seconds, seed=whole(wanted, "seed", 0, least=0), wait=wanted.get("wait", True))
