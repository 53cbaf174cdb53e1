"""Numbers, changes and removals of lines (flows.md 6.5, R11), above all through revisions: QE14, QE17 to QE19."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_quotes import QUOTES, Desk
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures", "tests.acceptance.acceptance_desk"]

LINES = "CDSSalesQuotationLines"


def lots(desk: Desk) -> dict[int, str]:
    """The lot of each line, which F&O gives when the line is made: another lot is another line."""
    return {number: row["InventoryLotId"] for number, row in desk.rows().items()}


def writes(world: World) -> int:
    return int(world.finops_admin.counters()["writes"])


def revised(desk: Desk, quote: str) -> tuple[str, list[str]]:
    """The draft of a revision, and the ids of its lines in order."""
    again = desk.revise(quote)
    return again, [row["quotedetailid"] for row in desk.lines_of(again)]


def activate(desk: Desk, here: Installation, quote: str) -> None:
    desk.activate(quote)
    here.sync()
    expect_no_issue(here)


@pytest.fixture(params=[True, False], ids=["numbers kept", "numbers lost"])
def keeps(request: pytest.FixtureRequest, world: World) -> bool:
    """Whether a revision keeps the sequence numbers of lines (flows.md 11, point 9)."""
    world.sales_admin.switch(revision_keeps_sequence=request.param)
    return bool(request.param)


def test_a_revision_in_which_nothing_changed_writes_nothing_to_f_o(
    desk: Desk, world: World, here: Installation, keeps: bool
) -> None:
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2), ("P1", 3))
    here.sync()
    before = desk.quotations(), desk.rows()
    again, _ = revised(desk, quote)
    world.count_anew()
    activate(desk, here, again)

    assert (desk.quotations(), desk.rows()) == before
    assert writes(world) == 0
    assert here.link(again).linked
    assert not here.link(quote).linked


def test_qe17_a_line_that_is_removed_in_a_revision_is_deleted_in_f_o(
    desk: Desk, here: Installation, keeps: bool
) -> None:
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2), ("P1", 3))
    here.sync()
    before = lots(desk)
    again, (_, middle, _) = revised(desk, quote)
    desk.remove_line(middle)
    activate(desk, here, again)

    assert desk.shown() == {1: ("P1", 1), 3: ("P1", 3)}
    assert lots(desk) == {number: lot for number, lot in before.items() if number != 2}


def test_qe17_all_lines_can_go_and_come_back_under_new_numbers(desk: Desk, here: Installation) -> None:
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    again, ids = revised(desk, quote)
    for line in ids:
        desk.remove_line(line)
    activate(desk, here, again)
    assert desk.shown() == {}

    third = desk.revise(again)
    desk.line(third, "P2", 2)
    desk.line(third, "P1", 1)
    activate(desk, here, third)
    assert sorted(desk.shown().values()) == [("P1", 1), ("P2", 2)]
    assert min(desk.shown()) > 2, "a number that was used is not used again"


def test_qe17_with_the_setting_off_a_removed_line_stays_in_f_o(desk: Desk, world: World) -> None:
    here = world.install(QUOTES__DELETE_REMOVED_LINES="false").of(QUOTES)
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    again, (first, _) = revised(desk, quote)
    desk.remove_line(first)
    activate(desk, here, again)
    assert desk.shown() == {1: ("P1", 1), 2: ("P2", 2)}


def test_qe18_a_line_that_is_added_in_a_revision_gets_the_next_free_number(
    desk: Desk, here: Installation, keeps: bool
) -> None:
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    before = lots(desk)
    again, _ = revised(desk, quote)
    desk.line(again, "P1", 9)
    activate(desk, here, again)

    assert desk.shown() == {1: ("P1", 1), 2: ("P2", 2), 3: ("P1", 9)}
    assert {number: lot for number, lot in lots(desk).items() if number < 3} == before


def test_qe18_beside_lines_that_f_o_users_added_which_nobody_touches(
    desk: Desk, world: World, here: Installation
) -> None:
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    own = {"dataAreaId": "usmf", "SalesQuotationNumber": "Q-1", "LineCreationSequenceNumber": 3,
           "ProductNumber": "P2", "RequestedSalesQuantity": 77}  # fmt: skip
    world.finops.send("POST", LINES, own)
    theirs = desk.rows()[3]
    again, (first, _) = revised(desk, quote)
    desk.remove_line(first)
    desk.line(again, "P2", 9)
    activate(desk, here, again)

    assert desk.shown() == {2: ("P2", 2), 3: ("P2", 77), 4: ("P2", 9)}
    assert desk.rows()[3] == theirs


def test_qe19_lines_in_another_order_keep_their_numbers(desk: Desk, world: World, here: Installation) -> None:
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2), ("P1", 3))
    here.sync()
    before = desk.rows()
    again, (first, second, third) = revised(desk, quote)
    for line, place in ((first, 30), (second, 10), (third, 20)):
        desk.change_line(line, sequencenumber=place, lineitemnumber=place)
    world.count_anew()
    activate(desk, here, again)
    # Two lines of one product and one unit are told apart by their place alone: what they say may change hands.
    rows = desk.rows()
    assert sorted(rows) == [1, 2, 3]
    assert {row["InventoryLotId"] for row in rows.values()} == {row["InventoryLotId"] for row in before.values()}
    assert sorted(desk.shown().values()) == [("P1", 1), ("P1", 3), ("P2", 2)]


def test_quantity_price_discount_date_text_and_unit_of_a_line_are_updated_and_its_number_stays(
    desk: Desk, trade: Trade, world: World, here: Installation
) -> None:
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    before = lots(desk)
    again, (first, _) = revised(desk, quote)
    box = {"uomid@odata.bind": f"/uoms({trade.units['box']})"}
    desk.change_line(first, quantity=4, ispriceoverridden=True, priceperunit=12.5, manualdiscountamount=2,
                     description="By hand", requestdeliveryby="2027-01-15T00:00:00Z", **box)  # fmt: skip
    world.count_anew()
    activate(desk, here, again)

    row = desk.rows()[1]
    names = ("RequestedSalesQuantity", "SalesPrice", "LineDiscountAmount", "LineAmount")
    assert [float(row[name]) for name in names] == [4, 12.5, 0.5, 48]
    assert (row["LineDescription"], row["SalesUnitSymbol"]) == ("By hand", "box")
    assert row["RequestedReceiptDate"] == "2027-01-15T12:00:00Z"
    assert lots(desk) == before
    assert writes(world) == 1, "the other line and the header are as they were"


def test_what_is_taken_off_a_line_is_cleared_in_f_o(desk: Desk, here: Installation) -> None:
    quote = desk.draft()
    desk.line(quote, "P1", 3, manualdiscountamount=10, description="With a discount")
    activate(desk, here, quote)
    again, (line,) = revised(desk, quote)
    desk.change_line(line, manualdiscountamount=None, description=None)
    activate(desk, here, again)
    row = desk.rows()[1]
    assert (float(row["LineDiscountAmount"]), float(row["FixedPriceCharges"]), float(row["LineAmount"])) == (0, 0, 30)
    assert row["LineDescription"] == ""


def test_a_line_whose_product_changed_is_deleted_and_made_anew_under_a_new_number(
    desk: Desk, trade: Trade, here: Installation, keeps: bool
) -> None:
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    before = lots(desk)
    again, (first, _) = revised(desk, quote)
    desk.change_line(first, **{"productid@odata.bind": f"/products({trade.product('P2')['productid']})"})
    activate(desk, here, again)

    assert desk.shown() == {2: ("P2", 2), 3: ("P2", 1)}
    assert lots(desk)[2] == before[2]


def test_lines_come_under_the_numbers_that_sales_gave_them(desk: Desk, here: Installation) -> None:
    quote = desk.draft()
    for place in (30, 10, 20):
        desk.line(quote, "P1", place, sequencenumber=place)
    activate(desk, here, quote)
    assert desk.shown() == {10: ("P1", 10), 20: ("P1", 20), 30: ("P1", 30)}


def test_lines_without_a_number_of_their_own_follow_above_the_highest_in_their_order(
    desk: Desk, here: Installation, world: World
) -> None:
    world.sales_admin.switch(line_sequence="empty")
    quote = desk.draft()
    places: list[tuple[float, dict[str, Any]]] = [
        (1, {"lineitemnumber": 9}),
        (2, {"lineitemnumber": 8}),
        (3, {"sequencenumber": 5, "lineitemnumber": 2}),
        (4, {"sequencenumber": 5, "lineitemnumber": 1}),
        (5, {"sequencenumber": 0}),
        (6, {"sequencenumber": -3}),
    ]
    for quantity, values in places:
        desk.line(quote, "P1", quantity, **values)
    activate(desk, here, quote)
    # Of two with one number the first by item number keeps it; then -3, 0, the other 5, then the blanks 8 and 9 (R11).
    assert {number: quantity for number, (_, quantity) in desk.shown().items()} == {5: 4, 6: 6, 7: 5, 8: 3, 9: 2, 10: 1}


def test_two_lines_that_say_the_same_stay_two_lines(desk: Desk, world: World, here: Installation, keeps: bool) -> None:
    quote = desk.quote("Q-1", ("P1", 2), ("P1", 2))
    here.sync()
    before = desk.rows()
    again, (first, _) = revised(desk, quote)
    world.count_anew()
    activate(desk, here, again)
    assert desk.rows() == before

    third, (first, _) = revised(desk, again)
    desk.remove_line(first)
    activate(desk, here, third)
    assert list(desk.shown().values()) == [("P1", 2)]


def test_qe14_a_quote_without_lines_gets_some_in_a_revision(desk: Desk, here: Installation) -> None:
    quote = desk.draft()
    activate(desk, here, quote)
    assert shown(here.status().totals) == {"created": 1}
    assert desk.shown() == {}
    again = desk.revise(quote)
    desk.line(again, "P1", 2)
    activate(desk, here, again)
    assert desk.shown() == {1: ("P1", 2)}


def test_a_line_that_an_f_o_user_deleted_is_made_again_when_it_changes(desk: Desk, world: World, here: Installation
                                                                      ) -> None:  # fmt: skip
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    key = f"{LINES}(dataAreaId='usmf',LineCreationSequenceNumber=1,SalesQuotationNumber='Q-1')"
    world.finops.send("DELETE", key)
    again, (first, _) = revised(desk, quote)
    desk.change_line(first, quantity=5)
    activate(desk, here, again)
    assert sorted(desk.shown().values()) == [("P1", 5), ("P2", 2)]


def test_one_that_is_removed_when_f_o_has_deleted_it_already_is_just_gone(desk: Desk, world: World, here: Installation
                                                                         ) -> None:  # fmt: skip
    quote = desk.quote("Q-1", ("P1", 1), ("P2", 2))
    here.sync()
    key = f"{LINES}(dataAreaId='usmf',LineCreationSequenceNumber=1,SalesQuotationNumber='Q-1')"
    world.finops.send("DELETE", key)
    again, (first, second) = revised(desk, quote)
    desk.remove_line(first)
    desk.change_line(second, quantity=8)
    activate(desk, here, again)
    assert desk.shown() == {2: ("P2", 8)}


def test_of_five_hundred_lines_those_that_changed_are_written(desk: Desk, world: World, here: Installation) -> None:
    quote = desk.draft()
    product = desk.trade.product("P1")["productid"]
    targets = [
        {"@odata.type": "Microsoft.Dynamics.CRM.quotedetail", "quoteid@odata.bind": f"/quotes({quote})",
         "productid@odata.bind": f"/products({product})", "uomid@odata.bind": f"/uoms({desk.trade.units['ea']})",
         "quantity": at}
        for at in range(1, 501)
    ]  # fmt: skip
    world.sales.send("POST", "quotedetails/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})
    activate(desk, here, quote)
    assert desk.shown() == {at: ("P1", at) for at in range(1, 501)}

    again, ids = revised(desk, quote)
    desk.remove_line(ids[249])
    desk.change_line(ids[499], quantity=9999)
    desk.line(again, "P2", 7)
    world.count_anew()
    activate(desk, here, again)
    expected = {at: ("P1", at) for at in range(1, 500) if at != 250} | {500: ("P1", 9999), 501: ("P2", 7)}
    assert desk.shown() == expected
    assert writes(world) == 3
