"""Detect: read a flow's change feed page by page, hand the changes on, move the watermark.

A page is handed on in three steps, so that a crash between any two loses and doubles nothing:

    1. save   pending = the batches of this page          (compare-and-set; position unchanged)
    2. post   the messages
    3. save   position = behind the page, pending = none  (compare-and-set)

After a crash between 1 and 3 the next run settles the pending batches: one that was counted (its tally exists) stays
counted, every other gets a void tally, so that a message of it which may still be under way counts for nothing. Then
the page is read again under new batch ids.

Where the definition has changed, the watermark says so before anything is read under the new one: from then on nobody
applies messages by another (`deployment`), and whatever was judged by another before is read once more.
"""

from __future__ import annotations

import dataclasses
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sync.errors import Contested
from sync.model import CHUNK_SIZE, Change, ChangeBatch, Flow, Page, PendingBatch, Run, Tally, Watermark, chunked
from sync.ports import AlreadyTallied, ChangeFeed, Clock, Links, Outbox, Runs, Stale, Watermarks

log = logging.getLogger(__name__)

ASKED = 8
"""How often a resend is asked for while a run of the flow saves its watermark between reading and writing it."""


@dataclass(frozen=True, slots=True)
class DetectLimits:
    """Where a run stops: seconds of work, pages read, and messages that already wait in the queue.

    A feed at rest compares with what is remembered, so it does not begin again as long as any message waits: what is
    still under way would be found once more. `patience` is the seconds after which it does all the same.
    """

    seconds: float = 240.0
    pages: int = 200
    queue_depth: int = 400
    batch_records: int = 4 * CHUNK_SIZE
    patience: float = 3600.0


@dataclass(frozen=True, slots=True)
class Detector:
    """What a detect run of one flow works with."""

    flow: Flow
    definition: str
    feed: ChangeFeed
    links: Links
    watermarks: Watermarks
    runs: Runs
    outbox: Outbox
    clock: Clock
    fits: Callable[[ChangeBatch], bool]
    limits: DetectLimits = DetectLimits()
    name_run: Callable[[], str] = lambda: uuid.uuid4().hex[:8]


@dataclass(slots=True)
class DetectReport:
    """What a run did: pages read, changes and messages handed on, why it stopped, and the feed's mode from then on."""

    pages: int = 0
    detected: int = 0
    messages: int = 0
    stopped: str = ""
    mode: str = ""


def detect(tools: Detector) -> DetectReport:
    """Run one flow's detection until its feed is read, or a limit is met.

    Another process that runs the same flow at the same time makes one of the two stop at its next save; the page it had
    posted is settled by the next run. Raises what the ports raise and what a page says that stops the flow; what was
    saved stays saved.
    """
    started = tools.clock.now()
    run = f"{started:%Y%m%dT%H%M%S}-{tools.name_run()}"
    report = DetectReport()
    watermark = tools.watermarks.read(tools.flow.name)
    try:
        watermark = _take_over(tools, _settle(tools, watermark))
        while not report.stopped:
            report.stopped = _limit_met(tools, report, started, watermark)
            if report.stopped:
                break
            page = tools.feed.page(watermark.position, full=watermark.full)
            watermark = _hand_on(tools, watermark, page, run, report)
            if page.stop is not None:
                raise page.stop
            if not page.more:
                report.stopped = "quiet"
    except Stale:
        report.stopped = "overtaken"
    report.mode = tools.feed.mode(watermark.position)
    if report.detected and report.stopped != "overtaken":  # an overtaken run is closed by the one that overtook it
        tools.runs.save(Run(tools.flow.name, run, started, report.detected, report.mode, tools.clock.now()))
    log.info("%s: run %s %s", tools.flow.name, run, report)
    return report


def ask_resend(flow: str, watermarks: Watermarks) -> None:
    """Have everything sent again: the next run reads all records, and of linked ones all mapped values are sent, not
    only those that differ from what was sent last (flows.md 1.2). What users changed on the other side is overwritten.

    A read that is under way begins anew. Raises Contested when the flow's runs save their watermark all the while.
    """
    for _ in range(ASKED):
        watermark = watermarks.read(flow)
        try:
            watermarks.save(dataclasses.replace(watermark, step=watermark.step + 1, full=True, resend=True))
        except Stale:
            continue
        return
    raise Contested("its runs keep saving what they have read", delay=30, where=f"flow {flow}")


def _limit_met(tools: Detector, report: DetectReport, started: datetime, watermark: Watermark) -> str:
    if report.pages >= tools.limits.pages:
        return "pages"
    now = tools.clock.now()
    if (now - started).total_seconds() >= tools.limits.seconds:
        return "time"
    depth = tools.outbox.depth(tools.flow.name)
    resting = tools.feed.mode(watermark.position) == "rest" and not watermark.full
    if depth and resting and watermark.checked and (now - watermark.checked).total_seconds() < tools.limits.patience:
        return "queue"
    return "queue" if depth >= tools.limits.queue_depth else ""


def _hand_on(tools: Detector, watermark: Watermark, page: Page, run: str, report: DetectReport) -> Watermark:
    """The three steps of one page; gives the watermark behind it."""
    changes = tuple({change.id: change for change in page.changes}.values())  # a page may repeat a record
    batches = cut(changes, tools, run, first=report.messages, resend=watermark.resend)
    if batches:
        if watermark.run != run:
            watermark = _close_run(tools, watermark)
        watermark = tools.watermarks.save(_announced(watermark, run, report.detected, batches))
        tools.outbox.post(batches)
    behind = dataclasses.replace(
        watermark,
        step=watermark.step + 1,
        position=page.position,
        pending=(),
        detected=watermark.detected + len(changes),
        checked=tools.clock.now(),
        full=False,
        resend=watermark.resend and tools.feed.mode(page.position) == "full",
    )
    watermark = tools.watermarks.save(behind)
    report.pages += 1
    report.detected += len(changes)
    report.messages += len(batches)
    return watermark


def cut(changes: Iterable[Change], tools: Detector, run: str, *, first: int, resend: bool = False) -> list[ChangeBatch]:
    """Changes as messages: one partition of the links each, small enough for the queue, in chunks of 99."""
    by_partition: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        by_partition[tools.links.partition(change.id)].append(change)
    batches: list[ChangeBatch] = []
    for partition, members in sorted(by_partition.items()):
        start = 0
        while start < len(members):
            size = min(tools.limits.batch_records, len(members) - start)
            while True:
                name = f"{run}.{first + len(batches)}"
                chunks = chunked(members[start : start + size])
                batch = ChangeBatch(tools.flow.name, run, name, partition, chunks, resend=resend)
                if size == 1 or tools.fits(batch):
                    break
                size = max(1, size // 2)
            batches.append(batch)
            start += size
    return batches


def _announced(watermark: Watermark, run: str, detected: int, batches: list[ChangeBatch]) -> Watermark:
    pending = tuple(
        PendingBatch(batch.batch, batch.partition, {chunk.name: len(chunk.changes) for chunk in batch.chunks})
        for batch in batches
    )
    return dataclasses.replace(watermark, run=run, detected=detected, pending=pending)


def _settle(tools: Detector, watermark: Watermark) -> Watermark:
    """Decide for every batch that a run left unconfirmed whether it counts."""
    if not watermark.pending:
        return watermark
    # Saving it first takes it out of the hands of a run that is only slow: that run can no longer confirm the page.
    watermark = tools.watermarks.save(dataclasses.replace(watermark, step=watermark.step + 1))
    counted = sum(
        size
        for batch in watermark.pending
        for chunk, size in batch.chunks.items()
        if not _void(tools, batch, chunk, watermark.run)
    )
    settled = dataclasses.replace(watermark, step=watermark.step + 1, pending=(), detected=watermark.detected + counted)
    log.warning("%s: run %s ended early; %d of its changes count", settled.flow, settled.run, settled.detected)
    return _close_run(tools, tools.watermarks.save(settled))


def _take_over(tools: Detector, watermark: Watermark) -> Watermark:
    """From now on this run's definition holds, for all; everything is to be read under it."""
    if watermark.definition == tools.definition:
        return watermark
    taken = dataclasses.replace(watermark, step=watermark.step + 1, definition=tools.definition, full=True)
    return tools.watermarks.save(taken)


def _void(tools: Detector, batch: PendingBatch, chunk: str, run: str) -> bool:
    """True when the chunk counts for nothing from now on; False when it is counted, now or by its parts."""
    tally = Tally(tools.flow.name, run, batch.batch, chunk, "detected", void="void")
    try:
        tools.links.write(tools.flow.mapping, batch.partition, [], tally)
    except AlreadyTallied:
        there = tools.links.tallies(tools.flow.mapping, batch.partition, batch.batch, [chunk])
        return there[chunk].void == "void"
    return True


def _close_run(tools: Detector, watermark: Watermark) -> Watermark:
    """A run that ended early has no row yet, or one that counts too little: the watermark knows what it counted."""
    if not watermark.detected:
        return watermark
    latest = tools.runs.latest(tools.flow.name, 1)
    if latest and latest[0].id == watermark.run and latest[0].detected == watermark.detected:
        return watermark
    watermark = tools.watermarks.save(dataclasses.replace(watermark, step=watermark.step + 1))  # nobody else counts on
    now = tools.clock.now()
    tools.runs.save(Run(tools.flow.name, watermark.run, now, watermark.detected, "ended early", now))
    return watermark
