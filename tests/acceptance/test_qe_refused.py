"""Expected outcomes of quotes (flows.md 6.8): what one line or the company keeps back, QE2 to QE7, QE15 and QE16."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_quotes import ACCOUNTS, ALL, PRODUCTS, QUOTES, Desk
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World, created, shown
from tests.shipped import shipped_mappings

pytest_plugins = ["tests.acceptance.acceptance_fixtures", "tests.acceptance.acceptance_desk"]


@pytest.fixture(autouse=True)
def nothing_is_half_written(world: World) -> Iterator[None]:
    """Every line in F&O has its header, whatever happened."""
    yield
    headers = {(row["dataAreaId"], row["SalesQuotationNumber"]) for row in
               world.finops_admin.rows("CDSSalesQuotationHeaders")}  # fmt: skip
    lines = world.finops_admin.rows("CDSSalesQuotationLines")
    assert all((row["dataAreaId"], row["SalesQuotationNumber"]) in headers for row in lines)


def unit_map(folder: Path, pairs: str) -> str:
    """The shipped mapping files with these units, F&O's symbol first."""
    mappings = folder / "mappings"
    shutil.copytree(shipped_mappings(), mappings)
    file = mappings / "values" / "unit.yaml"
    text = file.read_text()
    assert "pairs: {}" in text
    file.write_text(text.replace("pairs: {}", f"pairs: {pairs}"))
    return str(mappings)


def test_qe2_lines_without_a_product_keep_the_quote_back_and_all_of_them_are_named(
    desk: Desk, here: Installation
) -> None:
    quote = desk.draft()
    desk.bare_line(quote, quantity=1)
    desk.line(quote, "P1")
    desk.bare_line(quote, quantity=2)
    desk.activate(quote)

    assert shown(here.sync().totals) == {"parked": {"write-in-line": 1}}
    assert "Lines 1, 3" in expect_issue(here, "Q-1", "write-in-line", "productid").cause
    assert not desk.quotations()


def test_qe2_mended_in_a_revision_the_quote_comes(desk: Desk, here: Installation) -> None:
    quote = desk.draft()
    desk.line(quote, "P1")
    desk.bare_line(quote, isproductoverridden=True, productdescription="Ribbon", priceperunit=3, quantity=1)
    desk.activate(quote)
    here.sync()
    again = desk.revise(quote)
    desk.remove_line(desk.lines_of(again)[1]["quotedetailid"])
    desk.activate(again)
    here.sync()

    assert desk.shown() == {1: ("P1", 1)}
    expect_no_issue(here)


def test_qe3_the_quote_says_for_which_products_it_waits(desk: Desk, trade: Trade, here: Installation) -> None:
    quote = desk.draft()
    made = []
    for number in ("NEW-1", "NEW-2"):
        made.append(trade.make_product(number, currency="USD"))
        trade.patch("products", made[-1], statecode=0, statuscode=1)
        desk.line(quote, number, ispriceoverridden=True, priceperunit=5.0)
    desk.line(quote, "P1")
    desk.activate(quote)

    assert shown(here.sync().totals) == {"waiting": {"product-not-linked": 1}}
    link = here.link(quote)
    assert {name[-36:] for name in (link.awaits, *link.hopes)} == set(made)
    assert not desk.quotations()

    trade.release("NEW-1")
    here.sync_all(PRODUCTS, QUOTES)
    assert not desk.quotations(), "it waits for the other one still"
    trade.release("NEW-2")
    here.sync_all(PRODUCTS, QUOTES)
    assert desk.shown() == {1: ("NEW-1", 1), 2: ("NEW-2", 1), 3: ("P1", 1)}


def test_qe3a_a_product_that_is_not_released_in_the_quotes_company_is_refused_by_f_o(
    desk: Desk, world: World, trade: Trade, tmp_path: Path
) -> None:
    mappings = world.open_second_company(tmp_path)
    german = {"ownerid@odata.bind": f"/systemusers({world.seller_of_unit('Contoso Germany')})"}
    buyer = world.account("C2", "Contoso GmbH")
    world.change(buyer, **german)
    trade.release_many(["P2"], dataAreaId="demf")
    quote = desk.draft(account=buyer, **german)
    for product in ("P2", "P1"):
        desk.line(quote, product)
    desk.activate(quote)
    here = world.install(MAPPINGS=mappings).of(QUOTES)
    here.sync_all(ACCOUNTS, QUOTES)

    assert shown(here.status().totals) == {"parked": {"target-refused": 1}}
    told = expect_issue(here, "Q-1", "target-refused", "ProductNumber")
    assert "is not found" in told.cause, "F&O says it in its own words"
    assert not world.finops_admin.rows("CDSSalesQuotationHeaders")

    trade.release_many(["P1"], dataAreaId="demf")
    later = world.install_later(2, MAPPINGS=mappings).of(QUOTES)
    later.app.sweep(QUOTES)
    later.pump()
    assert [row["dataAreaId"] for row in world.finops_admin.rows("CDSSalesQuotationLines")] == ["demf", "demf"]


@pytest.mark.parametrize("kind", [2, 3, 4], ids=["bundle", "required part", "optional part"])
def test_qe4_a_bundle_or_its_part_keeps_the_quote_back(desk: Desk, here: Installation, kind: int) -> None:
    quote = desk.draft()
    desk.line(quote, "P1")
    desk.line(quote, "P2", producttypecode=kind)
    desk.activate(quote)

    assert shown(here.sync().totals) == {"parked": {"bundle-line": 1}}
    assert "Line 2" in expect_issue(here, "Q-1", "bundle-line", "producttypecode").cause
    assert not desk.quotations()


def test_qe5_a_pricing_error_keeps_the_quote_back(desk: Desk, here: Installation) -> None:
    quote = desk.draft()
    desk.line(quote, "P2")
    desk.line(quote, "P1", unit="box")  # the price list has no price for a box
    desk.activate(quote)

    assert shown(here.sync().totals) == {"parked": {"pricing-error": 1}}
    assert "Line 2" in expect_issue(here, "Q-1", "pricing-error", "pricingerrorcode").cause
    assert not desk.quotations()


def test_the_first_class_that_fails_decides_write_in_bundle_product_pricing_error(
    desk: Desk, trade: Trade, here: Installation
) -> None:
    trade.patch("products", trade.make_product("NEW", currency="USD"), statecode=0, statuscode=1)
    quote = desk.draft()
    desk.line(quote, "NEW", ispriceoverridden=True, priceperunit=5.0)
    desk.line(quote, "P1", unit="box")
    desk.line(quote, "P1", producttypecode=2)
    desk.bare_line(quote, isproductoverridden=True, productdescription="Ribbon", priceperunit=3, quantity=1)
    desk.activate(quote)
    here.sync()
    assert "Line 4" in expect_issue(here, "Q-1", "write-in-line", "isproductoverridden").cause

    for place, code in ((3, "bundle-line"), (2, "product-not-linked")):
        quote = desk.revise(quote)
        desk.remove_line(desk.lines_of(quote)[place]["quotedetailid"])
        desk.activate(quote)
        here.sync()
        assert here.link(quote).reason == code

    trade.release("NEW")
    here.sync_all(PRODUCTS, QUOTES)
    assert "Line 2" in expect_issue(here, "Q-1", "pricing-error", "pricingerrorcode").cause


def test_qe7_a_customer_of_another_company_keeps_the_quote_back(desk: Desk, world: World, tmp_path: Path) -> None:
    mappings = world.open_second_company(tmp_path)
    german = {"ownerid@odata.bind": f"/systemusers({world.seller_of_unit('Contoso Germany')})"}
    desk.quote(**german)
    here = world.install(MAPPINGS=mappings).of(QUOTES)

    assert shown(here.sync().totals) == {"parked": {"customer-not-in-company": 1}}
    told = expect_issue(here, "Q-1", "customer-not-in-company", "RequestingCustomerAccountNumber")
    assert "usmf" in told.cause
    assert not desk.quotations()


def test_quotes_of_two_companies_may_have_one_number(desk: Desk, world: World, trade: Trade, tmp_path: Path) -> None:
    mappings = world.open_second_company(tmp_path)
    german = {"ownerid@odata.bind": f"/systemusers({world.seller_of_unit('Contoso Germany')})"}
    buyer = world.account("C1", "Contoso GmbH")
    world.change(buyer, **german)
    trade.release_many(["P1"], dataAreaId="demf")
    desk.quote("Q-1", ("P1", 3))
    quote = desk.draft("Q-1", account=buyer, **german)
    desk.line(quote, "P1", 4)
    desk.activate(quote)
    here = world.install(MAPPINGS=mappings).of(QUOTES)
    here.sync_all(ACCOUNTS, QUOTES)

    assert shown(here.status().totals) == {"created": 2}
    rows = world.finops_admin.rows("CDSSalesQuotationLines")
    assert {(row["dataAreaId"], float(row["RequestedSalesQuantity"])) for row in rows} == {("usmf", 3), ("demf", 4)}
    expect_no_issue(here)


def test_qe15_a_unit_that_f_o_does_not_have_keeps_the_quote_back(
    desk: Desk, world: World, trade: Trade, here: Installation
) -> None:
    body = {"name": "crate", "quantity": 12, "baseuom@odata.bind": f"/uoms({trade.units['ea']})",
            "uomscheduleid@odata.bind": f"/uomschedules({trade.groups['Default Unit']})"}  # fmt: skip
    trade.units["crate"] = created(world.sales.send("POST", "uoms", body))
    quote = desk.draft()
    desk.line(quote, "P1", unit="crate", ispriceoverridden=True, priceperunit=100.0)
    desk.line(quote, "P1")
    desk.line(quote, "P2", unit="crate", ispriceoverridden=True, priceperunit=100.0)
    desk.activate(quote)

    assert shown(here.sync().totals) == {"parked": {"unit-not-mapped": 1}}
    assert "Lines 1, 3" in expect_issue(here, "Q-1", "unit-not-mapped", "SalesUnitSymbol").cause
    assert not desk.quotations()


@pytest.mark.parametrize(("pairs", "comes"), [
    ("{ea: ea, pcs: ea}", True),  # the product's own unit is one of them
    ("{pcs: ea, st: ea}", False),
])  # fmt: skip
def test_qe16_two_symbols_of_one_unit(
    desk: Desk, world: World, trade: Trade, tmp_path: Path, pairs: str, comes: bool
) -> None:
    for symbol in ("pcs", "st"):
        trade.finops_unit(symbol)
    desk.quote()
    here = world.install(MAPPINGS=unit_map(tmp_path, pairs)).of(QUOTES)
    here.sync()

    if comes:
        assert shown(here.status().totals) == {"created": 1}
        assert desk.rows()[1]["SalesUnitSymbol"] == "ea"
    else:
        assert shown(here.status().totals) == {"parked": {"unit-ambiguous": 1}}
        told = expect_issue(here, "Q-1", "unit-ambiguous", "SalesUnitSymbol")
        assert "Line 1" in told.cause
        assert not desk.quotations()


def test_a_quote_of_several_kinds_of_lines_in_several_units(desk: Desk, trade: Trade, here: Installation) -> None:
    trade.release("BOXED", SalesUnitSymbol="box", SalesPrice=95)
    here.sync_all(*ALL[:-1])
    quote = desk.draft()
    desk.line(quote, "BOXED", 2, unit="box")
    desk.line(quote, "P1", 3)
    desk.activate(quote)
    here.sync()

    assert [row["SalesUnitSymbol"] for row in desk.rows().values()] == ["box", "ea"]
    assert [float(row["SalesPrice"]) for row in desk.rows().values()] == [95, 10]
