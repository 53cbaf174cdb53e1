"""Counts and issues under races, laid out by hand: each ending counts once, and issues say what the links say."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from sync.stores.messages import dump
from sync.totals import totals
from tests.explorer.accounts import AccountsWorld
from tests.explorer.directed import (
    ID,
    assert_at_rest,
    assert_at_rest_but_refused,
    batch_of,
    create,
    deliver,
    detect,
    go_on,
    one_customer,
    work_in_sales,
)


def two_new_accounts_of_which_one_is_written(world: AccountsWorld) -> str:
    """F&O asks to be left alone in the middle of a message; gives the account that it took."""
    create(world, "N1")
    create(world, "N2")
    go_on(world, deliver(world, detect(world), until="writer.write"), command="part")
    (taken,) = [link for link in world.links.all_links(world.mapping) if link.owed]
    assert (taken.owed, taken.state, taken.linked) == ("created", "", True)
    assert not any(link.claim for link in world.links.all_links(world.mapping)), "nobody waits for a lease"
    return taken.id


def counted(world: AccountsWorld) -> Counter[str]:
    return +totals(0, world.links.all_tallies(world.mapping, world.flow)).endings


def test_a_write_that_was_stopped_half_way_goes_on_with_the_rest_and_counts_each_once() -> None:
    world = one_customer()
    two_new_accounts_of_which_one_is_written(world)
    writes = world.finops.writes
    world.scheduler.pass_time(25)
    assert_at_rest(world)
    assert world.finops.writes == writes + 1
    assert counted(world) == {"created": 3}


def test_what_was_written_half_way_is_counted_by_whoever_comes_first_and_never_again() -> None:
    world = one_customer()
    taken = two_new_accounts_of_which_one_is_written(world)
    world.sales.put(taken, telephone1="1")
    deliver(world, detect(world))
    world.sales.put(taken, telephone1="2")
    deliver(world, detect(world))
    assert_at_rest(world)
    assert counted(world) == {"created": 3, "updated": 1, "unchanged": 1}


def test_an_update_that_was_counted_late_is_counted_once() -> None:
    world = one_customer()
    other = create(world, "N1")
    assert_at_rest(world)
    for id in (ID, other):
        world.sales.put(id, name="B")
    go_on(world, deliver(world, detect(world), until="writer.write"), command="part")
    (taken,) = [link.id for link in world.links.all_links(world.mapping) if link.owed]
    world.sales.put(taken, emailaddress1=None)  # another version, nothing new
    deliver(world, detect(world))
    assert_at_rest(world)
    assert counted(world) == {"created": 2, "updated": 2, "unchanged": 1}


def test_who_is_given_up_stops_no_flow() -> None:
    world = one_customer()
    message = work_in_sales(world, name="B")
    batch = dataclasses.replace(batch_of(world, message), last_try=True)
    actor = deliver(world, message, until="reader.fetch", hidden=30)
    go_on(world, actor, command="stop", until="outbox.post")
    go_on(world, actor, command="crash")
    world.scheduler.pass_time(1)
    world.courier_at_once().deliver_poison(dump(batch))
    assert [issue.trouble.code for issue in world.issues.open(world.flow)] == ["gave-up"]
    world.sweep()
    assert_at_rest(world)


@pytest.mark.parametrize("command", ["crash", "fail", "bug"])
def test_a_flow_that_is_told_to_be_stopped_is_told_to_go_on_by_whoever_gets_the_message_next(command: str) -> None:
    world = one_customer()
    message = work_in_sales(world, name="B")
    actor = deliver(world, message, until="reader.fetch", hidden=30)
    go_on(world, actor, command="stop", until="outbox.post")  # it is told, and about to be put back
    go_on(world, actor, command=command)
    assert any(issue.of_flow for issue in world.issues.open(world.flow))
    world.scheduler.pass_time(60)
    deliver(world, message)
    assert_at_rest(world)


def test_a_record_that_is_taken_up_twice_is_shown_once() -> None:
    world = one_customer()
    world.finops.refusing.add("usmf|n0")
    deliver(world, work_in_sales(world, name="B"))
    world.finops.refusing.clear()
    world.sweep()
    world.sweep()
    assert_at_rest(world)


def test_a_parked_record_is_closed_by_its_holder_not_by_who_is_superseded() -> None:
    world = one_customer()
    world.finops.refusing.add("usmf|n0")
    deliver(world, work_in_sales(world, name="B"))
    world.finops.refusing.clear()
    world.sweep()
    holder = deliver(world, max(world.outbox.visible(world.flow)), until="writer.write")
    deliver(world, work_in_sales(world, name="C"))  # superseded
    go_on(world, holder)
    assert_at_rest(world)


def test_an_issue_is_closed_although_its_link_changed_before_it_was_remembered() -> None:
    world = one_customer()
    holder = deliver(world, work_in_sales(world, name="B"), until="writer.write")
    deliver(world, work_in_sales(world, name="C"))  # superseded: the link counts one write more
    world.finops.refusing.add("usmf|n0")
    go_on(world, holder)
    assert_at_rest_but_refused(world)


def test_a_record_is_not_given_up_while_somebody_writes_it() -> None:
    world = one_customer()
    batch = dataclasses.replace(batch_of(world, work_in_sales(world, name="B")), last_try=True)
    holder = deliver(world, work_in_sales(world, name="C"), until="writer.write")
    world.courier_at_once().deliver_poison(dump(batch))
    assert not list(world.issues.open(world.flow))
    go_on(world, holder)
    assert_at_rest(world)


def test_who_is_given_up_is_claimed_by_nobody() -> None:
    world = one_customer()
    message = work_in_sales(world, name="B")
    batch = dataclasses.replace(batch_of(world, message), last_try=True)
    go_on(world, deliver(world, message, until="writer.write"), command="crash-after")
    world.scheduler.pass_time(550)
    world.courier_at_once().deliver_poison(dump(batch))
    (link,) = world.links.all_links(world.mapping)
    assert (link.state, link.reason, link.claim, link.dirty) == ("parked", "gave-up", None, True)
