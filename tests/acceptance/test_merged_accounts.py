"""Accounts that Sales merges into another one (flows.md 1.9): as deactivated, and the one that stays is named."""

from __future__ import annotations

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


def test_a_contact_that_waits_for_an_account_merged_away_is_told_with_the_one_that_stays(
    world: World, trade: Trade
) -> None:
    kept, merged = world.account("C1", "Contoso"), world.account("C2", "Contoso again")
    world.merge(kept, merged)
    contact = trade.contact("Doe", account=merged)
    world.settle()
    here = world.install(WAITING_HOURS="0.000001")
    statuses = here.sync_all(ACCOUNTS, CONTACTS)
    assert shown(statuses[ACCOUNTS].totals) == {"created": 1, "skipped": {"not-active": 1}}
    assert shown(statuses[CONTACTS].totals) == {"waiting": {"parent-not-linked": 1}}
    assert here.of(ACCOUNTS).link(merged).successor == kept

    here.app.sweep(CONTACTS)
    here.of(CONTACTS).pump()
    told = expect_issue(here.of(CONTACTS), contact_number(contact), "parent-not-linked", hidden=("Contoso",))
    assert f"accounts {merged}, which is skipped: not-active" in told.cause
    assert f"accounts {kept} (usmf, C1) has taken its place" in told.cause
    assert f"refer to accounts {kept} (usmf, C1) instead" in told.remedy

    trade.move(contact, kept)
    here.sync_all(ACCOUNTS, CONTACTS)
    assert trade.person()["AssociatedPartyNumber"] == world.customer("C1")["PartyNumber"]
    expect_no_issue(here.of(CONTACTS))


def test_a_contact_that_waited_comes_when_its_account_is_merged_into_a_customer(world: World, trade: Trade) -> None:
    kept, merged = world.account("C1", "Contoso"), world.account(None, "Contoso again")
    contact = trade.contact("Doe", account=merged)
    world.settle()
    here = world.install()
    assert shown(here.sync_all(ACCOUNTS, CONTACTS)[CONTACTS].totals) == {"waiting": {"parent-not-linked": 1}}
    expect_issue(here.of(ACCOUNTS), merged, "missing-number", "CustomerAccount")

    world.merge(kept, merged)
    here.sync_all(ACCOUNTS, CONTACTS)
    assert set(world.customers()) == {"C1"}
    assert trade.persons()[contact_number(contact)]["AssociatedPartyNumber"] == world.customer("C1")["PartyNumber"]
    expect_no_issue(here.of(ACCOUNTS))
    expect_no_issue(here.of(CONTACTS))


@pytest.mark.parametrize("policy", ["ignore", "hold"])
def test_the_customer_of_an_account_merged_away_is_treated_as_of_one_deactivated(world: World, policy: str) -> None:
    kept, merged = world.account("C1", "Contoso"), world.account("C2", "Contoso again")
    world.settle()
    here = world.install(ACCOUNTS__ON_DEACTIVATE=policy)
    here.sync()
    before = world.customers()

    world.merge(kept, merged)
    totals = shown(here.sync().totals)

    ending, expected = {"ignore": ("skipped", {"not-active": 1}), "hold": ("removed", 1)}[policy]
    assert totals[ending] == expected
    held = {**before["C2"], "OnHoldStatus": {"ignore": "No", "hold": "All"}[policy]}
    assert world.customers() == {"C1": before["C1"], "C2": held}, "F&O is not merged"
    link = here.link(merged)
    assert (link.reason, link.successor, link.target["CustomerAccount"]) == ("not-active", kept, "C2")
    assert here.link(kept).successor == ""
    expect_no_issue(here)

    world.activate(merged)
    here.sync()
    assert (here.link(merged).state, here.link(merged).successor) == ("linked", "")
    assert world.customers() == before


def test_an_issue_about_an_account_merged_away_names_the_one_that_stays(world: World, tmp_path: Path) -> None:
    mappings = tmp_path / "mappings"
    shutil.copytree(shipped_mappings(), mappings)
    file = mappings / "accounts.yaml"
    file.write_text(file.read_text().replace("hold: {OnHoldStatus: All}", "hold: {OnHoldStatus: Nobody}"))
    kept, merged = world.account("C1", "Contoso"), world.account("C2", "Contoso again")
    world.settle()
    here = world.install(ACCOUNTS__ON_DEACTIVATE="hold", MAPPINGS=str(mappings))
    here.sync()
    world.merge(kept, merged)
    here.sync()

    told = expect_issue(here, "C2", "target-refused", "OnHoldStatus")
    assert told.cause.endswith(f"accounts {kept} has taken its place.")


@pytest.mark.parametrize("moves", ["block", "patch"])
def test_contacts_of_a_customer_merged_away_have_moved(world: World, trade: Trade, moves: str) -> None:
    world.finops_admin.switch(contact_moves="allowed")
    kept, merged = world.account("C1", "Contoso"), world.account("C2", "Contoso again")
    contact = trade.contact("Doe", account=merged)
    world.settle()
    here = world.install(CONTACTS__ON_MOVE=moves)
    here.sync_all(ACCOUNTS, CONTACTS)
    parties = {number: row["PartyNumber"] for number, row in world.customers().items()}
    assert trade.person()["AssociatedPartyNumber"] == parties["C2"]

    world.merge(kept, merged)
    here.sync_all(ACCOUNTS, CONTACTS)

    if moves == "patch":
        assert trade.person()["AssociatedPartyNumber"] == parties["C1"]
        expect_no_issue(here.of(CONTACTS))
    else:
        assert trade.person()["AssociatedPartyNumber"] == parties["C2"]
        expect_issue(here.of(CONTACTS), contact_number(contact), "contact-moved", "AssociatedPartyNumber")
