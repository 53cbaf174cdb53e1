"""Expected outcomes of contacts (flows.md 4.6) that are customers, share a number, or stem from Microsoft's templates:
CE8, CE9, CE15, CE16; and the other entity of F&O that holds contact persons (flows.md 4.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_rules import contact_number
from tests.acceptance.acceptance_trade import ACTIVE, BUYERS, CLOSED, CONTACTS, DRAFT, WON, Trade
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

ALL = (ACCOUNTS, CONTACTS, BUYERS)
SOLUTION: dict[str, Any] = {"msdynce_isactivecustomer": False, "msdynce_iscompanyanaccount": True}


def test_ce8_a_contact_that_becomes_a_customer_by_its_flag_stays_a_contact_person(world: World, trade: Trade) -> None:
    contact = trade.contact("Doe", account=world.account())
    world.settle()
    here = world.install(CONTACT_CUSTOMERS__RULE="flag")
    here.sync_all(*ALL)
    assert not trade.buyers()
    trade.change(contact, isbackofficecustomer=True, jobtitle="Buyer")
    here.sync_all(*ALL)

    number = contact_number(contact)
    assert trade.person()["EmploymentProfession"] == "Buyer"
    assert trade.buyers()[number]["PartyNumber"] == trade.person()["ContactPersonPartyNumber"]

    trade.change(contact, lastname="Smith")
    here.sync_all(*ALL)
    assert (trade.person()["LastName"], trade.buyers()[number]["PersonLastName"]) == ("Smith", "Smith")
    for flow in ALL:
        expect_no_issue(here.of(flow))


def test_ce8_a_contact_that_becomes_a_customer_by_its_first_quote_stays_a_contact_person(
    world: World, trade: Trade
) -> None:
    contact = trade.contact("Doe", account=world.account())
    world.settle()
    here = world.install()
    here.sync_all(*ALL)
    trade.quote(contact=contact)
    trade.change(contact, jobtitle="Buyer")
    here.sync_all(*ALL)

    assert trade.person()["EmploymentProfession"] == "Buyer"
    buyer = trade.buyers()[contact_number(contact)]
    assert (buyer["PartyNumber"], buyer["PersonProfessionalTitle"]) == (
        trade.person()["ContactPersonPartyNumber"],
        "Buyer",
    )


@pytest.mark.parametrize("flows", [ALL, (BUYERS, CONTACTS, ACCOUNTS), (ACCOUNTS, BUYERS, CONTACTS)], ids="-".join)
@pytest.mark.parametrize("state", [ACTIVE, WON])
def test_ce9_a_contact_that_is_a_customer_when_first_seen_becomes_no_contact_person(
    world: World, trade: Trade, flows: tuple[str, ...], state: int
) -> None:
    contact = trade.contact("Doe", account=world.account())
    trade.quote(contact=contact, state=state)
    world.settle()
    here = world.install()
    statuses = here.sync_all(*flows)

    assert shown(statuses[CONTACTS].totals) == {"skipped": {"is-customer": 1}}
    assert not trade.persons()
    assert set(trade.buyers()) == {contact_number(contact)}


@pytest.mark.parametrize("state", [DRAFT, CLOSED])
def test_ce9_a_draft_or_lost_quote_makes_no_customer(world: World, trade: Trade, state: int) -> None:
    contact = trade.contact("Doe", account=world.account())
    trade.quote(contact=contact, state=state)
    world.settle()
    statuses = world.install().sync_all(*ALL)

    assert set(trade.persons()) == {contact_number(contact)}
    assert not trade.buyers()
    assert set(shown(statuses[BUYERS].totals)) == {"skipped"}
    assert set(shown(statuses[BUYERS].totals)["skipped"]) == {"not-a-customer"}


def test_ce15_two_contacts_of_one_number_are_both_told_when_neither_is_linked(world: World, trade: Trade) -> None:
    account = world.account()
    first, second = (trade.contact(name, account=account, employeeid=id) for name, id in (("A", "E-1"), ("B", "e-1")))
    gone = trade.contact("C", account=account, employeeid="E-1")
    trade.change(gone, statecode=1, statuscode=2)
    world.settle()
    here = world.install(CONTACTS__NUMBER_COLUMN="employeeid")
    totals = here.sync_all(ACCOUNTS, CONTACTS)[CONTACTS].totals

    assert shown(totals) == {"skipped": {"not-active": 1}, "parked": {"duplicate-number": 2}}
    assert not trade.persons()
    named = {issue.id: issue.trouble.details["others"] for issue in here.of(CONTACTS).status().issues}
    assert named == {first: second, second: first}

    trade.change(second, employeeid="E-2")
    trade.change(first, jobtitle="Boss")
    here.of(CONTACTS).sync()
    assert {number: row["LastName"] for number, row in trade.persons().items()} == {"E-1": "A", "E-2": "B"}
    expect_no_issue(here.of(CONTACTS))


def test_ce15_of_two_contacts_of_one_number_the_linked_one_goes_on(world: World, trade: Trade) -> None:
    account = world.account()
    first = trade.contact("A", account=account, employeeid="E-1")
    world.settle()
    here = world.install(CONTACTS__NUMBER_COLUMN="employeeid")
    here.sync_all(ACCOUNTS, CONTACTS)
    trade.contact("B", account=account, employeeid="E-1")
    trade.change(first, lastname="Aa")

    totals = here.of(CONTACTS).sync().totals
    assert shown(totals) == {"created": 1, "updated": 1, "parked": {"duplicate-number": 1}}
    assert trade.person()["LastName"] == "Aa"


def test_ce16_a_contact_person_that_microsofts_template_made_is_found_by_its_party(world: World, trade: Trade) -> None:
    world.sales_admin.switch(p2c_solution=True)
    doe = trade.contact("Doe", account=world.account(), msdynce_contactnumber="CON-1", jobtitle="Boss", **SOLUTION)
    trade.contact("New", account=world.account("C2", "Fabrikam"), msdynce_contactnumber="CON-2", **SOLUTION)
    world.settle()
    here = world.install()
    here.sync()
    body = {"dataAreaId": "usmf", "ContactPersonId": "CP-900", "ContactPersonPartyNumber": "CON-1", "LastName": "Doe",
            "AssociatedPartyNumber": world.customer()["PartyNumber"]}  # fmt: skip
    world.finops.send("POST", "ContactPersons", body)
    totals = here.of(CONTACTS).sync().totals

    assert shown(totals) == {"adopted": 1, "created": 1}
    persons = trade.persons()
    assert {number: row["LastName"] for number, row in persons.items()} == {"CP-900": "Doe", "CON-2": "New"}
    assert persons["CP-900"]["EmploymentProfession"] == "Boss"
    assert here.of(CONTACTS).link(doe).target["ContactPersonId"] == "CP-900"

    trade.change(doe, jobtitle="Owner")
    assert shown(here.of(CONTACTS).sync().totals)["updated"] == 1
    assert trade.persons()["CP-900"]["EmploymentProfession"] == "Owner"


def test_two_contact_persons_of_the_same_address_are_no_match(world: World, trade: Trade) -> None:
    contact = trade.contact("Doe", account=world.account(), emailaddress1="jane@example.com")
    world.settle()
    here = world.install(CONTACTS__ADOPT_BY_EMAIL="on")
    here.sync()
    for number in ("CP-900", "CP-901"):
        body = {"dataAreaId": "usmf", "ContactPersonId": number, "LastName": "Doe",
                "PrimaryEmailAddress": "jane@example.com",
                "AssociatedPartyNumber": world.customer()["PartyNumber"]}  # fmt: skip
        world.finops.send("POST", "ContactPersons", body)
    here.of(CONTACTS).sync()

    told = expect_issue(here.of(CONTACTS), contact_number(contact), "ambiguous-match", "PrimaryEmailAddress")
    assert told.details["others"] == "usmf|cp-900,usmf|cp-901", "by key, so that a person can mend one"


def test_a_contact_person_of_the_same_address_is_adopted_where_the_setting_says_so(world: World, trade: Trade) -> None:
    contact = trade.contact("Doe", account=world.account(), emailaddress1="jane@example.com")
    world.settle()
    here = world.install(CONTACTS__ADOPT_BY_EMAIL="on")
    here.sync()
    body = {"dataAreaId": "usmf", "ContactPersonId": "CP-900", "LastName": "Doe",
            "PrimaryEmailAddress": "Jane@Example.com",
            "AssociatedPartyNumber": world.customer()["PartyNumber"]}  # fmt: skip
    world.finops.send("POST", "ContactPersons", body)

    assert shown(here.of(CONTACTS).sync().totals) == {"adopted": 1}
    assert here.of(CONTACTS).link(contact).target == {"dataAreaId": "usmf", "ContactPersonId": "CP-900"}
    assert set(trade.persons()) == {"CP-900"}


def test_contacts_go_to_the_other_entity_where_the_setting_says_so(world: World, trade: Trade) -> None:
    contact = trade.contact("Doe", account=world.account(), firstname="Jane")
    world.settle()
    here = world.install(CONTACTS__TARGET="CDSContactPersonsV2")
    assert shown(here.sync_all(ACCOUNTS, CONTACTS)[CONTACTS].totals) == {"created": 1}
    (row,) = world.finops_admin.rows("CDSContactPersonsV2")
    number = contact_number(contact)
    key = {"dataAreaId": "usmf", "ContactPersonPartyNumber": number, "AssociatedContactType": "Customer",
           "AssociatedContactNumber": "C1", "ContactPersonId": number}  # fmt: skip
    assert {name: row[name] for name in key} == key

    trade.change(contact, lastname="Smith")
    assert shown(here.of(CONTACTS).sync().totals) == {"created": 1, "updated": 1}
    (row,) = world.finops_admin.rows("CDSContactPersonsV2")
    assert (row["FirstName"], row["LastName"]) == ("Jane", "Smith")
    expect_no_issue(here.of(CONTACTS))
