"""Alternate keys: addresses, what they refuse, uniqueness, upserts and binds by key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated

JSON = {"Prefer": "return=representation"}


@pytest.fixture(scope="module")
def running() -> Iterator[Dataverse]:
    with simulated() as session:
        for name, columns in (
            ("number", ["accountnumber"]),
            ("size", ["fax", "numberofemployees"]),
            ("boss", ["_primarycontactid_value", "telephone1"]),
        ):
            define(session, name, columns)
        yield session


@pytest.fixture
def sales(running: Dataverse) -> Dataverse:
    """The module's simulator, with keys on accounts and no accounts."""
    for row in running.get("/admin/rows/accounts").json():
        running.delete(f"accounts({row['accountid']})")
    running.switch(key_characters_status=400, duplicate_key_status=412, missing_bind_status=404)
    return running


def define(sales: Dataverse, name: str, columns: list[str], status: str = "Active") -> None:
    wanted = {"table": "accounts", "name": name, "columns": columns, "status": status}
    answer = sales.post("/admin/keys", json=wanted)
    assert answer.ok, answer.text


def by_number(value: str) -> str:
    return f"accounts(accountnumber='{quote(value.replace(chr(39), chr(39) * 2), safe=chr(39))}')"


@pytest.mark.parametrize("number", ["ABC123", "O'Brien AB", "Ærø, (ø)", "a=b", "x'),(y", "#1;@!~"])
def test_a_row_is_addressed_by_its_alternate_key(sales: Dataverse, number: str) -> None:
    one = sales.create("accounts", name="A", accountnumber=number)
    address = by_number(number)
    assert sales.get(f"{address}?$select=name").json()["accountid"] == one
    assert sales.get(by_number(number.upper())).json()["accountid"] == one
    assert sales.patch(address, json={"name": "B"}, headers={"If-Match": "*"}).status_code == 204
    assert sales.get(f"{address}/name").json()["value"] == "B"
    assert sales.delete(address).status_code == 204
    assert code(sales.get(address)) == (404, "0x80060891")
    assert code(sales.delete(address)) == (404, "0x80060891")


def test_keys_may_have_several_columns_numbers_and_lookups(sales: Dataverse) -> None:
    person = sales.create("contacts", lastname="Gee")
    one = sales.create(
        "accounts", name="A", fax="7", numberofemployees=12, telephone1="1",
        **{"primarycontactid@odata.bind": f"contacts({person})"},
    )  # fmt: skip
    for address in (
        "accounts(fax='7',numberofemployees=12)",
        "accounts(numberofemployees=12, fax='7')",
        f"accounts(_primarycontactid_value={person},telephone1='1')",
        f"accounts(accountid={one})",
    ):
        assert sales.get(address).json()["accountid"] == one, address


@pytest.mark.parametrize("sign", list("/<>*%&:\\?+"))
def test_some_characters_make_a_key_useless_even_when_encoded(sales: Dataverse, sign: str) -> None:
    number = f"a{sign}b"
    one = sales.create("accounts", name="A", accountnumber=number)
    address = f"accounts(accountnumber='{quote(number, safe='')}')"
    assert code(sales.get(address)) == (400, "0x0")
    assert code(sales.patch(address, json={"name": "B"})) == (400, "0x0")
    sales.switch(key_characters_status=404)
    assert code(sales.get(address)) == (404, "0x0")
    assert code(sales.post("accounts", json={"name": "C", "accountnumber": number})) == (412, "0x80060892")
    assert sales.row("accounts", one)["name"] == "A"


@pytest.mark.parametrize(
    "key",
    [
        "name='A'", "accountnumber='A',name='B'", "fax='7'", "accountnumber=5", "fax='7',numberofemployees='12'",
        "fax='7',numberofemployees=x", "accountnumber='A", "accountnumber='O'Brien'", "accountnumber=", "=",
        "accountnumber='A',accountnumber='A'", "AccountNumber='A'", "1", "", "primarycontactid=x,telephone1='1'",
        f"_primarycontactid_value='{guid(1)}',telephone1='1'",
    ],
)  # fmt: skip
def test_a_key_that_is_not_declared_or_of_the_wrong_type_is_refused(sales: Dataverse, key: str) -> None:
    assert code(sales.get(f"accounts({key})")) == (400, "0x0")


def test_an_index_that_is_not_active_finds_and_forbids_nothing(sales: Dataverse) -> None:
    for status in ("Pending", "InProgress", "Failed"):
        define(sales, "site", ["websiteurl"], status)
        sales.create("accounts", name="A", websiteurl="x")
        assert code(sales.get("accounts(websiteurl='x')")) == (400, "0x0")
    refused = sales.post("/admin/keys", json={"table": "accounts", "name": "site", "columns": ["websiteurl"]})
    assert "cannot be built" in refused.json()["error"]


def test_a_key_is_unique_without_case_and_nothing_is_no_value(sales: Dataverse) -> None:
    sales.create("accounts", name="A", accountnumber="one")
    two = sales.create("accounts", name="B", accountnumber="two")
    again = {"name": "C", "accountnumber": "ONE"}
    refused = sales.post("accounts", json=again)
    assert code(refused) == (412, "0x80060892")
    assert "Entity Key number violated" in refused.json()["error"]["message"]
    assert code(sales.patch(f"accounts({two})", json={"accountnumber": "one"})) == (412, "0x80060892")
    assert code(sales.bulk("accounts", "CreateMultiple", [{"name": "D"}, again])) == (412, "0x80060892")
    sales.switch(duplicate_key_status=400)
    assert code(sales.post("accounts", json=again)) == (400, "0x80060892")
    assert sales.patch(f"accounts({two})", json={"accountnumber": "two", "name": "E"}).status_code == 204
    for name in "FG":
        sales.create("accounts", name=name)
    assert sorted(row["name"] for row in sales.get("/admin/rows/accounts").json()) == ["A", "E", "F", "G"]


def test_an_upsert_by_key_echoes_the_key_and_says_not_what_it_did(sales: Dataverse) -> None:
    address = by_number("O'Brien AB")
    made = sales.patch(address, json={"name": "A"})
    changed = sales.patch(address, json={"name": "B"})
    for answer in (made, changed):
        assert answer.status_code == 204
        assert answer.headers["OData-EntityId"] == f"{sales.api}accounts(accountnumber='O''Brien%20AB')"
    [row] = sales.get("/admin/rows/accounts").json()
    assert (row["name"], row["accountnumber"]) == ("B", "O'Brien AB")
    sales.switch(entity_id_on_update=False)
    assert "OData-EntityId" not in sales.patch(address, json={"name": "B"}).headers
    sales.switch(entity_id_on_update=True)


def test_an_upsert_that_returns_the_row_says_what_it_did(sales: Dataverse) -> None:
    address = by_number("N") + "?$select=accountid"
    made = sales.patch(address, json={"name": "A"}, headers=JSON)
    changed = sales.patch(address, json={"name": "B"}, headers=JSON)
    assert (made.status_code, changed.status_code) == (201, 200)
    assert made.json()["accountid"] == changed.json()["accountid"]
    assert made.headers["ETag"] == made.json()["@odata.etag"] != changed.headers["ETag"]
    assert "OData-EntityId" not in made.headers
    sales.switch(preference_on_update=False)
    assert "Preference-Applied" not in sales.patch(address, json={"name": "B"}, headers=JSON).headers
    sales.switch(preference_on_update=True)


def test_key_columns_in_the_body_win_when_the_row_is_new_and_lose_when_it_is_not(sales: Dataverse) -> None:
    assert sales.patch(by_number("url"), json={"name": "A", "accountnumber": "body"}).status_code == 204
    assert [row["accountnumber"] for row in sales.get("/admin/rows/accounts").json()] == ["body"]
    assert sales.patch(by_number("body"), json={"name": "B", "accountnumber": "other"}).status_code == 204
    [row] = sales.get("/admin/rows/accounts").json()
    assert (row["name"], row["accountnumber"]) == ("B", "body")


def test_conditions_hold_for_keys_too(sales: Dataverse) -> None:
    address, body = by_number("N"), {"name": "A"}
    assert code(sales.patch(address, json=body, headers={"If-Match": "*"})) == (404, "0x80060891")
    assert sales.patch(address, json=body, headers={"If-None-Match": "*"}).status_code == 204
    assert code(sales.patch(address, json=body, headers={"If-None-Match": "*"})) == (412, "0x80040237")
    assert code(sales.patch(address, json=body, headers={"If-Match": 'W/"1"'})) == (412, "0x80060882")
    assert code(sales.delete(address, headers={"If-Match": 'W/"1"'})) == (412, "0x80060882")
    sales.switch(condition_codes="empty")
    assert code(sales.patch(address, json=body, headers={"If-None-Match": "*"})) == (412, "")
    sales.switch(condition_codes="hex")


def test_a_bind_may_name_a_key(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A", accountnumber="N")
    bind = "parentcustomerid_account@odata.bind"
    person = sales.create("contacts", lastname="Gee", **{bind: "/accounts(accountnumber='N')"})
    assert sales.row("contacts", person)["_parentcustomerid_value"] == one
    missing: dict[str, Any] = {"lastname": "x", bind: "accounts(accountnumber='M')"}
    assert code(sales.post("contacts", json=missing)) == (404, "0x80060891")
    sales.switch(missing_bind_status=400)
    assert code(sales.post("contacts", json=missing)) == (400, "0x80060891")
    assert code(sales.post("contacts", json={"lastname": "x", bind: f"accounts({guid(9)})"})) == (400, "0x80040217")


def test_many_rows_are_upserted_by_key(sales: Dataverse) -> None:
    sales.create("accounts", name="A", accountnumber="1")
    targets = [{"@odata.id": "accounts(accountnumber='1')", "name": "changed", "accountnumber": "1"},
               {"@odata.id": "accounts(accountnumber='2')", "name": "new"}]  # fmt: skip
    answer = sales.bulk("accounts", "UpsertMultiple", targets)
    assert (answer.status_code, answer.content) == (204, b"")
    stored = {row["accountnumber"]: row["name"] for row in sales.get("/admin/rows/accounts").json()}
    assert stored == {"1": "changed", "2": "new"}
    repeated = {"@odata.id": "accounts(accountnumber='3')", "name": "x", "accountnumber": "3"}
    refused = sales.bulk("accounts", "UpsertMultiple", [{**targets[0], "name": "again"}, repeated])
    assert code(refused) == (400, "0x80040216")
    twice = [{"@odata.id": f"accounts(accountnumber='{one}')", "name": "x"} for one in ("n", "N")]
    assert code(sales.bulk("accounts", "UpsertMultiple", twice)) == (412, "0x80040237")
    for given in ("0x80040216", "0x0"):
        sales.switch(bulk_duplicate_code=given)
        assert code(sales.bulk("accounts", "UpsertMultiple", twice)) == (412, given)
    sales.switch(bulk_duplicate_code="0x80040237")
    assert stored == {row["accountnumber"]: row["name"] for row in sales.get("/admin/rows/accounts").json()}


@pytest.mark.parametrize(
    "wanted",
    [
        {}, {"table": "accounts", "name": "k", "columns": []}, {"table": "accounts", "name": "k", "columns": ["Name"]},
        {"table": "accounts", "name": "k", "columns": ["creditonhold"]},
        {"table": "accounts", "name": "k", "columns": ["fax"], "status": "Ready"},
        {"table": "nothing", "name": "k", "columns": ["fax"]},
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_is_not_defined(sales: Dataverse, wanted: dict[str, Any]) -> None:
    answer = sales.post("/admin/keys", json=wanted)
    assert answer.status_code == 400
    assert answer.json()["error"]
