"""The time after which nothing of a write may be under way: a claim must outlive every request made under it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sync.errors import Busy


class HostClock:
    """This machine's own clock as a `ports.Clock`, for those who share no lease with another process."""

    def now(self) -> datetime:
        """The time, aware."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Deadline:
    """No request starts that could end after `until`, by the clock behind `now`."""

    until: datetime
    now: Callable[[], datetime]

    def respect(self, longest: float, where: str) -> None:
        """Raises Busy when a request of `longest` seconds that begins now could end too late; nothing was sent."""
        if self.now() + timedelta(seconds=longest) > self.until:
            raise Busy(
                "The claims on these records might end before another request does.",
                delay=1.0,
                where=where,
                remedy="It goes on under new claims; if it happens often, set FINOPS_BATCH or SALES_BATCH "
                "higher, whichever system it is.",
            )
