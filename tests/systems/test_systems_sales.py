"""Sales is read newest state first, in few requests, and a number is written back only to the row that was read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sync.errors import ConfigError, DataError, Transient, Unsure
from tests.systems.conftest import SalesWorld
from tests.systems.systems_world import ACCOUNTS


def test_rows_come_by_id_with_their_version_and_digits(sales: SalesWorld) -> None:
    (id,) = sales.create("Contoso", creditlimit=12.5)
    found = sales.system.fetch(ACCOUNTS, [id.upper(), "00000000-0000-0000-0000-00000000dead"], ["name", "creditlimit"])

    record = found[id.upper()]
    assert found.keys() == {id.upper()}
    assert record.version.startswith('W/"')
    assert record.values["name"] == "Contoso"
    assert isinstance(record.values["creditlimit"], Decimal)
    assert not any("@" in name for name in record.values)


def test_a_thousand_ids_take_three_requests(sales: SalesWorld) -> None:
    ids = sales.create(*(f"Account {number}" for number in range(1000)))
    found = sales.system.fetch(ACCOUNTS, ids, ["name"])

    assert [found[id].values["name"] for id in ids] == [f"Account {number}" for number in range(1000)]
    assert sales.system.requests_sent == 3


def test_rows_are_found_by_any_text_with_quotes_and_signs(sales: SalesWorld) -> None:
    numbers = ["A1", "O'Brien", 'say "hi"', "back\\slash", "Ä ö/ü&%+#?", "100%25", "a,b]"]
    for number in numbers:
        sales.create(f"Name of {number}", accountnumber=number)
    sales.create("Another", accountnumber="A2")

    found = sales.system.find(ACCOUNTS, "accountnumber", [*numbers, "o'brien", "unknown"], ["name"])

    assert {record.values["name"] for record in found} == {f"Name of {number}" for number in numbers}
    assert all(record.values["accountnumber"] in numbers and record.version for record in found)


def test_two_rows_of_one_number_are_both_found(sales: SalesWorld) -> None:
    ids = sales.create("One", "Two", accountnumber="SAME")
    assert {record.id for record in sales.system.find(ACCOUNTS, "accountnumber", ["same"], ["name"])} == set(ids)


def test_a_reference_set_is_read_whole_through_all_its_pages(small_pages: SalesWorld) -> None:
    ids = small_pages.create(*"abcdefgh")
    rows = small_pages.system.rows("sales", "accounts", ["accountid", "name"])
    assert sorted(str(row["name"]) for row in rows) == list("abcdefgh")
    assert {row["accountid"] for row in rows} == set(ids)
    assert small_pages.system.requests_sent == 3


def test_a_number_is_assigned_only_to_the_version_that_was_read(sales: SalesWorld) -> None:
    (id,) = sales.create("Contoso")
    read = sales.system.fetch(ACCOUNTS, [id], ["accountnumber"])[id]

    assert sales.system.assign(ACCOUNTS, read, {"accountnumber": "ACC-1"})
    assert not sales.system.assign(ACCOUNTS, read, {"accountnumber": "ACC-2"})
    assert sales.system.fetch(ACCOUNTS, [id], ["accountnumber"])[id].values["accountnumber"] == "ACC-1"
    sales.delete(id)
    assert not sales.system.assign(ACCOUNTS, read, {"accountnumber": "ACC-3"})


def test_a_value_that_sales_refuses_is_told_without_the_value(sales: SalesWorld) -> None:
    (id,) = sales.create("Contoso")
    read = sales.system.fetch(ACCOUNTS, [id], ["name"])[id]
    with pytest.raises(DataError) as caught:
        sales.system.assign(ACCOUNTS, read, {"accountnumber": "SECRET" * 10})
    assert caught.value.column == "accountnumber"
    assert caught.value.details["code"] == "0x80044331"
    assert "SECRETSECRET" not in str(caught.value)


def test_a_write_whose_answer_is_lost_is_unsure_though_it_was_done(sales: SalesWorld) -> None:
    (id,) = sales.create("Contoso")
    read = sales.system.fetch(ACCOUNTS, [id], ["name"])[id]
    sales.admin.fault({"drop": "after"}, "accounts", "PATCH")
    with pytest.raises(Unsure):
        sales.system.assign(ACCOUNTS, read, {"accountnumber": "ACC-1"})
    assert sales.admin.stored("accounts")[0]["accountnumber"] == "ACC-1"


def test_a_page_cut_short_or_a_gateway_page_is_transient(sales: SalesWorld) -> None:
    sales.create("Contoso")
    for action in ({"cut": 40}, {"status": 502, "html": True}, {"drop": "before"}):
        sales.admin.fault(action, "accounts", "GET")
        with pytest.raises(Transient) as caught:
            sales.system.rows("sales", "accounts", ["name"])
        assert not isinstance(caught.value, Unsure)
    assert len(sales.system.rows("sales", "accounts", ["name"])) == 1


def test_no_right_to_read_a_table_names_it(sales: SalesWorld) -> None:
    sales.admin.switch(no_read=["accounts"])
    with pytest.raises(ConfigError, match="for accounts"):
        sales.system.rows("sales", "accounts", ["name"])


def test_an_unknown_table_and_an_unknown_column_are_named(sales: SalesWorld) -> None:
    with pytest.raises(ConfigError, match="Accounts"):
        sales.system.rows("sales", "Accounts", ["name"])
    with pytest.raises(ConfigError, match="'Name' in accounts"):
        sales.system.rows("sales", "accounts", ["Name"])


def test_the_organisation_tells_its_id(sales: SalesWorld) -> None:
    (row,) = sales.admin.stored("organizations")
    assert sales.system.organization_id() == row["organizationid"]
