"""Every product of AdventureWorks that F&O sells is in Sales with every mapped column right, published and priced."""

from __future__ import annotations

import pytest

from tests.acceptance.acceptance_demo import SECONDS, DemoRun, needs_adventure_works
from tests.acceptance.acceptance_products import expected, made_by_hand, with_items
from tests.acceptance.acceptance_rules import read

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]
pytestmark = [needs_adventure_works, pytest.mark.timeout(SECONDS + 20)]


def test_every_product_that_is_sold_is_in_sales_with_every_column_and_its_price(adventure_works: DemoRun) -> None:
    wanted = expected(adventure_works.data)
    assert len(wanted.rows) == 197
    by_hand = made_by_hand(adventure_works.data)
    products, items = (adventure_works.rows("sales", name) for name in ("products", "productpricelevels"))
    came = with_items([row for row in products if row["productnumber"] not in by_hand], items)
    assert not wanted.differences(came)


def test_what_did_not_come_is_told_with_its_code_and_nothing_is_missing_without_one(adventure_works: DemoRun) -> None:
    wanted = expected(adventure_works.data)
    there = read(adventure_works.data, "products")
    left_out = wanted.skipped.total() + wanted.parked.total() + wanted.waiting.total()
    assert len(wanted.rows) + left_out == len(there) == 295
    assert adventure_works.flow("products_to_sales") == {"detected": 295, **wanted.shown}


def test_nothing_of_the_products_in_f_o_was_changed(adventure_works: DemoRun) -> None:
    kept = {row["ProductNumber"]: row for row in adventure_works.rows("finops", "SellableReleasedProducts")}
    for row in read(adventure_works.data, "products"):
        texts = ("ProductName", "ProductDescription", "CurrencyCode", "SalesUnitSymbol", "IsSalesStopped")
        assert {name: kept[row["ProductNumber"]][name] for name in texts} == {name: row[name] for name in texts}
