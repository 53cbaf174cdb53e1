"""The queue in memory behaves as Azure's: hidden, delivered again, deleted once, poisoned."""

from __future__ import annotations

import pytest

from sync.model import Change, ChangeBatch, Chunk
from sync.stores.memory import MemoryClock, MemoryOutbox
from tests.contracts.contract_builders import FLOW


def batch(number: int) -> ChangeBatch:
    return ChangeBatch(FLOW, "r1", f"r1.{number}", 3, (Chunk("0", (Change("a"),)),))


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock()


@pytest.fixture
def outbox(clock: MemoryClock) -> MemoryOutbox:
    return MemoryOutbox(clock)


def test_messages_come_oldest_first_and_are_hidden_while_they_are_worked_on(outbox: MemoryOutbox) -> None:
    outbox.post([batch(0), batch(1), batch(2)])
    first, second = outbox.receive(FLOW, most=2)
    assert [first.batch, second.batch] == [batch(0), batch(1)]
    assert [delivered.batch for delivered in outbox.receive(FLOW, most=5)] == [batch(2)]
    assert outbox.receive(FLOW) == []
    assert outbox.depth(FLOW) == 3


def test_a_delivery_that_does_not_end_comes_again_and_is_counted(outbox: MemoryOutbox, clock: MemoryClock) -> None:
    outbox.post([batch(0)])
    [first] = outbox.receive(FLOW, hidden=600)
    clock.advance(599)
    assert outbox.receive(FLOW) == []
    clock.advance(1)

    [second] = outbox.receive(FLOW)

    assert (first.times, second.times) == (1, 2)
    assert not outbox.delete(first), "its receipt is out of date"
    assert outbox.delete(second)
    assert not outbox.delete(second)
    assert outbox.depth(FLOW) == 0


def test_a_delayed_message_is_visible_when_its_time_comes(outbox: MemoryOutbox, clock: MemoryClock) -> None:
    outbox.post([batch(0)], delay=30)
    assert outbox.visible(FLOW) == []
    assert outbox.next_visible(FLOW) is not None
    clock.advance(30)
    assert outbox.next_visible(FLOW) == clock.now()
    assert len(outbox.visible(FLOW)) == 1
    assert outbox.next_visible("another") is None


def test_a_message_that_is_put_back_is_no_longer_held_by_that_delivery(
    outbox: MemoryOutbox, clock: MemoryClock
) -> None:
    outbox.post([batch(0)])
    [delivered] = outbox.receive(FLOW)
    assert outbox.hide(delivered, 5)
    assert not outbox.delete(delivered)
    assert outbox.receive(FLOW) == []
    clock.advance(5)
    assert [again.times for again in outbox.receive(FLOW)] == [2]


def test_any_visible_message_can_be_picked(outbox: MemoryOutbox) -> None:
    outbox.post([batch(0), batch(1)])
    _, later = outbox.visible(FLOW)
    picked = outbox.receive_at(FLOW, later)
    assert picked is not None
    assert picked.batch == batch(1)
    assert outbox.receive_at(FLOW, later) is None
    assert outbox.receive_at(FLOW, 999) is None


def test_a_poisoned_message_leaves_the_queue_once(outbox: MemoryOutbox) -> None:
    outbox.post([batch(0)])
    [delivered] = outbox.receive(FLOW)
    assert outbox.poison(delivered)
    assert not outbox.poison(delivered)
    assert outbox.depth(FLOW) == 0
    assert outbox.poisoned(FLOW) == [batch(0)]
    assert outbox.take_poisoned(FLOW) == [batch(0)]
    assert outbox.poisoned(FLOW) == []


def test_a_clock_does_not_go_back(clock: MemoryClock) -> None:
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
