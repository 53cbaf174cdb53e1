"""Products of the F&O simulator: shown by the web service, made by people (flows.md 2)."""

from __future__ import annotations

import pytest

from tests.local.finops.finops_business import BIKE
from tests.local.finops.finops_simulated import Finops, told

PRODUCTS = "/data/SellableReleasedProducts"
AT_BIKE = f"{PRODUCTS}(dataAreaId='usmf',ProductNumber='BK-1')"


pytestmark = pytest.mark.usefixtures("stocked")


def test_the_web_service_only_shows_products(finops: Finops) -> None:
    before = finops.rows("SellableReleasedProducts")
    refused = [
        finops.post(PRODUCTS, json={**BIKE, "ProductNumber": "BK-2"}),
        finops.patch(AT_BIKE, json={"SalesPrice": 90}),
        finops.delete(AT_BIKE),
    ]
    for answer in refused:
        assert "'Released products' is read-only" in told(answer)
    assert finops.rows("SellableReleasedProducts") == before


def test_people_release_change_and_withdraw_products(finops: Finops) -> None:
    etag = finops.get(AT_BIKE).json()["@odata.etag"]
    changed = finops.post("/admin/products", json=[{"ProductNumber": "bk-1", "SalesPrice": 90}]).json()
    assert changed == {"released": 0, "changed": 1}
    row = finops.get(AT_BIKE).json()
    assert (row["SalesPrice"], row["ProductName"]) == (90, "Bike")
    assert row["@odata.etag"] != etag
    assert finops.get("/data/CDSReleasedDistinctProducts/$count").text == "2"

    assert finops.delete("/admin/products", json={"ProductNumber": "BK-1"}).json() == {"withdrawn": 1}
    assert finops.get(AT_BIKE).status_code == 404
    assert finops.get("/data/CDSReleasedDistinctProducts/$count").text == "1"
    assert finops.delete("/admin/products", json={"ProductNumber": "BK-1"}).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"SalesUnitSymbol": "crate"}, "The value 'crate' in field 'Sales unit' is not found"),
        ({"CurrencyCode": "XXX"}, "The value 'XXX' in field 'Currency' is not found"),
        ({"ProductName": "A" * 61}, "exceeds the maximum length of 60"),
        ({"SalesPrice": "cheap"}, "SalesPrice"),
        ({"Colour": "red"}, "Colour"),
        ({"ProductNumber": ""}, "must be filled in"),
        ("BK-2", "cannot make sense of the body"),
    ],
)
def test_products_are_released_all_or_none(finops: Finops, wrong: object, words: str) -> None:
    good = {**BIKE, "ProductNumber": "BK-2"}
    bad = {**good, "ProductNumber": "BK-3", **wrong} if isinstance(wrong, dict) else wrong
    answer = finops.post("/admin/products", json=[good, bad])
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert len(finops.rows("SellableReleasedProducts")) == 2


def test_a_product_is_released_for_one_company(finops: Finops) -> None:
    finops.post("/data/LegalEntities", json={"LegalEntityId": "demf", "Name": "Germany"})
    assert finops.post("/admin/products", json={**BIKE, "dataAreaId": "demf", "SalesPrice": 80}).json()["released"] == 1
    other = finops.get(f"{PRODUCTS}?$filter=dataAreaId eq 'demf'&cross-company=true").json()["value"]
    assert [row["SalesPrice"] for row in other] == [80]
    assert finops.get(AT_BIKE).json()["SalesPrice"] == 100


def test_a_text_may_be_longer_than_our_lists_have_it(finops: Finops) -> None:
    """F&O publishes no lengths (flows.md 1.4): what ours list is not what an environment must have."""
    long = {**BIKE, "ProductNumber": "X" * 101}
    assert finops.post("/admin/products", json=[long]).status_code == 400
    finops.switch(text_lengths="none")
    try:
        assert finops.post("/admin/products", json=[long]).json() == {"released": 1, "changed": 0}
    finally:
        finops.switch(text_lengths="listed")
        finops.delete("/admin/products", json={"ProductNumber": "X" * 101})
