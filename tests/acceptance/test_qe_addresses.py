"""Addresses of quotes and their lines (flows.md 1.8, 6.1, 6.4; QE12)."""

from __future__ import annotations

from typing import Any

from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_quotes import QUOTES, Desk
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures", "tests.acceptance.acceptance_desk"]

BEND: dict[str, Any] = {
    "shipto_line1": "1 Main St", "shipto_line2": "Unit 2", "shipto_city": "Bend", "shipto_stateorprovince": "Oregon",
    "shipto_postalcode": "97701", "shipto_country": "USA",
}  # fmt: skip
SALEM: dict[str, Any] = {
    "shipto_line1": "9 Side St",
    "shipto_city": "Salem",
    "shipto_postalcode": "97301",
    "shipto_country": "US",
}
PARTS = ("Street", "City", "StateId", "ZipCode", "CountryRegionISOCode", "Name", "Description")


def address(row: dict[str, Any]) -> tuple[Any, ...]:
    """The delivery address of a header or a line."""
    return tuple(row[f"DeliveryAddress{part}"] for part in PARTS)


IN_BEND = ("1 Main St\nUnit 2", "Bend", "OR", "97701", "US", "Contoso", "C1")
IN_SALEM = ("9 Side St", "Salem", "", "97301", "US", "Contoso", "C1")


def test_a_quote_has_its_own_address_under_the_customers_name_and_number(desk: Desk, here: Installation) -> None:
    desk.quote(**BEND)
    assert shown(here.sync().totals) == {"created": 1}
    header = desk.quotations()["Q-1"]
    assert address(header) == IN_BEND
    assert header["IsDeliveryAddressOrderSpecific"] == "Yes"


def test_a_name_for_the_delivery_takes_the_place_of_the_customers(desk: Desk, here: Installation) -> None:
    quote = desk.draft(**BEND, shipto_name="Receiving dock")
    desk.line(quote, "P1", **SALEM)
    desk.line(quote, "P1", **SALEM, shipto_name="Back door")
    desk.activate(quote)
    here.sync()

    assert desk.quotations()["Q-1"]["DeliveryAddressName"] == "Receiving dock"
    assert [row["DeliveryAddressName"] for row in desk.rows().values()] == ["Receiving dock", "Back door"]


def test_a_quote_without_address_takes_the_customers_and_is_not_specific(
    desk: Desk, world: World, here: Installation
) -> None:
    world.change_customer("C1", AddressStreet="5 Home Rd", AddressCity="Boise", AddressCountryRegionISOCode="US")
    desk.quote()
    here.sync()
    header = desk.quotations()["Q-1"]
    assert header["DeliveryAddressCity"] == "Boise"
    assert header["IsDeliveryAddressOrderSpecific"] != "Yes"


def test_a_line_has_an_address_of_its_own_only_where_it_differs_and_is_delivered(
    desk: Desk, here: Installation
) -> None:
    quote = desk.draft(**BEND)
    desk.line(quote, "P1")
    desk.line(quote, "P1", **BEND)
    desk.line(quote, "P1", **SALEM)
    desk.line(quote, "P1", **SALEM, willcall=True)
    desk.activate(quote)
    here.sync()

    rows = desk.rows()
    assert address(rows[3]) == IN_SALEM
    assert rows[3]["IsDeliveryAddressOrderSpecific"] == "Yes"
    for number in (1, 2, 4):
        assert "Salem" not in address(rows[number])
        assert rows[number]["IsDeliveryAddressOrderSpecific"] != "Yes"
    expect_no_issue(here)


def test_a_line_has_an_address_where_the_quote_has_none(desk: Desk, here: Installation) -> None:
    quote = desk.draft()
    desk.line(quote, "P1", **SALEM)
    desk.activate(quote)
    here.sync()
    assert address(desk.rows()[1]) == IN_SALEM
    assert desk.quotations()["Q-1"]["IsDeliveryAddressOrderSpecific"] != "Yes"


def test_qe12_addresses_without_country_are_left_out_whole_on_header_and_line(
    desk: Desk, world: World, here: Installation
) -> None:
    world.change_customer("C1", AddressStreet="5 Home Rd", AddressCity="Boise", AddressCountryRegionISOCode="US")
    nowhere: dict[str, Any] = {**BEND, "shipto_country": None, "shipto_name": "Dock"}
    quote = desk.draft(**nowhere)
    desk.line(quote, "P1", shipto_city="Salem", shipto_name="Back door")
    desk.activate(quote)

    assert shown(here.sync().totals) == {"created": 1, "warnings": {"address-without-country": 1}}
    header, (line,) = desk.quotations()["Q-1"], desk.rows().values()
    assert header["DeliveryAddressCity"] == "Boise", "F&O uses the customer's"
    assert header["DeliveryAddressName"] != "Dock"
    assert "Salem" not in address(line)
    assert line["DeliveryAddressName"] != "Back door"


def test_qe12_with_a_default_country_the_address_is_sent(desk: Desk, world: World) -> None:
    desk.quote(**{**BEND, "shipto_country": None})
    here = world.install(COUNTRY__DEFAULT="US").of(QUOTES)
    assert shown(here.sync().totals) == {"created": 1}
    assert address(desk.quotations()["Q-1"]) == IN_BEND


def test_a_country_that_nobody_knows_leaves_the_address_out_and_is_told(desk: Desk, here: Installation) -> None:
    quote = desk.draft(**{**BEND, "shipto_country": "Atlantis"})
    desk.line(quote, "P1", **{**SALEM, "shipto_country": "Atlantis"})
    desk.activate(quote)
    totals = shown(here.sync().totals)
    assert totals["created"] == 1
    assert [name for name in totals["warnings"] if name.startswith("country-unknown")]
    assert desk.quotations()["Q-1"]["DeliveryAddressCity"] != "Bend"
    assert desk.rows()[1]["DeliveryAddressCity"] != "Salem"


def test_states_that_f_o_does_not_take_are_left_out_and_can_be_left_out_altogether(
    desk: Desk, world: World, here: Installation
) -> None:
    desk.quote("Q-1", **{**BEND, "shipto_stateorprovince": "A state of mind"})
    totals = shown(here.sync().totals)
    assert totals == {"created": 1, "warnings": {"state-omitted": 1}}
    assert address(desk.quotations()["Q-1"])[:4] == ("1 Main St\nUnit 2", "Bend", "", "97701")

    desk.quote("Q-2", **BEND)
    world.install(STATES="omit").of(QUOTES).sync()
    assert desk.quotations()["Q-2"]["DeliveryAddressStateId"] == ""


def test_one_value_of_an_address_that_changes_in_a_revision_has_the_whole_block_sent(
    desk: Desk, world: World, here: Installation
) -> None:
    quote = desk.quote(**BEND)
    here.sync()
    again = desk.revise(quote)
    desk.trade.patch("quotes", again, shipto_line1="2 Main St", shipto_line2=None)
    desk.activate(again)
    # What F&O users have made of the address meanwhile is overwritten with the block.
    key = "CDSSalesQuotationHeaders(dataAreaId='usmf',SalesQuotationNumber='Q-1')"
    world.finops.send("PATCH", key, {"DeliveryAddressCity": "Elsewhere"})
    here.sync()
    assert address(desk.quotations()["Q-1"]) == ("2 Main St", *IN_BEND[1:])


def test_a_line_that_gets_an_address_in_a_revision_and_loses_it_again(desk: Desk, here: Installation) -> None:
    quote = desk.quote(**BEND)
    here.sync()
    again = desk.revise(quote)
    (line,) = desk.lines_of(again)
    desk.change_line(line["quotedetailid"], **SALEM)
    desk.activate(again)
    here.sync()
    assert address(desk.rows()[1]) == IN_SALEM

    third = desk.revise(again)
    (line,) = desk.lines_of(third)
    desk.change_line(line["quotedetailid"], willcall=True)
    desk.activate(third)
    here.sync()
    assert address(desk.rows()[1]) == IN_SALEM, "a block that is left out keeps what was sent of it"
    expect_no_issue(here)
