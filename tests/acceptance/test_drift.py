"""`python -m sync sweep`: drift is found whole and nothing else is, a repair mends it, a second sweep finds nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.storage.queue import QueueClient
from click.testing import CliRunner

from sync.cli import main
from sync.stores.tables import TableWaiting
from sync.stores.tables.link_rows import link_key, partition_key
from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_quotes import ACCOUNTS, ALL, PRODUCTS, QUOTES, Desk
from tests.acceptance.acceptance_trade import CONTACTS, Trade
from tests.acceptance.acceptance_world import World, many

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def sweep(here: Installation, *arguments: str, status: int | None = None) -> dict[str, Any]:
    """What the command tells a program, by flow."""
    result = CliRunner(env=dict(here.environment)).invoke(main, ["sweep", "--json", *arguments])
    assert result.exit_code in ((0, 1) if status is None else (status,)), result.output
    found: dict[str, Any] = json.loads(result.output)
    assert result.exit_code == any(each["found"] for each in found.values())
    return found


def drifted(here: Installation, *arguments: str) -> set[tuple[str, str, str]]:
    """Kind, number (or id) and columns of what drifted, in any flow."""
    found = sweep(here, *arguments).values()
    return {
        (each["kind"], each["number"] or each["id"], " ".join(each["columns"]))
        for flow in found
        for each in flow["findings"]
    }


def lose_link(here: Installation, mapping: str, id: str) -> None:
    """Somebody deletes a row of the link table."""
    here.app.connections.storage.table("links").delete(partition_key(mapping, 0), [link_key(id)])


def delete_customer(world: World, number: str) -> None:
    world.finops.send("DELETE", f"CustomersV3(dataAreaId='usmf',CustomerAccount='{number}')")


def test_injected_drift_of_accounts_is_found_whole_repaired_and_gone(world: World) -> None:
    ids = dict(zip([f"M{at:04}" for at in range(12)], world.accounts(many(12)), strict=True))
    world.settle()
    here = world.install()
    here.sync()
    assert sweep(here, ACCOUNTS, status=0)[ACCOUNTS]["counts"] == {"records": 12, "links": 12}

    delete_customer(world, "M0001")
    world.change_customer("M0002", OrganizationName="by a clerk", PrimaryContactPhone="of a clerk")
    lose_link(here, "accounts", ids["M0003"])
    expected = {
        ("missing", "M0001", ""),
        ("differs", "M0002", "OrganizationName"),
        ("unlinked", "M0003", ""),
    }
    before = world.customers()
    assert drifted(here, ACCOUNTS) == expected
    assert (world.customers(), here.backlog()) == (before, 0), "a sweep alone writes nothing"

    assert drifted(here, ACCOUNTS, "--repair") == expected
    assert world.customers() == before, "the sweep itself writes to no system"
    here.pump()
    assert world.customer("M0002")["OrganizationName"] == "Company 2"
    assert set(world.customers()) == set(ids)
    assert drifted(here, ACCOUNTS) == set()
    expect_no_issue(here)


def test_a_counterpart_whose_issue_tells_that_it_is_gone_is_made_again_by_a_repair(world: World) -> None:
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install()
    here.sync()
    delete_customer(world, "C1")
    world.change(id, telephone1="+1 555")
    here.sync()
    assert here.issues()["C1"].trouble.code == "target-missing"

    assert drifted(here, ACCOUNTS, "--repair") == {("missing", "C1", "")}
    here.pump()
    assert world.customer("C1")["PrimaryContactPhone"] == "+1 555"
    expect_no_issue(here)


def lose_messages(here: Installation) -> None:
    """Somebody empties the flow's queue."""
    queue = f"{here.environment['QUEUE_PREFIX']}-{here.flow.replace('_', '-')}"
    with QueueClient.from_connection_string(here.environment["AzureWebJobsStorage"], queue) as client:
        client.clear_messages()


def test_changes_that_were_lost_are_found(world: World) -> None:
    gone, changed, stopped, _ = world.accounts(many(4))
    world.settle()
    here = world.install()
    here.sync()
    world.delete(gone)
    world.change(changed, name="Renamed")
    world.deactivate(stopped)
    new = world.account("C9", "New")
    assert drifted(here, ACCOUNTS) == set(), "the feed is about to tell them"
    here.detect()
    lose_messages(here)
    expected = {
        ("orphaned", gone, ""),
        ("differs", "M0001", "OrganizationName"),
        ("differs", stopped, "state"),
        ("missing", "C9", ""),
    }
    assert drifted(here, ACCOUNTS, "--repair") == expected
    here.pump()
    assert drifted(here, ACCOUNTS) == set()
    assert world.customer("M0001")["OrganizationName"] == "Renamed"
    assert (here.link(gone).state, here.link(stopped).reason) == ("removed", "not-active")
    assert here.link(new).target["CustomerAccount"] == "C9"


def test_many_that_are_gone_are_told_and_left(world: World) -> None:
    ids = world.accounts(many(4))
    world.settle()
    here = world.install()
    here.sync()
    for id in ids[:2]:
        world.delete(id)
    here.detect()
    lose_messages(here)
    found = sweep(here, ACCOUNTS, "--repair", status=1)[ACCOUNTS]
    assert (found["found"], found["braked"], found["repaired"], here.backlog()) == (2, 2, 0, 0)


def test_what_is_on_its_way_is_not_told(world: World) -> None:
    first, _ = world.accounts(many(2))
    world.settle()
    here = world.install()
    here.sync()
    world.change(first, name="Renamed")
    world.account("C9", "New")
    found = sweep(here, ACCOUNTS, status=0)[ACCOUNTS]
    assert found["counts"]["under way"] == 2, "the next detect run reads them"
    here.detect()
    assert sweep(here, ACCOUNTS, status=0)[ACCOUNTS]["counts"]["under way"] == 2, "they are in the queue"
    world.change_customer("M0001", OrganizationName="by a clerk")
    assert drifted(here, ACCOUNTS) == {("differs", "M0001", "OrganizationName")}, "no change explains that"
    here.pump()
    assert drifted(here, ACCOUNTS) == {("differs", "M0001", "OrganizationName")}


def test_a_record_that_waits_for_what_is_there_is_found_and_goes_on(world: World, trade: Trade) -> None:
    account = world.account("C1", "Contoso")
    contact = trade.contact(account=account)
    world.settle()
    here = world.install().of(CONTACTS)
    here.sync()
    assert here.link(contact).state == "waiting"
    assert drifted(here, CONTACTS) == set()
    waiting = TableWaiting(here.app.connections.storage)
    (waiter,) = list(waiting.open(CONTACTS))
    waiting.remove([waiter])
    assert drifted(here, CONTACTS) == {("waits for nothing", contact, f"accounts:{account}")}
    here.sync_all(ACCOUNTS)
    assert here.link(contact).state == "waiting", "its row was lost"

    assert drifted(here, CONTACTS, "--repair") == {("waits for nothing", contact, f"accounts:{account}")}
    here.pump_all(ACCOUNTS, CONTACTS)
    assert drifted(here) == set()
    assert len(trade.persons()) == 1


@pytest.fixture
def desk(world: World, trade: Trade) -> Desk:
    return Desk(world, trade)


def synced(world: World, *flows: str) -> Installation:
    world.settle()
    here = world.install()
    here.sync_all(*(flows or ALL))
    return here


def test_drift_of_products_and_of_their_prices(world: World, desk: Desk, trade: Trade) -> None:
    trade.release("P3")
    here = synced(world).of(PRODUCTS)
    assert drifted(here) == set()
    trade.change_product("P1", name="By hand")
    trade.patch("productpricelevels", trade.items("P2")["ea"]["productpricelevelid"], amount=99)
    world.sales.send("DELETE", f"products({trade.product('P3')['productid']})")
    expected = {("differs", "P1", "name"), ("differs", "P2", "price_list_item.amount"), ("missing", "P3", "")}
    assert {
        (kind, number, columns.split()[0] if columns else "") for kind, number, columns in drifted(here)
    } == expected
    sweep(here, "--repair", status=1)
    here.pump_all(*ALL)
    assert drifted(here) == set()
    assert (trade.product()["name"], set(trade.products())) == ("Product P1", {"P1", "P2", "P3"})


def test_drift_of_quotes_and_of_their_lines(world: World, desk: Desk) -> None:
    here = synced(world).of(QUOTES)
    desk.quote("Q-1", ("P1", 1), ("P2", 2))
    desk.quote("Q-2", ("P1", 3))
    here.sync()
    assert drifted(here) == set()
    line = "CDSSalesQuotationLines(dataAreaId='usmf',SalesQuotationNumber='Q-1',LineCreationSequenceNumber={})"
    world.finops.send("PATCH", line.format(1), {"RequestedSalesQuantity": 7})
    world.finops.send("DELETE", line.format(2))
    found = drifted(here)
    assert {(kind, number) for kind, number, _ in found} == {("differs", "Q-1")}
    ((_, _, columns),) = found
    assert "line 1 RequestedSalesQuantity" in columns
    assert "line 2 is missing" in columns
    sweep(here, "--repair", status=1)
    here.pump_all(*ALL)
    assert sorted(desk.shown().values()) == [("P1", 1), ("P2", 2)]
    assert drifted(here) == set()


def test_the_daily_comparison_goes_on_page_by_page_and_its_issue_is_settled_by_the_next_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start(page_size=2)
    world.enter_reference_data()
    world.accounts(many(5))
    world.settle()
    here = world.install()
    here.sync()
    here.app.compare_daily(ACCOUNTS)
    world.change_customer("M0004", OrganizationName="by a clerk")
    assert not here.issues(), "the first comparison is due after a day"

    monkeypatch.setattr("sync.daily.SECONDS", 0)  # every tick is cut off behind its first page
    ticks = 0
    while not here.issues():
        world.install_later(25).app.compare_daily(ACCOUNTS)
        ticks += 1
        assert ticks < 20
    assert ticks > 3, "there are three pages of accounts and one of links"
    (issue,) = here.issues().values()
    assert (issue.trouble.code, here.status().state) == ("drift-found", "running")
    assert "1 differs" in issue.trouble.cause

    sweep(here, ACCOUNTS, "--repair", status=1)
    here.pump()
    monkeypatch.setattr("sync.daily.SECONDS", 120)
    world.install_later(50).app.compare_daily(ACCOUNTS)
    assert not here.issues()
