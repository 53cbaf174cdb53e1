"""Races over deletes, and over holds that the app sets and takes back, laid out by hand."""

from __future__ import annotations

import dataclasses

import pytest

from sync.stores.messages import dump
from tests.explorer.directed import (
    ID,
    assert_at_rest,
    batch_of,
    create,
    deliver,
    detect,
    go_on,
    one_customer,
    work_in_sales,
)
from tests.explorer.explore import rest


def test_a_delete_is_known_although_who_was_told_of_it_was_superseded() -> None:
    world = one_customer()
    holder = deliver(world, work_in_sales(world, name="B"), until="writer.write")
    world.sales.delete(ID)
    deliver(world, detect(world))  # superseded
    go_on(world, holder)
    assert_at_rest(world)


@pytest.mark.parametrize("back", [False, True], ids=["gone for good", "restored"])
def test_a_delete_is_known_although_who_was_told_of_it_gave_up(*, back: bool) -> None:
    world = one_customer()
    world.sales.delete(ID)
    world.sales.poisonous.add(ID)
    message = detect(world)
    world.courier_at_once().deliver_poison(dump(dataclasses.replace(batch_of(world, message), last_try=True)))
    (link,) = world.links.all_links(world.mapping)
    assert (link.state, link.reason) == ("parked", "gave-up")
    world.sales.poisonous.clear()
    if back:
        world.sales.restore(ID)
    else:  # not even its own message comes again: the sweep knows of no delete
        world.outbox.receive_at(world.flow, message, hidden=0)
    world.sweep()
    assert_at_rest(world)


def test_a_hold_that_nobody_remembered_is_taken_back_when_the_account_is_active_again() -> None:
    world = one_customer(hold=True)
    holder = deliver(world, work_in_sales(world, statecode=1), until="writer.write")
    go_on(world, holder, command="crash-after")
    assert world.finops.rows["usmf|n0"]["OnHoldStatus"] == "All"
    world.sales.put(ID, statecode=0)
    assert_at_rest(world)


def test_what_a_dead_delivery_wrote_before_a_hold_is_written_over_when_the_account_is_active_again() -> None:
    world = one_customer(hold=True)
    go_on(world, deliver(world, work_in_sales(world, name="B"), until="writer.write"), command="crash-after")
    world.scheduler.pass_time(700)
    deliver(world, work_in_sales(world, statecode=1))  # on hold
    rest(world)
    world.sales.put(ID, name="A", statecode=0)  # as the link says it has always been
    assert_at_rest(world)


def test_a_hold_that_was_announced_and_never_written_is_written_by_the_next_delivery() -> None:
    world = one_customer(hold=True)
    holder = deliver(world, work_in_sales(world, statecode=1), until="writer.write")
    go_on(world, holder, command="crash")
    assert world.finops.rows["usmf|n0"].get("OnHoldStatus") != "All"
    assert_at_rest(world)
    assert world.finops.rows["usmf|n0"]["OnHoldStatus"] == "All"


def test_a_customer_on_hold_stays_with_its_account() -> None:
    world = one_customer(hold=True)
    deliver(world, work_in_sales(world, statecode=1))
    second = create(world, "N0")
    world.sales.put(second, telephone1="1")
    assert_at_rest(world)
    assert [issue.trouble.code for issue in world.issues.open(world.flow)] == ["duplicate-number"]
    world.sales.put(second, accountnumber="N1")
    world.numbers_given.add("N1")
    world.sales.put(ID, statecode=0)
    assert_at_rest(world)
    assert not list(world.issues.open(world.flow))
