"""Which quotes are F&O's, with the Prospect-to-cash solution in Sales and without (flows.md 1.11 and 6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_quotes import ALL, PRODUCTS, QUOTES, Desk
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

OURS = "msdynce_hasexternallymaintainedproductsonly"
ITEM, SERVICE = 192350000, 690970002
"""What a quote is based on, where Sales has such a column."""


def desk_of(world: World, trade: Trade, *, solution: bool) -> tuple[Desk, Installation]:
    """A desk whose customer and products are in both systems."""
    world.sales_admin.switch(p2c_solution=solution)
    desk, here = Desk(world, trade), world.install()
    world.settle()
    here.sync_all(*ALL[:-1])
    return desk, here.of(QUOTES)


def quote(desk: Desk, number: str, *products: str, write_in: bool = False, **values: Any) -> str:
    """An active quote of these products."""
    made = desk.draft(number, **values)
    for product in products:
        desk.line(made, product, ispriceoverridden=True, priceperunit=10)
    if write_in:
        desk.bare_line(made, isproductoverridden=True, productdescription="Ribbon", priceperunit=3, quantity=1)
    desk.activate(made)
    return made


@pytest.mark.parametrize("solution", [False, True], ids=["plain", "solution"])
def test_that_all_products_are_ours_is_computed_from_the_lines_also_where_a_flag_says_so(
    world: World, trade: Trade, solution: bool
) -> None:
    desk, here = desk_of(world, trade, solution=solution)
    flagged: dict[str, Any] = {OURS: True} if solution else {}
    by_hand = {"productnumber": "HAND", "name": "Made by hand", "productstructure": 1, "quantitydecimal": 2,
               "defaultuomid@odata.bind": f"/uoms({trade.units['ea']})",
               "defaultuomscheduleid@odata.bind": f"/uomschedules({trade.groups['Default Unit']})"}  # fmt: skip
    world.sales.send("POST", "products", by_hand)
    trade.change_product("HAND", statecode=0, statuscode=1)
    quote(desk, "OURS", "P1", "P2", **flagged)
    quote(desk, "WRITE-IN", "P1", write_in=True, **flagged)
    quote(desk, "BY-HAND", "P1", "HAND", **flagged)
    here.sync()
    assert shown(here.status().totals) == {
        "created": 1, "parked": {"write-in-line": 1}, "waiting": {"product-not-linked": 1},
    }  # fmt: skip

    trade.release("HAND")
    here.sync_all(PRODUCTS, QUOTES)
    assert set(desk.quotations()) == {"OURS", "BY-HAND"}


def test_with_the_solution_its_flag_must_be_true_as_well(world: World, trade: Trade) -> None:
    desk, here = desk_of(world, trade, solution=True)
    quote(desk, "NO", "P1", **{OURS: False})
    later = quote(desk, "LATER", "P1", **{OURS: False})
    here.sync()
    assert shown(here.status().totals) == {"skipped": {"not-in-filter": 2}}

    again = desk.revise(later)
    trade.patch("quotes", again, **{OURS: True})
    desk.activate(again)
    here.sync()
    assert set(desk.quotations()) == {"LATER"}
    expect_no_issue(here)


def test_quotes_that_are_not_based_on_items_are_skipped_where_sales_tells_them_apart(
    world: World, trade: Trade
) -> None:
    desk, here = desk_of(world, trade, solution=False)
    quote(desk, "ITEMS", "P1", msdyn_ordertype=ITEM)
    quote(desk, "SERVICE", "P1", msdyn_ordertype=SERVICE)
    quote(desk, "UNSAID", "P1")
    here.sync()
    assert set(desk.quotations()) == {"ITEMS", "UNSAID"}
    assert shown(here.status().totals) == {"created": 2, "skipped": {"order-type": 1}}


def test_an_organisation_without_that_column_sends_all(world: World, trade: Trade) -> None:
    world.sales_admin.switch(hidden_columns=["quotes.msdyn_ordertype"])
    desk, here = desk_of(world, trade, solution=False)
    quote(desk, "Q-1", "P1")
    here.sync()
    assert set(desk.quotations()) == {"Q-1"}
    expect_no_issue(here)
