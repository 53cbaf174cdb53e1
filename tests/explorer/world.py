"""One world: what outlives the processes, and the processes that run in it."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from sync.braked import FEWEST_CHANGED, FEWEST_GONE, BrakedFeed, read_position
from sync.brakes import Brakes
from sync.compare import Digester
from sync.detect import DetectLimits, Detector, detect
from sync.mapping.plan import Plan, Tables
from sync.model import ChangeBatch, Link
from sync.ports import ChangeFeed, Links, Reader, Writer
from sync.retry import Courier
from sync.stores.memory import (
    Delivered,
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
from tests.explorer.scheduler import Actor, Crash, Scheduler, Stepping
from tests.explorer.watch import WatchedWatermarks

POISON_DELIVERIES = 5
HIDING = 600.0
OLD_HOSTS = 0.4
"""The share of what is done by hosts of the old definition, as long as there are any."""
SHARED = (
    *("runs", "waiting", "links", "numbers", "outbox", "poison", "issues", "watermarks", "digester"),
    *("lost", "waited_in_vain", "_names"),
)

type Port = Callable[[str, Any], Any]
"""A port by its name in the stories, as a process of this world uses it."""


@dataclass
class Lane:
    """One flow of a world, with the systems at both of its ends.

    `feed` makes the feed of a new process of this plan, whose calls it takes through the given ports; `at_ease` are
    the modes of a feed that has nothing more to tell. Records of other flows wait for counterparts of an
    `awaited_by_target` one.
    Hosts that are at work while another definition is deployed go by the `old` plan.
    """

    plan: Plan
    reader: Reader
    writer: Writer
    tables: Tables
    feed: Callable[[Port, Plan], ChangeFeed]
    at_ease: tuple[str, ...] = ("delta",)
    awaited_by_target: bool = False
    kept: ChangeFeed | None = None
    old: Plan | None = None

    @property
    def flow(self) -> str:
        return self.plan.flow.name

    @property
    def mapping(self) -> str:
        return self.plan.flow.mapping


class World(ABC):
    """Everything that outlives a process, and the scheduler that decides what happens to it.

    `gentle` lets one process run at a time, so that no race excuses anything. `lost` are messages that left the
    poison queue undone. `rounds` is how many detect runs in a row must find nothing before the world is at rest. A part
    of a larger world shares the storage of the one it is `part_of`.
    """

    rounds = 1

    def __init__(
        self, scheduler: Scheduler, *, gentle: bool = False, max_deliveries: int = 5, part_of: World | None = None
    ) -> None:
        self.scheduler = scheduler
        self.clock = scheduler.clock
        self.gentle = gentle
        self.max_deliveries = max_deliveries
        self.lanes: dict[str, Lane] = {}
        if part_of is not None:
            shared = vars(part_of)
            vars(self).update({name: shared[name] for name in SHARED})
            return
        self.runs = MemoryRuns()
        self.waiting = MemoryWaiting()
        self.links = MemoryLinks(partitions=2)
        self.numbers = MemoryNumbers()
        self.outbox = MemoryOutbox(self.clock)
        self.poison = MemoryOutbox(self.clock)
        self.issues = MemoryIssues(self.clock)
        self.watermarks = WatchedWatermarks(self.outbox)
        self.digester = Digester(b"explorer key 0123456789")
        self.lost: list[ChangeBatch] = []
        self.waited_in_vain: list[str] = []
        self._names = count(1)

    @abstractmethod
    def someone_works(self) -> None:
        """One change by a person, now and then an accident of a system."""

    @abstractmethod
    def new_definition(self) -> None:
        """A new version of the mappings, or of the settings."""

    @abstractmethod
    def calm(self) -> None:
        """Accidents are mended."""

    @abstractmethod
    def broken(self) -> Iterator[str]:
        """The promises that are about what stands in the systems."""

    def look_closely(self) -> bool:
        """Change the world so that more can be said of it when it is at rest again; False where there is no way."""
        return False

    def someone_allows(self) -> None:  # noqa: B027 - most worlds have nothing to allow
        """A person lets what has stopped a flow pass."""

    def add(self, lane: Lane) -> Lane:
        self.lanes[lane.flow] = lane
        return lane

    @property
    def flow(self) -> str:
        """The first flow: the only one of most worlds."""
        return next(iter(self.lanes))

    @property
    def mapping(self) -> str:
        return self.lanes[self.flow].mapping

    @property
    def plan(self) -> Plan:
        return self.lanes[self.flow].plan

    def some_lane(self) -> Lane:
        lanes = list(self.lanes.values())
        return lanes[0] if len(lanes) == 1 else self.scheduler.random.choice(lanes)

    def linked(self, id: str, mapping: str = "") -> bool:
        """Whether a record has its counterpart, as far as links say."""
        link = self.link(id, mapping)
        return link is not None and link.linked

    def link(self, id: str, mapping: str = "") -> Link | None:
        return self.links.read(mapping or self.mapping, self.links.partition(id), [id]).get(id)

    def deploy(self, *, rolling: bool = False) -> None:
        """A new definition, whose processes read everything anew: every other one ends, or, `rolling`, hosts of the old
        one go on for a while beside them."""
        if not rolling and not self.scheduler.kill_all():
            return
        for lane in self.lanes.values():
            lane.kept, lane.old = None, lane.plan if rolling else None
        self.new_definition()
        kind = "definition rolled out" if rolling else "definition changed"
        self.scheduler.tell(kind, "a new definition is deployed" + (", old hosts go on" if rolling else ""))

    def retire_old_hosts(self) -> None:
        """The last hosts of an old definition begin nothing any more."""
        for lane in self.lanes.values():
            lane.old = None

    def _some_plan(self, lane: Lane) -> Plan:
        """That of the host which is asked to do something."""
        return lane.old if lane.old is not None and self.scheduler.random.random() < OLD_HOSTS else lane.plan

    def detect(self, flow: str = "") -> None:
        """One tick of a flow's timer."""
        lane = self.lanes[flow or self.flow]
        plan = self._some_plan(lane)
        # Who runs at the same time is another process.
        feed, lane.kept = (lane.plan is plan and lane.kept) or lane.feed(self._port, plan), None
        try:
            detect(self._detector(lane, plan, feed))
        except (Crash, Exception) as error:
            self.scheduler.tell("detect failed", f"{self.told(lane)}detect ended: {type(error).__name__} {error}")
            if isinstance(error, Crash):
                return
        lane.kept = feed if plan is lane.plan else None

    def mode(self, lane: Lane) -> str:
        """What the flow's feed would do next."""
        return lane.feed(lambda _, real: real, lane.plan).mode(self.watermarks.read(lane.flow).position)

    def is_to_look(self) -> bool:
        """A feed has put off to look for records whose deletes it was not told."""
        return any(read_position(self.watermarks.read(lane.flow).position).due for lane in self.lanes.values())

    def is_at_ease(self) -> bool:
        """No feed has more to tell. One that is still at it may need more than one run for that."""
        return all(self.mode(lane) in lane.at_ease for lane in self.lanes.values())

    def told(self, lane: Lane) -> str:
        """The flow in a line of the story, where there are several."""
        return f"{lane.mapping}: " if len(self.lanes) > 1 else ""

    def courier(self, flow: str = "") -> Courier:
        lane = self.lanes[flow or self.flow]
        return self._courier(lane, self._some_plan(lane), self._port, self._stepping_links())

    def courier_at_once(self) -> Courier:
        """A courier that does not stop at calls, for what nobody interrupts."""
        lane = self.lanes[self.flow]
        return self._courier(lane, lane.plan, lambda _, real: real, self.links)

    def delivery(self, number: int, *, flow: str = "", hidden: float = HIDING) -> Callable[[], None] | None:
        """The process that gets this message; None when it has gone, or when its deliveries are used up."""
        delivered = self.outbox.receive_at(flow or self.flow, number, hidden=hidden)
        if delivered is None:
            return None
        if delivered.times > self.max_deliveries:  # its last processes died without a word
            self._to_poison(delivered)
            return None
        if delivered.times > 1:
            self.scheduler.met["redelivery"] += 1
        return functools.partial(self._deliver, delivered)

    def poison_delivery(self, number: int, *, flow: str = "") -> Callable[[], None] | None:
        delivered = self.poison.receive_at(flow or self.flow, number, hidden=HIDING)
        return None if delivered is None else functools.partial(self._deliver_poison, delivered)

    def sweep(self) -> None:
        """One tick of the sweeps' timers, to its end."""
        for flow in self.lanes:
            actor = self.start_sweep(flow)
            while not actor.done:
                self.scheduler.resume(actor, "go")

    def start_sweep(self, flow: str) -> Actor:
        """One tick of the timer of a flow's sweep, on which nobody waits for a pause."""
        return self.scheduler.start("sweep", functools.partial(self._sweep, self.lanes[flow]))

    def _sweep(self, lane: Lane) -> None:
        tools = Sweeper(
            lane.plan.flow,
            self._stepping_links(),
            self._port("issues", self.issues),
            self._port("waiting", self.waiting),
            self._port("outbox", self.watermarks.outbox),
            self.clock,
            pause=timedelta(),
        )
        try:
            self.scheduler.met["swept"] += sweep(tools)
        except (Crash, Exception) as error:
            self.scheduler.tell("sweep failed", f"{self.told(lane)}sweep ended: {type(error).__name__} {error}")

    def _detector(self, lane: Lane, plan: Plan, feed: ChangeFeed) -> Detector:
        return Detector(
            plan.flow,
            plan.definition,
            self._port("feed", self.watermarks.noting(lane.flow, feed)),
            self._stepping_links(),
            self._port("watermarks", self.watermarks),
            self._port("runs", self.runs),
            self._port("outbox", self.watermarks.outbox),
            self.clock,
            lambda batch: True,
            DetectLimits(seconds=600, pages=4, queue_depth=20, batch_records=4),
            name_run=self.name,
        )

    def _courier(self, lane: Lane, plan: Plan, port: Port, links: Links) -> Courier:
        applier = Applier(
            plan,
            port("reader", lane.reader),
            port("writer", lane.writer),
            links,
            port("watermarks", self.watermarks),
            port("issues", self.issues),
            port("waiting", self.waiting),
            port("numbers", self.numbers),
            port("outbox", self.outbox),
            self.clock,
            lane.tables,
            self.digester,
            awaited=True,
            awaited_by_target=lane.awaited_by_target,
            name_delivery=self.name,
        )
        return Courier(applier, load)

    def _deliver(self, delivered: Delivered) -> None:
        """One delivery by the host: done, failed and soon again, poison, or lost with its process."""
        try:
            self.courier(delivered.batch.flow).deliver(dump(delivered.batch), delivered.times)
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
            self.poison.post([delivered.batch], delay=1.0)

    def _deliver_poison(self, delivered: Delivered) -> None:
        try:
            self.courier(delivered.batch.flow).deliver_poison(dump(delivered.batch))
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

    def with_brakes(self, feed: Callable[[], ChangeFeed], reader: Reader) -> Callable[[Port, Plan], ChangeFeed]:
        """A lane's feed of a system that tells its changes; the brakes work on what links and records say."""

        def made(port: Port, plan: Plan) -> ChangeFeed:
            brakes = Brakes(
                plan.flow.name,
                port("watermarks", self.watermarks),
                self.clock,
                fewest_gone=FEWEST_GONE,
                fewest_changed=FEWEST_CHANGED,
            )
            return BrakedFeed(
                port("feed", feed()),
                port("links", self.links),
                port("reader", reader),
                brakes,
                mapping=plan.flow.mapping,
                entity=plan.flow.source,
                under_way=lambda: self.outbox.depth(plan.flow.name),
                wait=timedelta(seconds=HIDING),
            )

        return made

    def name(self) -> str:
        """A new name, for whatever needs one."""
        return str(next(self._names))
