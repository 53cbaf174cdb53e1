"""A small host in the test's own process: it runs the timer and delivers the queue's messages to the real app.

It delivers as the Functions host does (functions-host.md 1): a message is hidden while it is worked on, its deliveries
are counted, and after five failures it is moved to the poison queue.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from azure.storage.queue import QueueClient, QueueMessage, TextBase64DecodePolicy, TextBase64EncodePolicy

from sync.app import App, FlowStatus
from sync.detect import DetectReport
from sync.model import ChangeBatch, Issue, Link
from sync.stores.keys import encode_name
from sync.stores.queues import QueueOutbox
from sync.stores.tables import TableLinks

FLOW = "accounts_to_finops"
MAX_DEQUEUE_COUNT = 5
QUIET_SECONDS = 60.0


class HastyOutbox(QueueOutbox):
    """The real queues, but a message that is put back comes within `longest` seconds; what was asked for is kept."""

    longest: float = 1.0
    delays: list[float]

    def post(self, batches: Sequence[ChangeBatch], *, delay: float = 0.0) -> None:
        if delay:
            self.delays.append(delay)
        super().post(batches, delay=min(delay, self.longest))


class Killed(BaseException):
    """The host process was killed at this point: nobody catches it but the little host of these tests."""


@dataclass
class Installation:
    """One deployment of the app: its settings and a host process that is running them, seen from one of its flows."""

    app: App
    environment: Mapping[str, str]
    outbox: HastyOutbox
    flow: str = FLOW
    failures: list[BaseException] = field(default_factory=list)
    most_deliveries: int = 0

    def of(self, flow: str) -> Installation:
        """The same deployment, seen from another flow."""
        return replace(self, flow=flow)

    def sync_all(self, *flows: str) -> dict[str, FlowStatus]:
        """Detect and deliver flow by flow in this order, then whatever one flow's records set off in another."""
        here = [self.of(flow) for flow in flows]
        for each in here:
            if each.backlog():
                each.pump()
            each.detect()
            each.pump()
        self.pump_all(*flows)
        return self.statuses()

    def pump_all(self, *flows: str) -> None:
        """Deliver until no flow has a message: one flow's records set off another's."""
        here = [self.of(flow) for flow in flows]
        while any(each.backlog() for each in here):
            for each in here:
                each.pump()

    def backlog(self) -> int:
        """About how many messages wait in the flow's queue, hidden ones too."""
        return self.app.connections.outbox.depth(self.flow)

    def detect(self) -> list[DetectReport]:
        """Tick until the feed is read to its end; a full read takes more than one page."""
        reports = []
        for _ in range(20):
            report = self.app.detect(self.flow)
            assert report is not None, "a system was not available"
            reports.append(report)
            if report.stopped == "quiet":
                return reports
        raise AssertionError(f"the feed does not end: {reports}")

    def sync(self) -> FlowStatus:
        """Detect, then deliver until the queues are empty; the counts must close then (promise 1)."""
        self.detect()
        self.pump()
        return self.status()

    def pump(self) -> None:
        """Deliver messages until none is left in the flow's queue and its poison queue."""
        deadline = time.monotonic() + QUIET_SECONDS
        while time.monotonic() < deadline:
            busy = self.deliver_next() or self.deliver_poison_next()
            if not busy and not self.backlog() and not self.poisoned():
                return
            if not busy:
                self.rest()
        raise AssertionError(f"Not quiet after {QUIET_SECONDS:.0f} s; failures: {self.failures}")

    def deliver_next(self) -> bool:
        """Deliver what is visible in the flow's queue, as the host does; False when there was nothing."""
        queue, poison = self._queue(), self._queue("-poison")
        messages = list(queue.receive_messages(max_messages=16, visibility_timeout=600))
        for message in messages:
            count = message.dequeue_count or 1
            self.most_deliveries = max(self.most_deliveries, count)
            try:
                self.app.deliver(self.flow, message.content, count)
            except (Exception, Killed) as failure:
                self.failures.append(failure)
                self._failed(queue, poison, message)
            else:
                queue.delete_message(message)
        return bool(messages)

    def deliver_poison_next(self) -> bool:
        """Deliver one message of the poison queue; False when there was none."""
        queue = self._queue("-poison")
        message = queue.receive_message(visibility_timeout=600)
        if message is None:
            return False
        self.app.deliver_poison(self.flow, message.content)
        queue.delete_message(message)
        return True

    def wait_for_messages(self) -> None:
        """Wait until a message that was put back is visible."""
        queue = self._queue()
        deadline = time.monotonic() + QUIET_SECONDS
        while not queue.peek_messages() and time.monotonic() < deadline:
            self.rest()

    def rest(self) -> None:
        """A moment between two looks."""
        time.sleep(0.05)

    def post(self, text: str) -> None:
        """Put a message into the flow's queue, whatever it says."""
        self.backlog()  # the queue exists from now on
        self._queue().send_message(text)

    def poisoned(self) -> int:
        return self.app.connections.outbox.poisoned(self.flow)

    def statuses(self) -> dict[str, FlowStatus]:
        """How every flow stands, by name; counts must close (promise 1)."""
        statuses = {each.name: each for each in self.app.status()}
        assert all(each.totals.close for each in statuses.values()), statuses
        return statuses

    def status(self) -> FlowStatus:
        """How the flow stands; its counts must close (promise 1)."""
        (status,) = self.app.status(self.flow)
        assert status.totals.close, status
        return status

    def issues(self) -> dict[str, Issue]:
        """The open issues by record number, or by id where there is none."""
        return {issue.trouble.number or issue.id: issue for issue in self.status().issues}

    def link(self, id: str) -> Link:
        """The link of one record."""
        links = TableLinks(self.app.connections.storage, partitions=self.app.settings.link_partitions)
        return links.read(self.flow.partition("_to_")[0], links.partition(id), [id])[id]

    def forget_columns(self) -> None:
        """What who cannot wait an hour does: processes that start now ask anew what both systems have."""
        table = self.app.connections.storage.table("watermarks")
        for system in ("sales", "finops"):
            table.delete(encode_name(f"*columns {system}"), ["watermark"])

    def close(self) -> None:
        self.app.connections.storage.close()
        self.outbox.close()

    def _failed(self, queue: QueueClient, poison: QueueClient, message: QueueMessage) -> None:
        if (message.dequeue_count or 1) >= MAX_DEQUEUE_COUNT:
            poison.send_message(message.content)
            queue.delete_message(message)
        else:
            queue.update_message(message, visibility_timeout=0)

    def _queue(self, suffix: str = "") -> QueueClient:
        (binding,) = (each for each in self.app.bindings if each.name == self.flow)
        return QueueClient.from_connection_string(
            self.environment["AzureWebJobsStorage"],
            binding.queue + suffix,
            message_encode_policy=TextBase64EncodePolicy(),
            message_decode_policy=TextBase64DecodePolicy(),
        )
