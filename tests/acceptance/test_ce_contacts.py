"""Expected outcomes of contacts (flows.md 4.6): accounts, numbers, names, moves, CE1 to CE7 and CE10 to CE14."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_rules import contact_number
from tests.acceptance.acceptance_trade import CONTACTS, Trade
from tests.acceptance.acceptance_world import World, shown
from tests.shipped import shipped_mappings

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def test_a30_a_customer_gets_its_primary_contact_when_that_is_linked_and_follows_its_changes(
    world: World, trade: Trade
) -> None:
    account = world.account("C1", "Contoso")
    first, second = (trade.contact(name, account=account) for name in ("Doe", "Roe"))
    trade.patch("accounts", account, **{"primarycontactid@odata.bind": f"/contacts({first})"})
    world.settle()
    here = world.install()
    here.of(ACCOUNTS).sync()
    assert world.customer()["ContactPersonId"] == "", "there is no contact person yet"

    statuses = here.sync_all(CONTACTS, ACCOUNTS)
    assert world.customer()["ContactPersonId"] == contact_number(first)
    assert shown(statuses[ACCOUNTS].totals) == {"created": 1, "updated": 1}

    trade.patch("accounts", account, **{"primarycontactid@odata.bind": f"/contacts({second})"})
    here.sync_all(ACCOUNTS)
    assert world.customer()["ContactPersonId"] == contact_number(second)

    trade.patch("accounts", account, **{"primarycontactid@odata.bind": None})
    here.sync_all(ACCOUNTS)
    assert world.customer()["ContactPersonId"] == ""


def test_a_contact_becomes_a_contact_person_with_every_column(world: World, trade: Trade) -> None:
    account = world.account("C1", "Contoso")
    contact = trade.contact(
        "Doe", account=account, firstname="Jane", middlename="Q.", emailaddress1="jane@example.com", fax="+1 2",
        telephone1="+1 555", mobilephone="+1 666", websiteurl="https://example.com", jobtitle="Head of chairs",
        department="Chairs", address1_line1="1 Main St", address1_line2="Suite 4", address1_city="Seattle",
        address1_stateorprovince="washington", address1_postalcode="98101", address1_country="USA",
    )  # fmt: skip
    world.settle()
    here = world.install()
    totals = here.sync_all(ACCOUNTS, CONTACTS)[CONTACTS].totals

    assert shown(totals) == {"created": 1}
    columns = {
        "dataAreaId": "usmf", "ContactPersonId": contact_number(contact),
        "AssociatedPartyNumber": world.customer("C1")["PartyNumber"],
        "FirstName": "Jane", "MiddleName": "Q.", "LastName": "Doe", "IsContactPersonExternallyMaintained": "Yes",
        "IsInactive": "No", "PrimaryEmailAddress": "jane@example.com", "PrimaryPhoneNumber": "+1 555",
        "IsPrimaryPhoneNumberMobile": "No", "PrimaryFaxNumber": "+1 2", "PrimaryURL": "https://example.com",
        "EmploymentProfession": "Head of chairs", "EmploymentDepartment": "Chairs",
        "PrimaryAddressStreet": "1 Main St\nSuite 4", "PrimaryAddressCity": "Seattle", "PrimaryAddressStateId": "WA",
        "PrimaryAddressZipCode": "98101", "PrimaryAddressCountryRegionISOCode": "US",
        "PrimaryAddressDescription": "Primary", "PrimaryAddressLocationRoles": "Business",
    }  # fmt: skip
    assert {name: trade.person()[name] for name in columns} == columns
    assert (
        here.of(CONTACTS).link(contact).gives["ContactPersonPartyNumber"] == trade.person()["ContactPersonPartyNumber"]
    )
    expect_no_issue(here.of(CONTACTS))


def test_ce1_a_contact_of_a_contact_or_of_nobody_is_left_out(world: World, trade: Trade) -> None:
    alone = trade.contact("Loner")
    trade.contact("Doe", contact=alone)
    world.settle()
    here = world.install().of(CONTACTS)

    assert shown(here.sync().totals) == {"skipped": {"contact-without-account": 2}}
    assert not trade.persons()
    expect_no_issue(here)


def test_ce2_a_contact_waits_for_its_account_and_comes_as_soon_as_that_is_linked(world: World, trade: Trade) -> None:
    account = world.account("C1", "Contoso")
    trade.contact("Doe", account=account)
    world.settle()
    here = world.install()

    assert shown(here.of(CONTACTS).sync().totals) == {"waiting": {"parent-not-linked": 1}}
    assert not trade.persons()

    totals = here.sync_all(ACCOUNTS, CONTACTS)[CONTACTS].totals
    assert shown(totals) == {"created": 1}
    assert trade.person()["AssociatedPartyNumber"] == world.customer("C1")["PartyNumber"]


def test_ce3_a_contact_that_waits_too_long_is_told_with_its_account_and_why_that_does_not_come(
    world: World, trade: Trade
) -> None:
    account = world.account(None, "Numberless")
    contact = trade.contact("Doe", account=account)
    world.settle()
    here = world.install(WAITING_HOURS="0.000001")
    statuses = here.sync_all(ACCOUNTS, CONTACTS)
    assert shown(statuses[CONTACTS].totals) == {"waiting": {"parent-not-linked": 1}}

    here.app.sweep(CONTACTS)
    here.of(CONTACTS).pump()
    assert shown(here.of(CONTACTS).status().totals) == {"parked": {"parent-not-linked": 1}}
    told = expect_issue(here.of(CONTACTS), contact_number(contact), "parent-not-linked", hidden=("Numberless",))
    assert account in told.cause
    assert "missing-number" in told.cause

    world.change(account, accountnumber="C1")
    here.sync_all(ACCOUNTS, CONTACTS)
    here.app.sweep(CONTACTS)
    here.of(CONTACTS).pump()
    assert trade.person()["LastName"] == "Doe"
    expect_no_issue(here.of(CONTACTS))


def test_ce4_without_a_number_column_the_number_follows_from_the_id_and_nothing_is_written_to_sales(
    world: World, trade: Trade
) -> None:
    contact = trade.contact("Doe", account=world.account())
    world.settle()
    here = world.install()
    here.sync_all(ACCOUNTS, CONTACTS)

    assert set(trade.persons()) == {contact_number(contact)}
    assert world.sales_admin.counters()["writes"] == 0


def test_ce5_a_blank_in_the_number_column_is_told(world: World, trade: Trade) -> None:
    account = world.account()
    trade.contact("Doe", account=account, employeeid="E-1")
    blank = trade.contact("Blank", account=account, employeeid="  ")
    world.settle()
    here = world.install(CONTACTS__NUMBER_COLUMN="employeeid")
    totals = here.sync_all(ACCOUNTS, CONTACTS)[CONTACTS].totals

    assert shown(totals) == {"created": 1, "parked": {"missing-number": 1}}
    assert set(trade.persons()) == {"E-1"}
    expect_issue(here.of(CONTACTS), blank, "missing-number", "ContactPersonId")


def test_a_setting_that_comes_later_renumbers_no_linked_contact(world: World, trade: Trade) -> None:
    account = world.account()
    old = trade.contact("Old", account=account, employeeid="E-1")
    world.settle()
    world.install().sync_all(ACCOUNTS, CONTACTS)
    trade.change(old, lastname="Older")
    trade.contact("New", account=account, employeeid="E-2")
    here = world.install(CONTACTS__NUMBER_COLUMN="employeeid")
    here.sync_all(ACCOUNTS, CONTACTS)

    names = {number: person["LastName"] for number, person in trade.persons().items()}
    assert names == {contact_number(old): "Older", "E-2": "New"}
    assert "warnings" not in shown(here.of(CONTACTS).status().totals)


@pytest.mark.parametrize("wanted", ["optional", "mandatory"])
def test_ce6_a_blank_first_name_is_left_out_and_what_f_o_says_to_it_is_told(
    world: World, trade: Trade, wanted: str
) -> None:
    world.finops_admin.switch(first_name=wanted)
    contact = trade.contact("Cher", account=world.account())
    world.settle()
    here = world.install()
    totals = here.sync_all(ACCOUNTS, CONTACTS)[CONTACTS].totals

    if wanted == "optional":
        assert shown(totals) == {"created": 1}
        assert trade.person()["FirstName"] == ""
    else:
        assert shown(totals) == {"parked": {"target-refused": 1}}
        expect_issue(here.of(CONTACTS), contact_number(contact), "target-refused", hidden=("Cher",))


def test_ce7_names_are_cut_to_the_limit_in_use(world: World, trade: Trade) -> None:
    trade.contact("L" * 50, account=world.account(), firstname="F" * 25, middlename="M" * 24 + "🚲")
    world.settle()
    here = world.install()
    totals = here.sync_all(ACCOUNTS, CONTACTS)[CONTACTS].totals

    warnings = {"truncated:LastName": 1, "truncated:MiddleName": 1}
    assert shown(totals) == {"created": 1, "warnings": warnings}
    person = trade.person()
    assert (person["FirstName"], person["MiddleName"], person["LastName"]) == ("F" * 25, "M" * 24, "L" * 25)


def test_ce10_a_contact_that_moves_to_another_account_is_left_where_it_is(world: World, trade: Trade) -> None:
    first, second = world.account("C1", "Contoso"), world.account("C2", "Fabrikam")
    contact = trade.contact("Doe", account=first)
    world.settle()
    here = world.install()
    here.sync_all(ACCOUNTS, CONTACTS)
    before = trade.person()
    trade.move(contact, second)
    trade.change(contact, jobtitle="New job")

    totals = here.of(CONTACTS).sync().totals
    assert shown(totals) == {"created": 1, "parked": {"contact-moved": 1}}
    expect_issue(here.of(CONTACTS), contact_number(contact), "contact-moved", "AssociatedPartyNumber")
    assert trade.person() == before

    trade.move(contact, first)
    here.of(CONTACTS).sync()
    assert trade.person() == {**before, "EmploymentProfession": "New job"}
    expect_no_issue(here.of(CONTACTS))


@pytest.mark.parametrize("answer", ["allowed", "refused"])
def test_ce10_patch_sends_the_new_party_and_a_refusal_is_told(world: World, trade: Trade, answer: str) -> None:
    world.finops_admin.switch(contact_moves=answer)
    first, second = world.account("C1", "Contoso"), world.account("C2", "Fabrikam")
    contact = trade.contact("Doe", account=first)
    world.settle()
    here = world.install(CONTACTS__ON_MOVE="patch")
    here.sync_all(ACCOUNTS, CONTACTS)
    trade.move(contact, second)
    totals = shown(here.of(CONTACTS).sync().totals)

    if answer == "allowed":
        assert totals == {"created": 1, "updated": 1}
        assert trade.person()["AssociatedPartyNumber"] == world.customer("C2")["PartyNumber"]
    else:
        assert totals == {"created": 1, "parked": {"target-refused": 1}}
        expect_issue(here.of(CONTACTS), contact_number(contact), "target-refused", "AssociatedPartyNumber")


def test_ce11_a_contact_that_is_deactivated_is_inactive_and_back_again(world: World, trade: Trade) -> None:
    contact = trade.contact("Doe", account=world.account())
    never = trade.contact("Never", account=world.account("C2", "Fabrikam"))
    trade.change(never, statecode=1, statuscode=2)
    world.settle()
    here = world.install()
    assert shown(here.sync_all(ACCOUNTS, CONTACTS)[CONTACTS].totals) == {"created": 1, "skipped": {"not-active": 1}}
    before = trade.person()

    trade.change(contact, statecode=1, statuscode=2)
    totals = shown(here.of(CONTACTS).sync().totals)
    assert totals["created"] == 1
    assert totals.get("updated", 0) + totals.get("removed", 0) == 1
    assert trade.person() == {**before, "IsInactive": "Yes"}

    trade.change(contact, statecode=0, statuscode=1)
    here.of(CONTACTS).sync()
    assert trade.person() == before
    expect_no_issue(here.of(CONTACTS))


@pytest.mark.parametrize("other", [{"LastName": "Somebody"}, {"AssociatedPartyNumber": "C2"}], ids=["name", "account"])
def test_ce12_a_contact_person_of_the_number_that_is_somebody_else_is_not_taken(
    world: World, trade: Trade, other: dict[str, str]
) -> None:
    first, second = world.account("C1", "Contoso"), world.account("C2", "Fabrikam")
    contact = trade.contact("Doe", account=first)
    assert second
    world.settle()
    here = world.install()
    here.sync()
    parties = {number: row["PartyNumber"] for number, row in world.customers().items()}
    there = {"LastName": "Doe", "AssociatedPartyNumber": "C1", **other}
    there["AssociatedPartyNumber"] = parties[there["AssociatedPartyNumber"]]
    world.finops.send(
        "POST", "ContactPersons", {"dataAreaId": "usmf", "ContactPersonId": contact_number(contact), **there}
    )
    before = trade.person()

    assert shown(here.of(CONTACTS).sync().totals) == {"parked": {"adopt-mismatch": 1}}
    expect_issue(
        here.of(CONTACTS), contact_number(contact), "adopt-mismatch", next(iter(other)), hidden=("Doe", "Somebody")
    )
    assert trade.person() == before


def test_a_contact_person_of_the_same_number_name_and_account_is_adopted(world: World, trade: Trade) -> None:
    contact = trade.contact("Doe", account=world.account(), firstname="Jane")
    world.settle()
    here = world.install()
    here.sync()
    number, party = contact_number(contact), world.customer()["PartyNumber"]
    body = {"dataAreaId": "usmf", "ContactPersonId": number, "LastName": "DOE", "AssociatedPartyNumber": party}
    world.finops.send("POST", "ContactPersons", body)

    assert shown(here.of(CONTACTS).sync().totals) == {"adopted": 1}
    assert (trade.person()["FirstName"], trade.person()["LastName"]) == ("Jane", "Doe")


def test_ce13_a_mobile_number_alone_is_the_phone_number(world: World, trade: Trade) -> None:
    contact = trade.contact("Doe", account=world.account(), mobilephone="+1 666")
    world.settle()
    here = world.install()
    here.sync_all(ACCOUNTS, CONTACTS)
    phone = ("PrimaryPhoneNumber", "IsPrimaryPhoneNumberMobile")
    assert [trade.person()[name] for name in phone] == ["+1 666", "Yes"]

    trade.change(contact, telephone1="+1 555")
    here.of(CONTACTS).sync()
    assert [trade.person()[name] for name in phone] == ["+1 555", "No"]

    trade.change(contact, telephone1=None, mobilephone=None)
    here.of(CONTACTS).sync()
    assert [trade.person()[name] for name in phone] == ["", "No"]


def test_ce14_an_e_mail_address_that_is_longer_than_the_limit_in_use_is_left_out(
    world: World, trade: Trade, tmp_path: Path
) -> None:
    mappings = tmp_path / "mappings"
    shutil.copytree(shipped_mappings(), mappings)
    file = mappings / "contacts.yaml"
    text, count = re.subn(r"(id: C8\b.*?max: )\d+", r"\g<1>40", file.read_text(), count=1, flags=re.DOTALL)
    assert count == 1
    file.write_text(text)
    trade.contact("Doe", account=world.account(), emailaddress1="a" * 30 + "@example.com")
    world.settle()
    here = world.install(MAPPINGS=str(mappings))
    totals = here.sync_all(ACCOUNTS, CONTACTS)[CONTACTS].totals

    assert shown(totals) == {"created": 1, "warnings": {"too-long:PrimaryEmailAddress": 1}}
    assert trade.person()["PrimaryEmailAddress"] == ""
