"""Retry: the only place that decides when a message comes back, in what pieces, and when a record is given up.

A message that must wait is posted once more with a delay and the delivery ends well, so that waiting burns no dequeue
count. From the second delivery on a batch is split, so that one record that kills the host cannot hold up the others;
the poison function splits it too, and gives a single record one more try before it parks it. What fails while others go
through counts as a failed delivery, though its message waits in between; `blame` says when that is.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b

from sync.apply import apply, unfinished
from sync.blame import PATIENCE, RECENT, is_its_own, is_lasting, is_proved
from sync.deployment import Newcomers
from sync.errors import Busy, ConfigError, DataError, Outdated, SyncError, Throttled, Transient, Unsure
from sync.flow_issues import NOT_AVAILABLE, go_on, is_told, moment, raise_issue, stop_flow
from sync.model import ChangeBatch, Chunk, Link, Tally
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

PAUSED_DELAY = 20.0
"""Seconds until a message of a paused flow is looked at again: so long a flow may take to go on when it is resumed."""

LONGEST_DELAY = 600.0
"""Seconds between two tries at most, where nobody said how long it takes."""


@dataclass(frozen=True, slots=True)
class Courier:
    """Takes the messages of one flow: `load` reads a message's text and raises DataError when it cannot, Outdated when
    a newer version of the app can."""

    tools: Applier
    load: Callable[[str], ChangeBatch]
    newcomers: Newcomers = field(default_factory=Newcomers)

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
                if batch.delays or batch.failures or batch.last_try:  # it may have met what stopped the flow
                    go_on(batch.flow, "apply", self.tools, since=began)
        except ConfigError as error:
            self._stop(batch, error)
        except Outdated as error:
            log.info("%s: batch %s: %s", batch.flow, batch.batch, error)
            self._hold(batch, error.delay)
        except Transient as error:
            blamed = self._is_blamed(batch, error)
            if blamed:
                self._count(batch, error, delay_of(error, batch, self.tools))
            else:
                self._put_back(batch, delay_of(error, batch, self.tools))
            if not (blamed and is_proved(batch)):
                self._tell(batch, error)

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
                self._give_up(batch)
        except Transient as error:  # nothing catches what fails in the poison queue
            self._put_back(batch, delay_of(error, batch, self.tools))

    def _give_up(self, batch: ChangeBatch, error: SyncError | None = None) -> None:
        """What it met may have been told of the flow: nobody else comes to say that this is over. A message that still
        meets it tells so again."""
        give_up(batch, self.tools, error)
        go_on(batch.flow, "apply", self.tools, since=moment(self.tools))

    def put_back(self, text: str, delay: float) -> None:
        """Look at a message again after `delay` seconds."""
        if batch := self._read(text):
            self._put_back(batch, delay)

    def hold(self, text: str, *, poisoned: bool = False) -> None:
        """Look at a message of a paused flow again after a while: it has not failed, and has waited for nothing."""
        if batch := self._read(text):
            self._hold(dataclasses.replace(batch, failures=MAX_FAILURES) if poisoned else batch, PAUSED_DELAY)

    def wait(self, text: str, error: Transient) -> None:
        """Look at a message again when what is not available now may be back."""
        if batch := self._read(text):
            self._put_back(batch, delay_of(error, batch, self.tools))
            self._tell(batch, error)

    def _tell(self, batch: ChangeBatch, error: Transient) -> None:
        """What goes on for long is shown as the flow's own issue, until a message that was put back goes through."""
        if not is_lasting(error, batch) or self.tools.pulse.beats(self.tools.clock.now(), within=RECENT):
            return
        try:
            if not is_told(batch.flow, "apply", self.tools):
                stop_flow(batch.flow, "apply", error, self.tools, code=NOT_AVAILABLE)
        except Transient:
            log.warning("%s: storage is not available either: %s", batch.flow, error)

    def _is_blamed(self, batch: ChangeBatch, error: Transient) -> bool:
        try:
            return is_its_own(error, batch, self.tools, parts=PARTS)
        except Transient:  # storage is not available either: that is no record's fault
            return False

    def _stop(self, batch: ChangeBatch, error: ConfigError) -> None:
        """Stop the flow; not for what a single record meets while others are written with the same set-up: it may lack
        a right that others have. A set-up that was broken just now is told by the next try."""
        if batch.size == 1 and self.tools.pulse.beats(self.tools.clock.now(), within=STOPPED_DELAY):
            self._count(batch, error, STOPPED_DELAY)
            return
        stop_flow(batch.flow, "apply", error, self.tools)
        self._put_back(batch, STOPPED_DELAY)

    def _count(self, batch: ChangeBatch, error: SyncError, delay: float) -> None:
        """A failure of this batch: it comes back to be cut in pieces; a single record is given up after some."""
        batch = dataclasses.replace(batch, failures=batch.failures + 1)
        if batch.size > 1 or batch.failures < MAX_FAILURES:
            self._put_back(batch, delay)
            return
        try:
            self._give_up(batch, error)
        except Transient as busy:
            self._put_back(dataclasses.replace(batch, last_try=True), delay_of(busy, batch, self.tools))

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
        except Outdated as error:
            self._leave_to_newer(text, error)
            return None
        except DataError as error:
            name = "message:" + blake2b(text.encode(), digest_size=8).hexdigest()
            log.error("%s: %s", flow, error)
            raise_issue(flow, name, dataclasses.replace(trouble_of(error), kind="Message"), self.tools)
            return None
        return batch

    def _leave_to_newer(self, text: str, error: Outdated) -> None:
        """Back into the queue as it is, whatever it is; nobody is told as long as it may be a deployment's."""
        flow = self.tools.plan.flow.name
        log.info("%s: %s", flow, error)
        self.tools.outbox.post_text(flow, text, delay=error.delay)
        if self.newcomers.stay(self.tools.clock.now()):
            stop_flow(flow, "apply", error, self.tools, code="message-newer")

    def _hold(self, batch: ChangeBatch, delay: float) -> None:
        self.tools.outbox.post([dataclasses.replace(batch, delays=max(1, batch.delays))], delay=delay)

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
    that posting them again counts nothing twice. A batch that is counted, so that it would be its own and only piece,
    is none: its failures go on to be counted.
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
    if tuple(pieces) == batch.chunks and len(pieces) == 1:
        return []
    # The pieces have shown nothing yet: the first time that one is put back nobody is blamed, and nobody told.
    delays = min(batch.delays + 1, PATIENCE - 1)
    return [dataclasses.replace(batch, chunks=(piece,), delays=delays, failures=0) for piece in pieces]


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


def give_up(batch: ChangeBatch, tools: Applier, error: SyncError | None = None) -> None:
    """Park the single record of a message that failed every time it was delivered; `error` is what it met, if known.

    Where its records are counted already, and what follows fails, the message is an issue; a chunk that counts for
    nothing is taken up by a message of its own, which can be split (`remember`).
    """
    try:
        chunks = unfinished(batch, tools)
    except SyncError:
        raise
    except Exception as bug:
        log.error("%s: batch %s: what follows its count failed: %s", batch.flow, batch.batch, type(bug).__name__)
        _tell_of_message(batch, tools)
        return
    for chunk in chunks:
        links = tools.links.read(tools.plan.flow.mapping, batch.partition, [change.id for change in chunk.changes])
        works = [Work(change, links.get(change.id, Link(change.id)), sealing=True) for change in chunk.changes]
        for work in works:
            work.link = _without_claim(work.link, tools)
            park(work, _gave_up(error), tools)
        try:
            remember(works, batch, chunk, tools)
        except Stale:
            raise Busy("its record is being worked on", delay=60, where=f"batch {batch.batch}") from None


def _gave_up(error: SyncError | None) -> DataError:
    if error is None:
        what = "The app failed on this record every time it was delivered, or got no answer."
        remedy = "See the log of the function for the error, report it, and retry the record."
        return DataError("gave-up", what, retryable=True, remedy=remedy)
    place = f"{error.where}: " if error.where else ""
    return DataError(
        "gave-up",
        f"It failed every time it was delivered. {place}{error.what}",
        retryable=True,
        remedy=f"{error.remedy} It is tried again with growing pauses.".lstrip(),
        details=error.details,
    )


def _tell_of_message(batch: ChangeBatch, tools: Applier) -> None:
    """Its records are written and counted, and what follows fails: who waits for them is left to the sweep."""
    name = blake2b(f"{batch.batch}/{batch.chunks[0].name}".encode(), digest_size=8).hexdigest()
    error = DataError(
        "gave-up",
        "The records of a message are counted, and what follows, releasing those that wait for them, failed each time.",
        remedy="See the log of the function for the error and report it; the sweep goes on releasing.",
    )
    trouble = dataclasses.replace(trouble_of(error), kind="Message")
    raise_issue(batch.flow, f"message:{name}", trouble, tools)


def _without_claim(link: Link, tools: Applier) -> Link:
    if link.claim is None:
        return link
    left = (link.claim.until - tools.clock.now()).total_seconds()
    if left > 0:
        raise Busy("its record is being worked on", delay=left, where=f"link {link.id}")
    return dataclasses.replace(link, claim=None, again=False, dirty=True)
