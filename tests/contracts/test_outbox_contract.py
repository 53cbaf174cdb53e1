"""The outbox: messages are posted for good, delayed on request, and counted."""

from __future__ import annotations

import base64
import time

import pytest

from sync.errors import ConfigError
from sync.model import Change, ChangeBatch, Chunk
from sync.stores.messages import load
from sync.stores.queues import QueueOutbox
from tests.contracts.contract_builders import FLOW
from tests.contracts.contract_stores import FLOWS, Stores


def batch(number: int = 0, *, flow: str = FLOW, changes: int = 1) -> ChangeBatch:
    rows = tuple(Change(f"id-{n}", f'W/"{n}"', deleted=n % 7 == 6) for n in range(changes))
    return ChangeBatch(flow, "r1", f"r1.{number}", 3, (Chunk("0", rows),))


def test_every_flow_has_a_queue_of_its_own_that_is_there_when_it_is_asked_for(stores: Stores) -> None:
    assert stores.outbox.depth(FLOW) == 0
    stores.outbox.post([batch(n) for n in range(12)] + [batch(flow=FLOWS[2])])
    stores.outbox.post([])

    assert stores.outbox.depth(FLOW) == 12
    assert stores.outbox.depth(FLOWS[2]) == 1


def test_a_delayed_message_counts_as_waiting(stores: Stores) -> None:
    stores.outbox.post([batch()], delay=3600)
    assert stores.outbox.depth(FLOW) == 1


@pytest.mark.parametrize("delay", [-1, 7 * 24 * 3600 + 1])
def test_a_delay_that_no_queue_takes_is_refused(stores: Stores, delay: float) -> None:
    with pytest.raises(ValueError, match="7 days"):
        stores.outbox.post([batch()], delay=delay)


def test_a_message_that_no_queue_takes_is_refused_and_nothing_is_posted(stores: Stores) -> None:
    large = ChangeBatch(FLOW, "r1", "r1.0", 3, (Chunk("0", (Change("x" * 50_000),)),))
    with pytest.raises(ValueError, match="65536 bytes"):
        stores.outbox.post([batch(), large])
    assert stores.outbox.depth(FLOW) == 0


@pytest.fixture
def outbox(connection: str, prefix: str) -> QueueOutbox:
    return QueueOutbox.from_connection_string(connection, {FLOW: f"{prefix}-accounts"})


def test_the_host_finds_the_batch_in_base64_without_an_end_of_life(
    outbox: QueueOutbox, connection: str, prefix: str
) -> None:
    from azure.storage.queue import QueueClient

    outbox.post([batch(changes=9)])

    queue = QueueClient.from_connection_string(connection, f"{prefix}-accounts")
    [message] = queue.receive_messages(max_messages=1, messages_per_page=1, visibility_timeout=60)
    assert load(base64.b64decode(message.content, validate=True)) == batch(changes=9)
    assert message.expires_on is not None
    assert message.expires_on.year == 9999
    assert QueueClient.from_connection_string(connection, f"{prefix}-accounts-poison").get_queue_properties()


def test_a_message_that_only_others_can_read_is_posted_as_it_is(
    outbox: QueueOutbox, connection: str, prefix: str
) -> None:
    from azure.storage.queue import QueueClient

    newer = '{"format": 2, "name": "M\u00fcller"}'
    outbox.post_text(FLOW, newer)

    queue = QueueClient.from_connection_string(connection, f"{prefix}-accounts")
    [message] = queue.receive_messages(max_messages=1, messages_per_page=1, visibility_timeout=60)
    assert base64.b64decode(message.content, validate=True).decode() == newer
    assert message.expires_on is not None
    assert message.expires_on.year == 9999


def test_a_text_that_only_others_can_read_counts_as_waiting(stores: Stores) -> None:
    stores.outbox.post_text(FLOW, "{}", delay=3600)
    assert stores.outbox.depth(FLOW) == 1


def test_a_delayed_message_is_hidden_until_then(outbox: QueueOutbox, connection: str, prefix: str) -> None:
    from azure.storage.queue import QueueClient

    outbox.post([batch()], delay=0.2)
    outbox.post([batch(1)], delay=3600)
    queue = QueueClient.from_connection_string(connection, f"{prefix}-accounts")

    seen: list[str] = []
    deadline = time.monotonic() + 30
    while not seen and time.monotonic() < deadline:
        found = queue.receive_messages(max_messages=32, messages_per_page=32, visibility_timeout=60)
        seen = [load(base64.b64decode(message.content)).batch for message in found]
        time.sleep(0.05)

    assert seen == ["r1.0"]


def test_a_flow_without_a_queue_is_a_fault_of_the_setup(outbox: QueueOutbox) -> None:
    with pytest.raises(ConfigError, match="no queue is set for the flow nobody_to_finops"):
        outbox.post([batch(flow="nobody_to_finops")])


def test_requests_are_counted(outbox: QueueOutbox) -> None:
    outbox.depth(FLOW)
    before = outbox.operations.counts["queue"]
    outbox.post([batch(n) for n in range(5)])
    assert outbox.operations.counts == {"table": 0, "queue": before + 5}
