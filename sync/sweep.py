"""Sweep: takes up again what may have become possible: parked records whose cause lies outside of them, and records
that wait for something that is there by now.

A parked record is tried again after five minutes, then after twice as long each time, up to a day: reference data that
was mended changes nothing in the source, so no change would come. A waiting record is posted again when the link it
waits or hopes for is there (a race left it behind), when it waits for reference data, and when it has waited too long.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from sync.model import Change, ChangeBatch, Flow, Issue, Link, Waiter, chunked
from sync.ports import Clock, Issues, Links, Outbox, Waiting
from sync.remember import REFERENCE_DATA, linked

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(days=1)
PROBES = 20
"""So many of those that wait for one piece of reference data are tried again at a time."""

DEEPEST_QUEUE = 50
"""Messages that may wait already: first come the changes that people make."""


@dataclass(frozen=True, slots=True)
class Sweeper:
    """What the sweep of one flow works with; `pause` is the first one after a record was parked.

    What waits longer than `patience` is looked at once more, and becomes an issue.
    """

    flow: Flow
    links: Links
    issues: Issues
    waiting: Waiting
    outbox: Outbox
    clock: Clock
    pause: timedelta = FIRST_PAUSE
    patience: timedelta = timedelta(hours=24)


def sweep(tools: Sweeper) -> int:
    """Post what is due as reopened changes; gives how many. Posting the same again counts nothing twice."""
    flow = tools.flow.name
    if tools.outbox.depth(flow) > DEEPEST_QUEUE:
        return 0
    wanted: dict[int, set[str]] = defaultdict(set)
    for issue in tools.issues.open(flow):
        if is_due(issue, tools):
            wanted[issue.partition].add(issue.id)
    waiters = list(tools.waiting.open(flow))
    at_work = tools.outbox.depth(flow) > 0
    links = _links_of(waiters, tools)
    for waiter in _served(waiters, links, tools):
        wanted[waiter.partition].add(waiter.id)
    count = sum(reopen(sorted(ids), partition, tools) for partition, ids in sorted(wanted.items()))
    if not at_work:
        _forget(waiters, links, tools)
    if count:
        log.info("%s: %d records are tried again", flow, count)
    return count


def is_due(issue: Issue, tools: Sweeper) -> bool:
    """The pause since it was last tried is over."""
    due = next_try(issue, tools.pause)
    return due is not None and tools.clock.now() >= due


def next_try(issue: Issue, pause: timedelta = FIRST_PAUSE) -> datetime | None:
    """From when on the sweep tries a record again: after 5 minutes, 10, 20 ... a day. None for one that only a change
    of the record helps."""
    if not issue.trouble.retryable or issue.last_seen is None:
        return None
    doublings: int = 1 << min(issue.times - 1, 16)
    return issue.last_seen + min(pause * doublings, LONGEST_PAUSE)


def _links_of(waiters: Sequence[Waiter], tools: Sweeper) -> dict[str, Link]:
    """The links of the records that wait."""
    links: dict[str, Link] = {}
    for partition, ids in _by_partition((waiter.partition, waiter.id) for waiter in waiters).items():
        links.update(tools.links.read(tools.flow.mapping, partition, ids))
    return links


def _served(waiters: Sequence[Waiter], links: Mapping[str, Link], tools: Sweeper) -> list[Waiter]:
    """Those that may go on, or have waited too long.

    Of many that wait for one piece of reference data some are enough: when it is there, they release the others.
    """
    made = linked({waiter.awaits for waiter in waiters}, tools.links)
    probes: Counter[str] = Counter()
    found = []
    for waiter in waiters:
        ready = waiter.awaits in made
        if waiter.awaits.startswith(REFERENCE_DATA):
            probes[waiter.awaits] += 1
            ready = probes[waiter.awaits] <= PROBES
        if ready or _overdue(links.get(waiter.id), tools):
            found.append(waiter)
    return found


def _overdue(link: Link | None, tools: Sweeper) -> bool:
    """It has waited so long that it is to become an issue, and is none yet."""
    waits = link is not None and link.state == "waiting" and link.since is not None
    return waits and link is not None and link.since is not None and tools.clock.now() - link.since >= tools.patience


def reopen(ids: Sequence[str], partition: int, tools: Sweeper) -> int:
    """Post those of the records that are still parked or waiting, or hope for something; gives how many."""
    links = tools.links.read(tools.flow.mapping, partition, ids)
    found = (links.get(id) for id in ids)
    open_ = [link for link in found if link is not None and (link.state in ("parked", "waiting") or link.hopes)]
    if open_:
        name = _name(open_)
        changes = chunked([Change(link.id) for link in open_])
        for number, chunk in enumerate(changes):
            batch = ChangeBatch(tools.flow.name, name, f"{name}.{number}", partition, (chunk,), kind="reopened")
            tools.outbox.post([batch])
    return len(open_)


def _forget(waiters: Sequence[Waiter], links: Mapping[str, Link], tools: Sweeper) -> None:
    """Rows that a crash left behind: their records wait for nothing, or for something else.

    As long as its message is under way a row may be there before its link says so. So this is for rows that were read
    before no message was, and links that were read behind that; what begins to wait later does so in another turn.
    """
    over = [each for each in waiters if (link := links.get(each.id)) and not _waits(link, each.awaits)]
    if over:
        tools.waiting.remove(over)


def _waits(link: Link, name: str) -> bool:
    return name == link.awaits or name in link.hopes


def _by_partition(places: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = defaultdict(list)
    for partition, id in places:
        groups[partition].append(id)
    return groups


def _name(links: Sequence[Link]) -> str:
    """The same for the same records in the same state: a sweep that runs twice counts once."""
    said = "".join(f"{link.id}:{link.seq};" for link in links)
    return f"sweep-{blake2b(said.encode(), digest_size=8).hexdigest()}"
