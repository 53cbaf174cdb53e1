"""Storm: a target that refuses nearly everything of a flow is not asked thousands of times; the flow is paused.

A period that is closed, a licence that has run out, a mapping that names what F&O has no more: every record is refused,
each would become an issue, and each be tried again. When so many records were refused with one code, and these are such
a share of all that ended within an hour, the app pauses the flow for five minutes. Then it tries: a few records that
are refused once more, and nearly nothing else, pause it for ten minutes, twenty, up to an hour. What was refused
meanwhile is tried again with its own pauses (`sweep`).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from sync.errors import SyncError
from sync.model import Pause, Refusals
from sync.pausing import in_force
from sync.ports import Clock, Pauses

log = logging.getLogger(__name__)

WINDOW = timedelta(hours=1)
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=1)
STILL_THE_SAME = timedelta(hours=2)
"""A storm so soon after the last one's pause was over is no new one."""

PROBES = 20
"""Refused records that are enough to pause a flow once more."""

TOLD_AFTER = 2000
"""Records that a process counts for itself before it tells the others; refused ones are told in fewer."""

BY = "the app"
_PARKED = "parked/"


@dataclass(slots=True)
class StormWatch:
    """Counts, in one process, what becomes of a flow's records, and pauses the flow in a storm. Thread-safe.

    `codes` are those of issues by which a target's refusal is told. A storm is at least `records` refused with one of
    them, and at least `percent` of all.
    """

    flow: str
    codes: Collection[str]
    pauses: Pauses
    clock: Clock
    records: int
    percent: float
    _ended: int = 0
    _refused: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def note(self, outcomes: Mapping[str, int]) -> None:
        """The outcomes of a chunk as they are tallied. What fails here is logged: a count is no reason to fail."""
        try:
            if told := self._add(outcomes):
                self._weigh(self.pauses.count(self.flow, *told, within=WINDOW))
        except SyncError as error:
            log.warning("%s: refusals are not counted: %s", self.flow, error)

    def is_held(self) -> bool:
        """The flow is paused now, by whomever."""
        return in_force(self.flow, self.pauses, self.clock) is not None

    def _add(self, outcomes: Mapping[str, int]) -> tuple[int, Counter[str]] | None:
        """What is to be told to the others by now."""
        with self._lock:
            self._ended += sum(outcomes.values())
            for name, count in outcomes.items():
                if (code := name.removeprefix(_PARKED)) != name and code in self.codes:
                    self._refused[code] += count
            if self._refused.total() < PROBES and self._ended < TOLD_AFTER:
                return None
            told = self._ended, self._refused
            self._ended, self._refused = 0, Counter()
            return told

    def _weigh(self, found: Refusals) -> None:
        now = self.clock.now()
        last = self.pauses.read(self.flow)
        if last is not None and last.holds(now):
            return
        strikes = last.strikes if last is not None and _is_recent(last, now) else 0
        for code, count in found.refused.items():
            if count >= (PROBES if strikes else self.records) and count * 100 >= self.percent * found.ended:
                self._pause(f"{count} of {found.ended} records were refused with {code}", code, strikes, now)
                return

    def _pause(self, what: str, code: str, strikes: int, now: datetime) -> None:
        until = now + min(FIRST_PAUSE * 2**strikes, LONGEST_PAUSE)
        remedy = f"See `python -m sync issues --flow {self.flow} --code {code}` and mend the cause"
        self.pauses.put(Pause(self.flow, now, f"{what}. {remedy}.", BY, until, strikes + 1))
        self.pauses.forget(self.flow)
        log.error("%s is paused until %s: %s", self.flow, until, what)


def _is_recent(pause: Pause, now: datetime) -> bool:
    return pause.until is not None and now - pause.until <= STILL_THE_SAME
