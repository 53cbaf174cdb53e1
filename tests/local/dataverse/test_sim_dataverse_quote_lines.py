"""Quote lines: products and write-ins, units, prices from the price list, amounts and totals (wire.md 1.14)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.local.dataverse.dataverse_simulated import code, exact, simulated
from tests.local.dataverse.selling import ACTIVE, RETIRED, UNDER_REVISION, Shop, bind

TOTALS = ("totallineitemamount", "totallineitemdiscountamount", "totaldiscountamount", "totalamountlessfreight",
          "totaltax", "totalamount")  # fmt: skip


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    with simulated() as session:
        yield Shop(session)


@pytest.fixture
def shop(running: Shop) -> Shop:
    running.sales.switch(incomplete_line="priced", line_sequence="filled", discount_method="line")
    return running


def row(shop: Shop, line: str) -> dict[str, Any]:
    found: dict[str, Any] = exact(shop.sales.get(f"quotedetails({line})"))
    return found


def amounts(shop: Shop, line: str) -> list[str]:
    """Price, base and extended amount."""
    found = row(shop, line)
    return [f"{found[name]:.2f}" for name in ("priceperunit", "baseamount", "extendedamount")]


def totals(shop: Shop, quote: str) -> list[str]:
    found = exact(shop.sales.get(f"quotes({quote})"))
    return [f"{found[name]:.2f}" for name in TOTALS]


def post(shop: Shop, quote: str, product: str | None, **values: Any) -> tuple[int, str]:
    """The refusal of a line."""
    return code(shop.sales.post("quotedetails", json=shop.line_values(quote, product, **values)))


def test_a_line_has_the_price_of_the_price_list_and_what_follows_from_its_product(shop: Shop) -> None:
    product, quote = shop.product(price=12.5, publish=True, productnumber="TABLE-1", name="Table"), shop.quote()
    line = shop.line(quote, product, quantity=3, priceperunit=99)
    assert amounts(shop, line) == ["12.50", "37.50", "37.50"]
    found = row(shop, line)
    told = ("productnumber", "productname", "quotedetailname", "producttypecode", "pricingerrorcode", "quotestatecode")
    assert [found[name] for name in told] == ["TABLE-1", "Table", "Table", 1, 0, 0]
    assert (found["_transactioncurrencyid_value"], found["volumediscountamount"]) == (shop.euro, 0)
    assert found["_ownerid_value"] == shop.sales.row("quotes", quote)["_ownerid_value"]


def test_an_overridden_price_is_kept(shop: Shop) -> None:
    line = shop.line(shop.quote(), shop.sold(10), quantity=2, ispriceoverridden=True, priceperunit=7)
    assert amounts(shop, line) == ["7.00", "14.00", "14.00"]
    assert shop.sales.patch(f"quotedetails({line})", json={"ispriceoverridden": False}).status_code == 204
    assert amounts(shop, line) == ["10.00", "20.00", "20.00"]


def test_discount_and_tax_are_part_of_the_extended_amount(shop: Shop) -> None:
    line = shop.line(shop.quote(), shop.sold(10), quantity=3, manualdiscountamount=5, tax=2.5)
    assert amounts(shop, line) == ["10.00", "30.00", "27.50"]
    assert shop.sales.patch(f"quotedetails({line})", json={"quantity": 4}).status_code == 204
    assert amounts(shop, line) == ["10.00", "40.00", "37.50"]


def test_the_manual_discount_is_for_the_line_or_the_unit_as_the_switch_says(shop: Shop) -> None:
    shop.sales.switch(discount_method="unit")
    quote = shop.quote()
    line = shop.line(quote, shop.sold(10), quantity=3, manualdiscountamount=2)
    assert amounts(shop, line) == ["10.00", "30.00", "24.00"]
    assert totals(shop, quote)[:2] == ["24.00", "6.00"]


def test_computed_amounts_have_the_digits_of_the_currency(shop: Shop) -> None:
    line = shop.line(shop.quote(), shop.sold(0.99), quantity=0.5)
    assert amounts(shop, line) == ["0.99", "0.50", "0.50"]


def test_the_quote_is_totalled_whenever_a_line_or_its_header_changes(shop: Shop) -> None:
    quote, product = shop.quote(), shop.sold(50)
    assert totals(shop, quote) == ["0.00"] * 6
    shop.line(quote, product, quantity=2, manualdiscountamount=10, tax=19)
    other = shop.line(quote, product, quantity=1)
    assert totals(shop, quote) == ["140.00", "10.00", "0.00", "140.00", "19.00", "159.00"]
    header = {"discountpercentage": 10, "discountamount": 6, "freightamount": 4.5}
    assert shop.sales.patch(f"quotes({quote})", json=header).status_code == 204
    assert totals(shop, quote) == ["140.00", "10.00", "20.00", "120.00", "19.00", "143.50"]
    assert shop.sales.delete(f"quotedetails({other})").status_code == 204
    assert totals(shop, quote) == ["90.00", "10.00", "15.00", "75.00", "19.00", "98.50"]


def test_totals_are_the_server_s_own_and_are_kept_in_the_base_currency_too(shop: Shop) -> None:
    dollars = bind(pricelevelid=("pricelevels", shop.dollars),
                   transactioncurrencyid=("transactioncurrencies", shop.dollar))  # fmt: skip
    quote = shop.quote(**dollars)
    shop.line(quote, shop.sold(1), ispriceoverridden=True, priceperunit=100)
    assert shop.sales.patch(f"quotes({quote})", json={"totalamount": 1}).status_code == 204
    found = exact(shop.sales.get(f"quotes({quote})"))
    assert [found["totalamount"], found["totalamount_base"]] == [Decimal("100.0000"), Decimal("80.0000")]


def test_another_price_list_prices_the_lines_anew(shop: Shop) -> None:
    cheap, quote, product = shop.price_list("Cheap", shop.euro), shop.quote(), shop.sold(10)
    line, own = shop.line(quote, product), shop.line(quote, product, ispriceoverridden=True, priceperunit=3)
    assert shop.post_price(product, prices=cheap, amount=8).status_code == 204
    assert shop.sales.patch(f"quotes({quote})", json=bind(pricelevelid=("pricelevels", cheap))).status_code == 204
    assert [amounts(shop, each)[0] for each in (line, own)] == ["8.00", "3.00"]
    assert totals(shop, quote)[-1] == "11.00"


def test_the_amounts_of_an_active_quote_stay_when_prices_change(shop: Shop) -> None:
    quote, product = shop.quote(), shop.sold(10)
    line = shop.line(quote, product)
    item = shop.sales.get(f"productpricelevels?$filter=_productid_value eq {product}").json()["value"][0]
    assert shop.sales.patch(f"productpricelevels({item['productpricelevelid']})", json={"amount": 20}).ok
    assert shop.activate(quote).status_code == 204
    assert (amounts(shop, line)[0], totals(shop, quote)[-1]) == ("10.00", "10.00")


@pytest.mark.parametrize(("steps", "accepted"), [([], False), ([ACTIVE], True), ([ACTIVE, UNDER_REVISION], True),
                                                 ([ACTIVE, RETIRED], False)])  # fmt: skip
def test_draft_and_retired_products_cannot_be_added(shop: Shop, steps: list[dict[str, int]], accepted: bool) -> None:
    product, quote = shop.product(price=1), shop.quote()
    for step in steps:
        assert shop.change(product, step).status_code == 204
    answer = shop.sales.post("quotedetails", json=shop.line_values(quote, product))
    assert answer.status_code == 204 if accepted else code(answer) == (400, "0x8004F908")


def test_a_family_cannot_be_added_and_a_line_of_what_retired_since_can_be_changed(shop: Shop) -> None:
    quote, product = shop.quote(), shop.sold(1)
    family = bind(quoteid=("quotes", quote), productid=("products", shop.family(publish=True)))
    assert code(shop.sales.post("quotedetails", json={"quantity": 1, **family})) == (400, "0x8004F908")
    line = shop.line(quote, product)
    assert shop.change(product, RETIRED).status_code == 204
    assert shop.sales.patch(f"quotedetails({line})", json={"quantity": 2}).status_code == 204


def test_a_write_in_has_a_description_and_no_product_or_unit(shop: Shop) -> None:
    quote, product = shop.quote(), shop.sold(1)
    values = {"isproductoverridden": True, "productdescription": "Assembly", "priceperunit": 80, "quantity": 2}
    line = shop.line(quote, None, **values)
    assert amounts(shop, line) == ["80.00", "160.00", "160.00"]
    assert (row(shop, line)["quotedetailname"], row(shop, line)["productname"]) == ("Assembly", "Assembly")
    unit = bind(uomid=("uoms", shop.piece))
    assert post(shop, quote, product, **values) == (400, "0x80043afb")
    assert post(shop, quote, None, **values, **unit) == (400, "0x80043afa")
    assert post(shop, quote, product, productdescription="Assembly") == (400, "0x80043afb")
    assert post(shop, quote, None, isproductoverridden=True) == (400, "0x80040203")


def test_a_write_in_stays_one(shop: Shop) -> None:
    line = shop.line(shop.quote(), shop.sold(1))
    assert shop.sales.patch(f"quotedetails({line})", json={"isproductoverridden": True}).status_code == 204
    assert row(shop, line)["isproductoverridden"] is False


def test_the_unit_is_one_of_the_product_s_group(shop: Shop) -> None:
    assert post(shop, shop.quote(), shop.sold(1), **bind(uomid=("uoms", shop.hour))) == (400, "0x80043b14")


def test_the_currency_is_that_of_the_quote(shop: Shop) -> None:
    dollars = bind(transactioncurrencyid=("transactioncurrencies", shop.dollar))
    assert post(shop, shop.quote(), shop.sold(1), **dollars) == (400, "0x80048cf6")


def test_a_line_belongs_to_a_quote(shop: Shop) -> None:
    values = {"quantity": 1, **bind(productid=("products", shop.sold(1)), uomid=("uoms", shop.piece))}
    assert code(shop.sales.post("quotedetails", json=values)) == (400, "0x80040203")


def test_what_cannot_be_priced_has_a_pricing_error_and_so_has_its_quote(shop: Shop) -> None:
    quote, priced = shop.quote(), shop.sold(1)
    bare = bind(quoteid=("quotes", quote))
    without = {
        "product": shop.sales.create("quotedetails", quantity=1, **bare),
        "unit": shop.sales.create("quotedetails", quantity=1, **bare, **bind(productid=("products", priced))),
        "price": shop.line(quote, shop.product(publish=True)),
        "quantity": shop.line(quote, priced, quantity=None),
        "own price": shop.line(quote, priced, ispriceoverridden=True),
    }
    found = {name: row(shop, line)["pricingerrorcode"] for name, line in without.items()}
    assert found == {"product": 6, "unit": 10, "price": 11, "quantity": 4, "own price": 5}
    assert shop.sales.row("quotes", quote)["pricingerrorcode"] == 1
    for line in without.values():
        assert shop.sales.delete(f"quotedetails({line})").status_code == 204
    assert shop.sales.row("quotes", quote)["pricingerrorcode"] == 0


def test_an_inactive_price_list_prices_nothing(shop: Shop) -> None:
    prices, product = shop.price_list("Old", shop.euro), shop.sold(1)
    assert shop.post_price(product, prices=prices).status_code == 204
    quote = shop.quote(**bind(pricelevelid=("pricelevels", prices)))
    assert shop.sales.patch(f"pricelevels({prices})", json={"statecode": 1, "statuscode": 100002}).status_code == 204
    assert row(shop, shop.line(quote, product))["pricingerrorcode"] == 3


def test_whether_a_line_without_product_or_unit_is_refused_is_a_switch(shop: Shop) -> None:
    shop.sales.switch(incomplete_line="refused")
    quote = bind(quoteid=("quotes", shop.quote()))
    product = bind(productid=("products", shop.sold(1)))
    assert code(shop.sales.post("quotedetails", json={"quantity": 1, **quote})) == (400, "0x80043b11")
    assert code(shop.sales.post("quotedetails", json={"quantity": 1, **quote, **product})) == (400, "0x80043b0d")


@pytest.mark.parametrize(("skip", "created", "updated"), [(0, "10.00", "10.00"), (1, "5.00", "10.00"),
                                                          (2, "10.00", "7.00"), (3, "5.00", "7.00")])  # fmt: skip
def test_price_calculation_can_be_skipped(shop: Shop, skip: int, created: str, updated: str) -> None:
    line = shop.line(shop.quote(), shop.sold(10), priceperunit=5, skippricecalculation=skip)
    assert f"{row(shop, line)['priceperunit']:.2f}" == created
    sent = {"priceperunit": 7, "baseamount": 7, "extendedamount": 7}
    assert shop.sales.patch(f"quotedetails({line})", json=sent).status_code == 204
    assert amounts(shop, line) == [updated] * 3


def test_lines_are_numbered_by_the_server_where_the_switch_says_so(shop: Shop) -> None:
    quote, product = shop.quote(), shop.sold(1)
    given = [shop.line(quote, product), shop.line(quote, product, sequencenumber=7), shop.line(quote, product)]
    assert [row(shop, line)["sequencenumber"] for line in given] == [1, 7, 8]
    shop.sales.switch(line_sequence="empty")
    assert row(shop, shop.line(quote, product))["sequencenumber"] is None


def test_a_line_moves_between_drafts_and_both_are_totalled(shop: Shop) -> None:
    one, other, product = shop.quote(), shop.quote(), shop.sold(4)
    line = shop.line(one, product)
    assert shop.sales.patch(f"quotedetails({line})", json=bind(quoteid=("quotes", other))).status_code == 204
    assert [totals(shop, quote)[-1] for quote in (one, other)] == ["0.00", "4.00"]
    assert shop.activate(one).status_code == 204
    into = shop.sales.patch(f"quotedetails({line})", json=bind(quoteid=("quotes", one)))
    assert shop.activate(other).status_code == 204
    out_of = shop.sales.patch(f"quotedetails({line})", json=bind(quoteid=("quotes", shop.quote())))
    assert [code(refused) for refused in (into, out_of)] == [(400, "0x8004022e")] * 2


def test_a_bundle_is_a_line_of_its_kind(shop: Shop) -> None:
    line = shop.line(shop.quote(), shop.product(publish=True, productstructure=3))
    assert row(shop, line)["producttypecode"] == 2


def test_lines_are_created_in_bulk_and_nested_in_their_quote(shop: Shop) -> None:
    quote, product = shop.quote(), shop.sold(2)
    kind = {"@odata.type": "Microsoft.Dynamics.CRM.quotedetail"}
    targets = [{**kind, **shop.line_values(quote, product)} for _ in range(10)]
    answer = shop.sales.post("quotedetails/Microsoft.Dynamics.CRM.CreateMultiple", json={"Targets": targets})
    assert answer.status_code == 200
    assert totals(shop, quote)[-1] == "20.00"
    nested = {"quantity": 3, **bind(productid=("products", product), uomid=("uoms", shop.piece))}
    assert totals(shop, shop.quote(quote_details=[nested]))[-1] == "6.00"
