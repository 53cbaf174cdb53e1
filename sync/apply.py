"""Apply: a batch of changes on its path. Fetch, link, map, compare, write, remember.

A batch is judged as a whole, in few requests; then each chunk is claimed, written and remembered by itself, so that
the leases are short and a chunk that is remembered stays so whatever happens to the rest.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from datetime import datetime

from sync.claims import baseline, claim, lease_suffices, put_aside
from sync.deployment import refuse_outdated
from sync.errors import Busy, Contested, SyncError, Unsure
from sync.holding import hold_answered_keys, reserve
from sync.judge import judge
from sync.model import ChangeBatch, Chunk, Ending, Link, Outcome
from sync.ports import Stale
from sync.remember import remember, tidy
from sync.steps import advance
from sync.work import Applier, Delivery, Work
from sync.writing import write

log = logging.getLogger(__name__)

ROUNDS = 8
"""How often a chunk is judged anew because its records changed under it, before the message is put back."""


def apply(batch: ChangeBatch, tools: Applier, *, again: bool = False) -> None:
    """Carry every change of the batch to its outcome.

    `again` says that the batch may have been delivered before: what is tallied is not repeated, only tidied up.
    Raises Transient to have the message put back (Outdated for a host of other rules), ConfigError to have the flow
    stopped.
    """
    began = tools.clock.now()
    delivery = Delivery(batch.batch, tools.name_delivery(), batch.resend, batch.anew)
    # The links come first: whoever counts a chunk that is known to be open behind this delivery's back writes them.
    links = tools.links.read(tools.plan.flow.mapping, batch.partition, _ids(batch.chunks))
    refuse_outdated(tools)
    chunks = unfinished(batch, tools) if again else list(batch.chunks)
    works = {
        chunk.name: [Work(change, links.get(change.id, Link(change.id)), again) for change in chunk.changes]
        for chunk in chunks
    }
    judge([work for members in works.values() for work in members], tools, delivery)
    for chunk in chunks:
        if chunk is not chunks[0]:
            _refuse_to_go_on(batch, began, tools)
        if not again:  # it may have come so late that another delivery of its message is done
            _let_drift(works[chunk.name], batch, chunk, tools, delivery)
        _finish(works[chunk.name], batch, chunk, tools, delivery)
    log.debug("%s: batch %s, %d records", batch.flow, batch.batch, batch.size)


def _refuse_to_go_on(batch: ChangeBatch, began: datetime, tools: Applier) -> None:
    """Raises Busy when no other chunk is to be begun by this run."""
    if tools.clock.now() - began > tools.budget:
        raise Busy("the rest of it is done by another run", delay=1, where=f"batch {batch.batch}")
    if tools.storm is not None and tools.storm.is_held():
        raise Busy("the flow is paused", delay=1, where=f"batch {batch.batch}")


def unfinished(batch: ChangeBatch, tools: Applier) -> list[Chunk]:
    """The chunks that are not tallied yet; the others are tidied up once more.

    A chunk of which an earlier delivery has left something to be done is applied all the same: another worker may rely
    on its claim, and a feed that compares does not find again what a void chunk has written and nobody counts.
    """
    mapping, names = tools.plan.flow.mapping, [chunk.name for chunk in batch.chunks]
    tallied = tools.links.tallies(mapping, batch.partition, batch.batch, names)
    done = [chunk for chunk in batch.chunks if chunk.name in tallied]
    links = tools.links.read(mapping, batch.partition, _ids(done)) if done else {}
    left = {id for id, link in links.items() if _is_left(link, batch)}
    done = [chunk for chunk in done if left.isdisjoint(_ids([chunk]))]
    if done:
        tidy([links[id] for id in _ids(done) if id in links], batch, tools)
    return [chunk for chunk in batch.chunks if chunk not in done]


def _is_left(link: Link, batch: ChangeBatch) -> bool:
    """A delivery of this batch may have left the link like that, and nobody else is at work on it."""
    if link.claim is not None:
        return link.claim.holder.startswith(f"{batch.batch}/")
    return bool(link.again or link.dirty or link.owed)


def _finish(works: list[Work], batch: ChangeBatch, chunk: Chunk, tools: Applier, delivery: Delivery) -> None:
    """Write and remember one chunk. Where it is known what the target took, nobody has to wait for the leases."""
    try:
        _write_and_remember(works, batch, chunk, tools, delivery)
    except Unsure:
        raise
    except SyncError:
        put_aside(works, tools, delivery)
        raise


def _write_and_remember(
    works: list[Work], batch: ChangeBatch, chunk: Chunk, tools: Applier, delivery: Delivery
) -> None:
    """Judge again what changed under the chunk until nothing does."""
    for _ in range(ROUNDS):
        try:
            _write_drafts(works, tools, delivery)
            remember(works, batch, chunk, tools)
            return
        except Stale:
            _judge_again(works, batch, tools, delivery)
            _let_drift(works, batch, chunk, tools, delivery)
    raise Contested("its records keep changing", delay=30, where=f"batch {batch.batch}, chunk {chunk.name}")


def _write_drafts(works: Sequence[Work], tools: Applier, delivery: Delivery) -> None:
    """Claim, hold the keys, send; until no draft is left, and no step behind one.

    A decision that writes nothing to the target, but lets a known link say something else, is claimed like a write: it
    may be about an older state than another worker's, which found nothing to store. That comes last, so that nobody is
    kept from the link of an earlier revision while other records of its chunk are written.
    """
    tries = 0
    while tries < ROUNDS:
        advance(works, tools)
        drafts = [work for work in works if work.draft is not None]
        claiming = drafts or [work for work in works if work.turns and not delivery.owns(work.link.claim)]
        if not claiming:
            return
        moved = claim(claiming, tools, delivery)
        refuse_outdated(tools)
        if moved:
            tries += 1
            for work in moved:
                work.restart(work.link)
            judge(moved, tools, delivery)
            continue
        first = [work for work in drafts if work.behind is None]
        reserve(first, tools)
        if not lease_suffices(drafts, tools):
            tries += 1
            continue
        kept_from = write([work for work in drafts if work.draft is not None], tools)
        hold_answered_keys(first, tools)
        if kept_from:
            raise kept_from
        judge([work for work in drafts if work.record is None and work.outcome is None], tools, delivery)
        tries += any(work.draft is not None for work in drafts)
    raise Contested("its records keep changing", delay=30)


def _judge_again(works: Sequence[Work], batch: ChangeBatch, tools: Applier, delivery: Delivery) -> None:
    """Read the chunk's links anew; what changed, or was asked for again, is fetched and judged once more."""
    stored = tools.links.read(tools.plan.flow.mapping, batch.partition, [work.change.id for work in works])
    changed = []
    for work in works:
        link = stored.get(work.change.id, Link(work.change.id))
        if link.etag == work.link.etag:
            continue
        work.stored = link
        work.restart(baseline(work, link, delivery))
        changed.append(work)
    judge(changed, tools, delivery)


def _let_drift(works: Sequence[Work], batch: ChangeBatch, chunk: Chunk, tools: Applier, delivery: Delivery) -> None:
    """Claim nothing anew for a chunk that is counted elsewhere: its message may be gone, and with it whoever could
    finish what others leave to a claim. What was written without a claim is said by `dirty`; that, and what an earlier
    delivery has left, is taken up by a new message.
    """
    lost = [work for work in works if (work.draft is not None or work.turns) and not delivery.owns(work.link.claim)]
    if not lost or not tools.links.tallies(tools.plan.flow.mapping, batch.partition, batch.batch, [chunk.name]):
        return
    for work in lost:
        work.draft = None
        work.outcome = Outcome(Ending.SUPERSEDED)
        work.adrift = work.wrote or _is_left(work.stored, batch)
        work.after = dataclasses.replace(work.stored, dirty=work.wrote or work.stored.dirty) if work.adrift else None


def _ids(chunks: Sequence[Chunk]) -> list[str]:
    return [change.id for chunk in chunks for change in chunk.changes]
