"""Expected outcomes of quotes (flows.md 6.3, 6.5, 6.6, 6.8): what becomes of a quotation, QE17 to QE26."""

from __future__ import annotations

import pytest

from tests.acceptance.acceptance_crash import SHORT_LEASE, kill_before_remembering
from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_quotes import ALL, QUOTES, Desk
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


@pytest.fixture
def here(world: World, trade: Trade) -> Installation:
    return world.install().of(QUOTES)


@pytest.fixture
def desk(world: World, trade: Trade, here: Installation) -> Desk:
    """Its customer and its products are in both systems."""
    desk = Desk(world, trade)
    world.settle()
    here.sync_all(*ALL[:-1])
    return desk


def test_qe17_qe18_lines_of_a_revision_go_and_come(desk: Desk, here: Installation) -> None:
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    again = desk.revise(quote)
    first, _ = desk.lines_of(again)
    desk.remove_line(first["quotedetailid"])
    desk.line(again, "P1", 7)
    here.sync()
    assert desk.shown() == {1: ("P1", 1), 2: ("P2", 2)}, "a draft is not sent"

    desk.activate(again)
    here.sync()
    shows = desk.shown()
    assert shows.pop(2) == ("P2", 2)
    assert list(shows.values()) == [("P1", 7)]
    assert len(desk.quotations()) == 1
    expect_no_issue(here)


def test_qe19_lines_in_another_order_are_nothing_to_f_o(desk: Desk, world: World, here: Installation) -> None:
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    again = desk.revise(quote)
    first, second = desk.lines_of(again)
    desk.change_line(first["quotedetailid"], sequencenumber=20)
    desk.change_line(second["quotedetailid"], sequencenumber=10)
    desk.activate(again)
    before = desk.rows()
    world.count_anew()
    here.sync()
    assert desk.rows() == before
    assert world.finops_admin.counters()["writes"] == 0
    expect_no_issue(here)


def test_a_line_whose_product_changed_is_another_line(desk: Desk, here: Installation) -> None:
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    again = desk.revise(quote)
    first, _ = desk.lines_of(again)
    desk.remove_line(first["quotedetailid"])
    desk.line(again, "P2", 1)
    desk.activate(again)
    here.sync()
    assert sorted(desk.shown().values()) == [("P2", 1), ("P2", 2)]
    assert 1 not in desk.shown() or desk.shown()[1] != ("P1", 1)


@pytest.mark.parametrize("status", ["Sent", "Confirmed", "Lost", "Cancelled"])
def test_qe20_a_quotation_that_is_decided_is_not_written_to(desk: Desk, here: Installation, status: str) -> None:
    quote = desk.quote()
    here.sync()
    desk.decide(status)
    before = desk.quotations(), desk.rows()
    again = desk.revise(quote)
    desk.line(again, "P2", 2)
    desk.activate(again)
    here.sync()
    expect_issue(here, "Q-1", "quotation-locked", "SalesQuotationStatus")
    assert (desk.quotations(), desk.rows()) == before


def test_qe21_a_number_sequence_that_is_not_manual(desk: Desk, world: World, here: Installation) -> None:
    world.finops_admin.switch(quotation_numbers="refused")
    desk.quote()
    assert shown(here.sync().totals) == {"parked": {"target-refused": 1}}
    told = expect_issue(here, "Q-1", "target-refused", "SalesQuotationNumber")
    assert "number sequence" in told.remedy
    assert not desk.quotations()


def test_qe22_of_a_quote_of_which_f_o_refuses_a_line_nothing_stays(
    desk: Desk, trade: Trade, here: Installation
) -> None:
    trade.release("P3")
    here.sync_all(*ALL[:-1])
    desk.quote("Q-1", *(("P3" if at == 7 else "P1", at) for at in range(1, 21)))
    trade.withdraw("P3")
    here.sync()
    assert shown(here.status().totals) == {"parked": {"target-refused": 1}}
    expect_issue(here, "Q-1", "target-refused", "ProductNumber")
    assert not desk.quotations()
    assert not desk.rows()


def test_qe23_a_host_that_dies_before_it_remembers_makes_no_quotation_and_no_line_twice(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here = world.install(**SHORT_LEASE).of(QUOTES)
    kill_before_remembering(monkeypatch)
    here.sync()
    assert shown(here.status().totals) == {"adopted": 1}
    assert desk.shown() == {1: ("P1", 1), 2: ("P2", 2)}
    assert not here.issues()


def test_qe23_nor_does_one_that_dies_in_a_revision(desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    here = world.install(**SHORT_LEASE).of(QUOTES)
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    again = desk.revise(quote)
    first, _ = desk.lines_of(again)
    desk.remove_line(first["quotedetailid"])
    desk.line(again, "P1", 7)
    desk.line(again, "P2", 8)
    desk.activate(again)
    kill_before_remembering(monkeypatch)
    here.sync()
    assert sorted(desk.shown().values()) == [("P1", 7), ("P2", 2), ("P2", 8)]
    assert len(desk.quotations()) == 1
    assert not here.issues()


def test_qe24_a_quotation_of_another_customer_is_not_adopted(desk: Desk, world: World, here: Installation) -> None:
    world.enter_customer("C9", "Somebody else")
    body = {"dataAreaId": "usmf", "SalesQuotationNumber": "Q-1", "RequestingCustomerAccountNumber": "C9",
            "CurrencyCode": "USD"}  # fmt: skip
    world.finops.send("POST", "CDSSalesQuotationHeaders", body)
    desk.quote()
    assert shown(here.sync().totals) == {"parked": {"adopt-mismatch": 1}}
    expect_issue(here, "Q-1", "adopt-mismatch", "RequestingCustomerAccountNumber")
    assert not desk.rows()


def test_qe25_a_discount_of_the_whole_quote_is_told_and_not_sent(desk: Desk, here: Installation) -> None:
    desk.quote(discountpercentage=5)
    assert shown(here.sync().totals) == {"created": 1, "warnings": {"header-discount-not-synced": 1}}
    assert float(desk.rows()[1]["LineAmount"]) == 10


@pytest.mark.parametrize(
    ("quantity", "discount", "of_unit", "charge"),
    [
        (3, 10, 3.33, -0.01),
        (3, 20, 6.67, 0.01),
        (4, 10, 2.5, 0),
        (7, 1, 0.14, -0.02),
        (0.5, 1, 2, 0),
        (3, 0.01, 0, -0.01),
        (6, 0.03, 0.01, 0.03),
    ],
)
def test_qe26_the_discount_of_a_line_is_one_of_each_unit_and_what_rounding_leaves(
    desk: Desk, here: Installation, quantity: float, discount: float, of_unit: float, charge: float
) -> None:
    quote = desk.draft()
    desk.line(quote, "P2", quantity, manualdiscountamount=discount)
    desk.activate(quote)
    assert shown(here.sync().totals) == {"created": 1}
    row = desk.rows()[1]
    assert (float(row["LineDiscountAmount"]), float(row["FixedPriceCharges"])) == (of_unit, charge)
    assert float(row["LineAmount"]) == round(quantity * 25 - discount, 2)


def test_discounts_of_a_unit_where_the_setting_says_so(desk: Desk, world: World) -> None:
    quote = desk.draft()
    desk.line(quote, "P2", 3, manualdiscountamount=2)
    desk.activate(quote)
    world.install(QUOTES__DISCOUNT_METHOD="unit").of(QUOTES).sync()
    row = desk.rows()[1]
    assert (float(row["LineDiscountAmount"]), float(row["FixedPriceCharges"])) == (2, 0)


def test_a_quote_that_is_won_or_lost_is_left_as_it_is(desk: Desk, here: Installation) -> None:
    won, lost = desk.quote("Q-1"), desk.quote("Q-2")
    here.sync()
    before = desk.quotations(), desk.rows(), desk.rows("Q-2")
    desk.win(won)
    desk.close(lost)
    here.sync()
    assert (desk.quotations(), desk.rows(), desk.rows("Q-2")) == before
    expect_no_issue(here)


def test_a_quote_that_was_won_at_once_comes_where_the_setting_says_so(desk: Desk, world: World) -> None:
    desk.win(desk.quote())
    world.settle()
    assert shown(world.install().of(QUOTES).sync().totals) == {"skipped": {"not-active": 1}}
    other = world.install(QUOTES__STATES="1,2").of(QUOTES)
    other.sync()
    assert desk.shown() == {1: ("P1", 1)}


def test_five_hundred_lines_are_one_quotation(desk: Desk, here: Installation) -> None:
    desk.quote("Q-1", *(("P1", at) for at in range(1, 501)))
    assert shown(here.sync().totals) == {"created": 1}
    assert desk.shown() == {at: ("P1", at) for at in range(1, 501)}
