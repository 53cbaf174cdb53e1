"""CreateMultiple, UpdateMultiple, UpsertMultiple: all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated


@pytest.fixture
def sales() -> Iterator[Dataverse]:
    with simulated() as session:
        yield session


def writes(sales: Dataverse) -> int:
    count: int = sales.get("/admin/counters").json()["writes"]
    return count


def test_created_ids_come_in_the_order_of_the_targets(sales: Dataverse) -> None:
    answer = sales.bulk("accounts", "CreateMultiple", [{"accountid": guid(2), "name": "B"}, {"name": "A"}])
    body = answer.json()
    assert body["@odata.context"].endswith("#Microsoft.Dynamics.CRM.CreateMultipleResponse")
    assert body["Ids"][0] == guid(2)
    assert sales.row("accounts", body["Ids"][1])["name"] == "A"
    assert writes(sales) == 2


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ({"name": "x" * 161}, (400, "0x80044331")),
        ({"accountid": guid(1), "name": "twice"}, (412, "0x80040237")),
        ({"name": "other", "@odata.type": "Microsoft.Dynamics.CRM.contact"}, (400, "0x80048d19")),
        ({"name": "none", "@odata.type": None}, (400, "0x80048d19")),
        ({"name": "list", "@odata.type": []}, (400, "0x80048d19")),
    ],
)
def test_one_bad_target_undoes_all(sales: Dataverse, bad: dict[str, Any], expected: tuple[int, str]) -> None:
    answer = sales.bulk("accounts", "CreateMultiple", [{"accountid": guid(1), "name": "A"}, {"name": "B"}, bad])
    assert code(answer) == expected
    assert sales.get("/admin/rows/accounts").json() == []
    assert writes(sales) == 0


def test_of_two_updates_of_one_row_the_first_counts(sales: Dataverse) -> None:
    one, _ = sales.accounts(2)
    answer = sales.bulk("accounts", "UpdateMultiple", [{"accountid": one, "name": n} for n in ("first", "second")])
    assert (answer.status_code, answer.content) == (204, b"")
    assert sales.row("accounts", one)["name"] == "first"
    missing = sales.bulk("accounts", "UpdateMultiple", [{"accountid": one, "name": "x"}, {"accountid": guid(9)}])
    assert code(missing) == (404, "0x80040217")
    assert sales.row("accounts", one)["name"] == "first"
    assert missing.json()["error"]["message"] == f"Account With Ids = {guid(9)} Do Not Exist"


def test_an_update_of_many_rows_by_address_is_refused(sales: Dataverse) -> None:
    key = {"table": "accounts", "name": "number", "columns": ["accountnumber"]}
    assert sales.post("/admin/keys", json=key).status_code == 200
    one = sales.create("accounts", name="A", accountnumber="1")
    for address in (f"accounts({one})", "accounts(accountnumber='1')"):
        answer = sales.bulk("accounts", "UpdateMultiple", [{"@odata.id": address, "name": "x"}])
        assert code(answer) == (400, "0x0")
    assert code(sales.bulk("accounts", "UpdateMultiple", [{"accountnumber": "1", "name": "x"}])) == (400, "0x0")
    assert sales.row("accounts", one)["name"] == "A"


def test_an_upsert_creates_and_updates_and_says_neither(sales: Dataverse) -> None:
    sales.accounts(1)
    targets = [{"accountid": guid(1), "name": "changed"}, {"@odata.id": f"accounts({guid(2)})", "name": "new"}]
    answer = sales.bulk("accounts", "UpsertMultiple", targets)
    assert (answer.status_code, answer.content) == (204, b"")
    assert sales.row("accounts", guid(1))["name"] == "changed"
    assert sales.row("accounts", guid(2))["name"] == "new"
    twice = sales.bulk("accounts", "UpsertMultiple", [{"accountid": guid(3), "name": n} for n in "AB"])
    assert code(twice)[0] == 412
    assert sales.get(f"accounts({guid(3)})").status_code == 404


def test_tables_without_bulk_messages_do_not_have_the_address(sales: Dataverse) -> None:
    target = {"@odata.type": "Microsoft.Dynamics.CRM.transactioncurrency", "isocurrencycode": "EUR"}
    for path in ("transactioncurrencies/Microsoft.Dynamics.CRM.CreateMultiple", "accounts/CreateMultiple"):
        assert sales.post(path, json={"Targets": [target]}).status_code == 404
    sales.switch(no_bulk_status=400)
    other = sales.post("uoms/Microsoft.Dynamics.CRM.UpsertMultiple", json={"Targets": [target]})
    assert code(other) == (400, "0x8006088a")
    assert sales.post("accounts/Microsoft.Dynamics.CRM.CreateMultiple", json={"Targets": []}).status_code == 400
    assert code(sales.get("accounts/Microsoft.Dynamics.CRM.CreateMultiple")) == (404, "")
    assert sales.post("accounts/Microsoft.Dynamics.CRM.DeleteMultiple", json={"Targets": [target]}).status_code == 501
