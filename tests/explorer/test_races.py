"""Races that seeds meet too seldom, laid out by hand: what each must come to."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from sync.model import ChangeBatch, Scalar
from sync.stores.messages import dump
from sync.totals import totals
from tests.explorer.accounts import AccountsWorld
from tests.explorer.checker import broken_promises
from tests.explorer.directed import ID, create, deliver, detect, go_on, one_customer, work_in_sales
from tests.explorer.explore import rest


def assert_at_rest(world: AccountsWorld) -> None:
    """Whatever is under way comes to its end, and nothing is broken."""
    rest(world)
    assert broken_promises(world) == []


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
    world.courier_at_once().deliver_poison(dump(dataclasses.replace(_batch(world, message), last_try=True)))
    (link,) = world.links.all_links(world.mapping)
    assert (link.state, link.reason) == ("parked", "gave-up")
    world.sales.poisonous.clear()
    if back:
        world.sales.restore(ID)
    else:  # not even its own message comes again: the sweep knows of no delete
        world.outbox.receive_at(world.flow, message, hidden=0)
    world.sweep()
    assert_at_rest(world)


def test_who_is_given_up_stops_no_flow() -> None:
    world = one_customer()
    message = work_in_sales(world, name="B")
    batch = dataclasses.replace(_batch(world, message), last_try=True)
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


def test_what_a_void_delivery_parks_is_counted_and_shown() -> None:
    world = one_customer()
    world.sales.put(ID, name="B")
    crashed = go_on(world, world.scheduler.start("detect", world.detect), until="outbox.post")
    go_on(world, crashed, command="crash-after")
    (message,) = world.outbox.visible(world.flow)
    holder = deliver(world, message, until="writer.write")
    world.finops.refusing.add("usmf|n0")
    deliver(world, detect(world))  # the page again: superseded by the void one
    go_on(world, holder)
    assert_at_rest_but_refused(world)


@pytest.mark.parametrize("command", ["crash", "fail"])
def test_what_a_void_delivery_parks_is_counted_although_it_ends_before_it_can_say_so(command: str) -> None:
    world = one_customer()
    world.sales.put(ID, name="B")
    crashed = go_on(world, world.scheduler.start("detect", world.detect), until="outbox.post")
    go_on(world, crashed, command="crash-after")
    (message,) = world.outbox.visible(world.flow)
    holder = deliver(world, message, until="writer.write")
    world.finops.refusing.add("usmf|n0")
    deliver(world, detect(world))
    go_on(world, holder, until="outbox.post")
    go_on(world, holder, command=command)
    assert_at_rest_but_refused(world)


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


def test_a_record_that_is_taken_up_twice_is_shown_once() -> None:
    world = one_customer()
    world.finops.refusing.add("usmf|n0")
    deliver(world, work_in_sales(world, name="B"))
    world.finops.refusing.clear()
    world.sweep()
    world.sweep()
    assert_at_rest(world)


def assert_at_rest_but_refused(world: AccountsWorld) -> None:
    """At rest, with an issue for what is refused; at rest without one when the sweep has tried again."""
    rest(world)
    assert [issue.trouble.code for issue in world.issues.open(world.flow)] == ["target-refused"]
    world.finops.refusing.clear()
    world.sweep()
    assert_at_rest(world)


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


def test_what_a_void_delivery_mends_is_closed() -> None:
    world = one_customer()
    world.finops.refusing.add("usmf|n0")
    deliver(world, work_in_sales(world, name="B"))  # parked
    world.finops.refusing.clear()
    world.sales.put(ID, name="C")
    crashed = go_on(world, world.scheduler.start("detect", world.detect), until="outbox.post")
    go_on(world, crashed, command="crash-after")
    (message,) = world.outbox.visible(world.flow)
    holder = deliver(world, message, until="writer.write")
    deliver(world, detect(world))  # the page again: superseded by the void one
    go_on(world, holder)
    rest(world)
    assert broken_promises(world) == []
    assert not list(world.issues.open(world.flow))


def test_a_record_is_not_given_up_while_somebody_writes_it() -> None:
    world = one_customer()
    batch = dataclasses.replace(_batch(world, work_in_sales(world, name="B")), last_try=True)
    holder = deliver(world, work_in_sales(world, name="C"), until="writer.write")
    world.courier_at_once().deliver_poison(dump(batch))
    assert not list(world.issues.open(world.flow))
    go_on(world, holder)
    assert_at_rest(world)


def test_who_is_given_up_is_claimed_by_nobody() -> None:
    world = one_customer()
    message = work_in_sales(world, name="B")
    batch = dataclasses.replace(_batch(world, message), last_try=True)
    go_on(world, deliver(world, message, until="writer.write"), command="crash-after")
    world.scheduler.pass_time(550)
    world.courier_at_once().deliver_poison(dump(batch))
    (link,) = world.links.all_links(world.mapping)
    assert (link.state, link.reason, link.claim, link.dirty) == ("parked", "gave-up", None, True)


def _batch(world: AccountsWorld, number: int) -> ChangeBatch:
    delivered = world.outbox.receive_at(world.flow, number, hidden=0)
    assert delivered is not None
    return delivered.batch


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
