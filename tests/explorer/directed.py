"""Races laid out by hand, where a seed would need luck: an actor goes on up to a call of a port, then another one."""

from __future__ import annotations

import functools

from sync.model import ChangeBatch, Scalar
from sync.stores.memory import MemoryClock
from tests.explorer.accounts import AccountsWorld
from tests.explorer.checker import broken_promises
from tests.explorer.explore import rest
from tests.explorer.scheduler import Actor, Scheduler
from tests.explorer.world import World

ID = "0b7e4d52-5a0c-4f0e-9a44-000000000000"


def one_customer(*, hold: bool = False) -> AccountsWorld:
    """A world without faults in which one account, N0, is a customer, and nothing is under way.

    `hold` has inactive accounts' customers put on hold.
    """
    world = AccountsWorld(Scheduler(0, MemoryClock()), hold=hold)
    create(world, "N0", ID)
    rest(world)
    return world


def create(world: AccountsWorld, number: str, id: str = "") -> str:
    """A new account of that number; its link lives in the partition of the first one. Gives its id."""
    ids = (f"{n:08x}-5a0c-4f0e-9a44-000000000000" for n in range(1000))
    free = (other for other in ids if other not in world.sales.rows)
    id = id or next(other for other in free if world.links.partition(other) == world.links.partition(ID))
    world.numbers_given.add(number)
    world.sales.put(id, accountnumber=number, name="A", statecode=0, _transactioncurrencyid_value="usd")
    return id


def work_in_sales(world: AccountsWorld, **values: Scalar | None) -> int:
    """The first account changes and the timer runs; gives the number of the message."""
    world.sales.put(ID, **values)
    return detect(world)


def detect(world: World, flow: str = "") -> int:
    """The timer runs; gives the number of the newest message: all accounts of these worlds share a partition."""
    go_on(world, world.scheduler.start("detect", functools.partial(world.detect, flow)))
    return max(world.outbox.visible(flow or world.flow))


def detect_and_die(world: World) -> int:
    """The timer runs, and ends right behind its first post: that is void when it runs again. Gives the message."""
    detector = go_on(world, world.scheduler.start("detect", world.detect), until="outbox.post")
    go_on(world, detector, command="crash-after")
    return max(world.outbox.visible(world.flow))


def batch_of(world: World, number: int) -> ChangeBatch:
    """What a message says, which stays visible."""
    delivered = world.outbox.receive_at(world.flow, number, hidden=0)
    assert delivered is not None
    return delivered.batch


def deliver(world: World, number: int, *, flow: str = "", until: str = "", hidden: float = 600.0) -> Actor:
    """A message is delivered, up to the first pending call of this name, or to its end."""
    run = world.delivery(number, flow=flow, hidden=hidden)
    assert run is not None, f"message {number} cannot be received"
    return go_on(world, world.scheduler.start("apply", run), until=until)


def next_message(world: World, flow: str) -> int:
    """The timer runs if nothing waits in the queue; gives the number of its oldest message."""
    if not world.outbox.visible(flow):
        detect(world, flow)
    return min(world.outbox.visible(flow))


def go_on(world: World, actor: Actor, *, until: str = "", command: str = "") -> Actor:
    """The actor makes its pending call, as told, and goes on to the next pending call of this name, or to its end."""
    if command:
        world.scheduler.resume(actor, command)
    while not actor.done and (not until or actor.next_call != until):
        world.scheduler.resume(actor, "go")
    return actor


def assert_at_rest(world: AccountsWorld) -> None:
    """Whatever is under way comes to its end, and nothing is broken."""
    rest(world)
    assert broken_promises(world) == []


def assert_at_rest_but_refused(world: AccountsWorld) -> None:
    """At rest, with an issue for what is refused; at rest without one when the sweep has tried again."""
    rest(world)
    assert [issue.trouble.code for issue in world.issues.open(world.flow)] == ["target-refused"]
    world.finops.refusing.clear()
    world.sweep()
    assert_at_rest(world)
