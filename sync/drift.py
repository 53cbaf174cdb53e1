"""Drift: where the two sides of a flow are not as it would leave them, and no change is under way that explains it.

The source is looked at page by page, and then the links. What is found is looked at once more, behind it the changes
that the feed has not handed on yet: what these explain is counted, and told by nobody. Nothing is written. Repair posts
the records as changes, which the ordinary path judges anew: one that was mended meanwhile ends unchanged.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sync.compare import changed
from sync.differences import differing, differing_lines, differing_steps
from sync.errors import DataError, NotReady
from sync.facts import BatchFacts
from sync.keys import key_text
from sync.lines import fetch_lines
from sync.model import Change, LineLink, Link, Record, Values
from sync.ports import ChangeFeed, Watermarks, Whole
from sync.remember import OPEN, linked
from sync.work import Applier, Work, number_of

type Kind = Literal["missing", "differs", "unlinked", "orphaned", "waits for nothing"]

KINDS: dict[Kind, str] = {
    "missing": "in the source, and not in the target",
    "differs": "in both, and the target does not hold what the source says",
    "unlinked": "in both, and nothing says that they belong together",
    "orphaned": "linked, and no longer in the source",
    "waits for nothing": "waiting for a record that is linked, or for nothing that anybody knows of",
}
"""What a finding can be, with what it means."""

TARGET_MISSING = "target-missing"
"""The reason of a parked record whose counterpart is gone: a repair by a person takes it up (flows.md 1.9)."""

MOST_PAGES_AHEAD = 20
"""Pages of changes that are read ahead of the feed; when there are more, new and changed records are left to it."""


@dataclass(frozen=True, slots=True)
class Drifted:
    """A record that drifted. `columns` are those that differ, without their values.

    `ours` tells that no change of the source explains it: somebody changed the target, or the storage.
    """

    kind: Kind
    id: str
    number: str = ""
    columns: tuple[str, ...] = ()
    ours: bool = True


@dataclass(frozen=True, slots=True)
class Drifter:
    """What the comparison of one flow works with; `tools` are those of its queue function, and nothing is written."""

    tools: Applier
    table: Whole
    feed: ChangeFeed
    watermarks: Watermarks


@dataclass(slots=True)
class Looked:
    """What one page came to: so many were compared, are under way, known otherwise, or could not be judged."""

    findings: list[Drifted] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def look_at_rows(records: Sequence[Record], drifter: Drifter, *, repairing: bool = False) -> Looked:
    """Compare a page of the source with the links and with the target. Raises what the ports raise.

    `repairing` tells that the messages in the queue are those of this comparison, mostly.
    """
    looked = Looked(counts=Counter({"records": len(records)}))
    first = _compared(records, drifter.tools, looked.counts)
    ids = [finding.id for finding in first]
    if ids:
        tools = drifter.tools
        rows = tools.reader.fetch(tools.plan.flow.source, ids, tools.plan.columns)
        again = _compared([dataclasses.replace(row, id=id) for id, row in rows.items()], tools, Counter())
        _confirm(again, looked, drifter, repairing=repairing)
    return looked


def look_at_links(links: Sequence[Link], drifter: Drifter, *, repairing: bool = False) -> Looked:
    """Look for links whose record is gone, and for records that wait for nothing. Raises what the ports raise."""
    looked = Looked(counts=Counter({"links": len(links)}))
    if first := _without_sense(links, drifter.tools):
        stored = _read([finding.id for finding in first], drifter.tools)
        _confirm(_without_sense(list(stored.values()), drifter.tools), looked, drifter, repairing=repairing)
    return looked


def _confirm(again: Sequence[Drifted], looked: Looked, drifter: Drifter, *, repairing: bool) -> None:
    """Keep what no change explains that is on its way."""
    ahead = _ahead(drifter, repairing=repairing)
    for finding in again:
        under_way = not finding.ours and (ahead is None or finding.id.casefold() in ahead)
        if under_way:
            looked.counts["under way"] += 1
        else:
            looked.findings.append(finding)
            looked.counts[finding.kind] += 1


def _ahead(drifter: Drifter, *, repairing: bool) -> set[str] | None:
    """The records whose changes the feed has not handed on yet; None when that is not known, or messages wait.

    A repair that has begun looks through its own messages: what is in another's, too, is judged twice and written once.
    """
    tools, feed = drifter.tools, drifter.feed
    watermark = drifter.watermarks.read(tools.plan.flow.name)
    mode = feed.mode(watermark.position)
    if watermark.pending or watermark.full or watermark.definition != tools.plan.definition:
        return None
    if not repairing and tools.outbox.depth(tools.plan.flow.name):
        return None
    if tools.plan.feed == "snapshot":  # what a row was last judged by is in its link
        return set() if mode == "rest" else None
    ahead: set[str] = set()
    position = watermark.position
    for _ in range(MOST_PAGES_AHEAD):
        if feed.mode(position) != "delta":
            return None
        page = feed.page(position, full=False)
        ahead |= {change.id.casefold() for change in page.changes}
        position = page.position
        if not page.more:
            return None if page.stop else ahead
    return None


def _compared(records: Sequence[Record], tools: Applier, counts: Counter[str]) -> list[Drifted]:
    links = _read([record.id for record in records], tools)
    works = []
    for record in records:
        work = Work(Change(record.id, record.version), links.get(record.id, Link(record.id)))
        work.record = record
        works.append(work)
    counts["under way"] += sum(_is_held(work.link) for work in works)
    counts["known"] += sum(_is_known(work.link) for work in works)
    works = [work for work in works if not _is_held(work.link) and not _is_known(work.link)]
    facts = BatchFacts(tools.tables, tools.links, tools.reader, tools.clock)
    facts.prepare(tools.plan, [work.source for work in works])
    refused: dict[str, str] = {}

    def judge(work: Work) -> None:
        verdict = tools.plan.verdict(work.source, facts, linked=work.link.linked)
        if verdict.reason is not None:
            refused[work.change.id] = verdict.reason

    works = _sound(works, judge, counts)
    stopped = [work for work in works if work.change.id in refused]
    wanted = [work for work in works if work.change.id not in refused]
    own = set(tools.plan.flow.target.key)
    joined = [work for work in wanted if work.link.linked and set(work.link.target) == own]
    return [
        *_not_stopped(stopped),
        *_unlinked([work for work in wanted if not work.link.linked], tools, facts),
        *_joined(joined, tools, facts, counts),
    ]


def _is_held(link: Link) -> bool:
    """Somebody is at work on it, or its write is not remembered yet."""
    return bool(link.claim or link.again or link.dirty or link.owed)


def _is_known(link: Link) -> bool:
    """An issue or a waiting row tells of it already."""
    return link.state in OPEN and link.reason != TARGET_MISSING


def _not_stopped(works: Sequence[Work]) -> list[Drifted]:
    """The filter refuses them, and the app has not heard of it: their counterparts would have been put on hold."""
    lost = [work for work in works if work.link.linked and work.link.state == "linked"]
    return [Drifted("differs", work.change.id, columns=("state",), ours=False) for work in lost]


def _unlinked(works: Sequence[Work], tools: Applier, facts: BatchFacts) -> list[Drifted]:
    """Records that would have a counterpart. An earlier revision that another one has followed is none of them."""
    plan = tools.plan
    works = [work for work in works if plan.revisions is None or work.link.reason != plan.revisions.older]

    def identify(work: Work) -> None:
        work.identity = plan.identify(work.source, facts)

    known = _sound(works, identify, Counter())
    there: set[str] = set()
    searched = [(work, work.identity) for work in known if work.identity is not None]
    if searched and plan.natural:
        rows = tools.writer.match(plan.flow.target, [each.search for _, each in searched], plan.flow.target.key)
        there = {work.change.id for (work, _), found in zip(searched, rows, strict=True) if found}
    elif searched:
        found = tools.writer.find(plan.flow.target, [each.key for _, each in searched], plan.flow.target.key)
        there = {work.change.id for work, each in searched if key_text(each.key) in found}
    findings = []
    for work in works:
        kind: Kind = "unlinked" if work.change.id in there else "missing"
        if plan.feed == "snapshot" and kind == "missing":
            continue  # the next read of the whole source takes it up: a record without a link is new to it
        ours = plan.feed == "snapshot"
        findings.append(Drifted(kind, work.change.id, number_of(work, tools), ours=ours))
    return findings


def _joined(works: Sequence[Work], tools: Applier, facts: BatchFacts, counts: Counter[str]) -> list[Drifted]:
    """Linked records whose row is gone, or holds something else than it should."""
    if not works:
        return []
    plan = tools.plan
    rows = tools.writer.find(plan.flow.target, [work.link.target for work in works], plan.target_columns)
    gone = [work for work in works if key_text(work.link.target) not in rows]
    works = [work for work in works if work not in gone]
    fetch_lines(works, tools)
    facts.prepare_lines(plan, [work.source for work in works])

    def map_(work: Work) -> None:
        work.target = rows[key_text(work.link.target)]
        work.identity = plan.identify(work.source, facts, work.link.target)
        known = work.target if plan.reads_target else None
        work.mapped = plan.map(work.source, facts, work.link.target, known, work.link.gives)

    works = _sound(works, map_, counts)
    columns = {work.change.id: _columns(work) for work in works}
    for id, told in (*_steps(works, tools), *_lines(works, tools)):
        columns[id] += told
    findings = [Drifted("missing", work.change.id, number_of(work, tools)) for work in gone]
    for work in works:
        if told := columns[work.change.id]:
            number, ours = number_of(work, tools), not _moved(work, tools)
            findings.append(Drifted("differs", work.change.id, number, tuple(dict.fromkeys(told)), ours))
    return findings


def _columns(work: Work) -> list[str]:
    held = work.link.held or work.link.state == "removed"
    told = differing(work.mapped.fields, work.target or {}) if work.mapped else []
    return [*(["state"] if held else []), *told]


def _steps(works: Sequence[Work], tools: Applier) -> Iterable[tuple[str, list[str]]]:
    steps = [(work, step) for work in works if work.mapped for step in work.mapped.steps]
    told = differing_steps([(step, work.link, work.target or {}) for work, step in steps], tools.writer, tools.digester)
    return [(work.change.id, each) for (work, _), each in zip(steps, told, strict=True)]


def _lines(works: Sequence[Work], tools: Applier) -> Iterable[tuple[str, list[str]]]:
    """Of documents; those of one that was changed meanwhile are compared when the change has been written."""
    lines = tools.plan.lines
    works = [work for work in works if lines is not None and not _moved(work, tools)]
    if lines is None or not works:
        return []
    documents = [lines.document(work.link.target) for work in works]
    found = tools.writer.match(lines.target, documents, [*lines.target.key, *lines.there])
    links: dict[str, tuple[LineLink, ...]] = {}
    for partition, ids in _by_partition([work.change.id for work in works], tools).items():
        links |= tools.links.lines(tools.plan.flow.mapping, partition, ids)
    told = []
    for work, rows in zip(works, found, strict=True):
        by_number: dict[int, Values] = {int(str(row[lines.number])): row for row in rows}
        mapped = work.mapped.lines if work.mapped else ()
        told.append((work.change.id, differing_lines(mapped, links.get(work.change.id, ()), by_number, lines)))
    return told


def _moved(work: Work, tools: Applier) -> bool:
    """The source says something else than when the record was last judged."""
    if tools.plan.feed == "snapshot":
        return work.link.version != tools.digester.row(work.source.values, tools.plan.columns)
    stopped = work.link.held or work.link.state == "removed"
    return stopped or (work.mapped is not None and changed(work.mapped, work.link, tools.digester))


def _without_sense(links: Sequence[Link], tools: Applier) -> list[Drifted]:
    source = tools.plan.flow.source
    tied = [link for link in links if link.linked and link.state != "removed" and not _is_held(link)]
    there = tools.reader.fetch(source, [link.id for link in tied], source.key) if tied else {}
    findings = [Drifted("orphaned", link.id, ours=False) for link in tied if link.id not in there]
    waiting = [link for link in links if link.state == "waiting" and not _is_held(link)]
    names = list(dict.fromkeys(link.awaits for link in waiting))
    rows = {(waiter.id.casefold(), waiter.awaits) for waiter in tools.waiting.awaiting(names)} if names else set()
    made = linked(names, tools.links)
    for link in waiting:
        if link.awaits in made or (link.id.casefold(), link.awaits) not in rows:
            findings.append(Drifted("waits for nothing", link.id, columns=(link.awaits,), ours=False))
    return findings


def _sound(works: Sequence[Work], step: Callable[[Work], None], counts: Counter[str]) -> list[Work]:
    """Those that can be judged; of the others the ordinary path makes an issue, or lets them wait, when they change."""
    sound = []
    for work in works:
        try:
            step(work)
        except (DataError, NotReady):
            counts["not judged"] += 1
            continue
        sound.append(work)
    return sound


def _read(ids: Sequence[str], tools: Applier) -> dict[str, Link]:
    found: dict[str, Link] = {}
    for partition, members in _by_partition(ids, tools).items():
        found |= tools.links.read(tools.plan.flow.mapping, partition, members)
    return found


def _by_partition(ids: Iterable[str], tools: Applier) -> Mapping[int, list[str]]:
    groups: dict[int, list[str]] = defaultdict(list)
    for id in ids:
        groups[tools.links.partition(id)].append(id)
    return groups
