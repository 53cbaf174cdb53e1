"""Price list items: one per price list, product and unit, in the currency of the price list (wire.md 1.13)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.dataverse.dataverse_simulated import code, exact, simulated
from tests.local.dataverse.selling import ACTIVE, RETIRED, Shop, bind


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with simulated() as session:
        yield Shop(session)


def test_an_item_takes_over_number_unit_group_and_currency(shop: Shop) -> None:
    product = shop.product(productnumber="CHAIR-1")
    answer = shop.post_price(product, prices=shop.dollars, amount=12.5)
    row = exact(shop.sales.get(answer.headers["OData-EntityId"]))
    assert row["productnumber"] == "CHAIR-1"
    assert row["_uomscheduleid_value"] == shop.group
    assert row["_transactioncurrencyid_value"] == shop.dollar
    assert [str(row[name]) for name in ("amount", "amount_base")] == ["12.5000", "10.0000"]


def test_a_draft_can_have_a_price_before_it_is_published(shop: Shop) -> None:
    product = shop.product(price=4)
    assert shop.change(product, ACTIVE).status_code == 204


def test_product_and_unit_have_one_price_in_a_price_list(shop: Shop) -> None:
    product, dozen = shop.product(price=4), shop.unit("Dozen", shop.group)
    assert code(shop.post_price(product)) == (400, "0x80043b08")
    assert shop.post_price(product, unit=dozen).status_code == 204
    other = shop.post_price(product, prices=shop.dollars).headers["OData-EntityId"]
    assert shop.sales.patch(other, json={"amount": 5}).status_code == 204
    again = shop.post_price(product, unit=dozen, prices=shop.dollars).headers["OData-EntityId"]
    assert code(shop.sales.patch(again, json=bind(uomid=("uoms", shop.piece)))) == (400, "0x80043b08")


@pytest.mark.parametrize(
    ("missing", "wanted"),
    [("productid", "0x80043b11"), ("pricelevelid", "0x80043b12"), ("uomid", "0x80043b0d")],
)
def test_an_item_needs_product_price_list_and_unit(shop: Shop, missing: str, wanted: str) -> None:
    binds = bind(productid=("products", shop.product()), pricelevelid=("pricelevels", shop.prices),
                 uomid=("uoms", shop.piece))  # fmt: skip
    del binds[f"{missing}@odata.bind"]
    assert code(shop.sales.post("productpricelevels", json={"amount": 1, **binds})) == (400, wanted)


def test_the_unit_is_one_of_the_product_s_group(shop: Shop) -> None:
    assert code(shop.post_price(shop.product(), unit=shop.hour)) == (400, "0x80043b14")


def test_families_and_retired_products_have_no_price(shop: Shop) -> None:
    retired = shop.product()
    assert shop.change(retired, ACTIVE).status_code == 204
    assert shop.change(retired, RETIRED).status_code == 204
    assert code(shop.post_price(retired)) == (400, "0x80061009")
    assert code(shop.post_price(shop.family())) == (400, "0x8004F902")


def test_an_item_of_a_product_that_retired_since_can_still_be_changed(shop: Shop) -> None:
    product = shop.product()
    item = shop.post_price(product).headers["OData-EntityId"]
    assert shop.change(product, ACTIVE).status_code == 204
    assert shop.change(product, RETIRED).status_code == 204
    assert shop.sales.patch(item, json={"amount": 11}).status_code == 204


def test_the_currency_is_that_of_the_price_list(shop: Shop) -> None:
    item = shop.post_price(shop.product()).headers["OData-EntityId"]
    dollars = bind(transactioncurrencyid=("transactioncurrencies", shop.dollar))
    assert code(shop.sales.patch(item, json=dollars)) == (400, "0x80048cf6")


def test_a_price_that_would_be_computed_is_not_pretended(shop: Shop) -> None:
    answer = shop.post_price(shop.product(), pricingmethodcode=2, percentage=90)
    assert answer.status_code == 501


def test_a_renumbered_product_is_renumbered_in_its_prices(shop: Shop) -> None:
    product = shop.product()
    item = shop.post_price(product).headers["OData-EntityId"]
    assert shop.change(product, {"productnumber": "NEW-1"}).status_code == 204
    assert shop.sales.get(item).json()["productnumber"] == "NEW-1"


def test_prices_go_with_their_product_and_keep_their_price_list(shop: Shop) -> None:
    product = shop.product(price=1)
    assert code(shop.sales.delete(f"pricelevels({shop.prices})")) == (405, "0x80040227")
    assert shop.sales.delete(f"products({product})").status_code == 204
    of_product = f"productpricelevels?$filter=_productid_value eq {product}"
    assert shop.sales.get(of_product).json()["value"] == []


def test_the_first_currency_is_the_base_currency_and_stays(shop: Shop) -> None:
    assert shop.sales.get("organizations").json()["value"][0]["_basecurrencyid_value"] == shop.euro
    assert code(shop.sales.delete(f"transactioncurrencies({shop.euro})")) == (400, "0x80048cff")
    inactive = {"statecode": 1, "statuscode": 2}
    assert code(shop.sales.patch(f"transactioncurrencies({shop.euro})", json=inactive)) == (400, "0x80048cf4")
    assert shop.sales.patch(f"transactioncurrencies({shop.dollar})", json=inactive).status_code == 204
    assert shop.sales.patch(f"transactioncurrencies({shop.dollar})", json=ACTIVE).status_code == 204


def test_whether_the_first_price_of_a_product_sets_its_default_price_list_is_a_switch(shop: Shop) -> None:
    def default(product: str) -> str | None:
        found: str | None = shop.sales.row("products", product)["_pricelevelid_value"]
        return found

    assert default(shop.product(price=4)) is None
    shop.sales.switch(first_price_sets_default=True)
    try:
        product = shop.product(price=4, publish=True)
        version = shop.sales.row("products", product)["versionnumber"]
        assert default(product) == shop.prices
        assert shop.post_price(product, prices=shop.dollars).status_code == 204
        assert default(product) == shop.prices
        assert shop.sales.row("products", product)["versionnumber"] == version
    finally:
        shop.sales.switch(first_price_sets_default=False)
