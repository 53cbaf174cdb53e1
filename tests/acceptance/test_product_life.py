"""The life of products over many reads: renamed, repriced, stopped, gone, back again; many at once; a mass change."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from sync.cli import main
from sync.errors import ConfigError
from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_trade import PRODUCTS, Trade, amounts
from tests.acceptance.acceptance_world import World, shown, since

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

RETIRED = (1, 2)


def test_a_product_is_renamed_repriced_stopped_gone_and_back_again(world: World, trade: Trade) -> None:
    trade.release("P1")
    trade.release("P2")
    world.settle()
    here = world.install().of(PRODUCTS)
    before = here.sync().totals
    made = trade.product()["productid"]

    def step() -> dict[str, int]:
        nonlocal before
        last, before = before, here.sync().totals
        return since(last, before)

    trade.release("P1", ProductName="Renamed")
    assert step() == {"updated": 1}
    assert trade.product()["name"] == "Renamed"

    trade.release("P1", SalesPrice=11.5)
    assert step() == {"updated": 1}
    assert (trade.product()["price"], amounts(trade.items())) == (11.5, {"ea": 11.5})

    trade.release("P1", IsSalesStopped="Yes")
    assert step() == {"unchanged": 1}
    assert before.warnings == {"sales-stopped": 1}

    trade.release("P1", IsSalesStopped="No", SalesPrice=12)
    assert step() == {"updated": 1}
    assert amounts(trade.items()) == {"ea": 12}

    trade.withdraw("P1")
    assert step() == {"removed": 1}
    assert before.warnings == {"sales-stopped": 1, "no-longer-sellable": 1}
    assert step() == {}

    trade.release("P1", ProductName="Back again", SalesPrice=13)
    assert step() == {"updated": 1}
    product = trade.product()
    assert (product["productid"], product["name"], product["statecode"]) == (made, "Back again", 0)
    assert amounts(trade.items()) == {"ea": 13}
    assert trade.product("P2")["name"] == "Product P2"
    expect_no_issue(here)


@pytest.mark.parametrize("changed", [{}, {"ProductName": "Sold again", "SalesPrice": 12}], ids=["as before", "changed"])
@pytest.mark.parametrize("how", ["stopped", "gone"])
def test_a_product_that_was_retired_is_sold_again_only_when_a_person_has_opened_it_in_sales(
    world: World, trade: Trade, how: str, changed: dict[str, str | int]
) -> None:
    """flows.md 2.3: Retired is never reopened by the app."""
    trade.release("P1")
    trade.release("P2")
    world.settle()
    here = world.install(PRODUCTS__ON_STOP="retire").of(PRODUCTS)
    here.sync()

    def end_and_begin(**values: str | int) -> None:
        if how == "stopped":
            trade.release("P1", IsSalesStopped="Yes")
        else:
            trade.withdraw("P1")
        here.sync()
        assert (trade.product()["statecode"], trade.product()["statuscode"]) == RETIRED
        expect_no_issue(here)
        trade.release("P1", IsSalesStopped="No", **values)

    end_and_begin(**changed)
    before, retired, items = here.status().totals, trade.product(), trade.items()
    world.count_anew()
    assert since(before, here.sync().totals) == {"parked": 1}
    expect_issue(here, "P1", "retired-in-sales", "statecode")
    assert (trade.product(), trade.items()) == (retired, items)
    assert world.sales_admin.counters()["writes"] == 0

    trade.change_product(statecode=0, statuscode=1)
    here = world.install_later(1, PRODUCTS__ON_STOP="retire").of(PRODUCTS)
    here.app.sweep(PRODUCTS)
    here.pump()
    product = trade.product()
    assert (product["name"], product["statecode"]) == (changed.get("ProductName", "Product P1"), 0)
    assert amounts(trade.items()) == {"ea": changed.get("SalesPrice", 10)}
    expect_no_issue(here)

    end_and_begin()  # the second time is as the first
    here.sync()
    expect_issue(here, "P1", "retired-in-sales", "statecode")

    trade.change_product(statecode=0, statuscode=1)  # opened, and no longer sold before anybody has looked
    end_and_begin()
    assert trade.product("P2")["statecode"] == 0


def test_a_product_that_is_back_in_other_letters_is_the_same_product(world: World, trade: Trade) -> None:
    trade.release("ab-1")
    trade.release("P2")
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()
    made = trade.product("ab-1")["productid"]
    trade.withdraw("ab-1")
    here.sync()
    trade.release("AB-1", ProductName="Back again")
    here.sync()

    (product,) = (row for number, row in trade.products().items() if number.lower() == "ab-1")
    assert (product["productid"], product["name"]) == (made, "Back again")


def test_a_product_that_a_user_deleted_in_sales_is_told_and_not_made_again(world: World, trade: Trade) -> None:
    trade.release("P1")
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()
    for item in trade.items().values():
        world.sales.send("DELETE", f"productpricelevels({item['productpricelevelid']})")
    world.sales.send("DELETE", f"products({trade.product()['productid']})")
    trade.release("P1", ProductName="Renamed")

    assert shown(here.sync().totals) == {"created": 1, "parked": {"target-missing": 1}}
    assert not trade.products()


@pytest.mark.parametrize("policy", ["warn", "retire"])
def test_when_forty_percent_are_gone_at_once_the_flow_stops_until_a_person_allows_it(
    world: World, trade: Trade, policy: str, tmp_path: Path
) -> None:
    numbers = [f"P{number:02}" for number in range(20)]
    trade.release_many(numbers)
    world.settle()
    here = world.install(PRODUCTS__ON_STOP=policy).of(PRODUCTS)
    assert shown(here.sync().totals) == {"created": 20}
    before, products = here.status().totals, trade.products()
    trade.withdraw(*numbers[:8])
    trade.release(numbers[19], ProductName="Renamed")
    world.count_anew()

    with pytest.raises(ConfigError, match="of 20 known records 8 are gone and 1 have changed"):
        here.app.detect(PRODUCTS)
    here.pump()
    status = here.status()
    assert status.state == "stopped"
    assert any("python -m sync allow products_to_sales" in reason for reason in status.reasons)
    assert since(before, status.totals) == {}
    assert world.sales_admin.counters()["writes"] == 0
    assert trade.products() == products

    with pytest.raises(ConfigError):  # it stays stopped, at every tick
        here.app.detect(PRODUCTS)

    allowed = CliRunner(env=dict(here.environment)).invoke(main, ["allow", PRODUCTS, "--yes"])
    assert allowed.exit_code == 0, allowed.output
    assert "8 are gone" in allowed.output
    after = here.sync()
    assert after.state == "running"
    assert since(before, after.totals) == {"removed": 8, "updated": 1}
    states = {number: trade.products()[number]["statecode"] for number in numbers}
    assert set(states.values()) == ({0, 1} if policy == "retire" else {0})
    assert sum(states.values()) == (8 if policy == "retire" else 0)

    trade.release(numbers[18], SalesPrice=11)
    assert since(after.totals, here.sync().totals) == {"updated": 1}, "it goes on, for the 12 that are left"
    assert here.status().state == "running"
    trade.withdraw(*numbers[8:13])
    with pytest.raises(ConfigError, match="of 12 known records 5 are gone"):  # what was allowed was allowed once
        here.app.detect(PRODUCTS)


def test_the_other_flows_go_on_while_one_is_stopped(world: World, trade: Trade) -> None:
    numbers = [f"P{number:02}" for number in range(10)]
    trade.release_many(numbers)
    world.account("C1", "Contoso")
    world.settle()
    here = world.install()
    here.of(PRODUCTS).sync()
    trade.withdraw(*numbers[:5])
    with pytest.raises(ConfigError):
        here.app.detect(PRODUCTS)

    assert shown(here.sync().totals) == {"created": 1}

    trade.release_many(numbers)  # mended at the source: the flow goes on by itself
    assert here.of(PRODUCTS).sync().state == "running"
    assert shown(here.of(PRODUCTS).status().totals)["created"] == 10


def test_many_products_come_in_few_requests(world: World, trade: Trade) -> None:
    numbers = [f"P{number:04}" for number in range(300)]
    trade.release_many(numbers)
    world.settle()
    here = world.install(LINK_PARTITIONS="1").of(PRODUCTS)

    assert shown(here.sync().totals) == {"created": 300}
    assert set(trade.products()) == set(numbers)
    assert {row["statecode"] for row in trade.products().values()} == {0}
    assert len(world.sales_admin.rows("productpricelevels")) == 300
    assert world.sales_admin.counters()["requests"] < 60, "some for each step of a batch, none for each record"
