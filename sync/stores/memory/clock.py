"""A clock that stands still until somebody moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryClock:
    """Twin of `ports.Clock`; `advance` and `set` move it."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Move the clock on and tell its new time; raises ValueError for a step back."""
        return self.set(self._now + timedelta(seconds=seconds))

    def set(self, now: datetime) -> datetime:
        """Move the clock on to `now` (aware); raises ValueError for a step back."""
        if now < self._now:
            raise ValueError(f"A clock does not go back: from {self._now} to {now}.")
        self._now = now
        return now
