"""Deletes and deactivation (flows.md 1.9): what leaves Sales is let go, F&O keeps it; what comes back is linked again.

The rest of flows.md 1.9 is tested where each record is: AE20 (accounts), test_merged_accounts, CE and KE7 (contacts),
test_mending (`target-missing`), PE16 and PE17 (products), test_qe_line_numbers (removed lines).
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from sync.cli import main
from tests.acceptance.acceptance_crash import SHORT_LEASE, kill_before_remembering
from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_host import Installation, Killed
from tests.acceptance.acceptance_rules import contact_number
from tests.acceptance.acceptance_trade import BUYERS, CONTACTS, Trade
from tests.acceptance.acceptance_world import World, account, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

FLAG = {"CONTACT_CUSTOMERS__RULE": "flag"}
HOLD = {"ACCOUNTS__ON_DEACTIVATE": "hold"}


def restore_account(world: World, id: str, name: str) -> None:
    """A person restores a deleted account: it has its id again."""
    assert world.accounts([account("C1", name, accountid=id)]) == [id]


def restore_contact(trade: Trade, id: str, lastname: str, **values: Any) -> None:
    assert trade.contact(lastname, contactid=id, **values) == id


def let_go(here: Installation, id: str) -> bool:
    """The link says that its source was deleted, and which row it had."""
    link = here.link(id)
    return (link.state, link.reason, link.linked) == ("removed", "source-deleted", True)


def test_an_account_that_is_deleted_and_restored_goes_on_with_its_customer(world: World) -> None:
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install()
    here.sync()
    world.delete(id)
    here.sync()
    assert let_go(here, id)

    restore_account(world, id, "Restored")
    assert shown(here.sync().totals) == {"created": 1, "removed": 1, "updated": 1}
    assert (list(world.customers()), world.customer()["OrganizationName"]) == (["C1"], "Restored")
    assert here.link(id).state == "linked"
    expect_no_issue(here)


def test_an_account_that_is_entered_anew_after_its_delete_takes_the_customer_over(world: World) -> None:
    gone = world.account("C1", "Contoso")
    world.settle()
    here = world.install()
    here.sync()
    world.delete(gone)
    here.sync()

    anew = world.account("C1", "Contoso", telephone1="+1 555")
    assert shown(here.sync().totals) == {"created": 1, "removed": 1, "adopted": 1}
    assert (list(world.customers()), world.customer()["PrimaryContactPhone"]) == (["C1"], "+1 555")
    assert here.link(anew).target == {"dataAreaId": "usmf", "CustomerAccount": "C1"}
    expect_no_issue(here)


def test_a_customer_on_hold_stays_on_hold_when_its_account_is_deleted_and_is_released_when_it_is_restored(
    world: World,
) -> None:
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install(**HOLD)
    here.sync()
    world.deactivate(id)
    here.sync()
    before = world.customer()
    assert before["OnHoldStatus"] == "All"

    world.delete(id)
    here.sync()
    assert world.customer() == before
    assert let_go(here, id)

    restore_account(world, id, "Contoso")
    here.sync()
    assert world.customer() == {**before, "OnHoldStatus": "No"}
    assert here.link(id).state == "linked"
    assert not here.link(id).held
    expect_no_issue(here)


def test_an_account_that_is_restored_deactivated_is_put_on_hold(world: World) -> None:
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install(**HOLD)
    here.sync()
    world.delete(id)
    here.sync()
    assert world.customer()["OnHoldStatus"] == "No", "a delete alone leaves F&O as it is"

    restore_account(world, id, "Contoso")
    world.deactivate(id)
    here.sync()
    assert world.customer()["OnHoldStatus"] == "All"
    expect_no_issue(here)


def test_a_linked_contact_that_is_deleted_leaves_its_person_as_it_is_and_is_linked_again(
    world: World, trade: Trade
) -> None:
    parent = world.account()
    id = trade.contact("Doe", account=parent)
    world.settle()
    here = world.install().of(CONTACTS)
    here.sync_all(ACCOUNTS, CONTACTS)
    before = trade.person()
    world.sales.send("DELETE", f"contacts({id})")

    assert shown(here.sync().totals) == {"created": 1, "removed": 1}
    assert trade.person() == before
    assert let_go(here, id)

    restore_contact(trade, id, "Smith", account=parent)
    here.sync()
    assert trade.person() == {**before, "LastName": "Smith", "ContactPersonName": "Smith"}
    assert here.link(id).state == "linked"
    expect_no_issue(here)


@pytest.mark.parametrize("policy", ["ignore", "hold"])
def test_a_contact_customer_whose_contact_is_deleted_stays_as_it_is_and_is_linked_again(
    world: World, trade: Trade, policy: str
) -> None:
    id = trade.contact("Doe", isbackofficecustomer=True)
    world.settle()
    here = world.install(**FLAG, ACCOUNTS__ON_DEACTIVATE=policy).of(BUYERS)
    here.sync()
    before = trade.buyers()
    world.sales.send("DELETE", f"contacts({id})")

    assert shown(here.sync().totals) == {"created": 1, "removed": 1}
    assert trade.buyers() == before
    assert let_go(here, id)

    restore_contact(trade, id, "Smith", isbackofficecustomer=True)
    here.sync()
    number = contact_number(id)
    assert set(trade.buyers()) == {number}
    assert trade.buyers()[number]["PersonLastName"] == "Smith"
    assert here.link(id).state == "linked"
    expect_no_issue(here)


def test_an_account_that_is_deleted_while_its_customer_is_created_leaves_one_customer_that_is_let_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install(**SHORT_LEASE)
    here.detect()
    kill_before_remembering(monkeypatch)
    here.deliver_next()
    assert list(world.customers()) == ["C1"], "it was created, and nobody remembers"
    world.delete(id)
    here.detect()
    here.pump()

    assert [type(failure) for failure in here.failures] == [Killed]
    here.failures.clear()
    here.status()  # its counts close
    assert list(world.customers()) == ["C1"]
    assert (here.link(id).state, here.link(id).reason) == ("removed", "source-deleted")
    restore_account(world, id, "Restored")
    here.sync()
    assert (list(world.customers()), world.customer()["OrganizationName"]) == (["C1"], "Restored")
    assert here.link(id).state == "linked"
    expect_no_issue(here)


def test_who_waits_for_a_record_that_is_deleted_is_told_so_and_goes_on_when_it_is_restored(
    world: World, trade: Trade
) -> None:
    parent = world.account(None, "Numberless")
    id = trade.contact("Doe", account=parent)
    world.settle()
    here = world.install().of(CONTACTS)
    here.sync_all(ACCOUNTS, CONTACTS)
    assert stands(here) == {f"accounts:{parent}": "parked: missing-number"}

    world.delete(parent)
    here.of(ACCOUNTS).sync()
    assert stands(here) == {f"accounts:{parent}": "removed: source-deleted"}

    restore_account(world, parent, "With a number")
    restore_contact(trade, id, "Doe", account=parent)  # Sales had deleted it with its account
    here.sync_all(ACCOUNTS, CONTACTS)
    assert stands(here) == {}
    assert trade.person()["LastName"] == "Doe"
    expect_no_issue(here)


def stands(here: Installation) -> dict[str, str]:
    """How what is waited for stands, as `python -m sync waiting` tells it."""
    result = CliRunner(env=dict(here.environment)).invoke(main, ["waiting", "--json"])
    assert result.exit_code == 0, result.output
    return {each["awaits"]: each["stands"] for each in json.loads(result.output)}
