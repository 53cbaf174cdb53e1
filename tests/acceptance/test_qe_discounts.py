"""Expected outcomes of quotes (flows.md 6.6, 6.8): money and discounts, QE25 and QE26."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_quotes import QUOTES, Desk
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures", "tests.acceptance.acceptance_desk"]

TABLE = [
    ("3", "10.00", "3.33", "-0.01"),
    ("3", "20.00", "6.67", "0.01"),
    ("4", "10.00", "2.50", "0.00"),
    ("7", "1.00", "0.14", "-0.02"),
    ("0.5", "1.00", "2.00", "0.00"),
    ("3", "0.01", "0.00", "-0.01"),
    ("6", "0.03", "0.01", "0.03"),
]
"""Quantity, discount of the line, discount of one unit and charge: the table of flows.md 6.6."""
PRICE = Decimal("100.00")


def money(value: Any) -> Decimal:
    return Decimal(str(value))


def table_quote(desk: Desk, **also: Any) -> str:
    """An active quote with a line for each row of the table, each at 100 dollars."""
    quote = desk.draft()
    for quantity, discount, _, _ in TABLE:
        desk.line(quote, "P1", float(quantity), ispriceoverridden=True, priceperunit=100.0,
                  manualdiscountamount=float(discount), **also)  # fmt: skip
    desk.activate(quote)
    return quote


def sent(desk: Desk) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Discount of one unit, charge and amount of every line, in order."""
    names = ("LineDiscountAmount", "FixedPriceCharges", "LineAmount")
    return [
        (money(row[names[0]]), money(row[names[1]]), money(row[names[2]])) for _, row in sorted(desk.rows().items())
    ]


def test_qe26_the_discount_of_a_line_is_sent_by_the_unit_with_the_remainder_as_a_charge(
    desk: Desk, here: Installation
) -> None:
    table_quote(desk)

    assert shown(here.sync().totals) == {"created": 1}
    assert sent(desk) == [
        (money(unit), money(charge), money(quantity) * PRICE - money(discount))
        for quantity, discount, unit, charge in TABLE
    ]
    expect_no_issue(here)


def test_without_charges_the_remainder_is_left_and_lines_that_differ_by_more_than_a_cent_are_told(
    desk: Desk, world: World
) -> None:
    table_quote(desk)
    here = world.install(QUOTES__ROUNDING="ignore").of(QUOTES)

    assert shown(here.sync().totals) == {"created": 1, "warnings": {"line-amount-differs": 1}}
    assert sent(desk) == [
        (money(unit), Decimal(0), money(quantity) * PRICE - money(quantity) * money(unit))
        for quantity, _, unit, _ in TABLE
    ]


@pytest.mark.parametrize("discount", [10.0, 20.0], ids=["under", "over"])
def test_a_remainder_of_one_cent_is_no_difference(desk: Desk, world: World, discount: float) -> None:
    quote = desk.draft()
    desk.line(quote, "P1", 3, manualdiscountamount=discount)
    desk.activate(quote)
    here = world.install(QUOTES__ROUNDING="ignore").of(QUOTES)

    assert shown(here.sync().totals) == {"created": 1}


@pytest.mark.parametrize("rounding", ["charge", "ignore"])
def test_a_discount_of_one_unit_is_sent_as_it_is(desk: Desk, world: World, rounding: str) -> None:
    world.sales_admin.switch(discount_method="unit")
    table_quote(desk)
    here = world.install(QUOTES__DISCOUNT_METHOD="unit", QUOTES__ROUNDING=rounding).of(QUOTES)

    assert shown(here.sync().totals) == {"created": 1}
    assert sent(desk) == [
        (money(discount), Decimal(0), money(quantity) * PRICE - money(quantity) * money(discount))
        for quantity, discount, _, _ in TABLE
    ]


def test_the_wrong_method_is_seen_by_the_amounts_of_the_lines(desk: Desk, world: World) -> None:
    table_quote(desk)
    here = world.install(QUOTES__DISCOUNT_METHOD="unit").of(QUOTES)
    assert shown(here.sync().totals) == {"created": 1, "warnings": {"line-amount-differs": 1}}


def test_the_tax_of_a_line_is_no_part_of_what_f_o_must_come_to(desk: Desk, here: Installation) -> None:
    quote = desk.draft()
    desk.line(quote, "P1", 3, tax=5.7)
    desk.activate(quote)

    assert shown(here.sync().totals) == {"created": 1}
    assert money(desk.rows()[1]["LineAmount"]) == 30
    assert money(desk.lines_of(quote)[0]["extendedamount"]) == Decimal("35.7")


def test_f_o_that_takes_its_own_prices_is_told(desk: Desk, world: World, here: Installation) -> None:
    world.finops_admin.switch(quotation_prices="recalculated")
    quote = desk.draft()
    desk.line(quote, "P1", 3, ispriceoverridden=True, priceperunit=8.0)
    desk.activate(quote)

    assert shown(here.sync().totals) == {"created": 1, "warnings": {"line-amount-differs": 1}}


@pytest.mark.parametrize(
    "values", [{"discountpercentage": 5.0}, {"discountamount": 2.5}, {"freightamount": 9.0}], ids=str
)
def test_qe25_what_is_off_the_whole_quote_is_not_sent_and_told(
    desk: Desk, here: Installation, values: dict[str, float]
) -> None:
    desk.quote("Q-1", ("P1", 3), **values)

    assert shown(here.sync().totals) == {"created": 1, "warnings": {"header-discount-not-synced": 1}}
    assert sent(desk) == [(Decimal(0), Decimal(0), Decimal(30))]
    header = desk.quotations()["Q-1"]
    assert not [name for name, value in header.items() if isinstance(value, float) and value in values.values()]


def test_all_that_is_off_the_whole_quote_is_one_warning(desk: Desk, here: Installation) -> None:
    desk.quote("Q-1", ("P1", 3), discountpercentage=5.0, discountamount=2.5, freightamount=9.0)
    assert shown(here.sync().totals) == {"created": 1, "warnings": {"header-discount-not-synced": 1}}
