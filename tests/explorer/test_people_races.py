"""Races of flows that look at each other's links, laid out by hand: what each must come to."""

from __future__ import annotations

from sync.stores.memory import MemoryClock
from tests.explorer.checker import broken_promises
from tests.explorer.directed import ID, create, deliver, go_on, next_message
from tests.explorer.explore import rest
from tests.explorer.people import PeopleWorld
from tests.explorer.scheduler import Actor, Scheduler

CONTACT = "0b7e4d52-1111-4f0e-9a44-000000000000"
PERSONS = "contacts_to_finops"
CUSTOMERS = "contact_customers_to_finops"


def one_account() -> PeopleWorld:
    """A world without faults in which one account is a customer, and nothing is under way."""
    world = PeopleWorld(Scheduler(0, MemoryClock()))
    create(world, "N0", ID)
    rest(world)
    return world


def enter_contact(world: PeopleWorld, *, account: str = ID) -> None:
    parent = {"_parentcustomerid_value": account, "_parentcustomerid_value@lookuplogicalname": "account"}
    world.contacts.put(CONTACT, lastname="Abel", statecode=0, _transactioncurrencyid_value="usd", **parent)


def quote(world: PeopleWorld, state: int = 1) -> None:
    world.documents.put("q", CONTACT, state)


def work(world: PeopleWorld, flow: str, *, until: str = "") -> Actor:
    """The oldest message of the flow is delivered, up to the first pending call of this name, or to its end."""
    return deliver(world, next_message(world, flow), flow=flow, until=until)


def assert_at_rest(world: PeopleWorld) -> None:
    """Whatever is under way comes to its end, and nothing is broken."""
    rest(world)
    for _ in range(2):
        world.sweep()
        rest(world)
    assert broken_promises(world) == []


def parties(world: PeopleWorld) -> tuple[int, int]:
    """How many contact persons, and contacts that are customers, there are."""
    bought = [row for row in world.finops.rows.values() if row["PartyType"] == "Person"]
    return len(world.finops.persons), len(bought)


def test_two_flows_that_see_a_contact_at_once_end_on_one_party() -> None:
    world = one_account()
    enter_contact(world)
    person = work(world, PERSONS, until="links.write")  # about to claim: no customer yet, as far as it knows
    quote(world)
    customer = work(world, CUSTOMERS, until="links.write")
    go_on(world, person, command="go", until="writer.write")
    go_on(world, customer)
    go_on(world, person)
    assert_at_rest(world)
    assert parties(world) == (1, 1)


def test_a_contact_person_that_nobody_remembered_gives_its_party_to_the_customer() -> None:
    world = one_account()
    enter_contact(world)
    go_on(world, work(world, PERSONS, until="writer.write"), command="crash-after")
    quote(world)
    world.scheduler.pass_time(550)  # the lease is over, the message is still hidden
    work(world, CUSTOMERS)
    assert_at_rest(world)
    assert parties(world) == (1, 1)


def test_a_customer_that_nobody_remembered_becomes_no_contact_person() -> None:
    world = one_account()
    enter_contact(world)
    quote(world)
    go_on(world, work(world, CUSTOMERS, until="writer.write"), command="crash-after")
    quote(world, state=3)  # lost: what says that it is a customer is the customer alone
    world.scheduler.pass_time(550)
    work(world, PERSONS)
    assert_at_rest(world)
    assert parties(world) == (0, 1)


def test_a_contact_person_that_nobody_remembered_is_known_to_have_moved() -> None:
    world = one_account()
    other = create(world, "N1")
    rest(world)
    enter_contact(world)
    go_on(world, work(world, PERSONS, until="writer.write"), command="crash-after")
    world.contacts.put(CONTACT, _parentcustomerid_value=other)
    assert_at_rest(world)
    assert [issue.trouble.code for issue in world.issues.open(PERSONS)] == ["contact-moved"]


def test_a_recovered_customer_says_which_party_it_is_on() -> None:
    world = one_account()
    other = create(world, "N1")
    go_on(world, work(world, world.flow, until="writer.write"), command="crash-after")
    world.sales.put(other, statecode=1)
    enter_contact(world, account=other)
    assert_at_rest(world)
    assert parties(world) == (1, 0)


def test_a_contact_person_that_was_there_before_the_customer_becomes_its_primary_contact() -> None:
    world = one_account()
    enter_contact(world)
    rest(world)
    other = create(world, "N1")
    world.sales.put(other, _primarycontactid_value=CONTACT)
    assert_at_rest(world)


def test_who_waits_is_released_when_the_link_is_stored_and_not_before() -> None:
    world = one_account()
    enter_contact(world, account=create(world, "N1"))
    work(world, PERSONS)  # waits
    slow = work(world, world.flow, until="writer.write")
    go_on(world, slow, command="go", until="links.write")  # about to be remembered
    for number in world.outbox.visible(PERSONS):
        deliver(world, number, flow=PERSONS)
    go_on(world, slow)
    rest(world)  # and no sweep
    assert parties(world) == (1, 0)


def test_no_waiting_row_is_swept_away_under_the_delivery_that_needs_it() -> None:
    world = one_account()
    world.contacts.put(CONTACT, lastname="Abel", statecode=0, _transactioncurrencyid_value="usd")
    rest(world)
    other = create(world, "N1")
    enter_contact(world, account=other)
    waits = work(world, PERSONS, until="links.write")
    go_on(world, waits, command="go", until="links.write")  # its row is there, its link does not say so yet
    world.sweep()
    go_on(world, waits)
    assert list(world.waiting.open(PERSONS)), "its account is not linked yet"
    assert_at_rest(world)
    assert parties(world) == (1, 0)


def test_no_waiting_row_is_swept_away_because_its_link_was_read_too_early() -> None:
    world = one_account()
    world.contacts.put(CONTACT, lastname="Abel", statecode=0, _transactioncurrencyid_value="usd")
    rest(world)
    other = create(world, "")  # parked for its number: never linked
    enter_contact(world, account=other)
    waits = work(world, PERSONS, until="links.write")
    go_on(world, waits, command="go", until="links.write")  # its row is there, its link does not say so yet
    sweeping = go_on(world, world.start_sweep(PERSONS), until="waiting.open")
    go_on(world, sweeping, command="go", until="outbox.depth")
    go_on(world, waits)  # the link says so, and no message is under way any more
    go_on(world, sweeping)
    assert list(world.waiting.open(PERSONS)), "its account is not linked yet"
    world.sales.put(other, accountnumber="N1")
    world.numbers_given.add("N1")
    assert_at_rest(world)
    assert parties(world) == (1, 0)
