"""How a flow stands, for people: what it has read, what waits, what came of it, and why it does not run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.model import Issue
from sync.totals import Totals

AT_EASE = ("delta", "rest")
"""Modes of a feed that has read everything and looks for changes from now on (`ports.ChangeFeed.mode`)."""

STATES = {"flow-stopped": "stopped", "mass-change": "stopped", "not-available": "not available"}
"""How a flow stands that has an issue of its own, by the issue's code; the gravest first."""


@dataclass(frozen=True, slots=True)
class StoppedFlow:
    """A flow, or a mapping file, that does not run, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class FlowStatus:
    """How a flow stands, for people and for the demo's end."""

    name: str
    state: str
    mode: str
    checked: datetime | None
    settled: bool
    backlog: int
    poisoned: int
    totals: Totals
    issues: Sequence[Issue]

    @property
    def reasons(self) -> list[str]:
        """Why the flow does not run, and how to mend it: each reason once, whichever halves of the flow met it."""
        told = [f"{each.trouble.cause} {each.trouble.remedy}".rstrip() for each in self.issues if each.of_flow]
        return list(dict.fromkeys(told))


def state_of(issues: Sequence[Issue], *, enabled: bool) -> str:
    """ "running", or what keeps the flow from it."""
    told = {issue.trouble.code for issue in issues if issue.of_flow}
    stopped = next((state for code, state in STATES.items() if code in told), "")
    return stopped or ("running" if enabled else "switched off")
