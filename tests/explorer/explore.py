"""A seed becomes a world, the world goes through a storm, then everything that is under way comes to its end."""

from __future__ import annotations

from collections.abc import Callable

from sync.stores.memory import MemoryClock, MemoryOutbox
from tests.explorer.checker import broken_promises
from tests.explorer.life import change_definition, create_account, create_customer, plan_of_seed, someone_works
from tests.explorer.scheduler import Scheduler
from tests.explorer.world import World

PORTS = ("reader", "writer", "feed", "links", "watermarks", "issues", "waiting", "outbox", "links.write")


def new_world(seed: int) -> World:
    """A world with some accounts, some of which are customers already."""
    clock = MemoryClock()
    scheduler = Scheduler(seed, clock)
    random = scheduler.random
    worlds: list[World] = []
    plan = plan_of_seed(scheduler, lambda id: worlds[0].linked(id))
    gentle = random.random() < 0.2
    world = World(scheduler, plan, clock, gentle, max_deliveries=random.choice([2, 5]), theme=random.randrange(5))
    worlds.append(world)
    for _ in range(random.choice([1, 1, 2, 3, 6])):
        create_account(world)
    for _ in range(random.choice([0, 0, 1, 3])):
        create_customer(world)
    return world


def explore(world: World) -> None:
    """One long storm, or short ones, each with the calm behind it, until a promise is broken.

    A storm that goes on mends much by itself, so that only its last race can be seen; but what needs many things to go
    wrong one after the other needs a long one.
    """
    random = world.scheduler.random
    if random.random() < 0.6:  # the accounts are customers before the first storm begins
        rest(world)
    storms = random.choice([1, 5])
    for _ in range(storms):
        world.scheduler.fault_rate = random.choice([0.0, 0.01, 0.03, 0.08])
        if random.random() < 0.6:
            _fill_the_queue(world)
        if storms == 1:
            _storm(world, steps=450, deeds=random.choice([5, 15, 40]))
        else:
            _storm(world, steps=random.choice([40, 80, 160]), deeds=random.choice([1, 3, 8]))
        _calm(world)
        rest(world)
        waiters = world.waiting.open(world.flow)
        world.waited_in_vain = [w.id for w in waiters if world.linked(w.awaits.partition(":")[2])]
        for _ in range(2):
            world.sweep()
            rest(world)
        if broken_promises(world):
            return


def _fill_the_queue(world: World) -> None:
    """Messages about the same records lie side by side before anybody receives one."""
    scheduler = world.scheduler
    for _ in range(scheduler.random.choice([1, 2, 4])):
        someone_works(world)
        scheduler.start("detect", world.detect)
        while scheduler.actors:
            scheduler.step()


def _storm(world: World, steps: int, deeds: int) -> None:
    scheduler, random = world.scheduler, world.scheduler.random
    crowd = 1 if world.gentle else random.choice([2, 4, 6])
    for _ in range(steps):
        roll = random.random()
        if roll < 0.08 and deeds:
            deeds -= 1
            someone_works(world)
        elif roll < 0.10:
            scheduler.pass_time(random.choice([1.0, 30.0, 30.0, 110.0, 310.0, 700.0]))
        elif roll < 0.11:
            scheduler.finish_late()
        elif roll < 0.116:
            _trouble(world)
        elif roll < 0.33 and len(scheduler.actors) < crowd:
            if roll < 0.19 and _detecting(world) < 2:
                scheduler.start("detect", world.detect)
            else:
                _start_something(world)
        elif scheduler.actors:
            scheduler.step()


def _trouble(world: World) -> None:
    """Rare things: a system or a table is down for a while, a deployment, the sweep."""
    scheduler, random = world.scheduler, world.scheduler.random
    match random.randrange(4):
        case 0:
            scheduler.outage = "" if scheduler.outage else random.choice(PORTS)
            scheduler.tell("outage begins or ends", f"out of order: {scheduler.outage or 'nothing'}")
        case 1:
            change_definition(world)
        case _:
            world.sweep()


def _calm(world: World) -> None:
    """No more faults and no more changes."""
    world.scheduler.fault_rate = 0.0
    world.scheduler.outage = ""
    world.sales.poisonous.clear()
    world.finops.refusing.clear()


def rest(world: World) -> None:
    """Everything that is under way comes to its end."""
    scheduler = world.scheduler
    for _ in range(600):
        while scheduler.actors:
            scheduler.step()
        scheduler.start("detect", world.detect)
        while scheduler.actors:
            scheduler.step()
        if world.outbox.depth(world.flow) == 0 and world.poison.depth(world.flow) == 0:
            scheduler.pass_time(1000.0)
            return
        if not world.outbox.visible(world.flow) and not world.poison.visible(world.flow):
            scheduler.pass_time(max(1.0, _until_next(world)))
        for _ in range(1 if world.gentle else len(world.outbox.visible(world.flow)) + 1):
            _start_something(world)
    raise AssertionError("the world does not come to rest")


def _start_something(world: World) -> None:
    """A message, mostly of the queue, is delivered. Some come again while their delivery is still at work."""
    random = world.scheduler.random
    if world.poison.visible(world.flow) and random.random() < 0.5:
        _start("poison", world, world.poison, world.poison_delivery)
        return
    hidden = random.choice([0.0, 20.0]) if world.scheduler.fault_rate and random.random() < 0.08 else 600.0
    _start("apply", world, world.outbox, lambda number: world.delivery(number, hidden=hidden))


def _start(name: str, world: World, queue: MemoryOutbox, deliver: Callable[[int], Callable[[], None] | None]) -> None:
    numbers = queue.visible(world.flow)
    if numbers and (run := deliver(world.scheduler.random.choice(numbers))):
        world.scheduler.start(name, run)


def _detecting(world: World) -> int:
    return sum(actor.name == "detect" for actor in world.scheduler.actors)


def _until_next(world: World) -> float:
    soonest = [queue.next_visible(world.flow) for queue in (world.outbox, world.poison)]
    return min((when - world.clock.now()).total_seconds() for when in soonest if when)
