"""Reference data that settings, value maps and records need are there, or are listed (flows.md 1.13)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.live_world import Checking, errors, missing, warnings

pytest_plugins = ["tests.live.live_fixtures"]

COMPANIES = "values/company_by_business_unit.yaml"


def test_a_wrong_customer_group_is_an_error_before_the_first_run(checking: Checking, tmp_path: Path) -> None:
    """AE19."""
    found = errors(checking.check(tmp_path, ACCOUNTS__CUSTOMER_GROUP="99"))
    assert found == [
        'setting accounts.customer_group (ACCOUNTS__CUSTOMER_GROUP): A6 sends "99", which is no CustomerGroupId in '
        "CustomerGroups of usmf. Change ACCOUNTS__CUSTOMER_GROUP, or add it in F&O. Known: 10."
    ]


def test_sites_and_warehouses_of_settings_exist(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(tmp_path, ACCOUNTS__SITE="1", CONTACT_CUSTOMERS__WAREHOUSE="13")
    expected = [
        'A8 sends "1", which is no SiteId in OperationalSitesV2 of usmf',
        'K11 sends "13", which is no WarehouseId in Warehouses of usmf',
    ]
    assert not missing(errors(found), expected)
    assert len(errors(found)) == len(expected)


def test_companies_of_settings_exist(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(tmp_path, COMPANY="uusmf", PRODUCTS__COMPANY="demf")
    expected = [
        'setting company (COMPANY): F&O has no company "uusmf". Change COMPANY. Did you mean "usmf"?',
        'setting products.company (PRODUCTS__COMPANY): F&O has no company "demf". Change PRODUCTS__COMPANY.',
    ]
    assert not missing(errors(found), expected)
    # What is to be there in a company that is not there is not asked.
    assert len(errors(found)) == len(expected)


def test_business_units_and_companies_of_the_value_map_exist(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(tmp_path, (COMPANIES, "pairs: {}", "pairs: {Nowhere: demf}"))
    expected = [
        'values/company_by_business_unit.yaml: F&O has no company "demf". Change the pair in the value map.',
        'values/company_by_business_unit.yaml: A31 maps "Nowhere", which is no name in businessunits. Change the pair.',
    ]
    assert not missing(errors(found), expected)


def test_a_default_currency_must_be_one_of_f_and_o(checking: Checking, tmp_path: Path) -> None:
    (account, person) = errors(checking.check(tmp_path, ACCOUNTS__DEFAULT_CURRENCY="XTS"))
    assert 'A10 sends "XTS", which is no CurrencyCode in Currencies.' in account
    assert 'K12 sends "XTS"' in person


@pytest.mark.parametrize("setting", ["PRODUCTS__UNIT_GROUP", "PRODUCTS__PRICE_LIST"])
def test_what_settings_name_in_sales_exists(checking: Checking, tmp_path: Path, setting: str) -> None:
    found = "\n".join(errors(checking.check(tmp_path, **{setting: "Nowhere"})))
    assert f"({setting}): " in found
    assert '"Nowhere"' in found
    assert f"Change {setting}" in found


def test_every_company_that_is_used_has_the_customer_group(checking: Checking, tmp_path: Path) -> None:
    world = checking.world
    world.finops.send("POST", "LegalEntities", {"LegalEntityId": "YYMF", "Name": "Contoso Yachts"})
    unit = world.sales_admin.rows("businessunits")[0]["name"]
    found = checking.check(tmp_path, (COMPANIES, "pairs: {}", f"pairs: {{{unit}: yymf}}"))
    assert errors(found)
    assert all(" in CustomerGroups of yymf. " in each for each in errors(found))


def test_what_records_need_is_listed_for_all_of_them(checking: Checking, tmp_path: Path) -> None:
    """Units, price lists and currencies of products (PE1, PE4, PE18), currencies of accounts (R7)."""
    trade, world = checking.trade, checking.world
    for unit in ("pal", "kg"):
        trade.finops_unit(unit)
    world.finops.send("POST", "Currencies", {"CurrencyCode": "SEK", "Name": "SEK"})
    trade.release("P2", SalesUnitSymbol="pal")
    trade.release("P3", SalesUnitSymbol="pal")
    trade.release("P4", SalesUnitSymbol="")
    trade.release("P5", CurrencyCode="SEK")
    trade.release("P6", CurrencyCode="EUR")
    trade.release("P7", SalesUnitSymbol="kg", IsSalesStopped="Yes")
    for code in ("JPY", "CHF"):
        world.enter_currency(code)
    world.account("C2", "Yen Ltd", currency="JPY")

    found = checking.check(tmp_path)
    assert errors(found) == []
    expected = [
        'P5: uoms has no row with name "pal" and uomscheduleid "Default Unit" (unit-not-mapped) in 2 of 6 ',
        "P5: defaultuomid has no value (unit-not-mapped) in 1 of 6 SellableReleasedProducts. Fill in SalesUnitSymbol.",
        'P9: transactioncurrencies has no row with isocurrencycode "SEK" (currency-not-mapped) in 1 of 6',
        'PL1: pricelevels has no row with transactioncurrencyid "EUR" and statecode 0 that is valid today '
        "(no-price-list) in 1 of 6",
        'A10: records refer to "JPY" of transactioncurrencies. Currencies has no row with this CurrencyCode '
        "(currency-not-mapped)",
    ]
    assert not missing(warnings(found), expected)
    assert len(warnings(found)) == len(expected), "a stopped product, or a currency that no record has, is told"


def test_what_no_record_at_all_gets_past_is_an_error(checking: Checking, tmp_path: Path) -> None:
    """No unit of the group goes by its name in F&O."""
    world, trade = checking.world, checking.trade
    trade.withdraw(*(row["ProductNumber"] for row in world.finops_admin.rows("SellableReleasedProducts")))
    trade.finops_unit("pcs")
    trade.release_many(["P1", "P2"], SalesUnitSymbol="pcs")
    (said,) = errors(checking.check(tmp_path))
    assert 'P5: uoms has no row with name "pcs"' in said
    assert "in 2 of 2 SellableReleasedProducts" in said
