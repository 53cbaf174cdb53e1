"""A world goes through storms; after each, all that is under way comes to its end and the promises are checked."""

from __future__ import annotations

import functools
from collections.abc import Callable

from sync.stores.memory import MemoryOutbox
from tests.explorer.checker import broken_promises, is_there
from tests.explorer.scheduler import Actor
from tests.explorer.world import Lane, World

PORTS = ("reader", "writer", "feed", "links", "watermarks", "issues", "waiting", "outbox", "links.write")


def explore(world: World) -> None:
    """One long storm, or short ones, each with the calm behind it, until a promise is broken.

    A storm that goes on mends much by itself, so that only its last race can be seen; but what needs many things to go
    wrong one after the other needs a long one.
    """
    scheduler, random = world.scheduler, world.scheduler.random
    scheduler.begin("world")
    storms = random.choice([1, 5])
    if random.random() < 0.6:  # the accounts are customers before the first storm begins
        rest(world)
    for storm in range(storms):
        if scheduler.is_over:
            return
        scheduler.begin(f"storm {storm}")
        scheduler.fault_rate = random.choice([0.0, 0.01, 0.03, 0.08])
        fills = random.choice([0, 0, 1, 2, 4])
        steps = 450 if storms == 1 else random.choice([40, 80, 160])
        _storm(world, fills, steps, deeds=random.choice([5, 15, 40] if storms == 1 else [1, 3, 8]))
        _calm(world)
        scheduler.begin(f"calm {storm}")
        rest(world)
        waiters = [waiter for flow in world.lanes for waiter in world.waiting.open(flow)]
        world.waited_in_vain = [waiter.id for waiter in waiters if is_there(world, waiter.awaits)]
        for _ in range(2):
            world.sweep()
            rest(world)
        if broken_promises(world):
            return
        if world.look_closely():
            rest(world)
            if broken_promises(world):
                return


def _storm(world: World, fills: int, steps: int, deeds: int) -> None:
    """So many steps, among them about so many deeds of people, behind so many messages that nobody has received."""
    scheduler, random = world.scheduler, world.scheduler.random
    crowd = 1 if world.gentle else random.choice([2, 4, 6])
    for _ in range(fills):
        if scheduler.begins_step():
            _fill_the_queue(world)
    for _ in range(steps):
        if scheduler.begins_step():
            _step(world, crowd, deeds / steps)


def _fill_the_queue(world: World) -> None:
    """Messages about the same records lie side by side before anybody receives one."""
    world.someone_works()
    _detect(world, world.some_lane())
    _finish(world)


def _step(world: World, crowd: int, deeds: float) -> None:
    scheduler, random = world.scheduler, world.scheduler.random
    if random.random() < deeds:
        world.someone_works()
        return
    roll = random.random()
    if roll < 0.02:
        scheduler.pass_time(random.choice([1.0, 30.0, 30.0, 110.0, 310.0, 700.0]))
    elif roll < 0.03:
        scheduler.finish_late()
    elif roll < 0.036:
        _trouble(world)
    elif roll < 0.26 and len(scheduler.actors) < crowd:
        lane = world.some_lane()
        if roll < 0.12 and _detecting(world, lane) < 2:
            _detect(world, lane)
        else:
            _start_something(world)
    elif scheduler.actors:
        scheduler.step()


def _trouble(world: World) -> None:
    """Rare things: a system or a table is down for a while, or lacks a column; a deployment; the sweep."""
    scheduler, random = world.scheduler, world.scheduler.random
    match random.randrange(4):
        case 0:
            scheduler.outage = "" if scheduler.outage else random.choice(PORTS)
            outside = scheduler.outage in ("reader", "writer", "feed")
            scheduler.outage_ends_in = random.choice(["stop", "stop", "unavailable"] if outside else ["fail", "bug"])
            told = f"out of order: {scheduler.outage} ({scheduler.outage_ends_in})" if scheduler.outage else "mended"
            scheduler.tell("outage begins or ends", told)
        case 1:
            world.deploy(rolling=random.random() < 0.5)
        case _:
            for flow in world.lanes:
                world.start_sweep(flow)


def _calm(world: World) -> None:
    """No more faults and no more changes."""
    world.scheduler.fault_rate = 0.0
    world.scheduler.outage = ""
    world.retire_old_hosts()
    world.calm()


TICK = 1.0
"""Seconds between two ticks of the timers: leases run out also while every tick brings a message."""


def rest(world: World) -> None:
    """Everything that is under way comes to its end."""
    scheduler = world.scheduler
    quiet = 0
    for _ in range(600):
        _finish(world)
        for lane in world.lanes.values():
            _detect(world, lane)
            _finish(world)
        quiet = quiet + world.is_at_ease() if _is_quiet(world) else 0
        if quiet == world.rounds:
            scheduler.pass_time(1000.0)
            if not world.is_to_look():
                return
            quiet = 0
        world.someone_allows()
        visible = any(queue.visible(flow) for queue in (world.outbox, world.poison) for flow in world.lanes)
        scheduler.pass_time(TICK if visible else max(1.0, _until_next(world)))
        for _ in range(1 if world.gentle else sum(len(world.outbox.visible(flow)) for flow in world.lanes) + 1):
            _start_something(world)
    raise AssertionError("the world does not come to rest")


def _finish(world: World) -> None:
    while world.scheduler.actors:
        world.scheduler.step()


def _is_quiet(world: World) -> bool:
    return not any(world.outbox.depth(flow) or world.poison.depth(flow) for flow in world.lanes)


def _detect(world: World, lane: Lane) -> Actor:
    return world.scheduler.start(f"{world.told(lane)}detect", functools.partial(world.detect, lane.flow))


def _start_something(world: World) -> None:
    """A message, mostly of the queue, is delivered. Some come again while their delivery is still at work."""
    random, lane = world.scheduler.random, _busy_lane(world)
    if world.poison.visible(lane.flow) and random.random() < 0.5:
        _start("poison", world, lane, world.poison, world.poison_delivery)
        return
    hidden = random.choice([0.0, 20.0]) if world.scheduler.fault_rate and random.random() < 0.08 else 600.0
    _start("apply", world, lane, world.outbox, functools.partial(world.delivery, hidden=hidden))


def _busy_lane(world: World) -> Lane:
    """One that has messages, if there is one."""
    queues = (world.outbox, world.poison)
    busy = [lane for lane in world.lanes.values() if any(queue.visible(lane.flow) for queue in queues)]
    return world.scheduler.random.choice(busy) if len(world.lanes) > 1 and busy else next(iter(world.lanes.values()))


def _start(
    name: str, world: World, lane: Lane, queue: MemoryOutbox, deliver: Callable[..., Callable[[], None] | None]
) -> None:
    numbers = queue.visible(lane.flow)
    if numbers and (run := deliver(world.scheduler.random.choice(numbers), flow=lane.flow)):
        world.scheduler.start(f"{world.told(lane)}{name}", run)


def _detecting(world: World, lane: Lane) -> int:
    name = f"{world.told(lane)}detect"
    return sum(actor.name == name for actor in world.scheduler.actors)


def _until_next(world: World) -> float:
    queues = (world.outbox, world.poison)
    soonest = [queue.next_visible(flow) for queue in queues for flow in world.lanes]
    return min(((when - world.clock.now()).total_seconds() for when in soonest if when), default=0.0)
