"""F&O that gives new rows numbers of its own (flows.md 4.1), and a host that dies before it has read them."""

from __future__ import annotations

import pytest

from tests.acceptance.acceptance_crash import SHORT_LEASE, kill_before_remembering
from tests.acceptance.acceptance_expect import expect_issue
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_trade import BUYERS, CONTACTS, Trade
from tests.acceptance.acceptance_world import World, account, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


@pytest.fixture
def numbering(world: World) -> World:
    """A world in which F&O drops the numbers that it is sent."""
    world.finops_admin.switch(customer_numbers="replaced", contact_numbers="replaced")
    return world


def test_customers_that_were_made_before_the_host_died_are_not_made_twice(
    numbering: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = numbering.accounts([account("C1", "Contoso"), account("C2", "Fabrikam")])
    numbering.settle()
    here = numbering.install(**SHORT_LEASE)
    kill_before_remembering(monkeypatch)

    assert shown(here.sync().totals) == {"adopted": 2}
    customers = {row["OrganizationName"]: number for number, row in numbering.customers().items()}
    assert sorted(customers) == ["Contoso", "Fabrikam"]
    numbers = [here.link(id).target["CustomerAccount"] for id in ids]
    assert numbers == [customers["Contoso"], customers["Fabrikam"]]
    assert not {"C1", "C2"} & set(numbers), "F&O has given numbers of its own"
    assert not here.issues()


def test_a_customer_that_was_made_is_known_again_after_its_account_was_renamed(
    numbering: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = numbering.account("C1", "Contoso")
    numbering.settle()
    here = numbering.install(**SHORT_LEASE)
    kill_before_remembering(monkeypatch)
    here.detect()
    here.deliver_next()
    numbering.change(id, name="Renamed while the host was down")

    here.sync()
    told = expect_issue(here, "C1", "ambiguous-match", "OrganizationName", hidden=("Contoso", "Renamed"))
    assert "nobody can tell whether CustomersV3 has its row" in told.cause
    assert len(numbering.customers()) == 1

    numbering.change(id, name="Contoso")
    here.sync()
    (customer,) = numbering.customers().values()
    assert here.link(id).target["CustomerAccount"] == customer["CustomerAccount"]
    assert not here.issues()


def test_persons_that_were_made_before_the_host_died_are_not_made_twice(
    numbering: World, trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = numbering.account("C1", "Contoso")
    names = {trade.contact(name, account=parent): name for name in ("Doe", "Roe", "Poe")}
    buyer = trade.contact("Moe", account=parent)
    trade.quote(contact=buyer)
    numbering.settle()
    here = numbering.install(**SHORT_LEASE)
    here.of(ACCOUNTS).sync()
    for flow in (CONTACTS, BUYERS):
        kill_before_remembering(monkeypatch)
        here.of(flow).sync()
    here.sync_all(ACCOUNTS, CONTACTS, BUYERS)

    persons = trade.persons()
    assert sorted(row["LastName"] for row in persons.values()) == sorted(names.values()), "a buyer is a customer"
    for id, name in names.items():
        assert persons[str(here.of(CONTACTS).link(id).target["ContactPersonId"])]["LastName"] == name
    assert [row["PersonLastName"] for row in trade.buyers().values()] == ["Moe"]
    for flow in (ACCOUNTS, CONTACTS, BUYERS):
        assert not here.of(flow).issues()
