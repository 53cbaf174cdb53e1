"""Comparison: a flow is gone through page by page, the source first and then the links, and what drifted is told.

What is asked for is repaired page by page: the records are posted as changes that are taken up again, with all values
to be sent and counterparts that are gone to be made anew. Links whose records are gone come last, weighed like a mass
change (promise 9): a source that was emptied, or that is half restored, empties nothing on the other side.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sync.brakes import FEWEST_GONE
from sync.drift import KINDS, Drifted, Drifter, Looked, look_at_links, look_at_rows
from sync.errors import ConfigError
from sync.model import Change, ChangeBatch, chunked
from sync.ports import Gone

LINKS_A_PAGE = 500
MOST_TOLD = 1000
"""Findings of one comparison that are told one by one; all are counted, and repaired."""

MOST_RESTARTS = 3
"""So often a comparison begins anew because a page link of the source no longer works."""


@dataclass(slots=True)
class Comparison:
    """What a comparison has come to: `findings` are the first of them, `counts` tells all, by kind, and how many
    records and links were looked at, are on their way (`under way`), known by an issue or as waiting (`known`), or
    cannot be judged (`not judged`). `repaired` records were posted; `braked` ones are gone, and too many to say so.
    """

    flow: str
    findings: list[Drifted] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    repaired: int = 0
    braked: int = 0

    @property
    def found(self) -> int:
        """How many records drifted."""
        return sum(self.counts[kind] for kind in KINDS)


def compare_flow(
    drifter: Drifter, *, repair: bool = False, gone_percent: float = 2.0, fits: Callable[[ChangeBatch], bool]
) -> Comparison:
    """Go through a flow once. Nothing is written but, with `repair`, messages of the flow.

    Raises what the ports raise, ConfigError where the source's page links do not work.
    """
    for _ in range(MOST_RESTARTS):
        comparison = Comparison(drifter.tools.plan.flow.name)
        try:
            _go_through(comparison, drifter, _Poster(drifter, fits) if repair else None, gone_percent)
        except Gone:
            continue
        return comparison
    raise ConfigError(
        f"{drifter.tools.plan.flow.source.set} cannot be read to its end: a page link did not work.",
        where=f"flow {drifter.tools.plan.flow.name}",
        remedy="Try again later; if it never works, look for a gateway that changes long addresses.",
    )


def _go_through(comparison: Comparison, drifter: Drifter, poster: _Poster | None, gone_percent: float) -> None:
    plan, links = drifter.tools.plan, drifter.tools.links
    link, more = "", True
    while more:
        page = drifter.table.rows_page(plan.flow.source, plan.columns, company=plan.company, link=link)
        looked = look_at_rows(page.rows, drifter, repairing=poster is not None and poster.began)
        _add(comparison, looked)
        if poster is not None:
            comparison.repaired += poster.post(looked.findings)
        link, more = page.next, bool(page.next)
    position, more, orphans = "", True, list[Drifted]()
    while more:
        stored = links.page(plan.flow.mapping, position, most=LINKS_A_PAGE)
        looked = look_at_links(stored.links, drifter, repairing=poster is not None and poster.began)
        _add(comparison, looked)
        if poster is not None:
            comparison.repaired += poster.post(each for each in looked.findings if each.kind != "orphaned")
            orphans += [each for each in looked.findings if each.kind == "orphaned"]
        position, more = stored.next, bool(stored.next)
    if poster is not None and orphans:
        if len(orphans) > max(FEWEST_GONE, comparison.counts["links"] * gone_percent / 100):
            comparison.braked = len(orphans)
        else:
            comparison.repaired += poster.post(orphans)


def _add(comparison: Comparison, looked: Looked) -> None:
    comparison.counts.update(looked.counts)
    room = MOST_TOLD - len(comparison.findings)
    comparison.findings += looked.findings[: max(0, room)]


class _Poster:
    """Posts findings as changes of their flow that are taken up again, a partition a message."""

    def __init__(self, drifter: Drifter, fits: Callable[[ChangeBatch], bool]) -> None:
        self._tools = drifter.tools
        self._fits = fits
        self._run = f"drift-{uuid.uuid4().hex[:8]}"
        self._posted = 0

    @property
    def began(self) -> bool:
        """It has posted something."""
        return self._posted > 0

    def post(self, findings: Iterable[Drifted]) -> int:
        """Gives how many."""
        groups: dict[tuple[int, bool], dict[str, Change]] = defaultdict(dict)
        for finding in findings:
            gone = finding.kind == "orphaned"
            change = Change(finding.id, deleted=gone)
            groups[self._tools.links.partition(finding.id), finding.kind in ("missing", "differs")][finding.id] = change
        for (partition, whole), changes in sorted(groups.items()):
            self._post(list(changes.values()), partition, whole=whole)
        return sum(map(len, groups.values()))

    def _post(self, changes: list[Change], partition: int, *, whole: bool) -> None:
        name = f"{self._run}.{self._posted}"
        batch = ChangeBatch(
            self._tools.plan.flow.name,
            self._run,
            name,
            partition,
            chunked(changes),
            "reopened",
            resend=whole,
            anew=whole,
        )
        if len(changes) > 1 and not self._fits(batch):
            half = len(changes) // 2
            self._post(changes[:half], partition, whole=whole)
            self._post(changes[half:], partition, whole=whole)
            return
        self._posted += 1
        self._tools.outbox.post([batch])
