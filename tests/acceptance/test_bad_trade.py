"""Products and contacts as they must not be: each is told by its code, and none stops another.

Other bad input stands with the expected outcomes: price lists (PE1, PE10), units (PE3, PE4), numbers (PE5, PE7),
bundles (PE8), contacts of contacts (CE1), numbers that two contacts have (CE15).
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from sync.cli import main
from sync.errors import ConfigError
from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_rules import contact_number
from tests.acceptance.acceptance_trade import CONTACTS, PRODUCTS, Trade
from tests.acceptance.acceptance_world import World, shown
from tests.shipped import shipped_mappings

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def test_every_product_that_cannot_come_is_told_and_the_others_come(world: World, trade: Trade) -> None:
    world.finops_admin.switch(text_lengths="none")
    trade.finops_unit("pal")
    trade.make_product("BUNDLE", productstructure=3)
    trade.release("FINE")
    trade.release("EURO", CurrencyCode="EUR")
    trade.release("PALLET", SalesUnitSymbol="pal")
    trade.release("L" * 101)
    trade.release("BUNDLE")
    trade.release("A/1 & 'more'")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {
        "created": 2,
        "waiting": {"no-price-list": 1},
        "parked": {"unit-not-mapped": 1, "number-too-long": 1, "not-a-simple-product": 1},
    }
    assert set(trade.products()) == {"FINE", "A/1 & 'more'", "BUNDLE"}


def test_a_contact_without_last_name_comes_with_its_first_name_and_without_any_name_it_is_told(
    world: World, trade: Trade
) -> None:
    account = world.account()
    first = trade.contact(None, firstname="Cher", account=account)
    nameless = trade.contact(None, account=account, emailaddress1="x@example.com")
    world.settle()
    here = world.install()
    statuses = here.sync_all(ACCOUNTS, CONTACTS)

    assert shown(statuses[CONTACTS].totals) == {"created": 1, "parked": {"target-refused": 1}}
    assert trade.person()["ContactPersonId"] == contact_number(first)
    expect_issue(here.of(CONTACTS), contact_number(nameless), "target-refused", hidden=("x@example.com",))

    trade.change(nameless, lastname="Named")
    here.of(CONTACTS).sync()
    assert len(trade.persons()) == 2
    expect_no_issue(here.of(CONTACTS))


def test_contacts_of_an_account_that_is_merged_away_are_told_and_new_ones_come_to_the_one_that_stays(
    world: World, trade: Trade
) -> None:
    kept, merged = world.account("C1", "Contoso"), world.account("C2", "Contoso again")
    before = trade.contact("Before", account=merged)
    late = trade.contact("Late", account=merged, jobtitle="Not yet seen")
    trade.change(late, statecode=1, statuscode=2)
    world.settle()
    here = world.install()
    here.sync_all(ACCOUNTS, CONTACTS)
    customers, person = world.customers(), trade.person()

    world.merge(kept, merged)  # its contacts get the one that stays
    trade.change(late, statecode=0, statuscode=1)
    orphan = trade.contact("Orphan", account=merged)
    statuses = here.sync_all(ACCOUNTS, CONTACTS)

    assert shown(statuses[ACCOUNTS].totals)["skipped"] == {"not-active": 1}
    assert world.customers() == customers, "F&O is not merged"
    expect_issue(here.of(CONTACTS), contact_number(before), "contact-moved", "AssociatedPartyNumber")
    persons = trade.persons()
    assert persons[contact_number(before)] == person
    parties = {number: row["PartyNumber"] for number, row in customers.items()}
    assert persons[contact_number(late)]["AssociatedPartyNumber"] == parties["C1"]
    # Its account is linked, though it is inactive by now: F&O has the customer still.
    assert persons[contact_number(orphan)]["AssociatedPartyNumber"] == parties["C2"]


def test_a_contact_of_an_account_that_was_never_linked_and_is_inactive_waits_and_says_for_what(
    world: World, trade: Trade
) -> None:
    closed = world.account("C1", "Closed")
    world.deactivate(closed)
    contact = trade.contact("Doe", account=closed)
    world.settle()
    here = world.install(WAITING_HOURS="0.000001")
    assert shown(here.sync_all(ACCOUNTS, CONTACTS)[CONTACTS].totals) == {"waiting": {"parent-not-linked": 1}}

    here.app.sweep(CONTACTS)
    here.of(CONTACTS).pump()
    told = expect_issue(here.of(CONTACTS), contact_number(contact), "parent-not-linked")
    assert "not-active" in told.cause


def test_a_value_outside_of_an_option_set_is_left_out_and_told_as_the_map_says(
    world: World, trade: Trade, tmp_path: Path
) -> None:
    mappings = tmp_path / "mappings"
    shutil.copytree(shipped_mappings(), mappings)
    file = mappings / "contacts.yaml"
    text, count = re.subn(r"(id: C41\b.*?)(, )?enabled: false", r"\1", file.read_text(), count=1, flags=re.DOTALL)
    assert count == 1, "the row for genders is off in the shipped file"
    file.write_text(text)
    genders = mappings / "values" / "gender.yaml"
    text, count = re.subn(r"(?m)^.*Female.*\n", "", genders.read_text())
    assert count
    genders.write_text(text)
    account = world.account()
    contacts = [trade.contact(f"Doe {code}", account=account, gendercode=code) for code in (1, 2, None)]
    world.settle()
    here = world.install(MAPPINGS=str(mappings))
    statuses = here.sync_all(ACCOUNTS, CONTACTS)

    assert shown(statuses[CONTACTS].totals) == {"created": 3, "warnings": {"not-mapped:Gender": 1}}
    came = [trade.persons()[contact_number(contact)]["Gender"] for contact in contacts]
    assert came == ["Male", "Unknown", "Unknown"]


def test_a_product_type_that_the_map_lacks_stops_no_product(world: World, trade: Trade, tmp_path: Path) -> None:
    mappings = tmp_path / "mappings"
    shutil.copytree(shipped_mappings(), mappings)
    file = mappings / "values" / "producttype.yaml"
    text, count = re.subn(r"(?m)^.*Service.*\n", "", file.read_text())
    assert count
    file.write_text(text)
    trade.release("P1", ProductType="Service")
    trade.release("P2")
    world.settle()
    here = world.install(MAPPINGS=str(mappings)).of(PRODUCTS)
    totals = shown(here.sync().totals)

    assert totals["created"] == 2
    assert totals["warnings"] == {"not-mapped:producttypecode": 1}
    assert {number: row["producttypecode"] for number, row in trade.products().items()} == {"P1": None, "P2": 1}


def test_a_mapping_file_for_an_entity_set_that_does_not_exist_stops_its_own_flow_and_says_so(
    world: World, tmp_path: Path
) -> None:
    mappings = tmp_path / "mappings"
    shutil.copytree(shipped_mappings(), mappings)
    file = mappings / "contacts.yaml"
    file.write_text(file.read_text().replace("table: contacts,", "table: contactss,"))
    world.account()
    world.settle()
    here = world.install(MAPPINGS=str(mappings))

    with pytest.raises(ConfigError, match="contactss"):
        here.app.detect(CONTACTS)
    assert here.of(CONTACTS).status().state == "stopped"
    assert shown(here.sync().totals) == {"created": 1}, "the other flows go on"
    shown_by = CliRunner(env=dict(here.environment)).invoke(main, ["status"])
    assert "contactss" in shown_by.output
