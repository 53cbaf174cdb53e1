"""Deliveries that end between the answer of an F&O that numbers its rows itself and the link, laid out by hand."""

from __future__ import annotations

import pytest

from sync.model import Issue, Scalar
from sync.stores.memory import MemoryClock
from tests.explorer.checker import broken_promises
from tests.explorer.directed import ID, create, deliver, detect, go_on
from tests.explorer.explore import rest
from tests.explorer.people import PeopleWorld
from tests.explorer.scheduler import Scheduler
from tests.explorer.test_people_races import (
    CONTACT,
    CUSTOMERS,
    PERSONS,
    assert_at_rest,
    enter_contact,
    parties,
    quote,
    work,
)


def numbered(*, patch: bool = False) -> PeopleWorld:
    """A world without faults in which one account is a customer, F-0, and nothing is under way."""
    world = PeopleWorld(Scheduler(0, MemoryClock()), patch=patch, numbered=True)
    create(world, "N0", ID)
    rest(world)
    assert list(world.finops.rows) == ["usmf|f-0"]
    return world


def customers(world: PeopleWorld) -> list[tuple[str, str]]:
    """The numbers and names of all customers that are organisations."""
    rows = (row for row in world.finops.rows.values() if row["PartyType"] == "Organization")
    return [(str(row["CustomerAccount"]), str(row["OrganizationName"])) for row in rows]


def lose_answer(world: PeopleWorld, flow: str = "") -> None:
    """The newest change is written, and the host dies before it knows."""
    go_on(world, work(world, flow or world.flow, until="writer.write"), command="crash-after")


def issue(world: PeopleWorld, flow: str = "") -> Issue:
    (found,) = world.issues.open(flow or world.flow)
    return found


def by_hand(world: PeopleWorld, number: str, **values: Scalar | None) -> None:
    """A customer that looks as if the app had made it, and that no link knows."""
    app: dict[str, Scalar | None] = {"PartyType": "Organization", "IsExternallyMaintained": "Yes"}
    own = {"dataAreaId": "usmf", "CustomerAccount": number, "PartyNumber": f"OLD-{number}"}
    world.finops.rows[f"usmf|{number.casefold()}"] = {**app, **values, **own}


def test_a_customer_whose_number_nobody_heard_of_is_found_by_what_it_holds() -> None:
    world = numbered()
    id = create(world, "N1")
    world.sales.put(id, name="B")
    lose_answer(world)
    assert_at_rest(world)
    assert customers(world) == [("F-0", "A"), ("F-1", "B")]
    link = world.link(id)
    assert link is not None
    assert (link.target["CustomerAccount"], link.gives["PartyNumber"]) == ("F-1", "P-2")
    world.sales.put(id, telephone1="1")
    assert_at_rest(world)
    warned = [tally.warnings for tally in world.links.all_tallies(world.mapping, world.flow) if tally.warnings]
    assert warned == [], "the number is F&O's own: no rule of ours says that it has changed"


def test_a_customer_whose_key_is_held_by_its_record_is_known_whatever_else_looks_like_it() -> None:
    world = numbered()
    id = create(world, "N1")
    world.sales.put(id, name="B")
    actor = work(world, world.flow, until="writer.write")
    by_hand(world, "X-1", OrganizationName="B")
    go_on(world, actor, command="go", until="links.write")  # F-1 is held, and about to be remembered
    go_on(world, actor, command="crash")
    assert_at_rest(world)
    link = world.link(id)
    assert link is not None
    assert link.target["CustomerAccount"] == "F-1"


def test_a_customer_that_is_found_while_its_account_rests_is_held_for_it() -> None:
    world = numbered()
    id = create(world, "N1")
    lose_answer(world)
    world.sales.put(id, statecode=1)
    assert_at_rest(world)
    assert world.links.find(world.mapping, ["usmf|f-1"]) == {"usmf|f-1": id}


def test_a_create_that_was_never_sent_is_sent_once() -> None:
    world = numbered()
    create(world, "N1")
    go_on(world, work(world, world.flow, until="writer.write"), command="crash")
    assert_at_rest(world)
    assert customers(world) == [("F-0", "A"), ("F-1", "A")], "F-0 is the customer of another account"


def test_a_new_name_of_a_contact_is_no_other_person() -> None:
    world = numbered()
    enter_contact(world)
    lose_answer(world, PERSONS)
    world.contacts.put(CONTACT, lastname="Cole")
    assert_at_rest(world)
    assert parties(world) == (1, 0)


def test_another_person_of_the_same_customer_is_not_taken_for_one_that_was_renamed() -> None:
    world = numbered()
    enter_contact(world)
    go_on(world, work(world, PERSONS, until="writer.write"), command="crash")
    party = world.finops.rows["usmf|f-0"]["PartyNumber"]
    known = {"IsContactPersonExternallyMaintained": "Yes", "ContactPersonPartyNumber": "OLD-1", "LastName": "Brook"}
    person = {"dataAreaId": "usmf", "ContactPersonId": "X-1", "AssociatedPartyNumber": party, **known}
    world.finops.persons["usmf|x-1"] = {**person}
    world.contacts.put(CONTACT, lastname="Brook")
    rest(world)
    link = world.link(CONTACT, "contacts")
    assert link is not None
    assert link.target["ContactPersonId"] == "F-1"


def test_a_contact_that_has_become_inactive_has_its_contact_person() -> None:
    world = numbered()
    enter_contact(world)
    lose_answer(world, PERSONS)
    world.contacts.put(CONTACT, statecode=1)
    assert_at_rest(world)
    assert [row["IsInactive"] for row in world.finops.persons.values()] == ["Yes"]


def test_a_contact_that_has_moved_is_known_by_its_name() -> None:
    world = numbered(patch=True)
    other = create(world, "N1")
    rest(world)
    enter_contact(world)
    lose_answer(world, PERSONS)
    world.contacts.put(CONTACT, _parentcustomerid_value=other)
    assert_at_rest(world)
    assert parties(world) == (1, 0)


def test_a_contact_person_that_nobody_remembered_gives_its_party_to_the_customer() -> None:
    world = numbered()
    enter_contact(world)
    lose_answer(world, PERSONS)
    quote(world)
    world.scheduler.pass_time(550)
    work(world, CUSTOMERS)
    assert_at_rest(world)
    assert parties(world) == (1, 1)


def test_a_contact_customer_that_nobody_remembered_is_not_made_twice() -> None:
    world = numbered()
    enter_contact(world)
    rest(world)
    quote(world)
    lose_answer(world, CUSTOMERS)
    assert_at_rest(world)
    assert parties(world) == (1, 1)


def test_a_record_that_cannot_be_mapped_now_is_looked_for_when_it_can() -> None:
    world = numbered()
    id = create(world, "N1")
    world.sales.put(id, name="B")
    lose_answer(world)
    world.sales.put(id, accountnumber=None)
    rest(world)
    assert issue(world).trouble.code == "missing-number"
    world.sales.put(id, accountnumber="N1")
    assert_at_rest(world)
    assert customers(world) == [("F-0", "A"), ("F-1", "B")]


def test_a_record_that_has_changed_in_all_that_tells_whose_row_it_is_waits_for_a_person() -> None:
    world = numbered()
    id = create(world, "N1")
    world.sales.put(id, name="B")
    lose_answer(world)
    world.sales.put(id, name="C")
    rest(world)
    assert customers(world) == [("F-0", "A"), ("F-1", "B")]
    trouble = issue(world).trouble
    assert (trouble.code, trouble.number, trouble.column) == ("ambiguous-match", "N1", "OrganizationName")
    assert (
        trouble.remedy
        == "Give it back, for a moment, what it had for OrganizationName: then its row is found, or made."
    )
    assert "B" not in trouble.cause.split(), "no value is told"
    world.sales.put(id, name="B")
    rest(world)
    world.sales.put(id, name="C")
    assert_at_rest(world)
    assert customers(world) == [("F-0", "A"), ("F-1", "C")]


def test_a_row_among_several_is_the_one_that_holds_everything() -> None:
    world = numbered()
    id = create(world, "N1")
    world.sales.put(id, name="B", telephone1="1")
    lose_answer(world)
    by_hand(world, "X-1", OrganizationName="B")
    assert_at_rest(world)
    link = world.link(id)
    assert link is not None
    assert link.target["CustomerAccount"] == "F-1"


def test_several_rows_that_may_be_a_records_own_are_left_to_a_person() -> None:
    world = numbered()
    id = create(world, "N1")
    world.sales.put(id, name="B")
    lose_answer(world)
    by_hand(world, "X-1", **world.finops.rows["usmf|f-1"])
    rest(world)
    trouble = issue(world).trouble
    assert (trouble.code, trouble.details["others"]) == ("ambiguous-match", "usmf|f-1,usmf|x-1")
    assert "another OrganizationName" in trouble.remedy
    world.finops.rows["usmf|x-1"]["OrganizationName"] = "B, not from Sales"
    world.scheduler.pass_time(86_400)
    world.sweep()
    assert_at_rest(world)
    assert world.link(id).target["CustomerAccount"] == "F-1"  # type: ignore[union-attr]


@pytest.mark.parametrize("names", [("B", "C"), ("B", "B")])
def test_two_creates_of_one_message_get_a_row_each(names: tuple[str, str]) -> None:
    world = numbered()
    for number, (name, phone) in enumerate(zip(names, ("1", "2"), strict=True), start=1):
        world.sales.put(create(world, f"N{number}"), name=name, telephone1=phone)
    go_on(world, deliver(world, detect(world), until="writer.write"), command="crash-after")
    assert_at_rest(world)
    assert sorted(name for _, name in customers(world)) == ["A", *names]


def test_one_of_two_creates_was_done_and_its_twin_is_made_anew() -> None:
    world = numbered()
    for number in (1, 2):
        world.sales.put(create(world, f"N{number}"), name="B")
    actor = deliver(world, detect(world), until="writer.write")
    go_on(world, actor, command="part", until="links.reserve")
    go_on(world, actor, command="crash")
    assert len(customers(world)) == 2
    assert_at_rest(world)
    assert sorted(name for _, name in customers(world)) == ["A", "B", "B"]


def test_a_key_that_could_not_be_held_at_once_is_held_by_the_next_delivery() -> None:
    world = numbered()
    id = create(world, "N1")
    actor = work(world, world.flow, until="writer.write")
    go_on(world, actor, command="go", until="links.reserve")
    go_on(world, actor, command="fail")
    assert_at_rest(world)
    assert world.links.find(world.mapping, ["usmf|f-1"]) == {"usmf|f-1": id}
    assert broken_promises(world) == []
