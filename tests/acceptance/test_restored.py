"""Storage that is lost, and systems that are restored to yesterday: both sides come together again, nothing doubles.

What the app does then is told in docs/how-to/restore.md.
"""

from __future__ import annotations

from typing import Any

from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_quotes import ACCOUNTS, ALL, PRODUCTS, QUOTES, Desk
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World, many, shown
from tests.acceptance.test_drift import delete_customer, drifted, lose_messages, sweep

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

IN_SALES = ("accounts", "contacts", "products", "productpricelevels", "quotes", "quotedetails")
IN_FINOPS = ("CustomersV3", "ContactPersons", "CDSSalesQuotationHeaders", "CDSSalesQuotationLines")


def both(world: World) -> dict[str, list[dict[str, Any]]]:
    """Everything that the flows read and write, with the versions of Sales' rows."""
    sales = {name: world.sales_admin.rows(name) for name in IN_SALES}
    return sales | {name: world.finops_admin.rows(name) for name in IN_FINOPS}


def test_links_that_are_lost_are_rebuilt_from_both_systems_and_nothing_is_written(world: World, trade: Trade) -> None:
    desk = Desk(world, trade)
    account = world.account("C2", "Fabrikam", telephone1="+1 555", address1_city="Rome")
    trade.contact("Doe", account=account)
    buyer = trade.contact("Roe")
    world.settle()
    here = world.install()
    here.sync_all(*ALL)
    desk.quote("Q-1", ("P1", 1), ("P2", 2))
    desk.quote("Q-2", ("P2", 1), contact=buyer)
    here.sync_all(*ALL)
    here.sync_all(*ALL)
    before = both(world)
    assert (len(before["CDSSalesQuotationHeaders"]), len(before["CDSSalesQuotationLines"])) == (2, 3)

    anew = world.install(TABLE_PREFIX="anew")
    anew.sync_all(*ALL)
    found = {name: shown(each.totals) for name, each in anew.sync_all(*ALL).items()}
    after = both(world)
    for name, rows in before.items():
        assert after[name] == rows, name
    assert {name: each.get("created", 0) for name, each in found.items()} == dict.fromkeys(ALL, 0)
    assert found[QUOTES] == {"adopted": 2}
    assert found[PRODUCTS] == {"adopted": 2}
    assert drifted(anew) == set()
    expect_no_issue(anew)


def test_finops_that_is_restored_to_yesterday_gets_back_what_it_lost(world: World) -> None:
    world.accounts(many(3))
    world.settle()
    here = world.install()
    here.sync()
    delete_customer(world, "M0001")  # came after the backup
    world.change_customer("M0002", OrganizationName="as it was yesterday")
    here.sync()
    assert world.customer("M0002")["OrganizationName"] == "as it was yesterday", "no feed tells of it"

    assert drifted(here, ACCOUNTS, "--repair") == {
        ("missing", "M0001", ""),
        ("differs", "M0002", "OrganizationName"),
    }
    here.pump()
    assert {number: row["OrganizationName"] for number, row in world.customers().items()} == {
        f"M{at:04}": f"Company {at}" for at in range(3)
    }
    assert drifted(here, ACCOUNTS) == set()
    expect_no_issue(here)


def test_sales_that_is_restored_to_yesterday_is_followed_and_its_lost_records_are_let_go(world: World) -> None:
    ids = world.accounts(many(60))
    world.settle()
    here = world.install()
    here.sync()
    world.delete(ids[0])  # came after the backup
    world.change(ids[1], name="as it was yesterday")
    here.detect()
    lose_messages(here)  # the restored Sales tells no change

    assert drifted(here, ACCOUNTS, "--repair") == {
        ("orphaned", ids[0], ""),
        ("differs", "M0001", "OrganizationName"),
    }
    here.pump()
    assert world.customer("M0001")["OrganizationName"] == "as it was yesterday"
    assert here.link(ids[0]).state == "removed"
    assert len(world.customers()) == 60, "what Sales lost stays in F&O"
    assert drifted(here, ACCOUNTS) == set()

    again = world.account("M0000", "Company 0")  # people enter it once more
    here.detect()
    here.pump()  # without a look at the counts: they miss what the test lost
    assert here.link(again).target["CustomerAccount"] == "M0000"
    assert len(world.customers()) == 60
    assert sweep(here, ACCOUNTS, status=0)[ACCOUNTS]["found"] == 0


def test_products_that_sales_lost_in_a_restore_come_back_as_the_same_products(world: World, trade: Trade) -> None:
    trade.release("P1")
    trade.release("P2")
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()
    id = trade.product("P2")["productid"]
    world.sales.send("DELETE", f"products({id})")
    here.sync()
    assert set(trade.products()) == {"P1"}
    assert {(kind, number) for kind, number, _ in drifted(here, PRODUCTS, "--repair")} == {("missing", "P2")}
    here.pump()
    assert trade.product("P2")["productid"] == id
    assert drifted(here, PRODUCTS) == set()
    expect_no_issue(here)
