"""Sweep: takes up again what may have become possible: parked records whose cause lies outside of them, and records
that wait for something that is there by now.

A parked record is tried again after five minutes, then after twice as long each time, up to a day: reference data that
was mended changes nothing in the source, so no change would come. A waiting record is posted again when the link it
waits for is there (a race left it behind), or, when it waits for reference data, every time.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b

from sync.model import Change, ChangeBatch, Flow, Issue, Link, Waiter, chunked
from sync.ports import Clock, Issues, Links, Outbox, Waiting

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(days=1)
DEEPEST_QUEUE = 50
"""Messages that may wait already: first come the changes that people make."""


@dataclass(frozen=True, slots=True)
class Sweeper:
    """What the sweep of one flow works with; `pause` is the first one after a record was parked."""

    flow: Flow
    links: Links
    issues: Issues
    waiting: Waiting
    outbox: Outbox
    clock: Clock
    pause: timedelta = FIRST_PAUSE


def sweep(tools: Sweeper) -> int:
    """Post what is due as reopened changes; gives how many. Posting the same again counts nothing twice."""
    flow = tools.flow.name
    if tools.outbox.depth(flow) > DEEPEST_QUEUE:
        return 0
    due = [issue for issue in tools.issues.open(flow) if is_due(issue, tools)]
    waiters = list(tools.waiting.open(flow))
    served = [waiter for waiter in waiters if _may_go_on(waiter, tools)]
    wanted: dict[int, set[str]] = defaultdict(set)
    for partition, id in [
        *((each.partition, each.id) for each in due),
        *((each.partition, each.id) for each in served),
    ]:
        wanted[partition].add(id)
    count = sum(_reopen(sorted(ids), partition, tools) for partition, ids in sorted(wanted.items()))
    _forget(waiters, tools)
    if count:
        log.info("%s: %d records are tried again", flow, count)
    return count


def is_due(issue: Issue, tools: Sweeper) -> bool:
    """The pause since it was last tried is over: 5 minutes, 10, 20 ... a day."""
    if not issue.trouble.retryable or issue.last_seen is None:
        return False
    doublings: int = 1 << min(issue.times - 1, 16)
    return tools.clock.now() - issue.last_seen >= min(tools.pause * doublings, LONGEST_PAUSE)


def _may_go_on(waiter: Waiter, tools: Sweeper) -> bool:
    owner, _, id = waiter.awaits.partition(":")
    if owner in ("sales", "finops"):
        return True  # reference data: only the mapping can tell
    link = tools.links.read(owner, tools.links.partition(id), [id]).get(id)
    return link is not None and link.linked


def _reopen(ids: Sequence[str], partition: int, tools: Sweeper) -> int:
    """Post those of the records that are still parked or waiting."""
    links = tools.links.read(tools.flow.mapping, partition, ids)
    open_ = [link for id in ids if (link := links.get(id)) is not None and link.state in ("parked", "waiting")]
    if open_:
        name = _name(open_)
        changes = chunked([Change(link.id) for link in open_])
        for number, chunk in enumerate(changes):
            batch = ChangeBatch(tools.flow.name, name, f"{name}.{number}", partition, (chunk,), kind="reopened")
            tools.outbox.post([batch])
    return len(open_)


def _forget(waiters: Sequence[Waiter], tools: Sweeper) -> None:
    """Rows that a crash left behind: their records wait for nothing, or for something else."""
    by_partition: dict[int, list[Waiter]] = defaultdict(list)
    for waiter in waiters:
        by_partition[waiter.partition].append(waiter)
    for partition, members in by_partition.items():
        links = tools.links.read(tools.flow.mapping, partition, [waiter.id for waiter in members])
        over = [each for each in members if each.id in links and links[each.id].awaits != each.awaits]
        if over:
            tools.waiting.remove(over)


def _name(links: Sequence[Link]) -> str:
    """The same for the same records in the same state: a sweep that runs twice counts once."""
    said = "".join(f"{link.id}:{link.seq};" for link in links)
    return f"sweep-{blake2b(said.encode(), digest_size=8).hexdigest()}"
