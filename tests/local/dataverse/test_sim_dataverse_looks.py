"""How rows look to a person and how a query is written: formatted values, single columns, parameter aliases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated

FORMATTED = "OData.Community.Display.V1.FormattedValue"
ALL = {"Prefer": 'odata.include-annotations="*"'}


@pytest.fixture(scope="module")
def sales() -> Iterator[Dataverse]:
    """One account with a value of every kind, in euros."""
    with simulated() as session:
        euro = session.create(
            "transactioncurrencies", isocurrencycode="EUR", currencyname="Euro", exchangerate=1, currencysymbol="€",
            currencyprecision=2,
        )  # fmt: skip
        boss = session.create("contacts", firstname="Ada", lastname="Gee")
        session.create(
            "accounts", accountid=guid(1), name="A", creditlimit=1234567.5, numberofemployees=12000, creditonhold=True,
            customertypecode=3, lastonholdtime="2026-01-05T14:03:00Z", accountnumber="N-1",
            **{"transactioncurrencyid@odata.bind": f"transactioncurrencies({euro})",
               "primarycontactid@odata.bind": f"contacts({boss})"},
        )  # fmt: skip
        yield session


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        ("creditlimit", "€1,234,567.50"),
        ("numberofemployees", "12,000"),
        ("creditonhold", "Yes"),
        ("creditlimit_base", "€1,234,567.50"),
        ("donotfax", "Allow"),
        ("customertypecode", "Customer"),
        ("statecode", "Active"),
        ("lastonholdtime", "1/5/2026 2:03 PM"),
        ("_primarycontactid_value", "Ada Gee"),
        ("_transactioncurrencyid_value", "Euro"),
        ("_ownerid_value", "Simulated Application"),
    ],
)
def test_values_have_the_form_that_a_person_sees(sales: Dataverse, column: str, shown: str) -> None:
    row = sales.get(f"accounts({guid(1)})?$select={column}", headers=ALL).json()
    assert row[f"{column}@{FORMATTED}"] == shown


def test_texts_ids_and_empty_columns_have_no_formatted_value(sales: Dataverse) -> None:
    row = sales.get(f"accounts({guid(1)})?$select=name,fax,accountid", headers=ALL).json()
    assert not [name for name in row if name.endswith(FORMATTED)]


def test_only_the_annotations_that_are_asked_for_come(sales: Dataverse) -> None:
    asked = {"Prefer": f'odata.include-annotations="{FORMATTED}"'}
    row = sales.get(f"accounts({guid(1)})?$select=_primarycontactid_value", headers=asked).json()
    assert {name.partition("@")[2] for name in row if name.startswith("_primary")} == {"", FORMATTED}


def test_expanded_rows_are_annotated_too(sales: Dataverse) -> None:
    url = f"accounts({guid(1)})?$select=name&$expand=primarycontactid($select=statecode)"
    assert sales.get(url, headers=ALL).json()["primarycontactid"][f"statecode@{FORMATTED}"] == "Active"


def test_one_column_is_read_as_json_or_bare(sales: Dataverse) -> None:
    one = f"accounts({guid(1)})"
    assert sales.get(f"{one}/numberofemployees").json()["value"] == 12000
    bare = sales.get(f"{one}/creditonhold/$value")
    assert (bare.text, bare.headers["Content-Type"].split(";")[0]) == ("true", "text/plain")
    assert sales.get(f"{one}/fax").status_code == 204
    assert sales.put(f"{one}/name/$value", json={"value": "x"}).status_code == 405
    assert code(sales.put(f"{one}/name", json={"name": "B"})) == (400, "0x80048d19")
    assert code(sales.get(f"accounts({guid(9)})/name")) == (404, "0x80040217")


@pytest.mark.parametrize(
    ("condition", "aliases", "count"),
    [
        ("accountnumber eq @p", {"@p": "'N-1'"}, 1),
        ("numberofemployees gt @p and accountnumber ne @q", {"@p": "5", "@q": "'N-2'"}, 1),
        ("accountnumber eq '@p'", {"@p": "'N-1'"}, 0),
        ("accountnumber eq @p or accountnumber eq 'a''@q'", {"@p": "'x'"}, 0),
    ],
)
def test_a_parameter_alias_stands_for_its_value(
    sales: Dataverse, condition: str, aliases: dict[str, str], count: int
) -> None:
    answer = sales.get("accounts", params={"$select": "name", "$filter": condition, **aliases})
    assert len(answer.json()["value"]) == count


@pytest.mark.parametrize(
    "header",
    [
        {"MSCRM.BypassBusinessLogicExecution": "CustomSync,CustomAsync"},
        {"MSCRM.BypassCustomPluginExecution": "true"},
        {"MSCRM.SuppressCallbackRegistrationExpanderJob": "true"},
        {"MSCRM.SuppressDuplicateDetection": "true"},
        {"Consistency": "Strong"},
        {"x-ms-client-request-id": guid(5)},
    ],
)
def test_headers_for_what_is_not_simulated_change_nothing(sales: Dataverse, header: dict[str, str]) -> None:
    row = {"accountid": guid(7), "name": "A"}
    assert sales.post("accounts?tag=sync", json=row, headers=header).status_code == 204
    assert sales.get(f"accounts({guid(7)})?tag=sync&$select=name", headers=header).json()["name"] == "A"
    assert sales.delete(f"accounts({guid(7)})", headers=header).status_code == 204


def test_duplicates_are_looked_for_on_request_alone(sales: Dataverse) -> None:
    look = {"MSCRM.SuppressDuplicateDetection": "false"}
    again: dict[str, Any] = {"name": "a"}
    assert code(sales.post("accounts", json=again, headers=look)) == (412, "0x80040333")
    assert sales.patch(f"accounts({guid(1)})", json={"name": "A"}, headers=look).status_code == 204
    sales.switch(duplicate_rules=["account(name,accountnumber)", "account(nothing)", "nonsense"])
    assert sales.post("accounts", json={**again, "accountid": guid(2)}, headers=look).status_code == 204
    assert code(sales.post("accounts", json={**again, "accountnumber": "n-1"}, headers=look)) == (412, "0x80040333")
    assert sales.post("accounts", json={**again, "accountid": guid(3)}).status_code == 204
    for one in (2, 3):
        sales.delete(f"accounts({guid(one)})")
