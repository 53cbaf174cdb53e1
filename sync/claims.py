"""Claim: the lease on a link, without which nothing is written, and giving it back.

Two workers on one record, and how the newer state wins (promise 3):

    worker A                          link row                       worker B
    reads link, etag 1                etag 1                         reads link, etag 1
    claims it, on etag 1              etag 2, claim A
                                                                     claims it, on etag 1: refused
                                                                     reads it again: claim A is running
                                      etag 3, claim A, again    <--  sets again on etag 2, ends superseded
    writes to the target
    remembers, on etag 2: refused
    reads it again: again is set
    fetches, writes once more
    remembers, on etag 3              etag 4, no claim

B set `again` after it had fetched, so what A fetches afterwards is at least as new as what B saw.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from sync.errors import NotReady
from sync.facts import BatchFacts
from sync.keys import key_text
from sync.lines import announced as announced_lines
from sync.model import CHUNK_SIZE, Claim, LineLink, Link, Record, Values
from sync.ports import Stale
from sync.recovery import announced, without_announced
from sync.work import Applier, Delivery, Work


def claim(works: Sequence[Work], tools: Applier, delivery: Delivery) -> list[Work]:
    """Take the lease on every link; gives the works whose source, or what else they were judged by, changed since.

    What is known of the target by now is stored with it, so that a step that was done stays done. Raises Stale when a
    link changed since it was read, Transient when another flow is deciding about the same record. A link that was seen
    for the first time cannot have been judged by anybody else, since whatever another worker concludes writes it; any
    other may have been found unchanged with a newer source state, so the version is asked for once more.
    """
    mapping = tools.plan.flow.mapping
    lease = Claim(delivery.holder, tools.clock.now() + tools.lease)
    claimed = [_claimed(work, lease, tools) for work in works]
    stored = _store(works, claimed, tools)
    if given_up := _given_up(works, claimed):
        tools.links.unreserve(mapping, given_up)
    known = [work for work in works if work.link.etag is not None and not delivery.owns(work.link.claim)]
    for work, link in zip(works, stored, strict=True):
        work.link = link
        if work.after is not None:
            work.after = dataclasses.replace(work.after, seq=link.seq, etag=link.etag)
    moved = _moved_on(known, tools)
    return moved + [work for work in _decided_anew(works, tools) if work not in moved]


def _store(works: Sequence[Work], claimed: Sequence[Link], tools: Applier) -> list[Link]:
    """The claims, with the lines of documents that are announced, in as few transactions as hold them.

    A document with more lines than one transaction holds is claimed by several, one after the other.
    """
    mapping, partition = tools.plan.flow.mapping, tools.links.partition(works[0].change.id)
    stored: list[Link] = []
    links: list[Link] = []
    lines: dict[str, Sequence[LineLink]] = {}
    for work, link in zip(works, claimed, strict=True):
        rows = announced_lines(work)
        while len(rows) >= CHUNK_SIZE:
            [link] = tools.links.write(mapping, partition, [link], lines={link.id: rows[: CHUNK_SIZE - 1]})
            rows = rows[CHUNK_SIZE - 1 :]
        if len(links) + sum(map(len, lines.values())) + 1 + len(rows) > CHUNK_SIZE:
            stored += tools.links.write(mapping, partition, links, lines=lines)
            links, lines = [], {}
        links.append(link)
        if rows:
            lines[link.id] = rows
    return stored + tools.links.write(mapping, partition, links, lines=lines)


def lease_suffices(works: Sequence[Work], tools: Applier) -> bool:
    """Every claim outlasts the longest write that may start now."""
    needed = tools.clock.now() + tools.longest_write
    return all(work.link.claim is not None and work.link.claim.until > needed for work in works)


def put_aside(works: Sequence[Work], tools: Applier, delivery: Delivery) -> None:
    """Give the leases of this delivery back, since its message comes back: what the target took is kept with the link.

    Nothing of it is counted yet. Whoever has asked for `again` is done, and counts on it: that stays with the link.
    """
    links, mapping = tools.links, tools.plan.flow.mapping
    own = [work for work in works if delivery.owns(work.link.claim)]
    while own:
        partition = links.partition(own[0].change.id)
        try:
            links.write(mapping, partition, [_aside(work, delivery) for work in own])
            return
        except Stale:
            stored = links.read(mapping, partition, [work.change.id for work in own])
            own = [work for work in own if delivery.owns(stored[work.change.id].claim)]
            for work in own:
                work.stored = stored[work.change.id]
                work.link = baseline(work, work.stored, delivery)


def baseline(work: Work, stored: Link, delivery: Delivery) -> Link:
    """What is known of the target now: what this delivery has written, or nothing at all where it lost its claim.

    The state stays as it is stored, until it is counted. Whoever asked for `again` may have written when it had lost
    its own claim, and says so by `dirty`.
    """
    if not delivery.owns(stored.claim):
        work.known = None
        return dataclasses.replace(stored, dirty=stored.dirty or work.wrote)
    known = work.known or stored
    return dataclasses.replace(
        stored,
        target=known.target,
        reserved=known.reserved,
        hash=known.hash,
        digests=known.digests,
        gives=known.gives,
        parts=known.parts,
        held=known.held,
        dirty=known.dirty or stored.dirty,
        again=False,
    )


def _aside(work: Work, delivery: Delivery) -> Link:
    known = baseline(work, work.link, delivery)
    link = dataclasses.replace(known, claim=None, again=work.stored.again, owed=_owed(work))
    return link.as_counted(work.stored)


def _owed(work: Work) -> str:
    return str(work.done.ending) if work.done else work.link.owed


def _claimed(work: Work, claim: Claim, tools: Applier) -> Link:
    """The link with the lease, and with what must be known should nothing be heard of this delivery any more."""
    link = dataclasses.replace(work.link, claim=claim, again=False, owed=_owed(work)).as_counted(work.stored)
    if work.draft is None or work.behind is not None:
        return link
    match work.step:
        case "create" | "adopt":
            digests = {**without_announced(link.digests), **_lasting(work)}
            if work.step == "create":
                digests |= announced(work.draft.values, tools)
            # Lines that are announced may never be written: then nothing that is known of them is sure.
            unsure = link.dirty or (link.linked and bool(work.draft.lines.writes))
            return dataclasses.replace(link, reserved=dict(work.key), digests=digests, gives=_kept(work), dirty=unsure)
        case "hold":
            return dataclasses.replace(link, held=not work.lasting, dirty=True)
        case _:
            return dataclasses.replace(link, dirty=link.dirty or bool(announced_lines(work)), gives=_kept(work))


def _kept(work: Work) -> Mapping[str, str]:
    """What was computed once is stored before it is written: another delivery takes it from there."""
    return {**work.link.gives, **work.mapped.keeps} if work.mapped is not None else work.link.gives


def _lasting(work: Work) -> dict[str, str]:
    """What must stay as it is from now on, should the row be found without anything else being known of it."""
    if work.link.linked or work.mapped is None or work.draft is None:
        return {}
    names = {field.name for field in work.mapped.fields if field.fixed is not None}
    return {name: digest for name, digest in work.draft.digests.items() if name in names}


def _given_up(works: Sequence[Work], claimed: Sequence[Link]) -> dict[str, str]:
    """Keys that an earlier, refused create held, under a number that has changed since."""
    pairs = [(work.link.reserved, link.reserved, work.change.id) for work, link in zip(works, claimed, strict=True)]
    return {key_text(old): id for old, new, id in pairs if old and key_text(old) != key_text(new)}


def _moved_on(works: Sequence[Work], tools: Applier) -> list[Work]:
    if not works:
        return []
    source = tools.plan.flow.source
    whole = tools.plan.feed == "snapshot"
    columns = tools.plan.columns if whole else source.key
    current = tools.reader.fetch(source, [work.change.id for work in works], columns)
    if not whole:
        return [work for work in works if _version(current.get(work.change.id)) != _version(work.record)]
    return [work for work in works if _values(current.get(work.change.id)) != _values(work.record)]


def _decided_anew(works: Sequence[Work], tools: Applier) -> list[Work]:
    """Records that another flow has decided about since they were judged: it looks at our link as we look at its own,
    each under its own claim, so that one of the two sees the other."""
    watching = [work for work in works if work.watched and work.behind is None]
    if not watching:
        return []
    facts = BatchFacts(tools.tables, tools.links, tools.reader, tools.clock)
    facts.read({asked for work in watching for asked in work.watched})
    return [work for work in watching if _decisions(work, tools, facts) != work.watched]


def _decisions(work: Work, tools: Applier, facts: BatchFacts) -> dict[tuple[str, str], str | None] | None:
    """None when nobody knows yet: then judging it anew says why."""
    try:
        return facts.deciding(tools.plan, work.source)
    except NotReady:
        return None


def _version(record: Record | None) -> str | None:
    return record.version if record else None


def _values(record: Record | None) -> Values | None:
    return record.values if record else None
