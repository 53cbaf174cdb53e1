"""Expected outcomes of contact customers (flows.md 5.3), KE1 to KE8."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_rules import contact_number
from tests.acceptance.acceptance_trade import BUYERS, CONTACTS, Trade
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

ALL = (ACCOUNTS, CONTACTS, BUYERS)
FLAG = {"CONTACT_CUSTOMERS__RULE": "flag"}


def customer_contact(trade: Trade, lastname: str = "Doe", **values: Any) -> str:
    """A contact of nobody that is flagged as a customer."""
    return trade.contact(lastname, isbackofficecustomer=True, **values)


@pytest.mark.parametrize("document", ["quotes", "salesorders", "invoices"])
def test_ke1_a_contact_on_its_first_document_becomes_a_customer(world: World, trade: Trade, document: str) -> None:
    contact = trade.contact(
        "Doe", account=world.account(), firstname="Jane", middlename="Q.", emailaddress1="jane@example.com",
        mobilephone="+1 666", fax="+1 2", websiteurl="https://example.com", currency="EUR",
        jobtitle="Buyer of every chair that there is", address1_line1="1 Main St", address1_city="Seattle",
        address1_stateorprovince="WA", address1_country="US", address1_postofficebox="4711",
    )  # fmt: skip
    world.settle()
    here = world.install()
    here.sync_all(*ALL)
    assert not trade.buyers()
    if document == "quotes":
        trade.quote(contact=contact)
    else:
        trade.document(document, contact=contact)
    statuses = here.sync_all(*ALL)

    assert statuses[BUYERS].totals.endings["created"] == 1
    number = contact_number(contact)
    columns = {
        "dataAreaId": "usmf", "CustomerAccount": number, "PartyType": "Person", "PersonFirstName": "Jane",
        "PersonMiddleName": "Q.", "PersonLastName": "Doe", "IsExternallyMaintained": "Yes", "CustomerGroupId": "10",
        "LanguageId": "en-us", "SiteId": "", "WarehouseId": "", "SalesCurrencyCode": "EUR", "NameAlias": "Jane Doe",
        "PersonProfessionalTitle": "Buyer of every chair that ther", "AddressStreet": "1 Main St",
        "AddressCity": "Seattle", "AddressState": "WA", "AddressCountryRegionISOCode": "US",
        "AddressPostbox": "4711", "AddressDescription": "Primary", "AddressLocationRoles": "Business",
        "PrimaryContactPhone": "+1 666", "PrimaryContactEmail": "jane@example.com", "PrimaryContactFax": "+1 2",
        "PrimaryContactURL": "https://example.com",
    }  # fmt: skip
    assert {name: trade.buyers()[number][name] for name in columns} == columns
    for flow in ALL:
        expect_no_issue(here.of(flow))


def test_ke2_a_contact_person_becomes_a_customer_of_the_same_party_and_stays_as_it_is(
    world: World, trade: Trade
) -> None:
    contact = trade.contact("Doe", account=world.account(), firstname="Jane")
    world.settle()
    here = world.install(**FLAG)
    here.sync_all(*ALL)
    before = trade.person()
    trade.change(contact, isbackofficecustomer=True)
    here.sync_all(*ALL)

    (buyer,) = trade.buyers().values()
    assert buyer["PartyNumber"] == before["ContactPersonPartyNumber"]
    assert trade.person() == before


def test_ke2_with_the_setting_off_f_o_makes_a_party_of_its_own(world: World, trade: Trade) -> None:
    contact = trade.contact("Doe", account=world.account())
    world.settle()
    here = world.install(**FLAG, CONTACT_CUSTOMERS__REUSE_PARTY="false")
    here.sync_all(*ALL)
    trade.change(contact, isbackofficecustomer=True)
    here.sync_all(*ALL)

    (buyer,) = trade.buyers().values()
    assert buyer["PartyNumber"] != trade.person()["ContactPersonPartyNumber"]


def test_ke2_a_party_that_f_o_does_not_take_twice_is_told(world: World, trade: Trade) -> None:
    world.finops_admin.switch(known_party="refused")
    contact = trade.contact("Doe", account=world.account())
    world.settle()
    here = world.install(**FLAG)
    here.sync_all(*ALL)
    trade.change(contact, isbackofficecustomer=True)
    here.sync_all(*ALL)

    expect_issue(here.of(BUYERS), contact_number(contact), "target-refused", "PartyNumber", hidden=("Doe",))
    assert not trade.buyers()


def test_ke3_a_contact_without_account_becomes_a_customer_whose_party_f_o_numbers(world: World, trade: Trade) -> None:
    alone = customer_contact(trade, "Loner")
    child = customer_contact(trade, "Child", contact=alone)
    world.settle()
    here = world.install(**FLAG)
    statuses = here.sync_all(*ALL)

    assert shown(statuses[BUYERS].totals) == {"created": 2}
    assert shown(statuses[CONTACTS].totals) == {"skipped": {"contact-without-account": 2}}
    assert set(trade.buyers()) == {contact_number(alone), contact_number(child)}
    assert all(row["PartyNumber"] for row in trade.buyers().values())


def test_ke4_a_number_that_an_accounts_customer_has_is_told(world: World, trade: Trade) -> None:
    world.account("C1", "Contoso")
    customer_contact(trade, employeeid="c1")
    world.settle()
    here = world.install(**FLAG, CONTACTS__NUMBER_COLUMN="employeeid")
    statuses = here.sync_all(*ALL)

    assert shown(statuses[BUYERS].totals) == {"parked": {"party-type-mismatch": 1}}
    expect_issue(here.of(BUYERS), "c1", "party-type-mismatch", "PartyType", hidden=("Contoso", "Doe"))
    assert world.customer("C1")["OrganizationName"] == "Contoso"


def test_ke5_a_contact_that_is_no_longer_flagged_stays_a_customer_and_is_updated(world: World, trade: Trade) -> None:
    contact = customer_contact(trade)
    world.settle()
    here = world.install(**FLAG).of(BUYERS)
    here.sync()
    trade.change(contact, isbackofficecustomer=False, lastname="Smith")

    assert shown(here.sync().totals) == {"created": 1, "updated": 1}
    assert trade.buyers()[contact_number(contact)]["PersonLastName"] == "Smith"


@pytest.mark.parametrize("default", ["", "EUR"])
def test_ke6_a_contact_without_currency_gets_that_of_the_setting_or_is_told(
    world: World, trade: Trade, default: str
) -> None:
    contact = customer_contact(trade, currency=None)
    world.settle()
    here = world.install(**FLAG, ACCOUNTS__DEFAULT_CURRENCY=default).of(BUYERS)
    totals = shown(here.sync().totals)

    if default:
        assert totals == {"created": 1}
        assert trade.buyers()[contact_number(contact)]["SalesCurrencyCode"] == "EUR"
    else:
        assert totals == {"parked": {"currency-missing": 1}}
        expect_issue(here, contact_number(contact), "currency-missing", "SalesCurrencyCode")


@pytest.mark.parametrize("policy", ["ignore", "hold"])
def test_ke7_a_contact_that_is_deactivated_stops_or_holds_its_customer(world: World, trade: Trade, policy: str) -> None:
    contact = customer_contact(trade)
    never = customer_contact(trade, "Never")
    trade.change(never, statecode=1, statuscode=2)
    world.settle()
    here = world.install(**FLAG, ACCOUNTS__ON_DEACTIVATE=policy).of(BUYERS)
    assert shown(here.sync().totals) == {"created": 1, "skipped": {"not-active": 1}}
    (before,) = trade.buyers().values()
    trade.change(contact, statecode=1, statuscode=2, lastname="Smith")
    totals = shown(here.sync().totals)

    if policy == "ignore":
        assert totals == {"created": 1, "skipped": {"not-active": 2}}
        assert trade.buyers()[contact_number(contact)] == before
    else:
        assert totals == {"created": 1, "removed": 1, "skipped": {"not-active": 1}}
        assert trade.buyers()[contact_number(contact)] == {**before, "OnHoldStatus": "All"}

    trade.change(contact, statecode=0, statuscode=1)
    here.sync()
    after = trade.buyers()[contact_number(contact)]
    assert (after["PersonLastName"], after["OnHoldStatus"]) == ("Smith", "No")


def test_ke8_an_address_without_country_is_left_out_and_names_are_cut(world: World, trade: Trade) -> None:
    contact = customer_contact(trade, "L" * 30, address1_city="Springfield")
    world.settle()
    here = world.install(**FLAG).of(BUYERS)

    warnings = {"address-without-country": 1, "truncated:PersonLastName": 1}
    assert shown(here.sync().totals) == {"created": 1, "warnings": warnings}
    buyer = trade.buyers()[contact_number(contact)]
    assert (buyer["PersonLastName"], buyer["AddressCity"], buyer["NameAlias"]) == ("L" * 25, "", "L" * 20)


def test_ke8_unsafe_and_double_numbers_are_told(world: World, trade: Trade) -> None:
    numbers = ("R&D/1", "E-1", "e-1", "", "E-2")
    contacts = [customer_contact(trade, employeeid=number or None) for number in numbers]
    world.settle()
    here = world.install(**FLAG, CONTACTS__NUMBER_COLUMN="employeeid").of(BUYERS)

    parked = {"unsafe-number": 1, "duplicate-number": 2, "missing-number": 1}
    assert shown(here.sync().totals) == {"created": 1, "parked": parked}
    assert set(trade.buyers()) == {"E-2"}
    expect_issue(here, "R&D/1", "unsafe-number", "CustomerAccount")
    expect_issue(here, contacts[3], "missing-number", "CustomerAccount")


def test_ke8_a_number_that_a_linked_contact_has_is_told_of_the_other_alone(world: World, trade: Trade) -> None:
    customer_contact(trade, employeeid="E-1")
    world.settle()
    here = world.install(**FLAG, CONTACTS__NUMBER_COLUMN="employeeid").of(BUYERS)
    here.sync()
    customer_contact(trade, employeeid="E-1")
    customer_contact(trade, employeeid="E" * 21)

    parked = {"duplicate-number": 1, "number-too-long": 1}
    assert shown(here.sync().totals) == {"created": 1, "parked": parked}
    assert set(trade.buyers()) == {"E-1"}


def test_a_contact_that_is_no_customer_is_counted(world: World, trade: Trade) -> None:
    trade.contact("Doe", account=world.account())
    world.settle()
    here = world.install().of(BUYERS)

    assert shown(here.sync().totals) == {"skipped": {"not-a-customer": 1}}
    assert not trade.buyers()
    expect_no_issue(here)
