"""What the check finds: how bad it is, which flow or system it is about, where it is to be mended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sync.mapping.problems import Problem

type Severity = Literal["error", "warning", "note"]
"""An error keeps a flow, or nearly all of its records, from working; a warning concerns some of them; a note is to be
known."""

_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found; `about` is the name of a flow, or of what stands beside the flows."""

    about: str
    severity: Severity
    problem: Problem

    def __str__(self) -> str:
        return str(self.problem)


def sorted_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Each once, by what they are about (in the order of its first finding), the worst first, then by place."""
    unique = list(dict.fromkeys(findings))
    order = {about: index for index, about in enumerate(dict.fromkeys(each.about for each in unique))}
    return sorted(unique, key=lambda each: (order[each.about], _ORDER[each.severity], each.problem))
