"""Privileges by table and by kind of access."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from local.simulators.dataverse.switches import PRIVILEGES
from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated

DENIED = (403, "0x80040220")
LOOKUP = "primarycontactid@odata.bind"


@pytest.fixture(scope="module")
def running() -> Iterator[Dataverse]:
    with simulated() as session:
        session.accounts(2)
        session.create("contacts", contactid=guid(7), lastname="Gee")
        yield session


@pytest.fixture
def sales(running: Dataverse) -> Iterator[Dataverse]:
    yield running
    running.switch(**{f"no_{one}": [] for one in PRIVILEGES}, no_organization_read=[])


def ask(sales: Dataverse, what: str) -> requests.Response:
    one = f"accounts({guid(1)})"
    match what:
        case "read":
            return sales.get(one)
        case "page":
            return sales.get("accounts")
        case "count":
            return sales.get("accounts/$count")
        case "column":
            return sales.get(f"{one}/name")
        case "create":
            return sales.post("accounts", json={"name": "new"})
        case "write":
            return sales.patch(one, json={"name": "changed"})
        case "upsert":
            return sales.patch(f"accounts({guid(50)})", json={"name": "new"}, headers={"If-None-Match": "*"})
        case "bulk":
            return sales.bulk("accounts", "UpdateMultiple", [{"accountid": guid(1), "name": "changed"}])
        case "bind":
            return sales.patch(one, json={LOOKUP: f"contacts({guid(7)})"})
        case "reference":
            return sales.put(f"{one}/primarycontactid/$ref", json={"@odata.id": f"contacts({guid(7)})"})
        case _:
            return sales.delete(f"accounts({guid(2)})")


@pytest.mark.parametrize(
    ("lacking", "refused"),
    [
        ({"no_read": ["accounts"]}, ["read", "page", "count", "column"]),
        ({"no_create": ["accounts"]}, ["create", "upsert"]),
        ({"no_write": ["accounts"]}, ["write", "bulk", "bind"]),
        ({"no_delete": ["accounts"]}, ["delete"]),
        ({"no_append": ["accounts"]}, ["bind", "reference"]),
        ({"no_append_to": ["contacts"]}, ["bind", "reference"]),
    ],
)
def test_what_a_privilege_is_for_is_refused_without_it_and_nothing_else(
    sales: Dataverse, lacking: dict[str, list[str]], refused: list[str]
) -> None:
    sales.switch(**lacking)
    for what in refused:
        assert code(ask(sales, what)) == DENIED, what
    for what in {"read", "page", "count", "create", "write", "bulk"} - set(refused):
        assert ask(sales, what).ok, what
    assert guid(50) not in {row["accountid"] for row in sales.get("/admin/rows/accounts").json()}


def test_the_missing_privilege_is_named(sales: Dataverse) -> None:
    sales.switch(no_append_to=["contacts"])
    assert "is missing prvAppendToContact privilege" in ask(sales, "bind").json()["error"]["message"]


def test_change_tracking_needs_the_right_to_read_the_whole_organisation(sales: Dataverse) -> None:
    sales.switch(no_organization_read=["accounts"])
    track = {"Prefer": "odata.track-changes"}
    assert code(sales.get("accounts", headers=track)) == DENIED
    assert sales.get("accounts").ok
    assert sales.get("contacts", headers=track).ok


def test_a_bulk_message_without_the_privilege_writes_nothing(sales: Dataverse) -> None:
    sales.switch(no_create=["accounts"])
    targets = [{"accountid": guid(1), "name": "upserted"}, {"accountid": guid(60), "name": "new"}]
    assert code(sales.bulk("accounts", "UpsertMultiple", targets)) == DENIED
    assert sales.row("accounts", guid(1))["name"] != "upserted"
