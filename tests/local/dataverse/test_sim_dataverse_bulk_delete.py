"""`BulkDelete` as Microsoft's Python client sends it: a job that deletes what a query finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated


@pytest.fixture(scope="module")
def running() -> Iterator[Dataverse]:
    with simulated() as session:
        yield session


@pytest.fixture
def sales(running: Dataverse) -> Dataverse:
    running.switch(no_delete=[])
    for row in running.get("/admin/rows/accounts").json():
        running.delete(f"accounts({row['accountid']})")
    running.accounts(4)
    return running


def job(attribute: str, values: list[Any], operator: str = "In", logical: str = "account") -> dict[str, Any]:
    condition = {"AttributeName": attribute, "Operator": operator, "Values": values}
    criteria = {"FilterOperator": "And", "Conditions": [condition]}
    query = {"@odata.type": "Microsoft.Dynamics.CRM.QueryExpression", "EntityName": logical, "Criteria": criteria}
    return {"JobName": "x", "SendEmailNotification": False, "RecurrencePattern": "", "QuerySet": [query]}


def typed(*ids: str) -> list[dict[str, str]]:
    return [{"Value": one, "Type": "System.Guid"} for one in ids]


def names(sales: Dataverse) -> list[str]:
    return sorted(row["name"] for row in sales.get("/admin/rows/accounts").json())


def test_the_rows_of_the_query_go_and_the_id_of_a_job_comes(sales: Dataverse) -> None:
    answer = sales.post("BulkDelete", json=job("accountid", typed(guid(1), guid(3), guid(99))))
    assert answer.status_code == 200
    assert UUID(answer.json()["JobId"])
    assert answer.json()["@odata.context"].endswith("#Microsoft.Dynamics.CRM.BulkDeleteResponse")
    assert names(sales) == ["A1", "A3"]


def test_other_columns_find_rows_too(sales: Dataverse) -> None:
    assert sales.post("BulkDelete", json=job("name", [{"Value": "a2", "Type": "System.String"}], "Equal")).ok
    assert names(sales) == ["A0", "A1", "A3"]


def test_a_row_that_cannot_go_stays_and_the_others_go(sales: Dataverse) -> None:
    ids = [sales.create("transactioncurrencies", isocurrencycode=iso, currencyname=iso, exchangerate=1,
                        currencyprecision=2, currencysymbol="x") for iso in ("EUR", "GBP")]  # fmt: skip
    sales.patch(f"accounts({guid(1)})", json={"transactioncurrencyid@odata.bind": f"transactioncurrencies({ids[1]})"})
    wanted = job("transactioncurrencyid", typed(*ids), logical="transactioncurrency")
    assert sales.post("BulkDelete", json=wanted).ok
    assert sales.get(f"transactioncurrencies({ids[1]})").ok


def test_the_privilege_to_delete_is_needed(sales: Dataverse) -> None:
    sales.switch(no_delete=["accounts"])
    assert code(sales.post("BulkDelete", json=job("accountid", typed(guid(1))))) == (403, "0x80040220")
    assert len(names(sales)) == 4


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"JobName": "x", "QuerySet": []}, 400),
        ({"JobName": "x", "QuerySet": [5]}, 400),
        ({"QuerySet": [{"EntityName": "account"}]}, 400),
        (job("accountid", typed(guid(1)), logical="nothing"), 400),
        (job("Name", typed(guid(1))), 400),
        (job("accountid", ["x"]), 400),
        (job("accountid", [{"Value": "x"}]), 400),
        ({"JobName": "x", "QuerySet": [{"EntityName": "account", "Criteria": 5}]}, 400),
        ({"JobName": "x", "QuerySet": [{"EntityName": "account", "Criteria": {"Conditions": 5}}]}, 400),
        ({"JobName": "x", "QuerySet": [{"EntityName": "account", "Criteria": {"Conditions": [5]}}]}, 400),
        (job("accountid", typed(guid(1)), "BeginsWith"), 501),
    ],
)
def test_a_job_that_cannot_be_read_deletes_nothing(sales: Dataverse, body: dict[str, Any], status: int) -> None:
    assert code(sales.post("BulkDelete", json=body))[0] == status
    assert code(sales.get("BulkDelete")) == (404, "")
    assert len(names(sales)) == 4
