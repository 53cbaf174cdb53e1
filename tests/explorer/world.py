"""One world: what outlives the processes, and the processes that run in it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from sync.compare import Digester
from sync.detect import DetectLimits, Detector, detect
from sync.mapping.plan import Plan
from sync.model import ChangeBatch, Link
from sync.ports import Links
from sync.retry import Courier
from sync.stores.memory import (
    Delivered,
    MemoryClock,
    MemoryIssues,
    MemoryLinks,
    MemoryNumbers,
    MemoryOutbox,
    MemoryRuns,
    MemoryWaiting,
)
from sync.stores.messages import dump, load
from sync.sweep import Sweeper, sweep
from sync.work import Applier
from tests.explorer.plans import AllFacts
from tests.explorer.scheduler import Crash, Scheduler, Stepping
from tests.explorer.systems import MemoryFinops, MemorySales
from tests.explorer.watch import WatchedWatermarks

POISON_DELIVERIES = 5
HIDING = 600.0


@dataclass
class World:
    """Everything that outlives a process, and the scheduler that decides what happens to it.

    `gentle` lets one process run at a time, so that no race excuses anything. `lost` are messages that left the
    poison queue undone. `numbers_given` are all account numbers that were ever entered.
    """

    scheduler: Scheduler
    plan: Plan
    clock: MemoryClock
    gentle: bool = False
    max_deliveries: int = 5
    theme: int = 0
    finops: MemoryFinops = field(default_factory=MemoryFinops)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    waiting: MemoryWaiting = field(default_factory=MemoryWaiting)
    links: MemoryLinks = field(default_factory=lambda: MemoryLinks(partitions=2))
    lost: list[ChangeBatch] = field(default_factory=list)
    numbers_given: set[str] = field(default_factory=set)
    waited_in_vain: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sales = MemorySales(self.plan.columns)
        self.outbox = MemoryOutbox(self.clock)
        self.poison = MemoryOutbox(self.clock)
        self.issues = MemoryIssues(self.clock)
        self.numbers = MemoryNumbers()
        self.watermarks = WatchedWatermarks(self.sales, self.outbox)
        self.first_definition = self.plan.definition
        self._names = count(1)

    @property
    def flow(self) -> str:
        return self.plan.flow.name

    @property
    def mapping(self) -> str:
        return self.plan.flow.mapping

    def linked(self, id: str) -> bool:
        """Whether an account has its customer, as far as links say."""
        link = self.links.read(self.mapping, self.links.partition(id), [id]).get(id)
        return link is not None and link.linked

    def detector(self) -> Detector:
        return Detector(
            self.plan.flow,
            self.plan.definition,
            self._port("feed", self.watermarks.feed),
            self._stepping_links(),
            self._port("watermarks", self.watermarks),
            self._port("runs", self.runs),
            self._port("outbox", self.watermarks.outbox),
            self.clock,
            lambda batch: True,
            DetectLimits(seconds=600, pages=4, queue_depth=20, batch_records=4),
            name_run=self._name,
        )

    def courier(self) -> Courier:
        return self._courier(self._port, self._stepping_links())

    def courier_at_once(self) -> Courier:
        """A courier that does not stop at calls, for what nobody interrupts."""
        return self._courier(lambda _, real: real, self.links)

    def _courier(self, port: Callable[[str, Any], Any], links: Links) -> Courier:
        applier = Applier(
            self.plan,
            port("reader", self.sales),
            port("writer", self.finops),
            links,
            port("issues", self.issues),
            port("waiting", self.waiting),
            port("numbers", self.numbers),
            port("outbox", self.outbox),
            self.clock,
            AllFacts(),
            Digester(b"explorer key 0123456789"),
            awaited=True,
            name_delivery=self._name,
        )
        return Courier(applier, load)

    def detect(self) -> None:
        """One tick of the timer."""
        try:
            detect(self.detector())
        except (Crash, Exception) as error:
            self.scheduler.tell("detect failed", f"detect ended: {type(error).__name__} {error}")

    def delivery(self, number: int, *, hidden: float = HIDING) -> Callable[[], None] | None:
        """The process that gets this message; None when it has gone, or when its deliveries are used up."""
        delivered = self.outbox.receive_at(self.flow, number, hidden=hidden)
        if delivered is None:
            return None
        if delivered.times > self.max_deliveries:  # its last processes died without a word
            self._to_poison(delivered)
            return None
        if delivered.times > 1:
            self.scheduler.met["redelivery"] += 1
        return functools.partial(self._deliver, delivered)

    def poison_delivery(self, number: int) -> Callable[[], None] | None:
        delivered = self.poison.receive_at(self.flow, number, hidden=HIDING)
        return None if delivered is None else functools.partial(self._deliver_poison, delivered)

    def sweep(self) -> None:
        """One tick of the sweep's timer, on which nobody waits for a pause."""
        tools = Sweeper(
            self.plan.flow, self.links, self.issues, self.waiting, self.outbox, self.clock, pause=timedelta()
        )
        self.scheduler.met["swept"] += sweep(tools)

    def _deliver(self, delivered: Delivered) -> None:
        """One delivery by the host: done, failed and soon again, poison, or lost with its process."""
        try:
            self.courier().deliver(dump(delivered.batch), delivered.times)
            self.outbox.delete(delivered)
        except Crash:
            return
        except Exception as error:
            what = f"delivery {delivered.times} of {delivered.batch.batch} failed: {type(error).__name__} {error}"
            self.scheduler.tell("delivery failed", what)
            if delivered.times >= self.max_deliveries:
                self._to_poison(delivered)
            else:
                self.outbox.hide(delivered, 30)

    def _to_poison(self, delivered: Delivered) -> None:
        if self.outbox.delete(delivered):
            self.scheduler.tell("poison", f"batch {delivered.batch.batch} goes to the poison queue")
            self.poison.post([delivered.batch])

    def _deliver_poison(self, delivered: Delivered) -> None:
        try:
            self.courier().deliver_poison(dump(delivered.batch))
            self.poison.delete(delivered)
        except Crash:
            return
        except Exception as error:
            self.scheduler.tell("poison failed", f"poison {delivered.batch.batch}: {type(error).__name__} {error}")
            if delivered.times >= POISON_DELIVERIES and "injected" not in str(error):
                self.poison.delete(delivered)
                self.lost.append(delivered.batch)
            else:
                self.poison.hide(delivered, 30)

    def _port(self, name: str, real: object) -> Stepping:
        return Stepping(name, real, self.scheduler)

    def _stepping_links(self) -> Links:
        links: Links = self._port("links", self.links)
        links.partition = self.links.partition  # type: ignore[method-assign]
        return links

    def _links(self) -> list[Link]:
        return self.links.all_links(self.mapping)

    def _name(self) -> str:
        return str(next(self._names))
