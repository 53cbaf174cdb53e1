"""Expected outcomes of products (flows.md 2.5): price lists and their items, PE1, PE2, PE9 to PE12, PE14."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_trade import PRODUCTS, Trade, amounts
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

ACTIVE, DRAFT = 0, 2
YESTERDAY, TOMORROW = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT12:00:00Z}" for days in (-1, 2))


def test_pe1_a_new_product_waits_for_a_price_list_in_its_currency_and_nothing_is_written(
    world: World, trade: Trade
) -> None:
    trade.release("P1", CurrencyCode="EUR")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"waiting": {"no-price-list": 1}}
    assert not trade.products()
    assert world.sales_admin.counters()["writes"] == 0

    trade.price_list("Euro", "EUR")
    here = world.install().of(PRODUCTS)  # another process, which has not just looked at the price lists
    here.app.sweep(PRODUCTS)
    here.pump()
    assert shown(here.status().totals) == {"created": 1}
    assert trade.product()["_pricelevelid_value"] == trade.price_lists["Euro"]
    expect_no_issue(here)


def test_pe2_a_linked_product_is_updated_though_its_price_waits_for_a_price_list(world: World, trade: Trade) -> None:
    trade.release("P1")
    world.settle()
    here = world.install(PRODUCTS__PUBLISH="false").of(PRODUCTS)  # a draft, which would be published next
    here.sync()
    trade.patch("pricelevels", trade.price_lists["Standard"], statecode=1, statuscode=100002)
    trade.release("P1", ProductName="Renamed", SalesPrice=12)
    here = world.install().of(PRODUCTS)
    here.sync()

    assert shown(here.status().totals)["waiting"] == {"no-price-list": 1}
    product = trade.product()
    assert (product["name"], product["price"]) == ("Renamed", 12)
    assert product["statecode"] == DRAFT, "its state is unchanged"
    assert amounts(trade.items()) == {"ea": 10}

    trade.patch("pricelevels", trade.price_lists["Standard"], statecode=0, statuscode=100001)
    here = world.install().of(PRODUCTS)
    here.app.sweep(PRODUCTS)
    here.pump()
    assert amounts(trade.items()) == {"ea": 12}
    assert trade.product()["statecode"] == ACTIVE
    assert "waiting" not in shown(here.status().totals)


def test_a_product_that_waits_too_long_for_a_price_list_is_told_and_comes_when_there_is_one(
    world: World, trade: Trade
) -> None:
    """Nothing is written for a new product, no price for a linked one; a day later each is an issue that says why."""
    trade.release("P1", CurrencyCode="EUR")
    euro = trade.price_list("Euro", "EUR")
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()
    trade.patch("pricelevels", euro, statecode=1, statuscode=100002)
    trade.release("P1", SalesPrice=12)
    trade.release("P2", CurrencyCode="EUR")
    here = world.install().of(PRODUCTS)
    here.sync()
    waiting = {"created": 1, "waiting": {"no-price-list": 2}}
    assert shown(here.status().totals) == waiting

    soon = world.install_later(23).of(PRODUCTS)
    soon.app.sweep(PRODUCTS)
    soon.pump()
    assert shown(soon.status().totals) == waiting, "WAITING_HOURS says how long"
    expect_no_issue(soon)

    late = world.install_later(25).of(PRODUCTS)
    late.app.sweep(PRODUCTS)
    late.pump()
    assert shown(late.status().totals) == {"created": 1, "parked": {"no-price-list": 2}}
    for number in ("P1", "P2"):
        told = expect_issue(late, number, "no-price-list")
        assert "waited since" in told.cause
        assert all(part in told.cause for part in ("pricelevels", '"EUR"', '"Euro" has statecode 1')), told.cause
        assert told.retryable
    assert "P2" not in trade.products()
    assert amounts(trade.items()) == {"ea": 10}
    late.app.sweep(PRODUCTS)
    late.pump()
    assert len(late.issues()) == 2, "each is told once"

    trade.patch("pricelevels", euro, statecode=0, statuscode=100001)
    here = world.install_later(26).of(PRODUCTS)
    here.app.sweep(PRODUCTS)
    here.pump()
    assert shown(here.status().totals) == {"created": 2, "updated": 1}
    assert (amounts(trade.items("P1")), amounts(trade.items("P2"))) == ({"ea": 12}, {"ea": 10})
    expect_no_issue(here)


def test_pe9_of_two_price_lists_the_first_by_name_is_taken_whatever_its_case(world: World, trade: Trade) -> None:
    trade.price_list("Zero discount", "EUR")
    trade.price_list("Standard 2", "EUR")
    trade.price_list("standard", "EUR")
    trade.release("P1", CurrencyCode="EUR")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"created": 1}
    assert trade.product()["_pricelevelid_value"] == trade.price_lists["standard"]
    assert trade.items()["ea"]["_pricelevelid_value"] == trade.price_lists["standard"]


def test_a_price_list_that_is_named_in_the_settings_is_taken_instead_where_it_has_the_currency(
    world: World, trade: Trade
) -> None:
    trade.price_list("Wholesale")
    trade.price_list("Euro", "EUR")
    trade.release("P1")
    trade.release("P2", CurrencyCode="EUR")
    world.settle()
    here = world.install(PRODUCTS__PRICE_LIST="wholesale").of(PRODUCTS)

    assert shown(here.sync().totals) == {"created": 2}
    assert trade.product("P1")["_pricelevelid_value"] == trade.price_lists["Wholesale"]
    assert trade.product("P2")["_pricelevelid_value"] == trade.price_lists["Euro"]


@pytest.mark.parametrize("values", [{"enddate": YESTERDAY}, {"begindate": TOMORROW}], ids=["over", "not yet"])
def test_pe10_a_price_list_that_is_not_valid_today_is_none(world: World, trade: Trade, values: dict[str, str]) -> None:
    trade.price_list("A list for another day", "EUR", **values)
    trade.release("P1", CurrencyCode="EUR")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"waiting": {"no-price-list": 1}}
    assert not trade.products()

    trade.price_list("Euro of today", "EUR", begindate=YESTERDAY, enddate=TOMORROW)
    here = world.install().of(PRODUCTS)
    here.app.sweep(PRODUCTS)
    here.pump()
    assert trade.items()["ea"]["_pricelevelid_value"] == trade.price_lists["Euro of today"]


def test_pe11_a_price_of_nothing_is_written_as_nothing(world: World, trade: Trade) -> None:
    trade.release("P1", SalesPrice=0, UnitCost=0)
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"created": 1}
    product = trade.product()
    assert (product["price"], product["currentcost"]) == (0, 0)
    assert amounts(trade.items()) == {"ea": 0}


def test_pe12_another_sales_unit_gets_an_item_of_its_own_and_the_old_one_stays(world: World, trade: Trade) -> None:
    trade.release("P1")
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()
    trade.release("P1", SalesUnitSymbol="box", SalesPrice=95)

    assert shown(here.sync().totals) == {"created": 1, "updated": 1, "warnings": {"price-item-kept": 1}}
    assert trade.product()["_defaultuomid_value"] == trade.units["box"]
    assert amounts(trade.items()) == {"ea": 10, "box": 95}

    trade.release("P1", SalesPrice=96)
    here.sync()
    assert amounts(trade.items()) == {"ea": 10, "box": 96}
    assert shown(here.status().totals)["warnings"] == {"price-item-kept": 1}


def test_pe14_an_item_that_a_user_deleted_is_created_again_with_the_next_price(world: World, trade: Trade) -> None:
    trade.release("P1")
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()
    world.sales.send("DELETE", f"productpricelevels({trade.items()['ea']['productpricelevelid']})")
    trade.release("P1", SalesPrice=12)

    assert shown(here.sync().totals) == {"created": 1, "updated": 1}
    assert amounts(trade.items()) == {"ea": 12}
    assert trade.product()["price"] == 12
