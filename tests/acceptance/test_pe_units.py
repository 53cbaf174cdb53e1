"""Expected outcomes of products (flows.md 2.5): units and currencies, PE3, PE4, PE13, PE18 to PE20."""

from __future__ import annotations

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_trade import PRODUCTS, Trade, amounts
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def test_pe3_a_unit_of_another_group_is_told_with_its_group_until_the_group_has_it(world: World, trade: Trade) -> None:
    trade.unit_group("Time", "hour")
    trade.release("P1", SalesUnitSymbol="hour")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"parked": {"unit-not-mapped": 1}}
    trouble = expect_issue(here, "P1", "unit-not-mapped", "defaultuomid")
    told = trouble.cause + trouble.remedy
    assert "hour" in told, "the unit is named"
    assert "default unit" in told.lower(), "so is the group"
    assert trouble.retryable
    assert not trade.products()

    trade.unit("hour")
    trade.release("P1", ProductName="By the hour")
    here = world.install().of(PRODUCTS)
    assert shown(here.sync().totals) == {"created": 1, "superseded": 1}
    expect_no_issue(here)


def test_pe3_a_group_that_does_not_exist_is_told(world: World, trade: Trade) -> None:
    trade.release("P1")
    world.settle()
    here = world.install(PRODUCTS__UNIT_GROUP="Things").of(PRODUCTS)

    assert shown(here.sync().totals) == {"parked": {"unit-not-mapped": 1}}
    assert "Things" in expect_issue(here, "P1", "unit-not-mapped", "defaultuomscheduleid").cause


def test_pe4_a_product_that_is_sold_in_no_unit_cannot_come(world: World, trade: Trade) -> None:
    trade.release("P1", SalesUnitSymbol="")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"parked": {"unit-not-mapped": 1}}
    expect_issue(here, "P1", "unit-not-mapped", "defaultuomid")
    assert not trade.products()

    trade.release("P1", SalesUnitSymbol="EA")
    assert shown(here.sync().totals) == {"created": 1, "superseded": 1}
    assert trade.product()["_defaultuomid_value"] == trade.units["ea"], "units compare as texts of value maps do"


def test_pe13_a_product_whose_currency_changed_is_left_as_it_is(world: World, trade: Trade) -> None:
    trade.price_list("Euro", "EUR")
    trade.release("P1")
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()
    trade.release("P1", CurrencyCode="EUR", SalesPrice=9, ProductName="Renamed")

    assert shown(here.sync().totals) == {"created": 1, "parked": {"currency-changed": 1}}
    expect_issue(here, "P1", "currency-changed", "transactioncurrencyid")
    assert (trade.product()["name"], trade.product()["price"]) == ("Product P1", 10)
    assert amounts(trade.items()) == {"ea": 10}

    trade.release("P1", CurrencyCode="USD")
    assert shown(here.sync().totals) == {"created": 1, "updated": 1, "superseded": 1}
    assert (trade.product()["name"], amounts(trade.items())) == ("Renamed", {"ea": 9})
    expect_no_issue(here)


def test_pe18_a_currency_that_sales_lacks_is_told_until_it_is_there(world: World, trade: Trade) -> None:
    world.finops.send("POST", "Currencies", {"CurrencyCode": "SEK", "Name": "Krona"})
    trade.release("P1", CurrencyCode="SEK")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"parked": {"currency-not-mapped": 1}}
    expect_issue(here, "P1", "currency-not-mapped", "transactioncurrencyid")
    assert not trade.products()

    world.enter_currency("SEK")
    trade.price_list("Krona", "SEK")
    trade.release("P1", ProductName="Knäckebröd")
    here = world.install().of(PRODUCTS)
    assert shown(here.sync().totals) == {"created": 1, "superseded": 1}


def test_what_a_unit_or_a_currency_kept_back_comes_by_itself_when_sales_has_it(world: World, trade: Trade) -> None:
    """Nothing changes in F&O by that, so no change is detected: the sweep finds it."""
    trade.finops_unit("hour")
    world.finops.send("POST", "Currencies", {"CurrencyCode": "SEK", "Name": "Krona"})
    trade.release("P1", SalesUnitSymbol="hour")
    trade.release("P2", CurrencyCode="SEK")
    world.settle()
    here = world.install().of(PRODUCTS)
    assert shown(here.sync().totals) == {"parked": {"unit-not-mapped": 1, "currency-not-mapped": 1}}
    assert '"hour"' in expect_issue(here, "P1", "unit-not-mapped", "defaultuomid").cause
    assert '"SEK"' in expect_issue(here, "P2", "currency-not-mapped", "transactioncurrencyid").cause

    trade.unit("hour")
    world.enter_currency("SEK")
    trade.price_list("Krona", "SEK")
    here = world.install_later(1).of(PRODUCTS)
    here.app.sweep(PRODUCTS)
    here.pump()
    assert shown(here.status().totals) == {"created": 2}
    assert (amounts(trade.items("P1")), amounts(trade.items("P2"))) == ({"hour": 10}, {"ea": 10})
    expect_no_issue(here)


def test_pe19_an_adopted_product_keeps_its_group_and_the_unit_is_looked_for_in_there(
    world: World, trade: Trade
) -> None:
    trade.unit_group("By the meter", "ea")
    meters = trade.units["ea"]
    trade.unit_group("Time", "hour")
    trade.make_product("P1", unit="ea", group="By the meter")
    trade.make_product("P2", unit="hour", group="Time")
    trade.release("P1")
    trade.release("P2")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"adopted": 1, "parked": {"unit-not-mapped": 1}}
    product = trade.product("P1")
    assert product["_defaultuomid_value"] == meters
    assert product["_defaultuomscheduleid_value"] == trade.groups["By the meter"]
    trouble = expect_issue(here, "P2", "unit-not-mapped", "defaultuomid")
    assert "Time" in trouble.cause + trouble.remedy, "the product's own group is named"
    assert trade.product("P2")["name"] == "Handmade P2"


def test_pe20_a_product_by_hand_in_another_currency_is_not_adopted(world: World, trade: Trade) -> None:
    trade.make_product("P1", currency="EUR")
    trade.make_product("P2", currency="USD")
    trade.release("P1")
    trade.release("P2")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"adopted": 1, "parked": {"currency-changed": 1}}
    expect_issue(here, "P1", "currency-changed", "transactioncurrencyid")
    assert trade.product("P1")["name"] == "Handmade P1"
    assert not trade.items("P1")
