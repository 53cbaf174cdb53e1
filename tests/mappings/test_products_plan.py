"""products_to_sales as shipped: what a plan decides beyond the examples of its file (flows.md 2)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from decimal import Decimal

import pytest

from sync.errors import DataError, NotReady
from sync.mapping import Plan, compile_plans, load_all
from sync.mapping.given_facts import GivenFacts
from sync.mapping.terms import StepMapped, Verdict
from sync.model import Bind, Record, Scalar, Values
from tests.shipped import shipped_mappings

GROUP, OTHER_GROUP, EACH, BOX, USD, EUR, LIST = "g-1", "g-2", "u-each", "u-box", "c-usd", "c-eur", "l-1"
ROWS: Mapping[str, list[Values]] = {
    "uomschedules": [
        {"uomscheduleid": GROUP, "name": "Default Unit"},
        {"uomscheduleid": OTHER_GROUP, "name": "Packages"},
    ],
    "uoms": [
        {"uomid": EACH, "name": "ea", "_uomscheduleid_value": GROUP},
        {"uomid": BOX, "name": "Box", "_uomscheduleid_value": OTHER_GROUP},
    ],
    "transactioncurrencies": [
        {"transactioncurrencyid": USD, "isocurrencycode": "USD"},
        {"transactioncurrencyid": EUR, "isocurrencycode": "EUR"},
    ],
    "pricelevels": [
        {"pricelevelid": LIST, "name": "Standard", "statecode": 0, "_transactioncurrencyid_value": USD},
    ],
}
FACTS = GivenFacts({}, {}, ROWS)


@functools.cache
def plan(*settings: tuple[str, str]) -> Plan:
    result = load_all(shipped_mappings())
    loaded = result.mappings["products"]
    assert not isinstance(loaded, Exception)
    return compile_plans(loaded, result.maps, {"company": "USMF", **dict(settings)})[0]


def product(**values: Scalar | None) -> Record:
    base: dict[str, Scalar | None] = {
        "dataAreaId": "usmf",
        "ProductNumber": "D0001",
        "ProductName": "Speaker",
        "ProductType": "Item",
        "SalesUnitSymbol": "ea",
        "SalesPrice": Decimal("10.5"),
        "CurrencyCode": "USD",
        "IsSalesStopped": "No",
    }
    return Record("usmf|d0001", "", {**base, **values})


def row(**values: Scalar | None) -> Values:
    """An existing product of Sales."""
    base: dict[str, Scalar | None] = {"productid": "p-1", "productstructure": 1, "statecode": 0}
    return {**base, "_defaultuomscheduleid_value": GROUP, "_transactioncurrencyid_value": USD, **values}


def steps(found: tuple[StepMapped, ...]) -> dict[str, StepMapped]:
    return {step.name: step for step in found}


def test_the_source_is_one_company_and_the_key_is_chosen() -> None:
    assert (plan().company, plan().natural, plan().number_column) == ("usmf", ("productnumber",), "ProductNumber")
    assert (plan().reads_target, plan().feed, plan().duplicates) == (True, "snapshot", None)
    one = plan().identify(product(), FACTS)
    assert (one.search, one.number, one.company, one.rule) == ({"productnumber": "D0001"}, "D0001", "usmf", "")
    other = plan().identify(product(dataAreaId="USMF", ProductNumber="d0001"), FACTS)
    # F&O ignores case in keys: the two are one product. The key never changes, or a repeated create makes a second row.
    assert one.key == other.key == {"productid": "ca2c5591-ca08-57f0-b247-51decc555df9"}
    assert plan().identify(product(), FACTS, {"productid": "p-1"}).key == {"productid": "p-1"}


def test_lookups_are_bound_to_the_sets_that_they_were_found_in() -> None:
    assert plan().flow.target.binds == (
        Bind("_defaultuomscheduleid_value", "defaultuomscheduleid", "uomschedules"),
        Bind("_defaultuomid_value", "defaultuomid", "uoms"),
        Bind("_transactioncurrencyid_value", "transactioncurrencyid", "transactioncurrencies"),
        Bind("_pricelevelid_value", "pricelevelid", "pricelevels"),
    )
    item = steps(plan().map(product(), FACTS).steps)["price_list_item"]
    assert (item.entity.set, item.entity.key, item.own) == ("productpricelevels", ("productpricelevelid",), False)
    assert item.entity.binds == (
        Bind("_pricelevelid_value", "pricelevelid", "pricelevels"),
        Bind("_productid_value", "productid", "products"),
        Bind("_uomid_value", "uomid", "uoms"),
    )
    assert item.match == ("_pricelevelid_value", "_productid_value", "_uomid_value")


def test_the_steps_say_when_and_how_they_are_written() -> None:
    found = steps(plan().map(product(), FACTS).steps)
    assert list(found) == ["price_list_item", "default_price_list", "publish"]
    assert found["price_list_item"].replaced == "price-item-kept"
    assert (found["default_price_list"].own, found["default_price_list"].keep) == (True, True)
    assert found["default_price_list"].entity == plan().flow.target
    assert (found["publish"].only_when, found["publish"].refused) == ({"statecode": frozenset((2,))}, "publish-failed")
    unpublished = plan(("products.publish", "false")).map(product(), FACTS).steps
    assert list(steps(unpublished)) == ["price_list_item", "default_price_list"]


def test_PE1_a_new_product_waits_for_a_price_list_in_its_currency() -> None:
    with pytest.raises(NotReady) as error:
        plan().map(product(CurrencyCode="EUR"), FACTS)
    assert (error.value.code, error.value.awaits) == ("no-price-list", f"sales:pricelevels:{EUR}")
    assert '"EUR"' in error.value.what


def test_PE2_an_existing_one_goes_on_and_its_steps_say_what_they_wait_for() -> None:
    target = row(_transactioncurrencyid_value=EUR)
    mapped = plan().map(product(CurrencyCode="EUR"), FACTS, {"productid": "p-1"}, target)
    found = steps(mapped.steps)
    assert {field.name for field in mapped.fields} >= {"name", "price"}
    for name in ("price_list_item", "default_price_list"):
        assert isinstance(found[name].trouble, NotReady)
    assert found["publish"].trouble is None
    adopted = plan().map(product(CurrencyCode="EUR"), FACTS, None, target)
    assert steps(adopted.steps)["price_list_item"].trouble is not None


def test_PE3_the_message_names_unit_and_group() -> None:
    with pytest.raises(DataError) as error:
        plan().map(product(SalesUnitSymbol="box"), FACTS)
    assert (error.value.code, error.value.column, error.value.retryable) == ("unit-not-mapped", "defaultuomid", True)
    assert '"box"' in error.value.what
    assert '"Default Unit"' in error.value.what


def test_PE13_and_PE20_the_currency_that_must_stay_is_there_to_be_compared() -> None:
    for link in (None, {"productid": "p-1"}):
        mapped = plan().map(product(), FACTS, link, row(_transactioncurrencyid_value=EUR))
        field = next(field for field in mapped.fields if field.name == "_transactioncurrencyid_value")
        assert (field.value, field.when) == (USD, "create")
        assert field.fixed is not None
        assert (field.fixed.code, field.fixed.value) == ("currency-changed", USD)


def test_PE19_a_product_keeps_its_own_unit_group_and_its_unit_is_looked_for_there() -> None:
    target = row(_defaultuomscheduleid_value=OTHER_GROUP)
    for link in (None, {"productid": "p-1"}):
        mapped = plan().map(product(SalesUnitSymbol="BOX"), FACTS, link, target)
        values = {field.name: field.value for field in mapped.fields}
        assert values["_defaultuomid_value"] == BOX
        assert "_defaultuomscheduleid_value" not in values
        item = steps(mapped.steps)["price_list_item"]
        assert {field.name: field.value for field in item.fields}["_productid_value"] == "p-1"


@pytest.mark.parametrize(
    ("values", "code"),
    [({"productstructure": 3}, "not-a-simple-product"), ({"statecode": 1}, "retired-in-sales")],
)
@pytest.mark.parametrize("link", [None, {"productid": "p-1"}])
def test_PE8_what_the_row_itself_says_comes_before_what_it_lacks(
    values: dict[str, Scalar], code: str, link: dict[str, Scalar] | None
) -> None:
    """A family or bundle has neither unit nor group: that is not what is wrong with it."""
    target = row(_defaultuomscheduleid_value=None, _transactioncurrencyid_value=None, **values)
    with pytest.raises(DataError) as error:
        plan().map(product(SalesUnitSymbol="unknown"), FACTS, link, target)
    assert error.value.code == code
    mapped = plan().map(product(), FACTS)
    assert plan().adopt(mapped, target, linked=link is not None) == code


def test_PE16_and_PE17_what_is_written_when_a_product_is_no_longer_sold() -> None:
    stopped = product(IsSalesStopped="Yes")
    assert plan().verdict(stopped, FACTS, linked=False).reason == "sales-stopped"
    assert plan().verdict(stopped, FACTS, linked=True) == Verdict(None, ("sales-stopped",))
    policy = plan().on_deactivate
    assert policy is not None
    assert (policy.hold, policy.gone, policy.when_gone) == (None, "no-longer-sellable", False)
    retired = plan(("products.on_stop", "retire")).on_deactivate
    assert retired is not None
    assert (retired.hold, retired.release, retired.when_gone) == ({"statecode": 1, "statuscode": 2}, None, True)


def test_blank_values_of_finops_empty_their_columns() -> None:
    mapped = plan().map(product(ProductDescription="", UnitCost=None), FACTS, {"productid": "p-1"}, row())
    blanks = {field.name for field in mapped.fields if field.value is None and field.clears and field.clear is None}
    assert {"description", "currentcost"} <= blanks
    assert "quantitydecimal" not in blanks


def test_of_two_rows_of_one_name_the_first_by_key_is_taken_every_time() -> None:
    doubled = [{"uomid": "u-2", "name": "EA", "_uomscheduleid_value": GROUP}, *ROWS["uoms"]]
    for uoms in (doubled, doubled[::-1]):
        mapped = plan().map(product(), GivenFacts({}, {}, {**ROWS, "uoms": uoms}))
        assert {field.name: field.value for field in mapped.fields}["_defaultuomid_value"] == "u-2"
