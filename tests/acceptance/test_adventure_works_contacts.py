"""Every contact of AdventureWorks is one contact person of its account's party, and a customer only with documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.data.enter import enter
from local.data.folder import DataFolder, write_folder
from local.data.quotes import enter_quotes
from tests.acceptance.acceptance_demo import ADVENTURE_WORKS, SECONDS, DemoRun, needs_adventure_works
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_people import expected_customers, expected_persons, with_accounts
from tests.acceptance.acceptance_rules import as_texts, contact_number, read
from tests.acceptance.acceptance_trade import BUYERS, CONTACTS
from tests.acceptance.acceptance_world import World, shown, since

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]
pytestmark = [needs_adventure_works, pytest.mark.timeout(SECONDS + 20)]


def test_the_numbers_of_contacts_are_those_of_the_specification() -> None:
    """flows.md 1.3 has two examples."""
    assert contact_number("00000000-0000-0000-0000-000000000001") == "CON-PLA3RVYBBO3M2OR6"
    assert contact_number("6f2b1c3a-9d4e-4f5a-8b7c-0123456789ab") == "CON-STIQMR4OJWFCXA5X"


def test_every_contact_is_a_contact_person_with_every_column(adventure_works: DemoRun) -> None:
    wanted = expected_persons(adventure_works.data)
    assert len(wanted.rows) == len(read(adventure_works.data, "contacts")) == 847
    came = with_accounts(
        adventure_works.rows("finops", "ContactPersons"), adventure_works.rows("finops", "CustomersV3")
    )
    assert not wanted.differences(came)
    assert len({row["ContactPersonPartyNumber"] for row in came}) == len(came), "each is a party of its own"
    assert adventure_works.came("contacts_to_finops") == wanted.shown


def test_every_quote_is_an_account_s_so_no_contact_is_a_customer(adventure_works: DemoRun) -> None:
    data = adventure_works.data
    accounts, contacts = (
        {row[key] for row in read(data, name)} for name, key in (("accounts", "accountid"), ("contacts", "contactid"))
    )
    customers = {row["customerid"] for row in read(data, "quotes")}
    assert customers <= accounts
    assert not customers & contacts
    wanted = expected_customers(data)
    assert not wanted.rows
    assert not wanted.differences(
        [row for row in adventure_works.rows("finops", "CustomersV3") if row["PartyType"] == "Person"]
    )
    assert adventure_works.came("contact_customers_to_finops") == wanted.shown


def test_had_contacts_bought_what_their_accounts_bought_they_were_customers_of_the_same_parties(
    world: World, tmp_path: Path
) -> None:
    """The same records, but every quote is that of a contact of its account."""
    _bought_by_contacts(tmp_path)
    world.start()
    enter(DataFolder(tmp_path), world.sales, world.finops)
    world.settle()
    here = world.install(ACCOUNTS__DEFAULT_CURRENCY="USD")  # contacts of this folder have no currency
    before = here.sync_all(ACCOUNTS, CONTACTS, BUYERS)[BUYERS].totals
    wanted = expected_customers(tmp_path, default_currency="USD")
    assert shown(before) == {"skipped": wanted.skipped}

    enter_quotes(DataFolder(tmp_path), world.sales)
    after = here.sync_all(ACCOUNTS, CONTACTS, BUYERS)[BUYERS].totals
    asking = {contact_number(row["customerid"]) for row in read(tmp_path, "quotes")} - set(wanted.rows)
    assert since(before, after) == {"created": len(wanted.rows), "skipped": len(asking)}, "a draft makes no customer"
    buyers = [row for row in as_texts(world.finops_admin.rows("CustomersV3")) if row["PartyType"] == "Person"]
    assert len(wanted.rows) > 20
    assert not wanted.differences(buyers)
    persons = as_texts(world.finops_admin.rows("ContactPersons"))
    parties = {row["ContactPersonId"]: row["ContactPersonPartyNumber"] for row in persons}
    assert parties == {**parties, **{row["CustomerAccount"]: row["PartyNumber"] for row in buyers}}
    assert not expected_persons(tmp_path).differences(
        with_accounts(persons, as_texts(world.finops_admin.rows("CustomersV3")))
    )


def test_nothing_of_the_contacts_in_sales_was_changed(adventure_works: DemoRun) -> None:
    kept = {row["contactid"]: row for row in adventure_works.rows("sales", "contacts")}
    for row in read(adventure_works.data, "contacts"):
        given = {column: value for column, value in row.items() if column != "parentcustomerid"}
        assert {column: kept[row["contactid"]][column] for column in given} == given
        assert kept[row["contactid"]]["_parentcustomerid_value"] == row["parentcustomerid"]


def _bought_by_contacts(folder: Path) -> None:
    """A folder of the accounts that have quotes, with their contacts, the first of whom buys; nothing is on a line."""
    buying = {row["customerid"] for row in read(ADVENTURE_WORKS, "quotes")}
    contacts = [row for row in read(ADVENTURE_WORKS, "contacts") if row["parentcustomerid"] in buying]
    first = {row["parentcustomerid"]: row["contactid"] for row in reversed(contacts)}
    kept = ("transactioncurrencies", "currencies", "customergroups", "pricelevels")
    write_folder(
        folder,
        {
            **{name: read(ADVENTURE_WORKS, name) for name in kept},
            "accounts": [row for row in read(ADVENTURE_WORKS, "accounts") if row["accountid"] in buying],
            "contacts": contacts,
            "quotes": [
                {**row, "customerid": first[row["customerid"]]}
                for row in read(ADVENTURE_WORKS, "quotes")
                if row["customerid"] in first
            ],
        },
    )
