"""What a flow came to: the sums of its tallies, as they are shown to people (promise 1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sync.model import Ending, Tally

WITH_REASON = (Ending.SKIPPED, Ending.WAITING, Ending.PARKED)


@dataclass(frozen=True, slots=True)
class Totals:
    """Outcomes by ending and reason, net: a waiting or parked record that was taken up again is shown as it is now.

    A change that was waiting or parked when a newer change of its record came is shown as superseded by it. A record
    that was taken up again and was open no longer counts as detected once more.
    """

    detected: int
    reopened: int
    endings: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    warnings: Counter[str] = field(default_factory=Counter)

    @property
    def close(self) -> bool:
        """Counts close: every change that was detected is shown as exactly one ending."""
        return self.detected == sum(self.endings.values())

    def as_json(self) -> dict[str, Any]:
        """The form of `--json` (design.md, Contracts): a number, or numbers by reason, for every ending."""
        numbers = {str(ending): self.endings[ending] for ending in Ending if ending not in WITH_REASON}
        reasons = {str(ending): dict(self.reasons.get(ending, {})) for ending in WITH_REASON}
        return {"detected": self.detected, **numbers, **reasons, "warnings": dict(self.warnings)}


def totals(detected: int, tallies: Iterable[Tally]) -> Totals:
    """Add up the tallies of a flow; `detected` is what its detect runs counted."""
    endings: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {str(ending): Counter() for ending in WITH_REASON}
    warnings: Counter[str] = Counter()
    reopened = 0
    for tally in tallies:
        if tally.void:
            continue
        if tally.kind == "reopened":
            reopened += sum(tally.outcomes.values())
            detected += sum(tally.outcomes.values()) - sum(tally.closed.values())
        else:
            endings[Ending.SUPERSEDED] += sum(tally.closed.values())
        _add(endings, reasons, tally.outcomes, 1)
        _add(endings, reasons, tally.closed, -1)
        warnings.update(tally.warnings)
    shown = {ending: +counts for ending, counts in reasons.items()}
    return Totals(detected, reopened, endings, shown, warnings)


def _add(endings: Counter[str], reasons: dict[str, Counter[str]], counts: Any, sign: int) -> None:
    for name, count in counts.items():
        ending, _, reason = name.partition("/")
        endings[ending] += sign * count
        if reason:
            reasons[ending][reason] += sign * count
