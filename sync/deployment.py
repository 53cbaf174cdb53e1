"""A deployment while hosts are at work: hosts of the old rules and of the new ones serve the same queues for a while.

The definition (`Plan.definition`) in the flow's watermark says whose rules hold. The first detect run of other rules
writes its own there and reads everything anew; from then on hosts of the old rules hold every message up, so that a
host of the new ones takes it. No record is left as old rules would have it:

    old host                         watermark       new host
    looks: its own rules hold        old
                                     new        <--  detect takes over, then reads everything
    claims a record, looks again:
    not its own: gives it back                       judges the record by the new rules, writes

What an old host had claimed before the take-over is written and remembered before the new one gets at it, or asked for
again: then the old host would claim it once more, and looks before it writes.

Messages of a newer format than this version reads go back into the queue as they are, for a host that can read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.errors import Outdated
from sync.work import Applier

LOOK_AGAIN = 10.0
"""Seconds until a message that is for other rules is looked at again."""


TOLD_AFTER = timedelta(minutes=10)
"""A deployment is over by then: who still meets messages of a newer version tells of it."""


@dataclass(slots=True)
class Newcomers:
    """Since when this process meets messages that only a newer version of the app reads."""

    first: datetime | None = None

    def stay(self, now: datetime) -> bool:
        """One was met now; True when that goes on for longer than a deployment takes."""
        self.first = self.first or now
        return now - self.first >= TOLD_AFTER


def refuse_outdated(tools: Applier) -> None:
    """Raises Outdated when the flow is read under other rules than those of this process.

    To be asked behind the links: rules that took over later read, and judge, what is decided by then once more. A flow
    that was never read has none.
    """
    definition = tools.watermarks.read(tools.plan.flow.name).definition
    if definition not in ("", tools.plan.definition):
        raise Outdated("it is read under other rules than this host has", delay=LOOK_AGAIN, where=tools.plan.flow.name)
