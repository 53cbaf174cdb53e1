"""Expected outcomes of quotes (flows.md 6.8): what is sent and what keeps a quote back, QE1 to QE16."""

from __future__ import annotations

import pytest

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_quotes import ALL, QUOTES, Desk
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures", "tests.acceptance.acceptance_desk"]


def test_an_active_quote_is_one_quotation_with_its_lines(desk: Desk, here: Installation) -> None:
    desk.quote("Q-1", ("P1", 3), ("P2", 2.5))
    here.sync()

    assert shown(here.status().totals) == {"created": 1}
    quotation = desk.quotations()["Q-1"]
    assert quotation["RequestingCustomerAccountNumber"] == "C1"
    assert (quotation["CurrencyCode"], quotation["RequestedShippingDate"][:10]) == ("USD", "2026-12-24")
    assert desk.shown() == {1: ("P1", 3), 2: ("P2", 2.5)}
    assert [float(row["LineAmount"]) for row in desk.rows().values()] == [30, 62.5]
    assert {row["SalesUnitSymbol"] for row in desk.rows().values()} == {"ea"}
    expect_no_issue(here)
    assert shown(here.sync().totals) == {"created": 1}


def test_qe1_a_draft_is_skipped(desk: Desk, here: Installation) -> None:
    desk.draft()
    desk.world.settle()
    assert shown(here.sync().totals) == {"skipped": {"not-active": 1}}
    assert not desk.quotations()


def test_qe2_a_line_that_was_written_in_keeps_the_quote_back(desk: Desk, here: Installation) -> None:
    quote = desk.draft()
    desk.line(quote, "P1")
    desk.bare_line(quote, isproductoverridden=True, productdescription="Ribbon", priceperunit=3, quantity=1)
    desk.activate(quote)
    assert shown(here.sync().totals) == {"parked": {"write-in-line": 1}}
    told = expect_issue(here, "Q-1", "write-in-line", "isproductoverridden", hidden=("Ribbon",))
    assert "Line 2" in told.cause
    assert not desk.quotations()


def test_qe6_a_customer_that_is_not_linked_is_waited_for(desk: Desk, world: World, here: Installation) -> None:
    late = world.account(None, "Numberless")
    desk.quote(account=late)
    here.sync_all(*ALL)
    assert shown(here.status().totals) == {"waiting": {"customer-not-linked": 1}}
    world.change(late, accountnumber="C2")
    here.sync_all(*ALL)
    assert desk.quotations()["Q-1"]["RequestingCustomerAccountNumber"] == "C2"
    expect_no_issue(here)


def test_qe8_a_contact_that_buys_becomes_a_customer_first(desk: Desk, trade: Trade, here: Installation) -> None:
    buyer = trade.contact("Moe", account=desk.customer)
    desk.quote(contact=buyer)
    here.sync_all(QUOTES, *ALL[:-1])
    ((number, customer),) = trade.buyers().items()
    assert customer["PersonLastName"] == "Moe"
    assert desk.quotations()["Q-1"]["RequestingCustomerAccountNumber"] == number
    expect_no_issue(here)


@pytest.mark.parametrize(
    ("number", "code"),
    [("QUO-01000-H4Y6D9-0001", "number-too-long"), ("QUO/1", "unsafe-number"), ("Q&A", "unsafe-number")],
)
def test_qe9_qe10_a_number_that_f_o_cannot_keep(desk: Desk, here: Installation, number: str, code: str) -> None:
    desk.quote(number)
    assert shown(here.sync().totals) == {"parked": {code: 1}}
    expect_issue(here, number, code, "SalesQuotationNumber")
    assert not desk.quotations()


def test_qe11_without_a_date_there_is_one_that_stays(desk: Desk, world: World, here: Installation) -> None:
    quote = desk.quote(requestdeliveryby=None)
    status = here.sync()
    assert shown(status.totals) == {"created": 1, "warnings": {"default-date-used": 1}}
    first = desk.quotations()["Q-1"]["RequestedShippingDate"]
    assert desk.rows()[1]["RequestedReceiptDate"] == first
    later = world.install_later(72).of(QUOTES)
    desk.activate(desk.revise(quote))
    later.sync()
    assert desk.quotations()["Q-1"]["RequestedShippingDate"] == first
    assert desk.rows()[1]["RequestedReceiptDate"] == first


def test_qe13_a_long_name_is_cut(desk: Desk, here: Installation) -> None:
    desk.quote(name="N" * 300)
    assert shown(here.sync().totals) == {"created": 1, "warnings": {"truncated:SalesQuotationName": 1}}
    assert desk.quotations()["Q-1"]["SalesQuotationName"] == "N" * 60


def test_qe14_a_quote_without_lines_is_a_header(desk: Desk, here: Installation) -> None:
    desk.activate(desk.draft())
    assert shown(here.sync().totals) == {"created": 1}
    assert desk.shown() == {}


def test_qe4_a_line_that_is_a_bundle_keeps_the_quote_back(desk: Desk, trade: Trade, here: Installation) -> None:
    bundle = trade.make_product("B1", currency="USD", productstructure=3)
    trade.patch("products", bundle, statecode=0, statuscode=1)
    quote = desk.draft()
    desk.line(quote, "P1")
    desk.line(quote, "B1", ispriceoverridden=True, priceperunit=5)
    desk.activate(quote)
    assert shown(here.sync().totals) == {"parked": {"bundle-line": 1}}
    assert "Line 2" in expect_issue(here, "Q-1", "bundle-line", "producttypecode").cause
    assert not desk.quotations()
