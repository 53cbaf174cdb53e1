"""Detect: a run is bounded, resumes where it stopped, and moves its watermark only behind what is queued."""

from __future__ import annotations

import dataclasses
import json

import pytest

from sync.detect import DetectLimits, Detector, ask_resend, cut, detect
from sync.errors import MassChange, Transient
from sync.model import CHUNK_SIZE, Change, ChangeBatch, EntityRef, Flow, Page
from sync.stores.memory import MemoryClock, MemoryLinks, MemoryOutbox, MemoryRuns, MemoryWatermarks
from sync.stores.messages import LIMIT, encoded_size, fits

FLOW = Flow(
    "accounts_to_finops",
    "accounts",
    EntityRef("sales", "accounts", ("accountid",)),
    EntityRef("finops", "CustomersV3", ("dataAreaId", "CustomerAccount")),
)


class Pages:
    """A feed of so many pages of ten changes, in full as long as there are more; counts what is asked for."""

    def __init__(self, count: int, clock: MemoryClock, seconds: float = 0.0) -> None:
        self.count, self.clock, self.seconds = count, clock, seconds
        self.asked: list[tuple[int, bool]] = []

    def page(self, position: str, *, full: bool) -> Page:
        at = 0 if full or not position else json.loads(position)
        self.asked.append((at, full))
        self.clock.advance(self.seconds)
        changes = tuple(Change(f"id-{at}-{n}") for n in range(10)) if at < self.count else ()
        return Page(changes, json.dumps(min(at + 1, self.count)), at + 1 < self.count)

    def mode(self, position: str) -> str:
        return "delta" if position == json.dumps(self.count) else "full"


class World:
    """A detector on twins; `run` is one tick."""

    def __init__(self, pages: int, *, seconds: float = 0.0, limits: DetectLimits | None = None) -> None:
        self.clock = MemoryClock()
        self.feed = Pages(pages, self.clock, seconds)
        self.outbox = MemoryOutbox(self.clock)
        self.watermarks = MemoryWatermarks()
        self.runs = MemoryRuns()
        self.names = iter(range(1000))
        self.tools = Detector(
            FLOW,
            "definition 1",
            self.feed,
            MemoryLinks(partitions=4),
            self.watermarks,
            self.runs,
            self.outbox,
            self.clock,
            fits,
            limits or DetectLimits(),
            name_run=lambda: str(next(self.names)),
        )

    def resent(self) -> list[bool]:
        """Of every message that waits whether it asks for all values; takes them out of the queue."""
        received = self.outbox.receive(FLOW.name, most=1000)
        for each in received:
            self.outbox.delete(each)
        return [each.batch.resend for each in received]

    def queued(self) -> list[str]:
        batches = [each.batch for each in self.outbox.receive(FLOW.name, most=1000)]
        return sorted(change.id for batch in batches for chunk in batch.chunks for change in chunk.changes)


def test_a_run_reads_its_feed_to_the_end_and_counts_what_it_posts() -> None:
    world = World(3)
    report = detect(world.tools)
    assert (report.pages, report.detected, report.stopped) == (3, 30, "quiet")
    assert len(world.queued()) == 30
    assert [run.detected for run in world.runs.latest(FLOW.name, 10)] == [30]


def test_a_run_stops_after_its_pages_and_the_next_one_goes_on_there() -> None:
    world = World(5, limits=DetectLimits(pages=2))
    assert detect(world.tools).stopped == "pages"
    assert detect(world.tools).stopped == "pages"
    assert detect(world.tools).stopped == "quiet"
    assert [at for at, _ in world.feed.asked] == [0, 1, 2, 3, 4]
    assert len(set(world.queued())) == 50


def test_a_run_stops_when_its_time_is_over() -> None:
    world = World(5, seconds=100, limits=DetectLimits(seconds=240))
    report = detect(world.tools)
    assert (report.pages, report.stopped) == (3, "time")


def test_a_run_posts_nothing_while_the_queue_is_deep() -> None:
    world = World(5, limits=DetectLimits(queue_depth=8))
    report = detect(world.tools)
    assert report.stopped == "queue"
    assert 8 <= world.outbox.depth(FLOW.name) < 8 + 4
    again = detect(world.tools)
    assert (again.pages, again.stopped) == (0, "queue")


def test_a_changed_definition_asks_for_everything_once() -> None:
    world = World(2)
    detect(world.tools)
    changed = dataclasses.replace(world.tools, definition="definition 2")
    detect(changed)
    detect(changed)
    assert [full for _, full in world.feed.asked] == [True, False, True, False, False]


def test_a_resend_asks_for_all_values_of_every_page_once() -> None:
    world = World(4, limits=DetectLimits(pages=2))
    detect(world.tools)
    assert not any(world.resent())
    ask_resend(FLOW.name, world.watermarks)
    for _ in range(2):
        detect(world.tools)
        assert all(world.resent())
    assert not world.watermarks.read(FLOW.name).resend
    detect(world.tools)
    assert [at for at, _ in world.feed.asked] == [0, 1, 0, 1, 2, 3, 4]
    assert not any(world.resent())


def test_a_resend_that_is_asked_for_while_a_run_saves_is_not_lost() -> None:
    world = World(3)
    page = world.feed.page

    def and_ask(position: str, *, full: bool) -> Page:
        if not world.feed.asked:
            ask_resend(FLOW.name, world.watermarks)
        return page(position, full=full)

    world.feed.page = and_ask  # type: ignore[method-assign]
    assert detect(world.tools).stopped == "overtaken"
    world.resent()
    assert detect(world.tools).stopped == "quiet"
    assert world.resent() == [True] * 12


def test_a_page_that_repeats_a_record_posts_it_once() -> None:
    world = World(1)
    page = Page((Change("a", "1"), Change("b", "1"), Change("a", "2")), "1", False)
    world.feed.page = lambda position, *, full: page  # type: ignore[method-assign]
    assert detect(world.tools).detected == 2
    assert world.queued() == ["a", "b"]


def test_the_watermark_stays_where_it_was_when_posting_fails() -> None:
    world = World(1)

    def refuse(batches: object, *, delay: float = 0.0) -> None:
        raise Transient("the queue is away", delay=1)

    world.outbox.post = refuse  # type: ignore[method-assign]
    with pytest.raises(Transient):
        detect(world.tools)
    mark = world.watermarks.read(FLOW.name)
    assert mark.position == ""
    assert mark.pending, "the page was announced before it was posted"


def test_a_page_that_stops_the_flow_is_handed_on_and_its_position_is_kept() -> None:
    world = World(1)
    world.feed.page = lambda position, *, full: Page((Change("a"),), "behind", True, MassChange("too much"))  # type: ignore[method-assign]
    with pytest.raises(MassChange):
        detect(world.tools)
    assert world.queued() == ["a"]
    assert (world.watermarks.read(FLOW.name).position, world.watermarks.read(FLOW.name).pending) == ("behind", ())


def test_a_feed_at_rest_begins_again_when_nothing_waits_any_more() -> None:
    world = World(1)
    detect(world.tools)
    world.feed.mode = lambda position: "rest"  # type: ignore[method-assign]
    checked = world.watermarks.read(FLOW.name).checked
    world.clock.advance(30)
    assert detect(world.tools).stopped == "queue"
    assert world.watermarks.read(FLOW.name).checked == checked, "nothing was read"
    for delivered in world.outbox.receive(FLOW.name, most=1000):
        world.outbox.delete(delivered)
    assert detect(world.tools).stopped == "quiet"


def test_two_runs_at_once_do_not_both_move_the_watermark() -> None:
    world = World(3)
    page = world.feed.page

    def overtaken(position: str, *, full: bool) -> Page:
        mark = world.watermarks.read(FLOW.name)
        world.watermarks.save(dataclasses.replace(mark, step=mark.step + 1))
        return page(position, full=full)

    world.feed.page = overtaken  # type: ignore[method-assign]
    report = detect(world.tools)
    assert (report.stopped, report.detected) == ("overtaken", 0)
    assert world.outbox.depth(FLOW.name) == 0


def test_messages_hold_one_partition_and_stay_far_below_the_limit_of_a_queue() -> None:
    world = World(1)
    changes = [Change(f"6f2b1c3a-9d4e-4f5a-8b7c-{n:012d}", f'W/"{n}"') for n in range(5000)]
    batches = cut(changes, world.tools, "run", first=0)
    assert sorted(c.id for b in batches for k in b.chunks for c in k.changes) == sorted(c.id for c in changes)
    assert len({batch.batch for batch in batches}) == len(batches)
    for batch in batches:
        assert {world.tools.links.partition(c.id) for k in batch.chunks for c in k.changes} == {batch.partition}
        assert all(len(chunk.changes) <= CHUNK_SIZE for chunk in batch.chunks)
        assert encoded_size(batch) <= LIMIT


def test_long_ids_make_smaller_messages() -> None:
    world = World(1)
    batches: list[ChangeBatch] = cut([Change("x" * 500 + str(n)) for n in range(600)], world.tools, "run", first=0)
    assert all(fits(batch) for batch in batches)
    assert sum(batch.size for batch in batches) == 600
