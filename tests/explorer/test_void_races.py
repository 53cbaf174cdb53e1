"""Deliveries of batches that are void, since their run ended early, laid out by hand: what each must come to."""

from __future__ import annotations

import pytest

from tests.explorer.checker import broken_promises
from tests.explorer.directed import (
    ID,
    assert_at_rest,
    assert_at_rest_but_refused,
    deliver,
    detect,
    detect_and_die,
    go_on,
    one_customer,
    work_in_sales,
)
from tests.explorer.explore import rest


def test_what_a_void_delivery_parks_is_counted_and_shown() -> None:
    world = one_customer()
    world.sales.put(ID, name="B")
    holder = deliver(world, detect_and_die(world), until="writer.write")
    world.finops.refusing.add("usmf|n0")
    deliver(world, detect(world))  # the page again: superseded by the void one
    go_on(world, holder)
    assert_at_rest_but_refused(world)


@pytest.mark.parametrize("command", ["crash", "fail"])
def test_what_a_void_delivery_parks_is_counted_although_it_ends_before_it_can_say_so(command: str) -> None:
    world = one_customer()
    world.sales.put(ID, name="B")
    holder = deliver(world, detect_and_die(world), until="writer.write")
    world.finops.refusing.add("usmf|n0")
    deliver(world, detect(world))
    go_on(world, holder, until="outbox.post")
    go_on(world, holder, command=command)
    assert_at_rest_but_refused(world)


def test_what_a_void_delivery_mends_is_closed() -> None:
    world = one_customer()
    world.finops.refusing.add("usmf|n0")
    deliver(world, work_in_sales(world, name="B"))  # parked
    world.finops.refusing.clear()
    world.sales.put(ID, name="C")
    holder = deliver(world, detect_and_die(world), until="writer.write")
    deliver(world, detect(world))  # the page again: superseded by the void one
    go_on(world, holder)
    rest(world)
    assert broken_promises(world) == []
    assert not list(world.issues.open(world.flow))


@pytest.mark.parametrize("command", ["throttle", "unavailable", "crash"])
@pytest.mark.parametrize("heard", [False, True], ids=["unheard", "heard"])
def test_who_is_superseded_by_a_void_delivery_can_count_on_it(command: str, *, heard: bool) -> None:
    world = one_customer()
    world.sales.put(ID, name="B")
    holder = deliver(world, detect_and_die(world), until="links.write")
    go_on(world, holder, command="go", until="reader.fetch")  # the claim is taken
    if heard:
        world.scheduler.pass_time(300)  # too long for a write to begin: it has to claim anew, and is asked before that
    else:
        go_on(world, holder, until="writer.write")
    deliver(world, work_in_sales(world, name="C"))  # superseded
    go_on(world, holder, until="writer.write")
    go_on(world, holder, command=command)
    assert_at_rest(world)
