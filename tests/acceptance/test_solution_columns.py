"""With and without the columns of Microsoft's Prospect-to-cash solution in Sales (flows.md 1.11)."""

from __future__ import annotations

from typing import Any

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_rules import contact_number
from tests.acceptance.acceptance_trade import BUYERS, CONTACTS, PRODUCTS, Trade
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

ALL = (PRODUCTS, ACCOUNTS, CONTACTS, BUYERS)


def solved(number: str | None, *, customer: bool | None = False, of_account: bool | None = True) -> dict[str, Any]:
    """The columns of the solution, as its plug-ins fill them."""
    return {
        "msdynce_contactnumber": number,
        "msdynce_isactivecustomer": customer,
        "msdynce_iscompanyanaccount": of_account,
    }


def test_with_the_solution_its_columns_say_numbers_and_customers_and_are_filled(world: World, trade: Trade) -> None:
    world.sales_admin.switch(p2c_solution=True)
    account = world.account()
    trade.release("P1")
    trade.contact("Person", account=account, **solved("CON-1"))
    trade.contact("Buyer", account=account, **solved("CON-2", customer=True))
    trade.contact("Loner", **solved("CON-3", of_account=False))
    trade.contact("Elsewhere", account=account, **solved("CON-4", of_account=False))
    trade.contact("Unsaid", account=account, **solved("CON-5", customer=None))
    numberless = trade.contact("Numberless", account=account, **solved(None))
    quoted = trade.contact("Quoted", account=account, **solved("CON-6"))
    trade.quote(contact=quoted)
    world.settle()
    here = world.install(CONTACTS__NUMBER_COLUMN="employeeid")
    statuses = here.sync_all(*ALL)

    assert trade.product()["msdynce_ismaintainedexternally"] is True
    assert {number: row["LastName"] for number, row in trade.persons().items()} == {
        "CON-1": "Person", "CON-5": "Unsaid", "CON-6": "Quoted",
    }  # fmt: skip
    assert {number: row["PersonLastName"] for number, row in trade.buyers().items()} == {"CON-2": "Buyer"}
    assert shown(statuses[CONTACTS].totals) == {
        "created": 3,
        "skipped": {"is-customer": 1, "contact-without-account": 2},
        "parked": {"missing-number": 1},
    }
    expect_issue(here.of(CONTACTS), numberless, "missing-number", "ContactPersonId")
    assert shown(statuses[BUYERS].totals) == {"created": 1, "skipped": {"not-a-customer": 6}}


def test_without_the_solution_links_numbers_and_documents_take_its_place(world: World, trade: Trade) -> None:
    trade.release("P1")
    person = trade.contact("Person", account=world.account())
    buyer = trade.contact("Buyer", account=world.account("C2", "Fabrikam"))
    trade.quote(contact=buyer)
    world.settle()
    here = world.install()
    here.sync_all(*ALL)

    assert "msdynce_ismaintainedexternally" not in trade.product()
    assert set(trade.persons()) == {contact_number(person)}
    assert set(trade.buyers()) == {contact_number(buyer)}
    for flow in ALL:
        expect_no_issue(here.of(flow))


def test_a_solution_that_is_installed_later_renumbers_nothing_and_is_used_from_then_on(
    world: World, trade: Trade
) -> None:
    account = world.account()
    trade.release("P1")
    old = trade.contact("Old", account=account)
    world.settle()
    first = world.install()
    first.sync_all(*ALL)
    party = trade.person()["ContactPersonPartyNumber"]

    world.sales_admin.switch(p2c_solution=True)
    trade.change(old, lastname="Older", **solved("CON-1"))
    trade.contact("New", account=account, **solved("CON-2"))
    first.forget_columns()
    here = world.install()
    here.sync_all(*ALL)

    assert trade.product()["msdynce_ismaintainedexternally"] is True
    names = {number: row["LastName"] for number, row in trade.persons().items()}
    assert names == {contact_number(old): "Older", "CON-2": "New"}
    assert trade.persons()[contact_number(old)]["ContactPersonPartyNumber"] == party
    assert "warnings" not in shown(here.of(CONTACTS).status().totals)

    trade.change(old, msdynce_isactivecustomer=True)
    here.sync_all(*ALL)
    assert [row["PartyNumber"] for row in trade.buyers().values()] == [party]
    for flow in ALL:
        expect_no_issue(here.of(flow))
