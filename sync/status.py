"""How a flow stands, for people: what it has read, what waits, what came of it, and why it does not run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.mapping.plan import Plan
from sync.model import Issue, Trouble
from sync.totals import Totals

AT_EASE = ("delta", "rest")
"""Modes of a feed that has read everything and looks for changes from now on (`ports.ChangeFeed.mode`)."""

MODES = {
    "full": "reads everything",
    "delta": "follows changes",
    "survey": "compares everything",
    "rest": "all is compared",
    "stopped": "see why below",
}
"""What the modes of a feed mean, in a few words."""

STATES = {"flow-stopped": "stopped", "mass-change": "stopped", "not-available": "not available"}
"""How a flow stands that has an issue of its own, by the issue's code; the gravest first."""


LACKING = "column-lacking"
"""The code of an issue about a row for which a system lacks a column; the flow runs without it."""


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
    paused: str = ""
    """Who has paused it, why, and how it goes on; empty when it is not paused."""

    @property
    def reasons(self) -> list[str]:
        """Why the flow does not run, and how to mend it: each reason once, whichever halves of the flow met it."""
        return [*([self.paused] if self.paused else []), *self._told(stops=True)]

    @property
    def lacks(self) -> list[str]:
        """Which rows are off, or read a blank, because a system lacks a column, and how to mend it."""
        return self._told(stops=False)

    def _told(self, *, stops: bool) -> list[str]:
        of_flow = [each.trouble for each in self.issues if each.of_flow and (each.trouble.code in STATES) is stops]
        return list(dict.fromkeys(f"{trouble.cause} {trouble.remedy}".rstrip() for trouble in of_flow))


def rows_that_lack(plan: Plan, known: datetime | None) -> list[Issue]:
    """An issue for each row that is off, or reads a blank, since the columns were read. No storage has them: they are
    over when the plan has the row again."""
    flow = plan.flow.name
    return [
        Issue(
            flow,
            0,
            f"*row {lack.row}",
            Trouble(LACKING, f"{lack}.", lack.remedy, column=lack.column, kind="Lack"),
            0,
            first_seen=known,
            last_seen=known,
        )
        for lack in plan.lacking
    ]


def state_of(issues: Sequence[Issue], *, enabled: bool, paused: bool = False) -> str:
    """ "running", or what keeps the flow from it."""
    if paused:
        return "paused"
    told = {issue.trouble.code for issue in issues if issue.of_flow}
    stopped = next((state for code, state in STATES.items() if code in told), "")
    return stopped or ("running" if enabled else "switched off")
