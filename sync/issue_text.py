"""The issues of an installation for people and for programs: what each says, and when it is tried again."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.app import Issue, next_try

REQUEST = "request_id"
"""How the details of an issue end that name a request, as the systems' own logs know it."""

OTHERS = "others"
"""The detail of an issue that names other records concerned: ids or keys with commas between them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which issues are asked for; what is empty or None does not matter. `since` is about when they were last seen."""

    flows: Collection[str] = ()
    classes: Collection[str] = ()
    codes: Collection[str] = ()
    since: datetime | None = None

    def takes(self, issue: Issue) -> bool:
        trouble = issue.trouble
        return (
            (not self.flows or issue.flow in self.flows)
            and (not self.classes or trouble.kind.casefold() in {name.casefold() for name in self.classes})
            and (not self.codes or trouble.code in self.codes)
            and (self.since is None or issue.last_seen is None or issue.last_seen >= self.since)
        )

    @property
    def all(self) -> bool:
        return not (self.flows or self.classes or self.codes or self.since)


def lines_of(issue: Issue) -> Iterator[str]:
    """The record, what is wrong and what to do; which flow and when; the other records that are concerned."""
    trouble = issue.trouble
    place = f" ({trouble.column})" if trouble.column else ""
    yield f"{trouble.number or issue.id}: {trouble.code}{place}. {trouble.cause} {trouble.remedy}".rstrip()
    first = f", first {_minute(issue.first_seen)}" if issue.first_seen else ""
    last = f", last {_minute(issue.last_seen)}" if issue.last_seen else ""
    again = next_try(issue) if issue.closed is None else None
    later = f", tried again from {_minute(again)} on" if again else ""
    over = f", settled {_minute(issue.closed)}" if issue.closed else ""
    times = f"{issue.times} time{'s' * (issue.times != 1)}{first}{last}{later}{over}"
    yield f"    {issue.flow}, id {issue.id}, {trouble.kind}, {times}"
    if requests := [f"{name} {value}" for name, value in trouble.details.items() if name.endswith(REQUEST)]:
        yield f"    {', '.join(requests)}"
    if others := trouble.details.get(OTHERS):
        yield f"    others: {others.replace(',', ', ')}"


def issues_json(issues: Sequence[Issue]) -> list[dict[str, Any]]:
    """The same for programs; moments are ISO 8601."""
    return [
        {
            "flow": issue.flow,
            "id": issue.id,
            **dataclasses.asdict(issue.trouble),
            "times": issue.times,
            "first_seen": _iso(issue.first_seen),
            "last_seen": _iso(issue.last_seen),
            "next_try": _iso(next_try(issue)) if issue.closed is None else None,
            "closed": _iso(issue.closed),
        }
        for issue in issues
    ]


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
