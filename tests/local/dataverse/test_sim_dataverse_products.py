"""Products: what they need, the life cycle from draft to retired, families (wire.md 1.13)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.local.dataverse.dataverse_simulated import code, guid, simulated
from tests.local.dataverse.selling import ACTIVE, DRAFT, RETIRED, UNDER_REVISION, Shop, bind

STATES = {"active": ACTIVE, "retired": RETIRED, "draft": DRAFT, "under revision": UNDER_REVISION}


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    with simulated() as session:
        yield Shop(session)


@pytest.fixture
def shop(running: Shop) -> Shop:
    running.sales.switch(product_edits="open", product_refusal_status=400, new_default_price_list="ignored")
    return running


def in_state(shop: Shop, state: str, **values: Any) -> str:
    """A product that went the documented way to a state."""
    product = shop.product(**values)
    for step in {"draft": [], "active": [ACTIVE], "retired": [ACTIVE, RETIRED],
                 "under revision": [ACTIVE, UNDER_REVISION]}[state]:  # fmt: skip
        assert shop.change(product, step).status_code == 204
    return product


def test_a_new_product_is_a_draft_whatever_the_payload_says(shop: Shop) -> None:
    assert shop.state(shop.product()) == (2, 0)
    assert shop.state(shop.product(**ACTIVE)) == (2, 0)


def test_a_product_has_the_id_the_currency_and_the_characters_that_it_was_made_with(shop: Shop) -> None:
    dollars = bind(transactioncurrencyid=("transactioncurrencies", shop.dollar))
    values = shop.product_values(productid=guid(501), productnumber="A/1 'x' & y", price=12.5, **dollars)
    assert shop.sales.create("products", **values) == guid(501)
    row = shop.sales.row("products", guid(501))
    assert (row["productnumber"], row["_transactioncurrencyid_value"]) == ("A/1 'x' & y", shop.dollar)
    assert (row["price"], row["price_base"]) == (12.5, 10)
    again = {**values, "productnumber": "another"}
    assert code(shop.sales.post("products", json=again)) == (412, "0x80040237")
    search = {"$select": "productid", "$filter": "productnumber eq 'a/1 ''X'' & y'"}
    assert [found["productid"] for found in shop.sales.get("products", params=search).json()["value"]] == [guid(501)]


def test_many_products_are_made_with_ids_of_the_callers_or_none_of_them(shop: Shop) -> None:
    def make(*numbers: int) -> requests.Response:
        targets = [{"@odata.type": "Microsoft.Dynamics.CRM.product",
                    **shop.product_values(productid=guid(number), productnumber=f"B{number}")}
                   for number in numbers]  # fmt: skip
        return shop.sales.post("products/Microsoft.Dynamics.CRM.CreateMultiple", json={"Targets": targets})

    assert make(601, 602).json()["Ids"] == [guid(601), guid(602)]
    assert code(make(603, 602)) == (412, "0x80040237")
    assert shop.sales.get(f"products({guid(603)})").status_code == 404


def test_a_default_price_list_is_set_later_and_on_a_create_ignored_or_refused(shop: Shop) -> None:
    given = bind(pricelevelid=("pricelevels", shop.prices))
    product = shop.product(**given)
    assert shop.sales.row("products", product)["_pricelevelid_value"] is None
    assert shop.change(product, given).status_code == 204
    assert shop.sales.row("products", product)["_pricelevelid_value"] == shop.prices
    shop.sales.switch(new_default_price_list="refused")
    assert code(shop.sales.post("products", json=shop.product_values(**given))) == (400, "0x0")
    assert shop.change(shop.product(), given).status_code == 204


@pytest.mark.parametrize("structure", [2, 3])
def test_families_and_bundles_are_made_by_hand_and_keep_their_number_and_structure(shop: Shop, structure: int) -> None:
    made = shop.product(productnumber=f"Made by hand {structure}", productstructure=structure, publish=True)
    assert shop.state(made) == (0, 1)
    again = shop.product_values(productnumber=f"MADE BY HAND {structure}")
    assert code(shop.sales.post("products", json=again)) == (400, "0x80043b06")
    assert shop.change(made, {"productstructure": 1}).status_code == 204
    search = f"products?$select=productstructure&$filter=productnumber eq 'Made by hand {structure}'"
    (found,) = shop.sales.get(search).json()["value"]
    assert (found["productid"], found["productstructure"]) == (made, structure)


def test_an_organisation_can_create_products_active_but_not_those_of_a_family(shop: Shop) -> None:
    organization = f"organizations({shop.sales.get('WhoAmI').json()['OrganizationId']})"
    setting = "createproductswithoutparentinactivestate"
    family = shop.family(publish=True)
    assert shop.sales.get(organization).json()[setting] is False
    assert shop.sales.patch(organization, json={setting: True}).status_code == 204
    try:
        assert shop.state(shop.product()) == (0, 1)
        assert shop.state(shop.product(**bind(parentproductid=("products", family)))) == (2, 0)
    finally:
        assert shop.sales.patch(organization, json={setting: False}).status_code == 204


@pytest.mark.parametrize(
    ("start", "end"),
    [("draft", "active"), ("active", "under revision"), ("under revision", "active"), ("active", "retired"),
     ("retired", "active")],
)  # fmt: skip
def test_the_documented_transitions_are_taken(shop: Shop, start: str, end: str) -> None:
    product = in_state(shop, start)
    assert shop.change(product, STATES[end]).status_code == 204
    assert shop.state(product) == (STATES[end]["statecode"], STATES[end]["statuscode"])


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [("active", "draft", "0x8004F912"), ("draft", "under revision", "0x8004F913"),
     ("retired", "under revision", "0x8004F913"), ("draft", "retired", "0x8004F978"),
     ("retired", "draft", "0x8004F979"), ("active", "active", "0x8004F982"), ("draft", "draft", "0x8004F981"),
     ("retired", "retired", "0x8004F980"), ("under revision", "draft", "0x80048408"),
     ("under revision", "retired", "0x80048408")],
)  # fmt: skip
def test_the_other_transitions_are_refused_with_their_codes(shop: Shop, start: str, end: str, wanted: str) -> None:
    product = in_state(shop, start)
    before = shop.state(product)
    assert code(shop.change(product, STATES[end])) == (400, wanted)
    assert shop.state(product) == before


def test_a_status_of_another_state_is_refused(shop: Shop) -> None:
    product = shop.product()
    assert code(shop.change(product, {"statecode": 0, "statuscode": 2})) == (400, "0x80048408")


def test_a_retired_product_of_a_family_or_a_kit_stays_retired(shop: Shop) -> None:
    family = shop.family(publish=True)
    child = in_state(shop, "retired", **bind(parentproductid=("products", family)))
    kit = in_state(shop, "retired", iskit=True)
    assert code(shop.change(child, ACTIVE)) == (400, "0x8004F977")
    assert code(shop.change(kit, ACTIVE)) == (400, "0x8004F977")


def test_a_child_is_published_only_below_an_active_family(shop: Shop) -> None:
    family = shop.family()
    child = shop.product(**bind(parentproductid=("products", family)))
    assert code(shop.change(child, ACTIVE)) == (400, "0x8004F90A")
    assert shop.change(family, ACTIVE).status_code == 204
    assert shop.change(child, ACTIVE).status_code == 204


def test_the_parent_of_a_product_is_a_family(shop: Shop) -> None:
    values = shop.product_values(**bind(parentproductid=("products", shop.product())))
    assert code(shop.sales.post("products", json=values)) == (400, "0x8004F998")


def test_a_family_is_published_with_all_below_it_but_what_is_retired(shop: Shop) -> None:
    family = shop.family(publish=True)
    retired = in_state(shop, "retired", **bind(parentproductid=("products", family)))
    children = [shop.product(**bind(parentproductid=("products", family))) for _ in range(2)]
    answer = shop.sales.post(f"products({family})/Microsoft.Dynamics.CRM.PublishProductHierarchy", json={})
    assert answer.status_code == 204
    assert [shop.state(each) for each in (family, *children, retired)] == [(0, 1), (0, 1), (0, 1), (1, 2)]


def test_only_a_family_is_published_as_one(shop: Shop) -> None:
    action = f"products({shop.product()})/Microsoft.Dynamics.CRM.PublishProductHierarchy"
    assert code(shop.sales.post(action, json={})) == (400, "0x8004F90A")


def test_a_reverted_product_is_what_it_was_when_it_was_active(shop: Shop) -> None:
    product = in_state(shop, "under revision", name="Old")
    assert shop.change(product, {"name": "New", "price": 5}).status_code == 204
    revert = f"products({product})/Microsoft.Dynamics.CRM.RevertProduct"
    assert shop.sales.post(revert, json={}).status_code == 204
    row = shop.sales.row("products", product)
    assert (row["name"], row["price"], row["statecode"], row["statuscode"]) == ("Old", None, 0, 1)
    assert code(shop.sales.post(revert, json={})) == (400, "0x80048408")


def test_actions_are_posted_to_rows_that_exist(shop: Shop) -> None:
    action = "Microsoft.Dynamics.CRM.RevertProduct"
    missing = shop.sales.post(f"products({shop.euro})/{action}", json={})
    assert code(missing) == (404, "0x80040217")
    assert shop.sales.get(f"products({shop.product()})/{action}").status_code == 404
    assert shop.sales.post(f"accounts({shop.customer})/{action}", json={}).status_code == 404


def test_a_retired_product_is_not_edited(shop: Shop) -> None:
    product = in_state(shop, "retired")
    assert code(shop.change(product, {"name": "New"})) == (400, "0x8004F995")


@pytest.mark.parametrize(("edits", "alone", "in_family"), [("open", 204, 204), ("families", 204, 400),
                                                           ("draft", 400, 400)])  # fmt: skip
def test_whether_active_products_can_be_edited_is_a_switch(shop: Shop, edits: str, alone: int, in_family: int) -> None:
    single = in_state(shop, "active")
    child = in_state(shop, "active", **bind(parentproductid=("products", shop.family(publish=True))))
    shop.sales.switch(product_edits=edits)
    answers = [shop.change(each, {"name": "New"}) for each in (single, child)]
    assert [answer.status_code for answer in answers] == [alone, in_family]
    assert all(code(answer) == (400, "0x8004F995") for answer in answers if not answer.ok)
    assert shop.change(single, UNDER_REVISION).status_code == 204
    assert shop.change(single, {"name": "Newer"}).status_code == 204


def test_a_product_number_is_needed_and_used_once_in_any_case(shop: Shop) -> None:
    values = shop.product_values()
    assert code(shop.sales.post("products", json={**values, "productnumber": ""})) == (400, "0x80043b05")
    assert shop.sales.post("products", json={**values, "productnumber": "Abc"}).status_code == 204
    assert code(shop.sales.post("products", json={**values, "productnumber": "aBC"})) == (400, "0x80043b06")
    other = shop.product()
    assert code(shop.change(other, {"productnumber": "ABC"})) == (400, "0x80043b06")
    assert code(shop.change(other, {"productnumber": None})) == (400, "0x80043b05")


def test_the_status_of_a_refused_product_is_a_switch(shop: Shop) -> None:
    values = {**shop.product_values(), "productnumber": ""}
    shop.sales.switch(product_refusal_status=405)
    assert code(shop.sales.post("products", json=values)) == (405, "0x80043b05")


@pytest.mark.parametrize(
    ("missing", "wanted"),
    [("defaultuomscheduleid@odata.bind", "0x80043b13"), ("defaultuomid@odata.bind", "0x80043b0d"),
     ("quantitydecimal", "0x80043b07"), ("productstructure", "0x80040203")],
)  # fmt: skip
def test_a_product_needs_its_units_and_decimals(shop: Shop, missing: str, wanted: str) -> None:
    values = shop.product_values()
    del values[missing]
    assert code(shop.sales.post("products", json=values)) == (400, wanted)


def test_the_unit_belongs_to_the_unit_group_which_is_fixed(shop: Shop) -> None:
    hour = bind(defaultuomid=("uoms", shop.hour))
    hours = bind(defaultuomscheduleid=("uomschedules", shop.other_group))
    assert code(shop.sales.post("products", json=shop.product_values(**hour))) == (400, "0x80043b14")
    product = shop.product()
    assert code(shop.change(product, hour)) == (400, "0x80043b14")
    assert code(shop.change(product, {**hour, **hours})) == (400, "0x800422FE")


def test_a_family_needs_no_units(shop: Shop) -> None:
    assert shop.state(shop.family()) == (2, 0)


def test_what_a_product_is_made_of_is_fixed(shop: Shop) -> None:
    product = shop.product()
    assert shop.change(product, {"productstructure": 2}).status_code == 204
    assert shop.sales.row("products", product)["productstructure"] == 1


def test_a_product_of_a_quote_is_not_deleted(shop: Shop) -> None:
    product = shop.sold(3)
    shop.line(shop.quote(), product)
    assert code(shop.sales.delete(f"products({product})")) == (405, "0x80040227")
