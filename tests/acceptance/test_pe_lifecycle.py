"""Expected outcomes of products (flows.md 2.5): edits, stops, products that are gone, PE15 to PE17; publishing."""

from __future__ import annotations

import pytest

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_trade import PRODUCTS, Trade, amounts
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

ACTIVE, RETIRED, DRAFT = (0, 1), (1, 2), (2, 0)


def state(trade: Trade, number: str = "P1") -> tuple[int, int]:
    product = trade.product(number)
    return product["statecode"], product["statuscode"]


def test_a_new_product_has_every_column_its_price_and_its_price_list_and_is_active(world: World, trade: Trade) -> None:
    trade.release(
        "P1", ProductDescription="A chair", ProductType="Service", SalesPrice=12.25, UnitCost=3.5,
        SalesUnitDecimalPrecision=9, IsStockedProduct="No", SalesUnitSymbol="box",
    )  # fmt: skip
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"created": 1}
    product = trade.product()
    columns = {
        "productnumber": "P1", "name": "Product P1", "description": "A chair", "producttypecode": 3,
        "_defaultuomid_value": trade.units["box"], "_defaultuomscheduleid_value": trade.groups["Default Unit"],
        "quantitydecimal": 5, "price": 12.25, "_transactioncurrencyid_value": world.currencies["USD"],
        "currentcost": 3.5, "isstockitem": False, "productstructure": 1, "statecode": 0, "statuscode": 1,
        "_pricelevelid_value": trade.price_lists["Standard"],
    }  # fmt: skip
    assert {name: product[name] for name in columns} == columns
    item = trade.items()["box"]
    assert item["_pricelevelid_value"] == trade.price_lists["Standard"]
    codes = ("pricingmethodcode", "quantitysellingcode", "roundingpolicycode")
    assert (item["amount"], [item[name] for name in codes]) == (12.25, [1, 1, 1])
    expect_no_issue(here)

    writes = world.sales_admin.counters()["writes"]
    assert shown(here.sync().totals) == {"created": 1}, "nothing has changed, so nothing is detected"
    assert world.sales_admin.counters()["writes"] == writes


def test_the_cost_stays_in_f_o_and_drafts_stay_drafts_where_the_settings_say_so(world: World, trade: Trade) -> None:
    trade.release("P1")
    world.settle()
    here = world.install(PRODUCTS__SEND_COST="false", PRODUCTS__PUBLISH="false").of(PRODUCTS)

    assert shown(here.sync().totals) == {"created": 1}
    assert trade.product()["currentcost"] is None
    assert state(trade) == DRAFT
    assert amounts(trade.items()) == {"ea": 10}


def test_pe15_an_edit_in_sales_is_overwritten_only_where_f_o_changes_the_value(world: World, trade: Trade) -> None:
    trade.release("P1")
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()
    trade.change_product(name="Better name", description="By hand")
    assert shown(here.sync().totals) == {"created": 1}
    trade.release("P1", ProductDescription="From F&O")

    assert shown(here.sync().totals) == {"created": 1, "updated": 1}
    assert (trade.product()["name"], trade.product()["description"]) == ("Better name", "From F&O")


def test_a_default_price_list_that_somebody_else_chose_is_left_alone(world: World, trade: Trade) -> None:
    trade.price_list("Wholesale")
    trade.make_product("P1", currency="USD")
    trade.change_product(**{"pricelevelid@odata.bind": f"/pricelevels({trade.price_lists['Wholesale']})"})
    trade.release("P1")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"adopted": 1}
    assert trade.product()["_pricelevelid_value"] == trade.price_lists["Wholesale"]
    assert trade.items()["ea"]["_pricelevelid_value"] == trade.price_lists["Standard"]


def test_a_stopped_product_that_sales_has_not_from_f_o_is_skipped(world: World, trade: Trade) -> None:
    trade.make_product("P2")
    trade.release("P1", IsSalesStopped="Yes")
    trade.release("P2", IsSalesStopped="Yes")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"skipped": {"sales-stopped": 2}}
    assert trade.product("P2")["name"] == "Handmade P2"
    assert set(trade.products()) == {"P2"}


@pytest.mark.parametrize("policy", ["warn", "retire"])
def test_pe16_a_linked_product_that_is_stopped_is_told_or_retired(world: World, trade: Trade, policy: str) -> None:
    trade.release("P1")
    trade.release("P2")
    world.settle()
    here = world.install(PRODUCTS__ON_STOP=policy).of(PRODUCTS)
    here.sync()
    trade.release("P1", IsSalesStopped="Yes")
    totals = shown(here.sync().totals)

    if policy == "warn":
        assert totals["warnings"] == {"sales-stopped": 1}
        assert state(trade) == ACTIVE
    else:
        assert totals["removed"] == 1
        assert state(trade) == RETIRED
    assert state(trade, "P2") == ACTIVE
    expect_no_issue(here)


@pytest.mark.parametrize("policy", ["warn", "retire"])
def test_pe17_a_linked_product_that_f_o_no_longer_sells_is_told_or_retired(
    world: World, trade: Trade, policy: str
) -> None:
    trade.release("P1")
    trade.release("P2")
    world.settle()
    here = world.install(PRODUCTS__ON_STOP=policy).of(PRODUCTS)
    here.sync()
    trade.withdraw("P1")

    totals = shown(here.sync().totals)
    assert (totals["removed"], totals["warnings"]) == (1, {"no-longer-sellable": 1})
    assert state(trade) == (RETIRED if policy == "retire" else ACTIVE)
    assert state(trade, "P2") == ACTIVE
    assert shown(here.sync().totals) == totals, "it is told once"


def test_pe17_a_read_that_ends_early_says_nothing_about_what_is_missing(world: World, trade: Trade) -> None:
    trade.release_many([f"P{number:04d}" for number in range(1003)])
    world.finops_admin.switch(page_rows=1000)
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()
    before = shown(here.status().totals)
    trade.withdraw("P0003")
    world.finops_admin.fault({"status": 500}, path="skip=1000", times=50)
    here.app.detect(PRODUCTS)

    assert shown(here.status().totals) == before
    world.finops_admin.heal()
    assert shown(here.sync().totals)["warnings"] == {"no-longer-sellable": 1}


def test_a_product_that_cannot_be_published_keeps_what_was_written_before(world: World, trade: Trade) -> None:
    family = trade.make_product("F1", productstructure=2)  # a draft, as its children must stay then
    made = trade.make_product("P1", **{"parentproductid@odata.bind": f"/products({family})"})
    trade.release("P1", SalesPrice=11)
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()

    trouble = expect_issue(here, "P1", "publish-failed")
    assert trouble.retryable
    product = trade.product()
    assert (product["productid"], product["name"], product["price"]) == (made, "Product P1", 11)
    assert state(trade) == DRAFT
    assert amounts(trade.items()) == {"ea": 11}
    assert product["_pricelevelid_value"] == trade.price_lists["Standard"]

    trade.change_product("F1", statecode=0, statuscode=1)
    trade.release("P1", ProductDescription="One more change")
    here.sync()
    assert state(trade) == ACTIVE
    expect_no_issue(here)
