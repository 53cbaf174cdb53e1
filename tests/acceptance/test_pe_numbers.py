"""Expected outcomes of products (flows.md 2.5): numbers, texts, products made by hand, PE5 to PE8."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_trade import PRODUCTS, Trade, amounts
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

ODD_NUMBERS = [
    "A/1",
    "O'Brien",
    "R&D",
    "50% off",
    "a+b",
    "C:\\x",
    "<x>",
    "*",
    'say "hi"',
    "#1?",
    "ends with.",
    "Ü-1 🚲",
]


@pytest.mark.parametrize("number", ODD_NUMBERS)
def test_pe5_a_number_with_signs_that_urls_refuse_works_like_any_other(world: World, trade: Trade, number: str) -> None:
    trade.make_product("another product")
    trade.release(number)
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"created": 1}
    trade.release(number, ProductName="Renamed", SalesPrice=11)
    assert shown(here.sync().totals) == {"created": 1, "updated": 1}
    assert trade.product(number)["name"] == "Renamed"
    assert amounts(trade.items(number)) == {"ea": 11}
    expect_no_issue(here)


@pytest.mark.parametrize("number", ["A/1", "O'Brien", "R&D"])
def test_pe5_a_product_by_hand_with_such_a_number_is_found_and_adopted(world: World, trade: Trade, number: str) -> None:
    made = trade.make_product(number)
    trade.release(number)
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"adopted": 1}
    assert trade.product(number)["productid"] == made


def test_pe6_name_and_description_are_cut_to_what_sales_holds(world: World, trade: Trade) -> None:
    world.finops_admin.switch(text_lengths="none")
    trade.release("P1", ProductName="N" * 99 + "🚲" + "x", ProductDescription="d" * 2001)
    trade.release("P2", ProductName="", ProductDescription="Two\nlines")
    world.settle()
    here = world.install().of(PRODUCTS)

    warnings = {"truncated:name": 1, "truncated:description": 1}
    assert shown(here.sync().totals) == {"created": 2, "warnings": warnings}
    assert trade.product("P1")["name"] == "N" * 99, "no half of a sign is left"
    assert trade.product("P1")["description"] == "d" * 2000
    assert (trade.product("P2")["name"], trade.product("P2")["description"]) == ("P2", "Two\nlines")


def test_pe7_a_number_of_101_characters_is_refused_and_100_are_not(world: World, trade: Trade) -> None:
    world.finops_admin.switch(text_lengths="none")
    trade.release("N" * 101, ProductName="Too long")
    trade.release("M" * 100, ProductName="Just right")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"created": 1, "parked": {"number-too-long": 1}}
    expect_issue(here, "N" * 101, "number-too-long", "productnumber")
    assert set(trade.products()) == {"M" * 100}


@pytest.mark.parametrize(("structure", "what"), [(2, "family"), (3, "bundle")])
def test_pe8_a_family_or_bundle_of_the_same_number_is_not_taken_for_the_product(
    world: World, trade: Trade, structure: int, what: str
) -> None:
    made = trade.make_product("P1", productstructure=structure)
    trade.release("P1")
    world.settle()
    here = world.install().of(PRODUCTS)
    before = trade.product()

    assert shown(here.sync().totals) == {"parked": {"not-a-simple-product": 1}}
    trouble = expect_issue(here, "P1", "not-a-simple-product", "productstructure")
    assert "it is a family, a bundle or a kit" in trouble.cause
    assert "another product number in Sales" in trouble.remedy
    assert trade.product() == before
    assert before["productid"] == made


def test_a_product_that_a_salesperson_made_with_the_same_number_is_adopted_and_published(
    world: World, trade: Trade
) -> None:
    made = trade.make_product("p1", description="By hand")
    trade.release("P1", ProductDescription="From F&O")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"adopted": 1}
    (product,) = trade.products().values()
    assert product["productid"] == made
    assert product["productnumber"] == "p1", "a number is written on create only"
    assert (product["name"], product["description"]) == ("Product P1", "From F&O")
    assert (product["statecode"], product["statuscode"]) == (0, 1)
    assert amounts(trade.items("p1")) == {"ea": 10}


def test_a_retired_product_of_the_number_is_never_reopened(world: World, trade: Trade) -> None:
    trade.make_product("P1")
    trade.change_product(statecode=0, statuscode=1)
    trade.change_product(statecode=1, statuscode=2)
    trade.release("P1")
    world.settle()
    here = world.install().of(PRODUCTS)

    assert shown(here.sync().totals) == {"parked": {"retired-in-sales": 1}}
    trouble = expect_issue(here, "P1", "retired-in-sales", "statecode")
    assert "it is retired" in trouble.cause
    assert "Make it active again in Sales" in trouble.remedy
    assert trade.product()["statecode"] == 1


def test_a_product_under_revision_gets_attributes_and_price_and_stays_under_revision(
    world: World, trade: Trade
) -> None:
    trade.release("P1")
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()
    trade.change_product(statecode=3, statuscode=3)
    trade.release("P1", ProductName="Renamed", SalesPrice=12)

    assert shown(here.sync().totals) == {"created": 1, "updated": 1}
    product: dict[str, Any] = trade.product()
    assert (product["name"], product["statecode"]) == ("Renamed", 3)
    assert amounts(trade.items()) == {"ea": 12}
