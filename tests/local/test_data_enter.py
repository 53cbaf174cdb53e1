"""What a data folder says stands in both systems afterwards; what a system refuses is told with file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.data.enter import EnterError
from local.data.folder import FINOPS, SALES, DataFolder, DataFolderError, write_folder
from tests.local.data_systems import ADVENTUREWORKS, Systems, both_systems, same

EURO = {"transactioncurrencyid": "aaaaaaaa-0000-4000-8000-000000000001", "isocurrencycode": "EUR",
        "currencyname": "Euro", "currencysymbol": "E", "currencyprecision": "2", "exchangerate": "1"}  # fmt: skip
ACCOUNT = {"accountid": "bbbbbbbb-0000-4000-8000-000000000001", "accountnumber": "A-1", "name": "One"}
PRODUCT = {"dataAreaId": "usmf", "ProductNumber": "B-1", "SalesPrice": "9.50", "CurrencyCode": "EUR",
           "SalesUnitSymbol": "ea"}  # fmt: skip
SECOND = {**ACCOUNT, "accountid": "bbbbbbbb-0000-4000-8000-000000000002", "accountnumber": "A-2", "name": "Two"}


@pytest.fixture(scope="module")
def fresh() -> Iterator[Callable[[], Systems]]:
    with both_systems() as fresh:
        yield fresh


@pytest.fixture
def systems(fresh: Callable[[], Systems]) -> Systems:
    return fresh()


@pytest.mark.skipif(not ADVENTUREWORKS.is_dir(), reason="the sample data of the workplace is not here")
def test_every_column_of_adventureworks_arrives(systems: Systems) -> None:
    folder = DataFolder(ADVENTUREWORKS)
    counts = systems.enter(ADVENTUREWORKS)
    assert counts["accounts"] == len(folder.rows("accounts")) > 400

    currency = {row["isocurrencycode"]: row["transactioncurrencyid"] for row in folder.rows("transactioncurrencies")}
    for name in SALES:
        key = next(iter(folder.rows(name)[0]))
        stored = {row[key]: row for row in systems.rows("sales", name)}
        for row in folder.rows(name):
            there = stored[row[key]]
            for column, text in row.items():
                attribute, _, natural = column.partition(".")
                wanted = currency[text] if natural else text
                value = there.get(attribute, there.get(f"_{attribute}_value"))
                assert same(wanted, value), f"{name} {row[key]} {column}: {value!r}"
    for name, set in FINOPS.items():
        stored_rows = systems.rows("finops", set)
        for row in folder.rows(name):
            assert any(all(same(text, there[column]) for column, text in row.items()) for there in stored_rows), row


def test_lookups_are_entered_by_id_and_by_natural_key(systems: Systems, tmp_path: Path) -> None:
    child = {**SECOND, "transactioncurrencyid.isocurrencycode": "EUR"}
    write_folder(tmp_path, {"transactioncurrencies": [EURO], "accounts": [ACCOUNT | {
        "transactioncurrencyid.isocurrencycode": ""}, child]})  # fmt: skip
    assert systems.enter(tmp_path)["accounts"] == 2

    one, two = systems.rows("sales", "accounts")
    assert one["_transactioncurrencyid_value"] != EURO["transactioncurrencyid"]
    assert two["_transactioncurrencyid_value"] == EURO["transactioncurrencyid"]


def test_an_inactive_account_is_entered_active_and_then_deactivated(systems: Systems, tmp_path: Path) -> None:
    write_folder(tmp_path, {"accounts": [ACCOUNT | {"statecode": "0"}, SECOND | {"statecode": "1"}]})
    systems.enter(tmp_path)
    assert [(row["statecode"], row["statuscode"]) for row in systems.rows("sales", "accounts")] == [(0, 1), (1, 2)]


def test_contacts_come_after_their_parents_and_before_those_that_name_them(systems: Systems, tmp_path: Path) -> None:
    """A contact's parent is an account or a contact, whatever the order of the lines."""
    child, parent = (f"cccccccc-0000-4000-8000-00000000000{n}" for n in (1, 2))
    write_folder(
        tmp_path,
        {
            "accounts": [ACCOUNT | {"primarycontactid": parent, "parentaccountid": SECOND["accountid"]}, SECOND],
            "contacts": [
                {"contactid": child, "lastname": "Child", "parentcustomerid": parent.upper(), "statecode": "1"},
                {"contactid": parent, "lastname": "Parent", "parentcustomerid": ACCOUNT["accountid"], "statecode": "0"},
            ],
        },
    )
    assert systems.enter(tmp_path)["contacts"] == 2
    contacts = {row["contactid"]: row for row in systems.rows("sales", "contacts")}
    assert contacts[child]["_parentcustomerid_value"] == parent
    assert contacts[parent]["_parentcustomerid_value"] == ACCOUNT["accountid"]
    assert (contacts[child]["statecode"], contacts[parent]["statecode"]) == (1, 0)
    accounts = {row["accountid"]: row for row in systems.rows("sales", "accounts")}
    assert accounts[ACCOUNT["accountid"]]["_primarycontactid_value"] == parent
    assert accounts[ACCOUNT["accountid"]]["_parentaccountid_value"] == SECOND["accountid"]


def test_files_that_are_missing_are_no_trouble(systems: Systems, tmp_path: Path) -> None:
    write_folder(tmp_path, {"accounts": [ACCOUNT]})
    counts = systems.enter(tmp_path)
    assert counts == {**dict.fromkeys((*FINOPS, *SALES), 0), "accounts": 1}


@pytest.mark.parametrize(
    ("tables", "error", "told"),
    [
        (
            {"accounts": [ACCOUNT, SECOND | {"transactioncurrencyid.isocurrencycode": "XYZ"}]},
            DataFolderError,
            "accounts.csv, line 3: no row of transactioncurrencies has isocurrencycode 'XYZ'. "
            "Add it to transactioncurrencies.csv, or mend transactioncurrencyid.isocurrencycode.",
        ),
        (
            {"accounts": [ACCOUNT | {"territoryid.name": "North"}]},
            DataFolderError,
            "The column territoryid.name names no lookup that can be entered. Use one of ",
        ),
        (
            {"accounts": [ACCOUNT, SECOND | {"statecode": "closed"}]},
            DataFolderError,
            "accounts.csv, line 3: statecode is 'closed'. Write a whole number.",
        ),
        (
            {"transactioncurrencies": [EURO | {"exchangerate": "one"}]},
            DataFolderError,
            "transactioncurrencies.csv, line 2: exchangerate is 'one'. Write a number such as 12.50.",
        ),
        (
            {"accounts": [ACCOUNT, SECOND | {"favouritecolour": "blue"}]},
            EnterError,
            "accounts.csv, line 3: POST accounts was answered 400: ",
        ),
        (
            {"currencies": [{"CurrencyCode": "EUR", "Name": "Euro"}, {"CurrencyCode": "EUR", "Name": "Euro again"}]},
            EnterError,
            "currencies.csv, line 3: POST Currencies was answered 400: ",
        ),
        (
            {
                "currencies": [{"CurrencyCode": "EUR", "Name": "Euro"}],
                "units": [{"UnitSymbol": "ea"}],
                "products": [PRODUCT, PRODUCT | {"ProductNumber": "B-2", "SalesUnitSymbol": "crate"}],
            },
            EnterError,
            "products.csv, line 3: POST /admin/products was answered 400: ",
        ),
    ],
    ids=["natural key", "unknown lookup", "state", "number", "unknown column", "twice", "product"],
)
def test_what_cannot_be_entered_is_told_with_file_and_line(
    tables: dict[str, list[dict[str, str]]], error: type[Exception], told: str, systems: Systems, tmp_path: Path
) -> None:
    write_folder(tmp_path, {"accounts": [ACCOUNT]} | tables)
    with pytest.raises(error) as refused:
        systems.enter(tmp_path)
    assert told in str(refused.value)
