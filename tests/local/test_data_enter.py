"""What a data folder says stands in both systems afterwards; what a system refuses is told with file and line."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from local import processes
from local.data.enter import EnterError, clerk, enter, seller
from local.data.folder import FINOPS, SALES, DataFolder, DataFolderError, write_folder
from local.world import ROOT

ADVENTUREWORKS = ROOT.parent / "shared" / "data" / "adventureworks-lt"

EURO = {"transactioncurrencyid": "aaaaaaaa-0000-4000-8000-000000000001", "isocurrencycode": "EUR",
        "currencyname": "Euro", "currencysymbol": "E", "currencyprecision": "2", "exchangerate": "1"}  # fmt: skip
ACCOUNT = {"accountid": "bbbbbbbb-0000-4000-8000-000000000001", "accountnumber": "A-1", "name": "One"}
SECOND = {**ACCOUNT, "accountid": "bbbbbbbb-0000-4000-8000-000000000002", "accountnumber": "A-2", "name": "Two"}


class Systems:
    """Both simulators, fresh."""

    def __init__(self, sales: str, finops: str, key: bytes) -> None:
        self._bases = {"sales": sales, "finops": finops}
        self.key = key

    def enter(self, folder: Path) -> dict[str, int]:
        sales, finops = self._bases["sales"], self._bases["finops"]
        return enter(DataFolder(folder), seller(sales, self.key), clerk(finops, self.key))

    def rows(self, system: str, set: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = requests.get(f"{self._bases[system]}/admin/rows/{set}", timeout=30).json()
        return found


@pytest.fixture
def systems() -> Iterator[Systems]:
    key = secrets.token_bytes(16)
    command = ["--port", "0", "--token-key", key.hex()]
    children = [
        processes.start([sys.executable, "-m", f"local.simulators.{name}", *command], name=name, cwd=ROOT)
        for name in ("dataverse", "finops")
    ]
    yield Systems(children[0].ready[0], children[1].ready[0], key)
    processes.stop_all(children)


def same(text: str, value: Any) -> bool:
    """Whether a stored value is what the field of a file says."""
    if not text:
        return value in (None, "")
    if isinstance(value, bool):
        return text.casefold() in (("true", "1", "yes") if value else ("false", "0", "no"))
    if isinstance(value, int | float):
        return Decimal(text) == Decimal(str(value))
    return bool(text.casefold() == str(value).casefold())


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
    ],
    ids=["natural key", "unknown lookup", "state", "number", "unknown column", "twice"],
)
def test_what_cannot_be_entered_is_told_with_file_and_line(
    tables: dict[str, list[dict[str, str]]], error: type[Exception], told: str, systems: Systems, tmp_path: Path
) -> None:
    write_folder(tmp_path, {"accounts": [ACCOUNT]} | tables)
    with pytest.raises(error) as refused:
        systems.enter(tmp_path)
    assert told in str(refused.value)
