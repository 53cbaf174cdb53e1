"""Organisations that create products Active (flows.md 2.3): the default price list comes all the same."""

from __future__ import annotations

import pytest

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_trade import PRODUCTS, Trade, amounts
from tests.acceptance.acceptance_world import World, shown, since

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

ACTIVE_STATE, DRAFT_STATE = (0, 1), (2, 0)


def make_products(world: World, *, active: bool) -> None:
    """An administrator decides in which state new products are (System settings, Sales)."""
    organization = world.sales.send("GET", "WhoAmI").json()["OrganizationId"]
    values = {"createproductswithoutparentinactivestate": active}
    world.sales.send("PATCH", f"organizations({organization})", values)


def state(trade: Trade, number: str) -> tuple[int, int]:
    product = trade.product(number)
    return product["statecode"], product["statuscode"]


@pytest.mark.parametrize("publish", ["true", "false"])
@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("first_price", ["by the app", "by Sales"])
def test_a_new_product_has_its_price_and_its_default_price_list_in_whatever_state_sales_creates_it(
    world: World, trade: Trade, first_price: str, active: bool, publish: str
) -> None:
    make_products(world, active=active)
    world.sales_admin.switch(first_price_sets_default=first_price == "by Sales", new_default_price_list="refused")
    numbers = ["P1", "P2"]
    trade.release_many(numbers)
    world.settle()
    here = world.install(PRODUCTS__PUBLISH=publish).of(PRODUCTS)
    first = here.sync().totals
    assert shown(first) == {"created": 2}
    expected = ACTIVE_STATE if active or publish == "true" else DRAFT_STATE
    for number in numbers:
        assert state(trade, number) == expected
        assert trade.product(number)["_pricelevelid_value"] == trade.price_lists["Standard"]
        assert amounts(trade.items(number)) == {"ea": 10}
    expect_no_issue(here)

    trade.release("P1", ProductName="Renamed", SalesPrice=11)
    assert since(first, here.sync().totals) == {"updated": 1}
    assert (state(trade, "P1"), trade.product("P1")["name"]) == (expected, "Renamed")
    assert amounts(trade.items("P1")) == {"ea": 11}
    expect_no_issue(here)


def test_an_organisation_that_changes_its_mind_has_both_kinds(world: World, trade: Trade) -> None:
    make_products(world, active=True)
    trade.release("P1")
    world.settle()
    here = world.install(PRODUCTS__PUBLISH="false").of(PRODUCTS)
    here.sync()
    make_products(world, active=False)
    trade.release("P2")
    here.sync()
    assert [state(trade, number) for number in ("P1", "P2")] == [ACTIVE_STATE, DRAFT_STATE]
    for number in ("P1", "P2"):
        assert trade.product(number)["_pricelevelid_value"] == trade.price_lists["Standard"]
    expect_no_issue(here)


def test_where_an_active_product_takes_no_edit_the_price_is_there_and_a_person_is_told(
    world: World, trade: Trade
) -> None:
    make_products(world, active=True)
    world.sales_admin.switch(product_edits="draft")
    trade.release("P1")
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()
    expect_issue(here, "P1", "target-refused")
    assert state(trade, "P1") == ACTIVE_STATE
    assert amounts(trade.items("P1")) == {"ea": 10}

    world.sales_admin.switch(product_edits="open")
    trade.release("P1", ProductDescription="A chair")
    here.sync()
    assert trade.product("P1")["_pricelevelid_value"] == trade.price_lists["Standard"]
    expect_no_issue(here)
