"""Every contact of AdventureWorks is one contact person of its account's party, and a customer only with documents."""

from __future__ import annotations

import pytest

from tests.acceptance.acceptance_demo import SECONDS, DemoRun, needs_adventure_works
from tests.acceptance.acceptance_people import expected_customers, expected_persons, with_accounts
from tests.acceptance.acceptance_rules import contact_number, read

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


def test_contacts_on_quotes_are_customers_and_all_others_are_counted(adventure_works: DemoRun) -> None:
    wanted = expected_customers(adventure_works.data)
    buyers = [row for row in adventure_works.rows("finops", "CustomersV3") if row["PartyType"] == "Person"]
    assert not wanted.differences(buyers)
    counts = adventure_works.flow("contact_customers_to_finops")
    assert counts.get("created", 0) == len(wanted.rows)
    assert counts.get("parked", {}) == wanted.parked
    assert counts["skipped"] == {"not-a-customer": 847}, "every contact was none before the quotes were entered"


def test_nothing_of_the_contacts_in_sales_was_changed(adventure_works: DemoRun) -> None:
    kept = {row["contactid"]: row for row in adventure_works.rows("sales", "contacts")}
    for row in read(adventure_works.data, "contacts"):
        given = {column: value for column, value in row.items() if column != "parentcustomerid"}
        assert {column: kept[row["contactid"]][column] for column in given} == given
        assert kept[row["contactid"]]["_parentcustomerid_value"] == row["parentcustomerid"]
