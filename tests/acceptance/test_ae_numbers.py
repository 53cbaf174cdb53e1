"""Expected outcomes of accounts (flows.md 3.5): numbers, AE1 to AE6 and AE12."""

from __future__ import annotations

import base64
import hashlib

import pytest

from local.data.enter import EnterError
from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_world import World, account, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def test_ae01_hold_an_account_without_number_is_parked_and_nothing_is_written(world: World) -> None:
    id = world.account("  ", "Numberless Goods")
    world.settle()
    here = world.install()

    assert shown(here.sync().totals) == {"parked": {"missing-number": 1}}
    expect_issue(here, id, "missing-number", "CustomerAccount", hidden=("Numberless",))
    assert not world.customers()
    assert world.sales_admin.counters()["writes"] == world.finops_admin.counters()["writes"] == 0
    assert here.link(id).state == "parked"
    assert not here.link(id).target


def test_ae01_hold_goes_through_when_the_number_is_entered(world: World) -> None:
    id = world.account(None, "Numberless Goods")
    world.settle()
    here = world.install()
    here.sync()
    world.change(id, accountnumber="N1")

    assert shown(here.sync().totals) == {"created": 1, "superseded": 1}
    expect_no_issue(here)
    assert world.customer("N1")["OrganizationName"] == "Numberless Goods"


def test_ae01_allocate_writes_a_number_to_sales_and_then_creates(world: World) -> None:
    ids = world.accounts([account(None, "Numberless Goods"), account("", "Nameless Goods"), account("C1", "Contoso")])
    world.settle()
    here = world.install(ACCOUNTS__MISSING_NUMBER="allocate")

    assert shown(here.sync().totals) == {"created": 3}
    numbers = sorted(world.sales_row(id)["accountnumber"] for id in ids[:2])
    assert [number.split("-")[1] for number in numbers] == ["01000", "01001"]
    for id in ids[:2]:
        number = world.sales_row(id)["accountnumber"]
        text = base64.b32encode(hashlib.sha256(id.encode()).digest()).decode()
        assert number == f"ACC-{number.split('-')[1]}-{text[:6]}"
        assert world.customer(number)["OrganizationName"] == world.sales_row(id)["name"]
        assert here.link(id).target == {"dataAreaId": "usmf", "CustomerAccount": number}
    assert world.sales_admin.counters()["writes"] == 2

    # The echo of the app's own write comes to nothing.
    assert shown(here.sync().totals) == {"created": 3, "unchanged": 2}
    assert world.finops_admin.counters()["writes"] == 3


def test_ae02_sales_takes_no_number_of_21_characters(world: World) -> None:
    with pytest.raises(EnterError, match="answered 400"):
        world.account("123456789012345678901")
    world.account("12345678901234567890")
    world.settle()
    here = world.install()

    assert shown(here.sync().totals) == {"created": 1}
    assert list(world.customers()) == ["12345678901234567890"]


def test_ae02_f_o_takes_no_number_of_21_characters_either(world: World) -> None:
    with pytest.raises(EnterError, match="exceeds the maximum length"):
        world.enter_customer("123456789012345678901")


@pytest.mark.parametrize("number", ["A/1", "R&D", "A%20", "C1.", "What?", "50+", "A#1"])
def test_ae03_a_number_that_cannot_stand_in_a_key_is_parked(world: World, number: str) -> None:
    id = world.account(number, "Research")
    world.settle()
    here = world.install()

    assert shown(here.sync().totals) == {"parked": {"unsafe-number": 1}}
    expect_issue(here, number, "unsafe-number", "CustomerAccount", hidden=("Research", "R&D"))
    assert not world.customers()
    assert not here.link(id).target


def test_ae04_an_apostrophe_does_no_harm_on_create_update_and_in_the_address(world: World) -> None:
    id = world.account("O'Brien", "O'Brien & Sons")
    world.settle()
    here = world.install()

    assert shown(here.sync().totals) == {"created": 1}
    world.change(id, name="O'Brien & Daughters")
    assert shown(here.sync().totals) == {"created": 1, "updated": 1}
    assert world.customer("O'Brien")["OrganizationName"] == "O'Brien & Daughters"
    expect_no_issue(here)


def test_ae05_two_accounts_with_one_number_are_both_parked_and_name_each_other(world: World) -> None:
    one, other = world.accounts([account("D1", "Twice Entered"), account("d1", "Twice Entered Ltd")])
    world.settle()
    here = world.install()

    status = here.sync()
    assert shown(status.totals) == {"parked": {"duplicate-number": 2}}
    assert not world.customers()
    assert {issue.id: issue.trouble.details["others"] for issue in status.issues} == {one: other, other: one}
    for issue in status.issues:
        assert issue.trouble.number.casefold() == "d1"
        assert issue.trouble.remedy
        assert "Twice" not in issue.trouble.cause


def test_ae06_the_linked_account_goes_on_and_the_second_is_parked(world: World) -> None:
    first = world.account("D1", "First Come")
    world.settle()
    here = world.install()
    here.sync()
    second = world.account("d1", "Second Come")
    world.change(first, name="First Come Ltd")

    assert shown(here.sync().totals) == {"created": 1, "updated": 1, "parked": {"duplicate-number": 1}}
    assert world.customer("D1")["OrganizationName"] == "First Come Ltd"
    trouble = expect_issue(here, "d1", "duplicate-number", "accountnumber", hidden=("Second",))
    assert trouble.details["others"] == first
    assert not here.link(second).target
    assert here.link(first).linked


def test_ae12_a_changed_number_leaves_the_key_and_warns(world: World) -> None:
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install()
    here.sync()
    before = world.customer("C1")
    world.change(id, accountnumber="C2")

    totals = shown(here.sync().totals)
    assert totals == {"created": 1, "unchanged": 1, "warnings": {"number-changed": 1}}
    assert world.customers() == {"C1": before}
    assert here.link(id).target == {"dataAreaId": "usmf", "CustomerAccount": "C1"}

    # The link keeps working: the next change of the account arrives at the same customer.
    world.change(id, name="Contoso Ltd")
    here.sync()
    assert world.customer("C1")["OrganizationName"] == "Contoso Ltd"
