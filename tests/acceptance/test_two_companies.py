"""Two companies: by business unit, the same numbers in both, products of one (flows.md 1.1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_trade import BUYERS, CONTACTS, PRODUCTS, Trade
from tests.acceptance.acceptance_world import World, account, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

ALL = (PRODUCTS, ACCOUNTS, CONTACTS, BUYERS)


@pytest.fixture
def mappings(world: World, tmp_path: Path) -> str:
    """The shipped files, with a business unit that belongs to a second company, which F&O has."""
    return world.open_second_company(tmp_path)


def test_a_contact_goes_to_the_company_of_its_account_and_numbers_may_be_the_same_in_two(
    world: World, trade: Trade, mappings: str
) -> None:
    seller = {"ownerid@odata.bind": f"/systemusers({world.seller_of_unit('Contoso Germany')})"}
    ours, theirs = world.accounts([account("C1", "Contoso"), account("C1", "Contoso GmbH")])
    world.change(theirs, **seller)
    mine = trade.contact("Mine", account=ours, employeeid="E-1")
    # The contact's own unit does not matter: its account's company does.
    other = trade.contact("Other", account=theirs, employeeid="E-1")
    third = trade.contact("Third", account=ours, employeeid="E-3", **seller)
    world.settle()
    here = world.install(MAPPINGS=mappings, CONTACTS__NUMBER_COLUMN="employeeid")
    statuses = here.sync_all(ACCOUNTS, CONTACTS)

    assert shown(statuses[CONTACTS].totals) == {"created": 3}
    links = {name: dict(here.of(CONTACTS).link(id).target) for name, id in (("M", mine), ("O", other), ("T", third))}
    assert links == {
        "M": {"dataAreaId": "usmf", "ContactPersonId": "E-1"},
        "O": {"dataAreaId": "demf", "ContactPersonId": "E-1"},
        "T": {"dataAreaId": "usmf", "ContactPersonId": "E-3"},
    }
    parties = {row["dataAreaId"]: row["PartyNumber"] for row in world.finops_admin.rows("CustomersV3")}
    for person in world.finops_admin.rows("ContactPersons"):
        assert person["AssociatedPartyNumber"] == parties[person["dataAreaId"]]

    trade.change(other, jobtitle="Boss")
    here.of(CONTACTS).sync()
    titles = {row["LastName"]: row["EmploymentProfession"] for row in world.finops_admin.rows("ContactPersons")}
    assert titles == {"Mine": "", "Other": "Boss", "Third": ""}
    expect_no_issue(here.of(CONTACTS))


def test_two_contacts_of_one_number_in_one_company_are_told_though_there_are_two_companies(
    world: World, trade: Trade, mappings: str
) -> None:
    seller = {"ownerid@odata.bind": f"/systemusers({world.seller_of_unit('Contoso Germany')})"}
    ours, theirs = world.accounts([account("C1", "Contoso"), account("C1", "Contoso GmbH")])
    world.change(theirs, **seller)
    for lastname, parent in (("A", ours), ("B", ours), ("C", theirs)):
        trade.contact(lastname, account=parent, employeeid="E-1")
    world.settle()
    here = world.install(MAPPINGS=mappings, CONTACTS__NUMBER_COLUMN="employeeid")
    statuses = here.sync_all(ACCOUNTS, CONTACTS)

    assert shown(statuses[CONTACTS].totals) == {"created": 1, "parked": {"duplicate-number": 2}}
    expect_issue(here.of(CONTACTS), "E-1", "duplicate-number", "employeeid")
    assert [row["LastName"] for row in trade.persons().values()] == ["C"]


def test_a_contact_customer_goes_to_the_company_of_its_own_unit(world: World, trade: Trade, mappings: str) -> None:
    seller = {"ownerid@odata.bind": f"/systemusers({world.seller_of_unit('Contoso Germany')})"}
    for lastname, owner in (("Ours", {}), ("Theirs", seller)):
        trade.contact(lastname, isbackofficecustomer=True, employeeid="E-1", **owner)
    world.settle()
    here = world.install(MAPPINGS=mappings, CONTACTS__NUMBER_COLUMN="employeeid", CONTACT_CUSTOMERS__RULE="flag")

    assert shown(here.of(BUYERS).sync().totals) == {"created": 2}
    rows = world.finops_admin.rows("CustomersV3")
    assert {row["dataAreaId"]: row["PersonLastName"] for row in rows} == {"usmf": "Ours", "demf": "Theirs"}


def test_products_are_read_from_one_company_and_those_of_the_other_are_not_counted(
    world: World, trade: Trade, mappings: str
) -> None:
    trade.release("P1")
    trade.release("P2")
    trade.release_many(["P1", "P3"], dataAreaId="demf", ProductName="German")
    world.settle()
    here = world.install(MAPPINGS=mappings).of(PRODUCTS)
    assert shown(here.sync().totals) == {"created": 2}
    assert set(trade.products()) == {"P1", "P2"}


def test_products_can_be_read_from_another_company_than_customers_are_in(
    world: World, trade: Trade, mappings: str
) -> None:
    trade.release("P1")
    trade.release_many(["P1", "P3"], dataAreaId="demf", ProductName="German")
    world.account()
    world.settle()
    here = world.install(MAPPINGS=mappings, PRODUCTS__COMPANY="DEMF")
    statuses = here.sync_all(*ALL)

    assert shown(statuses[PRODUCTS].totals) == {"created": 2}
    assert {number: row["name"] for number, row in trade.products().items()} == {"P1": "German", "P3": "German"}
    assert world.customer()["dataAreaId"] == "usmf"
