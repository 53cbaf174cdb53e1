"""Retry: the only place that decides when a message comes back, in what pieces, and when a record is given up.

A message that must wait is posted once more with a delay and the delivery ends well, so that waiting burns no dequeue
count. From the second delivery on a batch is split, so that one record that kills the host cannot hold up the others;
the poison function splits it too, and gives a single record one more try before it parks it.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from sync.apply import apply, unfinished
from sync.errors import Busy, ConfigError, DataError, SyncError, Throttled, Transient, Unsure
from sync.model import ChangeBatch, Chunk, Issue, Link, Tally, Trouble
from sync.outcomes import park, trouble_of
from sync.ports import AlreadyTallied, Stale
from sync.remember import remember
from sync.work import Applier, Work

log = logging.getLogger(__name__)

PARTS = 10
"""Into how many pieces a chunk is split when its batch is delivered again."""

MAX_FAILURES = 5
"""Deliveries that may fail, as in host.json; a message that waits between two of them is counted here, not there."""

STOPPED_DELAY = 300.0
"""Seconds until a message of a stopped flow is looked at again."""

LONGEST_DELAY = 600.0
"""Seconds between two tries at most, where nobody said how long it takes."""

type Half = Literal["detect", "apply"]
"""The half of a flow that an issue about the whole flow is told by; only the same half can say that it is settled."""


@dataclass(frozen=True, slots=True)
class Courier:
    """Takes the messages of one flow: `load` reads a message's text and raises DataError when it cannot."""

    tools: Applier
    load: Callable[[str], ChangeBatch]

    def deliver(self, text: str, dequeue_count: int) -> None:
        """One delivery by the queue. Returns when the message is done with; raises to have it delivered again."""
        batch = self._read(text)
        if batch is None:
            return
        batch = dataclasses.replace(batch, failures=batch.failures + dequeue_count - 1)
        if batch.failures >= MAX_FAILURES:
            self._bring_to_an_end(batch)
            return
        began = moment(self.tools)  # what stops others meanwhile is not settled by this delivery
        again = dequeue_count > 1 or batch.delays > 0 or batch.last_try or batch.kind == "reopened"
        try:
            if again and (pieces := split(batch, self.tools, anew=batch.failures > 0)):
                self.tools.outbox.post(pieces)
            else:
                apply(batch, self.tools, again=again)
                if batch.delays:  # it may have waited for what stopped the flow
                    go_on(batch.flow, "apply", self.tools, since=began)
        except ConfigError as error:
            stop_flow(batch.flow, "apply", error, self.tools)
            self._put_back(batch, STOPPED_DELAY)
        except Unsure as error:
            # What timed out is sent in pieces next time: one record that hangs must not hold up the others for ever.
            failed = batch.failures + (1 if batch.size > 1 else 0)
            self._put_back(dataclasses.replace(batch, failures=failed), delay_of(error, batch, self.tools))
        except Transient as error:
            self._put_back(batch, delay_of(error, batch, self.tools))

    def deliver_poison(self, text: str) -> None:
        """A message whose deliveries are used up: single records get one more try, then they are parked."""
        if batch := self._read(text):
            self._bring_to_an_end(dataclasses.replace(batch, failures=MAX_FAILURES))

    def _bring_to_an_end(self, batch: ChangeBatch) -> None:
        """Split it, try it once more, or park it. What has to wait for that comes back to the same decision."""
        try:
            if pieces := split(batch, self.tools, anew=True):
                self.tools.outbox.post(pieces)
            elif not batch.last_try:
                self.tools.outbox.post([dataclasses.replace(batch, last_try=True, delays=0, failures=0)])
            else:
                give_up(batch, self.tools)
        except Transient as error:  # nothing catches what fails in the poison queue
            self._put_back(batch, delay_of(error, batch, self.tools))

    def put_back(self, text: str, delay: float) -> None:
        """Look at a message again after `delay` seconds."""
        if batch := self._read(text):
            self._put_back(batch, delay)

    def wait(self, text: str, error: Transient) -> None:
        """Look at a message again when what is not available now may be back."""
        if batch := self._read(text):
            self._put_back(batch, delay_of(error, batch, self.tools))

    def _read(self, text: str) -> ChangeBatch | None:
        flow = self.tools.plan.flow.name
        try:
            batch = self.load(text)
            if batch.flow != flow:
                raise DataError(
                    "message-unknown-flow",
                    f"The message is for flow {batch.flow!r}, this queue belongs to {flow!r}.",
                    remedy="Post it to the queue of its flow, or give that flow back its mapping file.",
                )
        except DataError as error:
            name = "message:" + blake2b(text.encode(), digest_size=8).hexdigest()
            log.error("%s: %s", flow, error)
            raise_issue(flow, name, dataclasses.replace(trouble_of(error), kind="Message"), self.tools)
            return None
        return batch

    def _put_back(self, batch: ChangeBatch, delay: float) -> None:
        log.info("%s: batch %s comes back in %.0f s", batch.flow, batch.batch, delay)
        self.tools.outbox.post([dataclasses.replace(batch, delays=batch.delays + 1)], delay=delay)


def delay_of(error: Transient, batch: ChangeBatch, tools: Applier) -> float:
    """Seconds to wait: what the error knows, a lease where a write may still be under way, else doubled each time.

    Up to a tenth is added, fixed by the batch's name, so that not all messages come back at once.
    """
    match error:
        case Throttled() | Busy():
            delay = error.delay
        case Unsure():
            delay = max(error.delay, tools.lease.total_seconds())
        case _:
            delay = min(error.delay * 2 ** min(batch.delays, 8), LONGEST_DELAY)
    spread = blake2b(batch.batch.encode(), digest_size=1).digest()[0] / 255
    return max(delay, 1.0) * (1 + spread / 10)


def split(batch: ChangeBatch, tools: Applier, *, anew: bool) -> list[ChangeBatch]:
    """The batch in pieces, each a message of its own; nothing when it is to be applied as it is.

    A chunk that was split stays split: its pieces are posted again, since it is not known whether they were. Other
    chunks are split only when `anew` is set. Before pieces are posted the chunk gets a tally that says so: a slow
    delivery of the whole cannot count it any more. The pieces of a chunk always have the same names and records, so
    that posting them again counts nothing twice.
    """
    names = [chunk.name for chunk in batch.chunks]
    tallies = tools.links.tallies(tools.plan.flow.mapping, batch.partition, batch.batch, names)
    marked = any(tally.void == "split" for tally in tallies.values())
    if batch.size <= 1 or not (anew or marked):
        return []
    pieces: list[Chunk] = []
    for chunk in batch.chunks:
        known = tallies.get(chunk.name)
        if len(chunk.changes) > 1 and (known is None or known.void == "split"):
            pieces.extend(_pieces(chunk, batch, tools))
        else:
            pieces.append(chunk)
    return [dataclasses.replace(batch, chunks=(piece,), delays=batch.delays + 1, failures=0) for piece in pieces]


def _pieces(chunk: Chunk, batch: ChangeBatch, tools: Applier) -> list[Chunk]:
    mark = Tally(batch.flow, batch.run, batch.batch, chunk.name, batch.kind, void="split")
    try:
        tools.links.write(tools.plan.flow.mapping, batch.partition, [], mark)
    except AlreadyTallied:
        there = tools.links.tallies(tools.plan.flow.mapping, batch.partition, batch.batch, [chunk.name])
        if there[chunk.name].void != "split":
            return [chunk]
    size = -(-len(chunk.changes) // PARTS)
    starts = range(0, len(chunk.changes), size)
    return [Chunk(f"{chunk.name}.{n}", chunk.changes[start : start + size]) for n, start in enumerate(starts)]


def give_up(batch: ChangeBatch, tools: Applier) -> None:
    """Park the single record of a message that failed every time it was delivered."""
    error = DataError(
        "gave-up",
        "The app failed on this record every time it was delivered.",
        retryable=True,
        remedy="See the log of the function for the error, report it, and retry the record.",
    )
    mapping = tools.plan.flow.mapping
    for chunk in unfinished(batch, tools):
        links = tools.links.read(mapping, batch.partition, [change.id for change in chunk.changes])
        works = [Work(change, links.get(change.id, Link(change.id)), sealing=True) for change in chunk.changes]
        for work in works:
            work.link = _without_claim(work.link, tools)
            park(work, error, tools)
        try:
            remember(works, batch, chunk, tools)
        except Stale:
            raise Busy("its record is being worked on", delay=60, where=f"batch {batch.batch}") from None


def _without_claim(link: Link, tools: Applier) -> Link:
    if link.claim is None:
        return link
    left = (link.claim.until - tools.clock.now()).total_seconds()
    if left > 0:
        raise Busy("its record is being worked on", delay=left, where=f"link {link.id}")
    return dataclasses.replace(link, claim=None, again=False, dirty=True)


def stop_flow(flow: str, half: Half, error: SyncError, tools: Applier, *, code: str = "flow-stopped") -> None:
    """Say loudly that a flow is stopped, or that a system is not available, once for all its messages."""
    log.error("%s is %s: %s", flow, "not available" if code == "not-available" else "stopped", error)
    cause = f"{error.where}: {error.what}" if error.where else error.what
    trouble = Trouble(code, cause, error.remedy, kind=type(error).__name__, details=error.details)
    raise_issue(flow, f"*{half}", trouble, tools)


def go_on(flow: str, half: Half, tools: Applier, *, since: int) -> None:
    """This half of the flow went well: what stopped it before `since` is settled."""
    tools.issues.close(flow, 0, {f"*{half}": since})


def raise_issue(flow: str, id: str, trouble: Trouble, tools: Applier) -> None:
    """An issue that is about no record; the time orders it."""
    tools.issues.put([Issue(flow, 0, id, trouble, moment(tools))])


def moment(tools: Applier) -> int:
    """Milliseconds of the storage service's clock: the order of issues that belong to no link."""
    return int(tools.clock.now().timestamp() * 1000)
