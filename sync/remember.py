"""Remember: the issues and waiting rows, then the links with the row of outcomes, then the release of who waited.

The links of a chunk and its tally are one Table transaction: counts and links can never disagree (promise 1). What is
outside of it is repeated by a redelivery: opening an issue again changes nothing, closing one again neither.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

from sync.errors import DataError, NotReady
from sync.model import Change, ChangeBatch, Chunk, Ending, Issue, Link, Outcome, Tally, Waiter, chunked
from sync.ports import AlreadyTallied
from sync.work import Applier, Work

OPEN = ("parked", "waiting")
"""The states of a link that have a row of their own among the issues or the waiting."""


def remember(works: Sequence[Work], batch: ChangeBatch, chunk: Chunk, tools: Applier) -> None:
    """Store what the chunk came to. Raises Stale when a link changed meanwhile: nothing of the chunk is stored then."""
    open_rows(works, batch, tools)
    before = [work.link for work in works]
    store(works, batch, chunk, tools)
    close_rows(works, before, batch, tools)
    if tools.awaited:
        fresh = [work.link.id for work, old in zip(works, before, strict=True) if work.link.linked and not old.linked]
        release_waiters(fresh, batch, tools)


def store(works: Sequence[Work], batch: ChangeBatch, chunk: Chunk, tools: Applier) -> None:
    """The links and the tally, in one transaction."""
    mapping = tools.plan.flow.mapping
    changed = [work for work in works if work.after is not None]
    links = [work.after for work in changed if work.after is not None]
    try:
        stored = tools.links.write(mapping, batch.partition, links, tally(works, batch, chunk))
    except AlreadyTallied:
        # These records are counted elsewhere, whole or in parts; a parked or waiting one stays so for that count.
        kept = [_uncounted(work) for work in changed]
        stored = tools.links.write(mapping, batch.partition, kept) if kept else []
    for work, link in zip(changed, stored, strict=True):
        work.link = link
        work.after = None


def tidy(ids: Sequence[str], batch: ChangeBatch, tools: Applier) -> None:
    """Repeat what follows from the stored links, for a delivery that may have ended right behind their transaction."""
    links = tools.links.read(tools.plan.flow.mapping, batch.partition, ids).values()
    settled = [link.id for link in links if link.state != "parked"]
    tools.issues.close(tools.plan.flow.name, batch.partition, settled)
    if tools.awaited:
        release_waiters([link.id for link in links if link.linked], batch, tools)


def close_rows(works: Sequence[Work], before: Sequence[Link], batch: ChangeBatch, tools: Applier) -> None:
    """Records that were parked or waiting and are not any more, or wait for something else."""
    flow = tools.plan.flow.name
    pairs = list(zip(works, before, strict=True))
    mended = [old.id for work, old in pairs if (old.state == "parked" or work.shown) and work.link.state != "parked"]
    if mended:
        tools.issues.close(flow, batch.partition, mended)
    served = [
        Waiter(flow, batch.partition, old.id, old.awaits, old.reason)
        for work, old in pairs
        if old.state == "waiting" and (work.link.state, work.link.awaits) != ("waiting", old.awaits)
    ]
    if served:
        tools.waiting.remove(served)


def release_waiters(ids: Sequence[str], batch: ChangeBatch, tools: Applier) -> None:
    """Post the records that wait for these links as changes of their own flows, then let their rows go."""
    waiters = tools.waiting.awaiting([f"{tools.plan.flow.mapping}:{id}" for id in ids]) if ids else []
    groups: dict[tuple[str, int], list[Waiter]] = defaultdict(list)
    for waiter in waiters:
        groups[waiter.flow, waiter.partition].append(waiter)
    for (flow, partition), members in groups.items():
        changes = tuple(Change(id) for id in dict.fromkeys(waiter.id for waiter in members))
        # Releasing the same records twice counts once; other records are another batch.
        same = hashlib.blake2b("".join(change.id for change in changes).encode(), digest_size=6).hexdigest()
        name = f"{batch.batch}.{flow}-{partition}-{same}"
        tools.outbox.post([ChangeBatch(flow, batch.run, name, partition, chunked(changes), kind="reopened")])
    tools.waiting.remove(waiters)


def tally(works: Sequence[Work], batch: ChangeBatch, chunk: Chunk) -> Tally:
    """The outcomes of a chunk by ending and reason, and the waiting and parked records that they replace."""
    outcomes: Counter[str] = Counter()
    closed: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    for work in works:
        outcome = final(work)
        outcomes[name_of(outcome)] += 1
        warnings.update(outcome.warnings)
        if work.link.state in OPEN and work.after is not None and outcome.ending != Ending.SUPERSEDED:
            closed[f"{work.link.state}/{work.link.reason}"] += 1
    return Tally(batch.flow, batch.run, batch.batch, chunk.name, batch.kind, outcomes, closed, warnings)


def final(work: Work) -> Outcome:
    """One change, one ending: what the target took stands, unless the record waits or is parked after all."""
    outcome = work.outcome
    assert outcome is not None  # noqa: S101 - a work without an outcome is not remembered
    if work.done is None or outcome.ending in (Ending.PARKED, Ending.WAITING):
        return outcome
    return work.done


def _uncounted(work: Work) -> Link:
    after, link = work.after, work.link
    assert after is not None  # noqa: S101 - the caller filtered
    if link.state not in OPEN:
        return after
    return dataclasses.replace(after, state=link.state, reason=link.reason, awaits=link.awaits)


def name_of(outcome: Outcome) -> str:
    """ "created", "skipped/not-active", ..."""
    return f"{outcome.ending}/{outcome.reason}" if outcome.reason else str(outcome.ending)


def open_rows(works: Sequence[Work], batch: ChangeBatch, tools: Applier) -> None:
    """The issue and waiting rows of the records that did not come through."""
    flow = tools.plan.flow.name
    now = tools.clock.now()
    issues, waiters = [], []
    for work in works:
        match work.error:
            case DataError() as error:
                number = tools.plan.number(work.record) if work.record else ""
                issue = as_issue(error, flow, batch.partition, work.change.id)
                issues.append(dataclasses.replace(issue, number=number, first_seen=now, last_seen=now))
                work.shown = True
            case NotReady() as error:
                waiters.append(Waiter(flow, batch.partition, work.change.id, error.awaits, error.code))
            case None:
                pass
    if issues:
        tools.issues.put(issues)
    if waiters:
        tools.waiting.put(waiters)


def as_issue(error: DataError, flow: str, partition: int, id: str) -> Issue:
    """The row of an error, with what a person needs and no value of the record."""
    return Issue(
        flow,
        partition,
        id,
        error.code,
        error.what,
        error.remedy,
        column=error.column,
        retryable=error.retryable,
        details=error.details,
    )
