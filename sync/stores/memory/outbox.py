"""The queues of the flows in memory: what Azure's queues do that the engine can notice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from threading import Lock

from sync.errors import ConfigError
from sync.model import ChangeBatch
from sync.ports import Clock
from sync.stores.messages import dump
from sync.stores.rules import check_delay, check_message


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery of a message: `number` names the message, `receipt` this delivery, `times` counts deliveries."""

    number: int
    receipt: int
    batch: ChangeBatch
    times: int


@dataclass(slots=True)
class _Message:
    number: int
    batch: ChangeBatch
    visible: datetime
    times: int = 0
    receipt: int = 0


class MemoryOutbox:
    """Twin of `ports.Outbox` with the other end of the queue: receive, hide, delete, poison.

    Messages are delivered at least once: a delivery that is neither deleted nor poisoned comes again when its hiding
    time is over. They are delivered oldest first; `receive_at` picks another one. A receipt of an earlier delivery
    changes nothing.

    `unserved` are flows without a queue; `unread` are a queue's messages that nobody here can read, which nobody
    receives.
    """

    def __init__(self, clock: Clock) -> None:
        self.unserved: set[str] = set()
        self.unread: dict[str, list[str]] = defaultdict(list)
        self._clock = clock
        self._queues: dict[str, dict[int, _Message]] = defaultdict(dict)
        self._poison: dict[str, list[ChangeBatch]] = defaultdict(list)
        self._numbers = count(1)
        self._lock = Lock()

    def post(self, batches: Sequence[ChangeBatch], *, delay: float = 0.0) -> None:
        visible = self._clock.now() + timedelta(seconds=check_delay(delay))
        for batch in batches:
            check_message(dump(batch))
            if not self.serves(batch.flow):
                raise ConfigError(f"no queue is set for the flow {batch.flow}.", where="queues")
        with self._lock:
            for batch in batches:
                number = next(self._numbers)
                self._queues[batch.flow][number] = _Message(number, batch, visible)

    def post_text(self, flow: str, text: str, *, delay: float = 0.0) -> None:
        check_delay(delay)
        with self._lock:
            self.unread[flow].append(check_message(text))

    def serves(self, flow: str) -> bool:
        return flow not in self.unserved

    def depth(self, flow: str) -> int:
        return len(self._queues[flow]) + len(self.unread[flow])

    def visible(self, flow: str) -> list[int]:
        """Numbers of the messages that can be received now, oldest first."""
        now = self._clock.now()
        with self._lock:
            return [message.number for message in self._queues[flow].values() if message.visible <= now]

    def next_visible(self, flow: str) -> datetime | None:
        """When the next message can be received (maybe in the past); None when the queue is empty."""
        with self._lock:
            return min((message.visible for message in self._queues[flow].values()), default=None)

    def receive(self, flow: str, *, most: int = 1, hidden: float = 600.0) -> list[Delivered]:
        """Deliver up to `most` visible messages and hide them for `hidden` seconds."""
        deliveries = (self.receive_at(flow, number, hidden=hidden) for number in self.visible(flow)[:most])
        return [delivered for delivered in deliveries if delivered is not None]

    def receive_at(self, flow: str, number: int, *, hidden: float = 600.0) -> Delivered | None:
        """Deliver this message; None when it is gone or hidden."""
        now = self._clock.now()
        with self._lock:
            message = self._queues[flow].get(number)
            if message is None or message.visible > now:
                return None
            message.times += 1
            message.receipt = next(self._numbers)
            message.visible = now + timedelta(seconds=hidden)
            return Delivered(number, message.receipt, message.batch, message.times)

    def hide(self, delivered: Delivered, seconds: float) -> bool:
        """Let the message come again after `seconds` (0: at once); False when this delivery no longer holds it."""
        with self._lock:
            message = self._held(delivered)
            if message is not None:
                message.visible = self._clock.now() + timedelta(seconds=seconds)
                message.receipt = next(self._numbers)
            return message is not None

    def delete(self, delivered: Delivered) -> bool:
        """The message is done; False when this delivery no longer holds it."""
        with self._lock:
            return self._remove(delivered)

    def poison(self, delivered: Delivered) -> bool:
        """Move the message to the poison queue; False when this delivery no longer holds it."""
        with self._lock:
            removed = self._remove(delivered)
            if removed:
                self._poison[delivered.batch.flow].append(delivered.batch)
            return removed

    def poisoned(self, flow: str) -> list[ChangeBatch]:
        """What lies in the poison queue, oldest first."""
        return list(self._poison[flow])

    def take_poisoned(self, flow: str) -> list[ChangeBatch]:
        """Empty the poison queue, as the poison function does."""
        with self._lock:
            return self._poison.pop(flow, [])

    def _held(self, delivered: Delivered) -> _Message | None:
        message = self._queues[delivered.batch.flow].get(delivered.number)
        return message if message is not None and message.receipt == delivered.receipt else None

    def _remove(self, delivered: Delivered) -> bool:
        message = self._held(delivered)
        if message is not None:
            del self._queues[delivered.batch.flow][delivered.number]
        return message is not None
