"""The sweep takes up again what may have become possible, with growing pauses, and counts nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from sync.model import ChangeBatch, EntityRef, Flow, Issue, Link, Trouble, Waiter
from sync.stores.memory import MemoryClock, MemoryIssues, MemoryLinks, MemoryOutbox, MemoryWaiting
from sync.sweep import DEEPEST_QUEUE, Sweeper, sweep

FLOW = Flow(
    "accounts_to_finops",
    "accounts",
    EntityRef("sales", "accounts", ("accountid",)),
    EntityRef("finops", "CustomersV3", ("dataAreaId", "CustomerAccount")),
)
REFUSED = Trouble("target-refused", "refused", retryable=True)


class World:
    """A sweeper on twins."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.links = MemoryLinks(partitions=2)
        self.issues = MemoryIssues(self.clock)
        self.waiting = MemoryWaiting()
        self.outbox = MemoryOutbox(self.clock)
        self.tools = Sweeper(FLOW, self.links, self.issues, self.waiting, self.outbox, self.clock)

    def park(self, id: str, trouble: Trouble = REFUSED) -> Link:
        """The record is parked (once more), as apply leaves it."""
        partition = self.links.partition(id)
        known = self.links.read("accounts", partition, [id]).get(id)
        link = Link(id, state="parked", reason=trouble.code, trouble=trouble, etag=known.etag if known else None)
        (stored,) = self.links.write("accounts", partition, [link])
        self.issues.put([Issue(FLOW.name, partition, id, trouble, stored.seq + (known.seq if known else 0))])
        return stored

    def posted(self) -> Iterator[ChangeBatch]:
        for each in self.outbox.receive(FLOW.name, most=100):
            self.outbox.delete(each)
            yield each.batch

    def ids(self) -> list[str]:
        return sorted(change.id for batch in self.posted() for chunk in batch.chunks for change in chunk.changes)


def test_a_refused_record_is_tried_again_after_pauses_that_grow() -> None:
    world = World()
    world.park("a")
    assert sweep(world.tools) == 0
    world.clock.advance(301)
    assert sweep(world.tools) == 1
    assert world.ids() == ["a"]
    world.park("a")
    world.clock.advance(301)
    assert sweep(world.tools) == 0, "the second pause is twice as long"
    world.clock.advance(301)
    assert sweep(world.tools) == 1


def test_what_a_person_must_mend_is_not_tried_again() -> None:
    world = World()
    world.park("a", Trouble("missing-number", "has no number"))
    world.clock.advance(timedelta(days=2).total_seconds())
    assert sweep(world.tools) == 0


def test_two_sweeps_at_once_post_the_same_batch_so_that_it_counts_once() -> None:
    world = World()
    world.park("a")
    world.clock.advance(301)
    sweep(world.tools)
    sweep(world.tools)
    first, second = world.posted()
    assert first == second
    assert first.kind == "reopened"
    assert first.batch.startswith(f"{first.run}.")


def test_a_record_that_waits_for_a_link_that_is_there_goes_on() -> None:
    world = World()
    partition = world.links.partition("b")
    world.links.write("accounts", partition, [Link("b", state="waiting", reason="x", awaits="accounts:a")])
    world.waiting.put([Waiter(FLOW.name, partition, "b", "accounts:a", "parent-not-linked")])
    assert sweep(world.tools) == 0
    world.links.write("accounts", world.links.partition("a"), [Link("a", state="linked", target={"k": "1"})])
    assert sweep(world.tools) == 1
    assert world.ids() == ["b"]


def test_a_record_that_waits_for_reference_data_is_asked_every_time() -> None:
    world = World()
    partition = world.links.partition("b")
    awaits = "sales:transactioncurrencies:1"
    world.links.write("accounts", partition, [Link("b", state="waiting", reason="x", awaits=awaits)])
    world.waiting.put([Waiter(FLOW.name, partition, "b", awaits, "reference-unknown")])
    assert sweep(world.tools) == 1


@pytest.mark.parametrize("link", [Link("b", state="linked", target={"k": "1"}), Link("b", state="skipped")])
def test_a_waiting_row_that_nobody_needs_any_more_goes(link: Link) -> None:
    world = World()
    partition = world.links.partition("b")
    world.links.write("accounts", partition, [link])
    world.waiting.put([Waiter(FLOW.name, partition, "b", "sales:accounts:1", "reference-unknown")])
    assert sweep(world.tools) == 0
    assert list(world.waiting.open(FLOW.name)) == []


def test_a_deep_queue_comes_first() -> None:
    world = World()
    world.park("a")
    world.clock.advance(301)
    batch = ChangeBatch(FLOW.name, "r", "r.0", 0, ())
    world.outbox.post([batch] * (DEEPEST_QUEUE + 1))
    assert sweep(world.tools) == 0
