"""One seeded world: accounts that change, detect and apply that crash, repeat, delay and interleave, then quiet."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field

from sync.compare import Digester
from sync.detect import DetectLimits, Detector, detect
from sync.mapping.plan import Plan
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
    MemoryWatermarks,
)
from sync.stores.messages import dump, load
from sync.work import Applier
from tests.explorer.plans import Facts, accounts_plan
from tests.explorer.scheduler import Crash, Scheduler, Stepping
from tests.explorer.systems import MemoryFinops, MemorySales

MAX_DELIVERIES = 5
HIDING = 600.0


@dataclass
class World:
    """Everything that outlives a process, and the scheduler that decides what happens to it."""

    scheduler: Scheduler
    plan: Plan
    links: MemoryLinks
    clock: MemoryClock = field(default_factory=MemoryClock)
    finops: MemoryFinops = field(default_factory=MemoryFinops)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    watermarks: MemoryWatermarks = field(default_factory=MemoryWatermarks)
    waiting: MemoryWaiting = field(default_factory=MemoryWaiting)
    detecting: Callable[[Detector], object] = detect

    def __post_init__(self) -> None:
        self.sales = MemorySales(self.plan.columns)
        self.outbox = MemoryOutbox(self.clock)
        self.issues = MemoryIssues(self.clock)
        self.numbers = MemoryNumbers()
        self._names = 0

    def port(self, name: str, real: object) -> Stepping:
        return Stepping(name, real, self.scheduler)

    def detector(self) -> Detector:
        return Detector(
            self.plan.flow,
            self.plan.definition,
            self.port("feed", self.sales),
            self._links(),
            self.port("watermarks", self.watermarks),
            self.port("runs", self.runs),
            self.port("outbox", self.outbox),
            self.clock,
            lambda batch: True,
            DetectLimits(seconds=600, pages=4, queue_depth=20, batch_records=4),
            name_run=self._name,
        )

    def courier(self) -> Courier:
        applier = Applier(
            self.plan,
            self.port("reader", self.sales),
            self.port("writer", self.finops),
            self._links(),
            self.port("issues", self.issues),
            self.port("waiting", self.waiting),
            self.port("numbers", self.numbers),
            self.port("outbox", self.outbox),
            self.clock,
            Facts(),
            Digester(b"explorer key 0123456789"),
            name_delivery=self._name,
        )
        return Courier(applier, load)

    def detect(self) -> None:
        """One tick of the timer."""
        try:
            self.detecting(self.detector())
        except (Crash, Exception) as error:
            self.scheduler.story.append(f"detect ended: {type(error).__name__} {error}")

    def deliver(self, delivered: Delivered) -> None:
        """One delivery by the host: done, failed and soon again, poison, or lost with its process."""
        try:
            self.courier().deliver(dump(delivered.batch), delivered.times)
            self.outbox.delete(delivered)
        except Crash:
            return
        except Exception as error:
            self.scheduler.story.append(f"delivery of {delivered.batch.batch} failed: {type(error).__name__} {error}")
            if delivered.times >= MAX_DELIVERIES:
                self.outbox.poison(delivered)
            else:
                self.outbox.hide(delivered, 0)

    def deliver_poison(self) -> None:
        for batch in self.outbox.take_poisoned(self.plan.flow.name):
            self.courier().deliver_poison(dump(batch))

    def flow_delivery(self, number: int) -> Callable[[], None] | None:
        delivered = self.outbox.receive_at(self.plan.flow.name, number, hidden=HIDING)
        return None if delivered is None else functools.partial(self.deliver, delivered)

    def _links(self) -> Links:
        links: Links = self.port("links", self.links)  # type: ignore[assignment]
        links.partition = self.links.partition  # type: ignore[method-assign]
        return links

    def _name(self) -> str:
        self._names += 1
        return f"{self._names}"


def new_world(seed: int, *, links: MemoryLinks | None = None, detecting: Callable[[Detector], object] = detect) -> World:
    """A world with some accounts, some of which are customers already."""
    world = World(Scheduler(seed), accounts_plan(), links or MemoryLinks(partitions=2), detecting=detecting)
    for n in range(world.scheduler.random.randint(2, 8)):
        create_account(world, n)
        if world.scheduler.random.random() < 0.15:
            number = f"N{n}"
            row = {"dataAreaId": "usmf", "CustomerAccount": number, "PartyType": "Organization"}
            world.finops.rows[f"usmf|n{n}"] = {**row, "OrganizationName": f"Account {n}", "PartyNumber": f"OLD-{n}"}
    return world


def create_account(world: World, n: int) -> None:
    world.sales.put(
        f"00000000-0000-0000-0000-{n:012d}",
        accountnumber=f"N{n}",
        name=f"Account {n}",
        telephone1=None,
        statecode=0,
        statuscode=1,
        _transactioncurrencyid_value="usd",
    )


def mutate(world: World) -> None:
    """Somebody works in Sales."""
    random, sales = world.scheduler.random, world.sales
    if not sales.rows or random.random() < 0.15:
        create_account(world, len(sales.log))
        return
    id = random.choice(sorted(sales.rows))
    match random.randrange(10):
        case 0:
            sales.delete(id)
        case 1:
            sales.put(id, statecode=1, statuscode=2)
        case 2:
            sales.put(id, statecode=0, statuscode=1)
        case 3 | 4:
            sales.put(id, telephone1=random.choice([None, "1", "2"]))
        case _:
            # Few names, so that a record comes back to an older state.
            sales.put(id, name=random.choice(["A", "B", "C"]))


def explore(world: World, steps: int = 400) -> None:
    """The stormy part, then quiet until nothing is left to do."""
    random = world.scheduler.random
    mutations = random.randint(0, 12)
    for _ in range(steps):
        scheduler = world.scheduler
        roll = random.random()
        if scheduler.actors and roll < 0.80:
            scheduler.step()
        elif roll < 0.84 and mutations:
            mutations -= 1
            mutate(world)
        elif roll < 0.86:
            pass_time(world, random.choice([1.0, 30.0, 310.0, 700.0]))
        elif roll < 0.89 and scheduler.late:
            scheduler.finish_late()
        elif roll < 0.93 and sum(actor.name == "detect" for actor in scheduler.actors) < 2:
            scheduler.start("detect", world.detect)
        elif len(scheduler.actors) < 5:
            start_delivery(world, random.choice)
    quieten(world)


def quieten(world: World) -> None:
    """No more faults and no more changes: everything that is under way comes to its end."""
    scheduler, flow = world.scheduler, world.plan.flow.name
    scheduler.faults = False
    for _ in range(400):
        while scheduler.actors:
            scheduler.step()
        scheduler.finish_late()
        scheduler.start("poison", world.deliver_poison)
        scheduler.start("detect", world.detect)
        while scheduler.actors:
            scheduler.step()
        if world.outbox.depth(flow) == 0 and not world.outbox.poisoned(flow):
            return
        if not world.outbox.visible(flow):
            pass_time(world, max(1.0, _until_next(world)))
        for _ in range(len(world.outbox.visible(flow))):
            start_delivery(world, lambda numbers: numbers[0])
    raise AssertionError("the world does not come to rest")


def start_delivery(world: World, choose: Callable[[list[int]], int]) -> None:
    numbers = world.outbox.visible(world.plan.flow.name)
    if numbers and (delivery := world.flow_delivery(choose(numbers))):
        world.scheduler.start("apply", delivery)


def pass_time(world: World, seconds: float) -> None:
    """A request that the server is still busy with is done long before a lease is over (the stated limit)."""
    if seconds > 100:
        world.scheduler.finish_late()
    world.clock.advance(seconds)


def _until_next(world: World) -> float:
    visible = world.outbox.next_visible(world.plan.flow.name)
    return (visible - world.clock.now()).total_seconds() if visible else 1.0


