"""Resource-based throttling (wire.md 2.7): no quota by user, but a load that the service bears or does not.

The load is what was written and is not worked off yet: each row written adds one, and each second of the simulator's
clock takes `rows_per_second` off. Above ten seconds' worth a request is refused until no more than that is left;
whoever pushes on meanwhile waits twice as long each time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from math import ceil

_BURST_SECONDS = 10
_LONGEST = 300


class Load:
    """The load of one service and what its callers were told."""

    def __init__(self, now: Callable[[], datetime], rows_per_second: Callable[[], int]) -> None:
        """`rows_per_second` is the speed at which the load is worked off; 0 or less: nothing is ever throttled."""
        self._now = now
        self._speed = rows_per_second
        self._rows = 0.0
        self._since = now()
        self._told = 0
        self._until: datetime | None = None

    def wait(self) -> int:
        """Whole seconds that the caller of this request must wait; 0 when the request may run."""
        speed = self._speed()
        if speed <= 0:
            return 0
        now = self._work_off(speed)
        if self._until is not None and now < self._until:
            self._told = min(2 * self._told, _LONGEST)
        elif self._rows > speed * _BURST_SECONDS:
            self._told = min(max(ceil(self._rows / speed) - _BURST_SECONDS, 1), _LONGEST)
        else:
            self._until = None
            return 0
        self._until = datetime.fromtimestamp(now.timestamp() + self._told, now.tzinfo)
        return self._told

    def wrote(self, rows: int) -> None:
        """A request has changed so many rows."""
        if rows and (speed := self._speed()) > 0:
            self._work_off(speed)
            self._rows += rows

    def _work_off(self, speed: int) -> datetime:
        """The moment, with what was worked off until then; a clock that was set back makes no load."""
        now = self._now()
        if now < self._since:
            self._until = None
        self._rows = max(0.0, self._rows - speed * max(0.0, (now - self._since).total_seconds()))
        self._since = now
        return now
