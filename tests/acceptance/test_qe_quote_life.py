"""Expected outcomes of quotes (flows.md 6.3, 6.5, 6.6, 6.8): what becomes of a quotation, QE17 to QE26."""

from __future__ import annotations

import pytest

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_quotes import ALL, PRODUCTS, QUOTES, Desk
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures", "tests.acceptance.acceptance_desk"]


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


def test_a_revision_that_was_kept_back_is_written_once_when_the_quotation_is_reset(
    desk: Desk, world: World, here: Installation
) -> None:
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    desk.decide("Sent")
    again = desk.revise(quote)
    desk.line(again, "P1", 7)
    desk.activate(again)
    here.sync()
    assert not here.link(again).linked, "the quotation is the earlier one's still"
    desk.decide("Reset")
    later = world.install_later(2).of(QUOTES)
    later.app.sweep(QUOTES)
    later.pump()
    assert desk.shown() == {1: ("P1", 1), 2: ("P2", 2), 3: ("P1", 7)}
    assert not here.link(quote).linked
    expect_no_issue(later)


def test_a_revision_that_waited_for_a_product_is_written_once(desk: Desk, trade: Trade, here: Installation) -> None:
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    trade.patch("products", trade.make_product("P9", currency="USD"), statecode=0, statuscode=1)
    again = desk.revise(quote)
    desk.line(again, "P9", 7, ispriceoverridden=True, priceperunit=5)
    desk.activate(again)
    here.sync()
    assert shown(here.status().totals)["waiting"] == {"product-not-linked": 1}
    trade.release("P9")
    here.sync_all(PRODUCTS, QUOTES)
    assert desk.shown() == {1: ("P1", 1), 2: ("P2", 2), 3: ("P9", 7)}
    expect_no_issue(here)


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


def test_qe24_a_quotation_of_another_customer_is_not_adopted(desk: Desk, world: World, here: Installation) -> None:
    world.enter_customer("C9", "Somebody else")
    body = {"dataAreaId": "usmf", "SalesQuotationNumber": "Q-1", "RequestingCustomerAccountNumber": "C9",
            "CurrencyCode": "USD"}  # fmt: skip
    world.finops.send("POST", "CDSSalesQuotationHeaders", body)
    desk.quote()
    assert shown(here.sync().totals) == {"parked": {"adopt-mismatch": 1}}
    expect_issue(here, "Q-1", "adopt-mismatch", "RequestingCustomerAccountNumber")
    assert not desk.rows()


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
