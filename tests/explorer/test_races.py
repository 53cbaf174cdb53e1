"""Races that seeds meet too seldom, laid out by hand: what each must come to."""

from __future__ import annotations

import pytest

from sync.model import Scalar
from tests.explorer.directed import (
    ID,
    assert_at_rest,
    create,
    deliver,
    detect,
    go_on,
    one_customer,
    work_in_sales,
)
from tests.explorer.explore import rest


def test_a_slow_worker_does_not_write_what_the_source_has_taken_back() -> None:
    world = one_customer()
    slow = deliver(world, work_in_sales(world, name="B"), until="links.write")  # it is about to claim, and knows of B
    deliver(world, work_in_sales(world, name="A"))  # finds it unchanged, and writes nothing
    go_on(world, slow)
    assert_at_rest(world)


def test_a_throttled_worker_gives_back_its_own_claims_only() -> None:
    world = one_customer()
    other = create(world, "N1")
    assert_at_rest(world)
    holder = deliver(world, work_in_sales(world, name="B"), until="writer.write")
    world.sales.put(ID, telephone1="1")
    world.sales.put(other, name="B")
    both = deliver(world, detect(world), until="writer.write")
    go_on(world, both, command="throttle")
    go_on(world, holder, command="crash-after")  # B is written, and nobody remembers it
    deliver(world, work_in_sales(world, name="A", telephone1=None))  # as the link says it has always been
    assert_at_rest(world)


def test_a_sales_that_is_throttled_under_the_claims_leaves_none_behind() -> None:
    world = one_customer()
    slow = deliver(world, work_in_sales(world, name="B"), until="links.write")
    go_on(world, slow, command="go", until="reader.fetch")  # the claim is taken
    go_on(world, slow, command="throttle")
    assert not any(link.claim for link in world.links.all_links(world.mapping))
    assert_at_rest(world)


def test_a_delivery_whose_message_is_done_with_claims_nothing() -> None:
    world = one_customer()
    message = work_in_sales(world, name="B")
    early = deliver(world, message, until="links.write", hidden=0)
    deliver(world, message)
    newer = work_in_sales(world, name="C")
    go_on(world, early, until="writer.write")
    deliver(world, newer)
    if not early.done:
        go_on(world, early, command="crash")
    assert_at_rest(world)


def test_the_last_delivery_keeps_earlier_ones_from_claiming_even_where_nothing_changed() -> None:
    world = one_customer()
    message = work_in_sales(world, name="B")
    early = deliver(world, message, until="links.write", hidden=0)
    world.sales.put(ID, name="A")
    deliver(world, message)  # unchanged after all, and the message is gone
    deliver(world, detect(world))
    newer = work_in_sales(world, name="C")
    go_on(world, early, until="writer.write")
    deliver(world, newer)
    if not early.done:
        go_on(world, early, command="crash")
    assert_at_rest(world)


def test_a_claim_that_a_dead_delivery_left_on_a_counted_chunk_is_attended_to() -> None:
    world = one_customer()
    message = work_in_sales(world, name="A")
    first = deliver(world, message, until="links.write", hidden=0)  # unchanged: about to count it
    world.sales.put(ID, name="B")
    second = deliver(world, message, until="writer.write")  # knows of B already, and holds the claim
    go_on(world, first)
    deliver(world, detect(world))  # B's own message relies on the second
    go_on(world, second, command="crash")
    assert_at_rest(world)


@pytest.mark.parametrize("times", [1, 2], ids=["the first", "the second"])
def test_a_delivery_that_wakes_when_its_message_is_done_with_claims_nothing(times: int) -> None:
    world = one_customer()
    message = work_in_sales(world, telephone1="1")
    for _ in range(times - 1):
        go_on(world, deliver(world, message, until="links.read", hidden=0), command="crash")
    early = deliver(world, message, hidden=0, until="links.read")
    deliver(world, message)  # done, and the message is gone
    newer = work_in_sales(world, name="C")
    go_on(world, early, until="writer.write")
    deliver(world, newer)  # relies on whoever has the claim
    if not early.done:
        go_on(world, early, command="crash")
    assert_at_rest(world)


def test_no_write_begins_that_the_lease_may_not_outlast() -> None:
    world = one_customer()
    slow = deliver(world, work_in_sales(world, name="B"), until="links.write")
    go_on(world, slow, command="go", until="reader.fetch")  # the claim is taken
    world.scheduler.pass_time(500)
    go_on(world, slow, until="writer.write")
    go_on(world, slow, command="unsure-late")
    world.scheduler.pass_time(45)  # were it the first lease, it would be over now
    deliver(world, work_in_sales(world, name="C"))
    assert_at_rest(world)


def test_who_wrote_without_a_claim_has_it_written_anew() -> None:
    world = one_customer()
    message = work_in_sales(world, name="B")
    asleep = deliver(world, message, until="writer.write")
    world.scheduler.pass_time(700)
    world.sales.put(ID, name="C")
    deliver(world, message)
    deliver(world, detect(world))
    go_on(world, asleep)
    assert_at_rest(world)


def test_an_adoption_that_nobody_remembered_is_known_again_whatever_the_name_is_by_then() -> None:
    world = one_customer()
    key = {"dataAreaId": "usmf", "CustomerAccount": "N1"}
    world.finops.rows["usmf|n1"] = {**key, "PartyType": "Organization", "OrganizationName": "A", "PartyNumber": "OLD-1"}
    adopted = create(world, "N1")
    world.sales.put(adopted, telephone1="1")
    go_on(world, deliver(world, detect(world), until="writer.write"), command="crash-after")
    world.sales.put(adopted, name="B")
    assert_at_rest(world)
    assert not list(world.issues.open(world.flow))


def test_a_key_is_given_back_when_its_former_holder_wants_it_meanwhile() -> None:
    world = one_customer()
    first = create(world, "N1")
    world.finops.refusing.add("usmf|n1")
    deliver(world, detect(world))  # refused: the first account holds the key, and has no customer
    world.finops.refusing.clear()
    world.sales.put(first, statecode=1)
    deliver(world, detect(world))
    second = create(world, "N1")
    taker = deliver(world, detect(world), until="links.take_over")
    world.sales.put(second, statecode=1)
    world.sales.put(first, statecode=0)
    former = deliver(world, detect(world), until="writer.write")
    go_on(world, taker)
    go_on(world, former)
    assert_at_rest(world)
    assert not list(world.issues.open(world.flow)), "the active account has the customer"


def test_the_holder_writes_once_more_what_came_while_it_wrote() -> None:
    world = one_customer()
    holder = deliver(world, work_in_sales(world, name="B"), until="writer.write")
    deliver(world, work_in_sales(world, name="C"))  # superseded
    go_on(world, holder)
    assert_at_rest(world)


def test_an_old_host_gives_back_what_it_claims_when_other_rules_have_taken_over() -> None:
    world = one_customer()
    world.sales.put(ID, address1_city="Rome")
    world.deploy()  # from now on an address without country is of the United States
    rest(world)
    old = deliver(world, work_in_sales(world, name="B"), until="links.write")
    world.deploy(rolling=True)
    world.retire_old_hosts()
    deliver(world, detect(world))
    go_on(world, old)
    assert_at_rest(world)


def test_the_holder_hears_of_one_that_wrote_after_its_lease() -> None:
    world = one_customer()
    asleep = deliver(world, work_in_sales(world, name="B"), until="writer.write")
    newer = work_in_sales(world, name="C")
    world.scheduler.pass_time(700)
    holder = deliver(world, newer, until="writer.write")
    go_on(world, holder, command="go", until="links.write")  # C is written
    go_on(world, asleep)  # and B over it
    go_on(world, holder)
    assert_at_rest(world)


def test_a_create_is_not_forgotten_when_its_link_changes_twice_before_it_is_remembered() -> None:
    world = one_customer()
    other = create(world, "N1")
    creator = deliver(world, detect(world), until="writer.write")
    go_on(world, creator, command="go", until="links.write")  # created, not remembered yet
    for name in ("B", "C"):
        world.sales.put(other, name=name)
        deliver(world, detect(world))  # superseded
        go_on(world, creator, command="go", until="links.write")
    go_on(world, creator)
    assert_at_rest(world)
    assert not list(world.issues.open(world.flow))


@pytest.mark.parametrize(
    ("bad", "good"),
    [({"statecode": 1}, {"statecode": 0}), ({"numberofemployees": "many"}, {"numberofemployees": None})],
    ids=["skipped", "parked"],
)
def test_what_was_decided_about_an_older_state_is_not_stored_over_a_newer_one(
    bad: dict[str, Scalar | None], good: dict[str, Scalar | None]
) -> None:
    world = one_customer()
    slow = deliver(world, work_in_sales(world, **bad), until="links.write")
    deliver(world, work_in_sales(world, **good))  # unchanged: nothing is stored
    go_on(world, slow)
    link = world.link(ID)
    assert link is not None
    assert (link.state, link.trouble) == ("linked", None)
    assert_at_rest(world)
