"""The issues of an installation for people and for programs: what each says, and when it is tried again."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sync.app import Issue, next_try

OTHERS = "others"
"""The detail of an issue that names other records concerned: ids or keys with commas between them."""


def wanted(issues: Iterable[Issue], flows: Collection[str], codes: Collection[str]) -> list[Issue]:
    """Those of these flows with these codes; an empty collection stands for all."""
    return [
        issue for issue in issues if (not flows or issue.flow in flows) and (not codes or issue.trouble.code in codes)
    ]


def lines_of(issue: Issue) -> Iterator[str]:
    """The record, what is wrong and what to do; which flow and when; the other records that are concerned."""
    trouble = issue.trouble
    place = f" ({trouble.column})" if trouble.column else ""
    yield f"{trouble.number or issue.id}: {trouble.code}{place}. {trouble.cause} {trouble.remedy}".rstrip()
    last = f", last {_minute(issue.last_seen)}" if issue.last_seen else ""
    again = next_try(issue)
    later = f", tried again from {_minute(again)} on" if again else ""
    yield f"    {issue.flow}, id {issue.id}, {issue.times} time{'s' * (issue.times != 1)}{last}{later}"
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
            "next_try": _iso(next_try(issue)),
        }
        for issue in issues
    ]


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
