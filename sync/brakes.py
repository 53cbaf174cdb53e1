"""The brakes of a feed: a mass change stops the flow until a person allows it (promise 9).

A permission is a row beside the flow's watermark. It names how many records were gone and changed when it was given,
holds for a day, and is used up by the round that it lets through: it is taken away when that round is known to be over,
so that a crash in the middle of it costs no second permission. While a flow is stopped people go on working and nothing
is handed on, so both figures grow: a permission covers a little more than it names, and never forbids what would pass
without one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sync.errors import MassChange
from sync.ports import Clock, Stale, Watermarks

PERMITTED_FOR = timedelta(hours=24)

FEWEST_GONE = 1
"""One record that is gone from a whole read is never a mass change: a flow of ten would stop at every delete."""

FEWEST_CHANGED = 10
"""Nor are ten that have changed: a flow of ten records would stop at every new price list."""

GROWTH = 0.1
"""So much more of what was permitted passes as well, and always the fewest."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a feed found: of the `known` records so many are `gone` and so many have `changed`."""

    known: int
    gone: int
    changed: int

    def __str__(self) -> str:
        return f"of {self.known} known records {self.gone} are gone and {self.changed} have changed"


@dataclass(frozen=True, slots=True)
class Brakes:
    """Says whether a round of a flow may be handed on. Percents are of the known records.

    `source` says who found what is weighed, for people.
    """

    flow: str
    watermarks: Watermarks
    clock: Clock
    gone_percent: float = 2.0
    changed_percent: float = 50.0
    fewest_gone: int = FEWEST_GONE
    fewest_changed: int = FEWEST_CHANGED
    source: str = "A whole read found"

    def trip(self, weight: Weight) -> bool:
        """It is a mass change that nobody has allowed. Changes nothing."""
        return self.is_mass(weight) and not self._permitted(weight)

    def is_mass(self, weight: Weight) -> bool:
        """More than may be without asking."""
        gone, changed = self._ordinary(weight.known)
        return weight.gone > gone or weight.changed > changed

    def use_up(self) -> None:
        """The round that needed the permission is over. Raises Stale when the permission changed at the same moment."""
        row = self.watermarks.read(_name(self.flow))
        if row.position:
            self.watermarks.save(replace(row, step=row.step + 1, position=""))

    def error(self, weight: Weight, *, midway: bool) -> MassChange:
        """What to tell when the flow stops; `midway` when fewer were found at first and handing them on had begun."""
        if midway:
            done = "Handing them on had begun when there were fewer, and was broken off. The next run counts anew."
        else:
            done = "Nothing of it was handed on."
        return MassChange(
            f"{self.source} that {weight}, more than {self.gone_percent:g} % gone (BRAKE_GONE_PERCENT) or "
            f"{self.changed_percent:g} % changed (BRAKE_CHANGED_PERCENT). {done}",
            where=f"flow {self.flow}",
            remedy=f"If it is meant, run `python -m sync allow {self.flow}`. If not, mend the source: "
            "the flow goes on by itself when a later read finds it mended.",
        )

    def _permitted(self, weight: Weight) -> bool:
        text = self.watermarks.read(_name(self.flow)).position
        if not text:
            return False
        kept = json.loads(text)
        if self.clock.now() >= datetime.fromisoformat(kept["until"]):
            return False
        gone, changed = self._ordinary(weight.known)
        return weight.gone <= max(gone, _grown(kept["gone"], self.fewest_gone)) and (
            weight.changed <= max(changed, _grown(kept["changed"], self.fewest_changed))
        )

    def _ordinary(self, known: int) -> tuple[float, float]:
        """How many may be gone and how many changed without asking."""
        return (
            max(self.fewest_gone, known * self.gone_percent / 100),
            max(self.fewest_changed, known * self.changed_percent / 100),
        )


def allow(flow: str, weight: Weight, watermarks: Watermarks, clock: Clock) -> datetime:
    """Let a change of this weight, one that has grown a little, or a smaller one pass once; gives until when.

    It takes the place of an earlier permission.
    """
    until = clock.now() + PERMITTED_FOR
    kept = json.dumps({"gone": weight.gone, "changed": weight.changed, "until": until.isoformat()})
    while True:
        row = watermarks.read(_name(flow))
        try:
            watermarks.save(replace(row, step=row.step + 1, position=kept))
        except Stale:  # an earlier permission was used up, or given, at the same moment: this is the newer word
            continue
        return until


def _grown(permitted: int, fewest: int) -> float:
    return permitted + max(fewest, permitted * GROWTH)


def _name(flow: str) -> str:
    """The watermark row that holds the permission; no flow has such a name."""
    return f"*allowed:{flow}"
