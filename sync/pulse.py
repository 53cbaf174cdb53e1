"""Pulse: when this process last had a record of a flow written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class Pulse:
    """What a write that the target took proves for a while: both systems answer, and let the app write.

    It is of one process and costs no request; another process finds its own proof.
    """

    last: datetime | None = None

    def beat(self, now: datetime) -> None:
        self.last = now

    def beats(self, now: datetime, *, within: float) -> bool:
        """A record was written within so many seconds."""
        return self.last is not None and now - self.last <= timedelta(seconds=within)
