"""What a sync may touch: nothing when nothing changed, and exactly what changed otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_world import World, account, many, shown, since
from tests.shipped import shipped_mappings

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def changed(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> set[str]:
    """The numbers of the customers that differ."""
    return {number for number in before.keys() | after.keys() if before.get(number) != after.get(number)}


def mappings_with(folder: Path, file: str, *replacements: tuple[str, str]) -> str:
    """A copy of the shipped mappings with some text replaced in one file; gives its path as a setting."""
    shutil.copytree(shipped_mappings(), folder / "mappings")
    path = folder / "mappings" / file
    text = path.read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return str(folder / "mappings")


def by_request(counters: dict[str, Any], words: Iterable[str]) -> int:
    return sum(count for name, count in counters["by_request"].items() if any(word in name for word in words))


def test_a_second_sync_with_nothing_changed_sends_no_write_and_few_requests(world: World) -> None:
    world.accounts(many(120))
    world.settle()
    here = world.install(LINK_PARTITIONS="4")
    first = here.sync()
    world.count_anew()

    again = here.sync()
    assert since(first.totals, again.totals) == {}
    assert world.sales_admin.counters()["requests"] == 1  # the delta link
    assert world.finops_admin.counters()["requests"] == 0
    assert world.sales_admin.counters()["writes"] == 0


def test_a_full_read_with_nothing_changed_sends_no_write(world: World) -> None:
    world.accounts(many(120))
    world.settle()
    world.install(LINK_PARTITIONS="4").sync()
    world.count_anew()
    # Another host process, after the delta token has expired: everything is read again.
    world.sales_admin.advance(8 * 24 * 3600)
    here = world.install(LINK_PARTITIONS="4")

    assert shown(here.sync().totals) == {"created": 120, "unchanged": 120}
    finops = world.finops_admin.counters()
    assert finops["writes"] == finops["operations"] == 0
    assert by_request(finops, ["$batch", "CustomersV3"]) == 0
    assert world.sales_admin.counters()["requests"] <= 16
    expect_no_issue(here)


def test_three_renames_a_deactivation_and_a_delete_touch_exactly_those_records(world: World) -> None:
    ids = world.accounts(many(110))
    world.settle()
    here = world.install()
    first = here.sync()
    before = world.customers()
    world.count_anew()
    for index in (3, 50, 104):
        world.change(ids[index], name=f"Renamed {index}")
    world.deactivate(ids[7])
    world.delete(ids[8])

    second = here.sync()
    assert since(first.totals, second.totals) == {"updated": 3, "skipped": 1, "removed": 1}
    assert second.totals.reasons["skipped"] == {"not-active": 1}
    assert changed(before, world.customers()) == {"M0003", "M0050", "M0104"}
    for index in (3, 50, 104):
        assert world.customer(f"M{index:04}") == {**before[f"M{index:04}"], "OrganizationName": f"Renamed {index}"}
    finops = world.finops_admin.counters()
    assert (finops["writes"], finops["operations"]) == (3, 3)
    expect_no_issue(here)


def test_a_changed_value_map_writes_exactly_the_records_it_changes(world: World, tmp_path: Path) -> None:
    world.accounts(
        [
            *many(20),
            account("A1", "Diving", address1_city="Poseidonis", address1_country="Atlantis"),
            account("A2", "Sailing", address1_city="Kerameikos", address1_country="Atlantis"),
            account("B1", "Skiing", address1_city="Bern", address1_country="Switzerland"),
        ]
    )
    world.settle()
    first = world.install().sync()
    assert shown(first.totals)["warnings"] == {"country-unknown": 2}
    before = world.customers()
    world.count_anew()

    folder = mappings_with(tmp_path, "values/country.yaml", ("pairs: {}", "pairs: {Atlantis: GR}"))
    here = world.install(MAPPINGS=folder)
    second = here.sync()
    assert since(first.totals, second.totals) == {"updated": 2, "unchanged": 21}
    assert changed(before, world.customers()) == {"A1", "A2"}
    assert world.customer("A1")["AddressCountryRegionISOCode"] == "GR"
    assert world.finops_admin.counters()["writes"] == 2

    # Once: the next tick finds the definition as it is.
    world.count_anew()
    assert since(second.totals, here.sync().totals) == {}
    assert world.finops_admin.counters()["requests"] == 0


def test_a_changed_setting_writes_exactly_the_records_it_changes(world: World) -> None:
    world.accounts(
        [
            *many(20),
            account("A1", "Diving", address1_city="Springfield"),
            account("B1", "Skiing", address1_city="Bern", address1_country="Switzerland"),
        ]
    )
    world.settle()
    first = world.install().sync()
    before = world.customers()
    world.count_anew()

    here = world.install(COUNTRY__DEFAULT="US")
    second = here.sync()
    assert since(first.totals, second.totals) == {"updated": 1, "unchanged": 21}
    assert changed(before, world.customers()) == {"A1"}
    assert world.finops_admin.counters()["writes"] == 1


def test_a_setting_for_new_customers_changes_none_that_exist(world: World) -> None:
    world.accounts(many(5))
    world.settle()
    first = world.install().sync()
    before = world.customers()
    here = world.install(ACCOUNTS__LANGUAGE="de")

    assert since(first.totals, here.sync().totals) == {"unchanged": 5}
    world.account("N1", "New")
    here.sync()
    assert changed(before, world.customers()) == {"N1"}
    assert world.customer("N1")["LanguageId"] == "de"


def test_a_new_row_of_a_mapping_fills_the_customers_that_exist(world: World, tmp_path: Path) -> None:
    world.accounts([account("C1", "Contoso", description="Pays late"), account("C2", "Fabrikam")])
    world.settle()
    first = world.install().sync()
    folder = mappings_with(
        tmp_path,
        "accounts.yaml",
        ("finops: SalesMemo, multiline: true, enabled: false", "finops: SalesMemo, multiline: true"),
    )
    here = world.install(MAPPINGS=folder)

    assert since(first.totals, here.sync().totals) == {"updated": 1, "unchanged": 1}
    assert world.customer("C1")["SalesMemo"] == "Pays late"


@pytest.mark.parametrize("only", ["true", "false"])
def test_only_customers_skips_the_other_types(world: World, only: str) -> None:
    world.accounts([account("C1", "Contoso", customertypecode=3), account("C2", "Fabrikam", customertypecode=10)])
    world.settle()
    here = world.install(ACCOUNTS__ONLY_CUSTOMERS=only)

    expected = {"created": 1, "skipped": {"not-in-filter": 1}} if only == "true" else {"created": 2}
    assert shown(here.sync().totals) == expected
