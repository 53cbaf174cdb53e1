"""What people do about issues: look at those that are open or settled, and have records tried again now.

A record that is tried again takes the same way as any change: a message of its flow, read, judged and counted as
reopened. The same record asked for twice, before it was tried, counts once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sync.model import Issue
from sync.ports import Clock, Issues
from sync.sweep import Sweeper, reopen

_NEVER = datetime.max.replace(tzinfo=UTC)

MESSAGE = 500
"""Records that are read and posted at a time."""


@dataclass(frozen=True, slots=True)
class Desk:
    """`sweeper` gives what a flow's records are taken up again with; settled issues are kept for `keep`."""

    issues: Issues
    clock: Clock
    sweeper: Callable[[str], Sweeper]
    keep: timedelta

    def open(self, flows: Iterable[str]) -> list[Issue]:
        """The open issues of these flows, oldest first."""
        return _oldest_first(issue for flow in flows for issue in self.issues.open(flow))

    def closed(self, flows: Iterable[str]) -> list[Issue]:
        """What was settled within the time that issues are kept, oldest first."""
        return _oldest_first(issue for flow in flows for issue in self.issues.closed(flow))

    def retry(self, issues: Iterable[Issue]) -> int:
        """Have the records of these issues tried again now; gives how many of them are still parked or waiting.

        Issues about a flow or a message have no record: nothing is done about them.
        """
        wanted: dict[tuple[str, int], list[str]] = defaultdict(list)
        for issue in issues:
            if issue.of_record:
                wanted[issue.flow, issue.partition].append(issue.id)
        return sum(
            reopen(ids[start : start + MESSAGE], partition, self.sweeper(flow))
            for (flow, partition), ids in sorted(wanted.items())
            for start in range(0, len(ids), MESSAGE)
        )

    def forget(self, flow: str) -> int:
        """Drop what was settled so long ago that it need not be kept; gives how many issues."""
        return self.issues.forget(flow, self.clock.now() - self.keep)


def _oldest_first(issues: Iterable[Issue]) -> list[Issue]:
    return sorted(issues, key=lambda issue: issue.first_seen or _NEVER)
