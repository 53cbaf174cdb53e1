"""Quotes that are not as they should be: each is told with its code, what can come comes, nothing is half-written."""

from __future__ import annotations

from typing import Any

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_quotes import ACCOUNTS, ALL, PRODUCTS, QUOTES, Desk
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures", "tests.acceptance.acceptance_desk"]


def amounts(desk: Desk, number: str = "Q-1") -> list[tuple[float, float, float]]:
    """Quantity, price and amount of every line."""
    names = ("RequestedSalesQuantity", "SalesPrice", "LineAmount")
    return [(float(row[names[0]]), float(row[names[1]]), float(row[names[2]])) for row in desk.rows(number).values()]


def test_bad_quotes_are_told_each_with_its_code_and_the_good_one_comes(
    desk: Desk, world: World, here: Installation
) -> None:
    write_in, without, unpriced = desk.draft("WRITE-IN"), desk.draft("WITHOUT"), desk.draft("UNPRICED")
    desk.bare_line(write_in, isproductoverridden=True, productdescription="Ribbon", priceperunit=3, quantity=1)
    desk.bare_line(without, quantity=1)
    desk.line(unpriced, "P1", unit="box")
    for quote in (write_in, without, unpriced):
        desk.activate(quote)
    desk.quote("NO CUSTOMER", account=world.account(None, "Numberless"))
    desk.quote("UN/SAFE")
    desk.quote("L" * 21)
    desk.quote("TWICE")
    desk.quote("twice")
    desk.quote("GOOD", ("P1", 1), ("P2", 2))
    here.sync_all(*ALL)

    assert shown(here.status().totals) == {
        "created": 1,
        "waiting": {"customer-not-linked": 1},
        "parked": {"write-in-line": 2, "pricing-error": 1, "unsafe-number": 1, "number-too-long": 1,
                   "duplicate-number": 2},
    }  # fmt: skip
    assert list(desk.quotations()) == ["GOOD"]
    assert len(world.finops_admin.rows("CDSSalesQuotationLines")) == 2


def test_a_product_that_was_retired_in_sales_is_quoted_as_long_as_f_o_sells_it(
    desk: Desk, trade: Trade, here: Installation
) -> None:
    quote = desk.draft()
    desk.line(quote, "P1", 2)
    desk.activate(quote)
    trade.change_product("P1", statecode=1, statuscode=2)
    here.sync_all(PRODUCTS, QUOTES)

    assert shown(here.status().totals) == {"created": 1}
    assert desk.shown() == {1: ("P1", 2)}


def test_a_product_that_f_o_has_stopped_is_refused_with_the_whole_quote(
    desk: Desk, trade: Trade, here: Installation
) -> None:
    desk.quote("Q-1", ("P2", 1), ("P1", 2))
    trade.release("P1", IsSalesStopped="Yes")

    assert shown(here.sync().totals) == {"parked": {"target-refused": 1}}
    told = expect_issue(here, "Q-1", "target-refused", "ProductNumber")
    assert "blocked" in f"{told.cause} {told.details}"
    assert not desk.quotations()
    assert not desk.rows()


def test_a_quantity_of_nothing_or_less_is_sent_as_it_is(desk: Desk, here: Installation) -> None:
    quote = desk.draft()
    desk.line(quote, "P1", 0, manualdiscountamount=5)
    desk.line(quote, "P1", -2)
    desk.activate(quote)
    here.sync()

    assert amounts(desk) == [(0, 10, 0), (-2, 10, -20)]
    discounts = [(float(row["LineDiscountAmount"]), float(row["FixedPriceCharges"])) for row in desk.rows().values()]
    assert discounts == [(0, 0), (0, 0)]


def test_a_price_of_more_decimals_than_a_cent_is_sent_whole_and_comes_to_the_same_amount(
    desk: Desk, here: Installation
) -> None:
    quote = desk.draft()
    desk.line(quote, "P1", 3, ispriceoverridden=True, priceperunit=3.3333)
    desk.line(quote, "P1", 0.12345, ispriceoverridden=True, priceperunit=99.9999)
    desk.activate(quote)

    assert shown(here.sync().totals) == {"created": 1}, "no amount differs"
    assert amounts(desk) == [(3, 3.3333, 10), (0.12345, 99.9999, 12.34)]


def test_a_customer_that_is_parked_is_waited_for_and_the_issue_says_why(
    desk: Desk, world: World, here: Installation
) -> None:
    first, second = world.account("C2", "Twice"), world.account("C2", "Twice again")
    desk.quote("Q-2", account=second)
    here.sync_all(ACCOUNTS, QUOTES)
    assert shown(here.status().totals) == {"waiting": {"customer-not-linked": 1}}

    late = world.install_later(25).of(QUOTES)
    late.app.sweep(QUOTES)
    late.pump()
    told = expect_issue(late, "Q-2", "customer-not-linked")
    assert "waited since" in told.cause
    assert "duplicate-number" in told.cause

    world.change(second, accountnumber="C3")
    here.sync_all(ACCOUNTS, QUOTES)
    assert desk.quotations()["Q-2"]["RequestingCustomerAccountNumber"] == "C3"
    assert "Q-2" not in here.issues()
    assert first != second


def test_a_quote_whose_customer_was_deleted_is_told_or_waits(desk: Desk, world: World, here: Installation) -> None:
    """Sales lets nobody save a quote without customer; one whose customer went away later says for whom it waits."""
    gone = world.account("C2", "Soon gone")
    desk.quote("Q-2", account=gone)
    world.change(gone, accountnumber=None)
    here.sync_all(ACCOUNTS, QUOTES)
    assert shown(here.status().totals) == {"waiting": {"customer-not-linked": 1}}
    assert not desk.quotations()


PAST = "2004-06-13T00:00:00Z"


def test_a_date_in_the_past_is_sent_and_told_where_f_o_refuses_it(desk: Desk, world: World, here: Installation) -> None:
    desk.quote("Q-1", requestdeliveryby=PAST)
    assert shown(here.sync().totals) == {"created": 1}
    assert desk.quotations()["Q-1"]["RequestedShippingDate"] == "2004-06-13T12:00:00Z"

    world.finops_admin.switch(delivery_date_control="checked")
    desk.quote("Q-2", requestdeliveryby=PAST)
    here.sync()
    told = expect_issue(here, "Q-2", "target-refused", "RequestedShippingDate")
    assert "earlier than today" in told.cause
    assert "Q-2" not in desk.quotations()


def test_a_date_is_taken_from_the_line_then_the_quote_then_the_default(
    desk: Desk, world: World, here: Installation
) -> None:
    quote = desk.draft("Q-1", requestdeliveryby="2027-03-01T00:00:00Z")
    desk.line(quote, "P1", requestdeliveryby="2027-02-01T00:00:00Z")
    desk.line(quote, "P1")
    desk.activate(quote)
    other = desk.draft("Q-2", requestdeliveryby=None)
    desk.line(other, "P1", requestdeliveryby="2027-02-01T00:00:00Z")
    desk.line(other, "P1")
    desk.activate(other)
    assert shown(here.sync().totals) == {"created": 2, "warnings": {"default-date-used": 1}}

    dates = [row["RequestedReceiptDate"][:10] for row in desk.rows("Q-1").values()]
    assert dates == ["2027-02-01", "2027-03-01"]
    default = desk.quotations()["Q-2"]["RequestedShippingDate"]
    assert [row["RequestedReceiptDate"] for row in desk.rows("Q-2").values()] == ["2027-02-01T12:00:00Z", default]


def test_of_two_quotes_with_one_number_none_comes_until_one_is_closed(desk: Desk, here: Installation) -> None:
    first, second = desk.quote("Q-1", ("P1", 1)), desk.quote("q-1", ("P2", 2))
    assert shown(here.sync().totals) == {"parked": {"duplicate-number": 2}}
    assert not desk.quotations()
    issues = {issue.id: issue.trouble for issue in here.status().issues}
    assert issues[first].details["others"] == second
    assert issues[second].details["others"] == first

    desk.close(second)
    later = desk.world.install_later(2).of(QUOTES)
    later.sync()
    later.app.sweep(QUOTES)
    later.pump()
    assert desk.shown("Q-1") == {1: ("P1", 1)}
    expect_no_issue(later)


def test_a_second_quote_with_the_number_of_a_linked_one_is_kept_back(desk: Desk, here: Installation) -> None:
    first = desk.quote("Q-1", ("P1", 1))
    here.sync()
    second = desk.quote("Q-1", ("P2", 2))
    here.sync()
    assert desk.shown() == {1: ("P1", 1)}
    assert here.link(second).reason == "duplicate-number"

    # Not even when the first is done with: its quotation is not the second one's.
    desk.win(first)
    later = desk.world.install_later(2).of(QUOTES)
    later.sync()
    later.app.sweep(QUOTES)
    later.pump()
    assert desk.shown() == {1: ("P1", 1)}
    assert not here.link(second).linked


def test_a_quote_that_is_gone_when_its_turn_comes_writes_nothing(desk: Desk, world: World, here: Installation) -> None:
    quote = desk.quote("Q-1", ("P1", 1))
    here.detect()
    desk.close(quote)
    world.sales.send("DELETE", f"quotes({quote})")
    here.pump()
    here.sync()
    assert not desk.quotations()
    assert not desk.lines_of(quote)
    expect_no_issue(here)


def test_a_linked_quote_that_is_deleted_leaves_its_quotation_as_it_is(
    desk: Desk, world: World, here: Installation
) -> None:
    quote = desk.quote("Q-1", ("P1", 1))
    here.sync()
    before = desk.quotations(), desk.rows()
    desk.close(quote)
    world.sales.send("DELETE", f"quotes({quote})")
    world.count_anew()
    here.sync()

    assert (desk.quotations(), desk.rows()) == before
    assert world.finops_admin.counters()["writes"] == 0
    assert here.link(quote).reason == "source-deleted"
    expect_no_issue(here)


def test_f_o_refusing_line_7_of_20_of_a_revision_leaves_the_quotation_as_it_was(
    desk: Desk, trade: Trade, here: Installation
) -> None:
    trade.release("P7", SalesPrice=7)
    here.sync_all(*ALL[:-1])
    quote = desk.quote("Q-1", *(("P1", at) for at in range(1, 21)))
    here.sync()
    before = desk.quotations(), desk.rows()
    again = desk.revise(quote)
    lines = desk.lines_of(again)
    product = {"productid@odata.bind": f"/products({trade.product('P7')['productid']})"}
    for at, line in enumerate(lines, 1):
        changes: dict[str, Any] = product if at == 7 else {"quantity": at + 100}
        desk.change_line(line["quotedetailid"], **changes)
    desk.activate(again)
    trade.release("P7", IsSalesStopped="Yes")
    here.sync()

    expect_issue(here, "Q-1", "target-refused", "ProductNumber")
    assert (desk.quotations(), desk.rows()) == before

    trade.release("P7", IsSalesStopped="No")
    later = desk.world.install_later(2).of(QUOTES)
    later.app.sweep(QUOTES)
    later.pump()
    wanted = {at: ("P1", at + 100) for at in range(1, 21) if at != 7}
    assert desk.shown() == {**wanted, 21: ("P7", 7)}
    expect_no_issue(later)


def test_a_currency_that_f_o_does_not_have_is_told_before_the_lines(
    desk: Desk, world: World, trade: Trade, here: Installation
) -> None:
    world.enter_currency("CHF")
    prices = trade.price_list("Francs", "CHF")
    quote = desk.draft("Q-1", **{
        "pricelevelid@odata.bind": f"/pricelevels({prices})",
        "transactioncurrencyid@odata.bind": f"/transactioncurrencies({world.currencies['CHF']})",
    })  # fmt: skip
    desk.bare_line(quote, isproductoverridden=True, productdescription="Ribbon", priceperunit=3, quantity=1)
    desk.activate(quote)
    here.sync()
    expect_issue(here, "Q-1", "currency-not-mapped", "CurrencyCode")
    assert not desk.quotations()


def test_a_site_that_f_o_does_not_have_is_refused_with_the_whole_quote(desk: Desk, world: World) -> None:
    desk.quote("Q-1", ("P1", 1))
    here = world.install(QUOTES__SITE="NOWHERE").of(QUOTES)
    here.sync()
    expect_issue(here, "Q-1", "target-refused", "DefaultShippingSiteId")
    assert not desk.quotations()


def test_texts_that_hold_control_characters_and_signs_come_clean(desk: Desk, here: Installation) -> None:
    quote = desk.draft(
        "O'Brien 1", name="  Tab\there & <there>  ", description="First  line\nsecond", emailaddress="x@y.de"
    )
    desk.line(quote, "P1", description="Line one\nLine \u0007two")
    desk.activate(quote)
    here.sync()
    header = desk.quotations()["O'Brien 1"]
    assert (header["SalesQuotationName"], header["CustomersReference"]) == ("Tab here & <there>", "First line")
    assert header["Email"] == "x@y.de"
    assert desk.rows("O'Brien 1")[1]["LineDescription"] == "Line one\nLine two"

    again = desk.revise(quote)
    desk.change_line(desk.lines_of(again)[0]["quotedetailid"], quantity=5)
    desk.activate(again)
    here.sync()
    assert desk.shown("O'Brien 1") == {1: ("P1", 5)}
    expect_no_issue(here)
