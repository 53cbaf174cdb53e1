"""What the admin side does to both simulators: latency by their work, read-only spells, a changing schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated
from tests.local.finops.finops_simulated import CONTOSO, Finops, simulators

READ, WRITTEN, OPERATION = 0.001, 1.0, 1000.0
PROFILE = {"row_read": READ, "row_written": WRITTEN, "operation": OPERATION, "wait": False}


@pytest.fixture
def sales() -> Iterator[Dataverse]:
    with simulated() as session:
        yield session


@pytest.fixture(scope="module")
def fresh() -> Iterator[Callable[[], Finops]]:
    with simulators() as fresh:
        yield fresh


@pytest.fixture
def finops(fresh: Callable[[], Finops]) -> Finops:
    return fresh()


def seconds_of(system: Dataverse | Finops, work: Callable[[], Any]) -> float:
    """How long some requests are said to take; 3 rows read, 2 written and 1 operation are 1002.003 seconds."""
    assert system.post("/admin/latency", json=PROFILE).ok
    work()
    said: float = system.get("/admin/latency").json()["seconds"]
    return said


def batch(system: Dataverse | Finops, url: str, *requests: tuple[str, str, str], change_set: bool = False) -> str:
    """Send requests (method, address, body) in a batch, in one change set if wanted; returns the answer's text."""
    lines = ["--b", "Content-Type: multipart/mixed; boundary=c", ""] if change_set else []
    for number, (method, address, body) in enumerate(requests):
        lines += ["--c" if change_set else "--b", "Content-Type: application/http", "Content-Transfer-Encoding: binary"]
        lines += [
            f"Content-ID: {number}",
            "",
            f"{method} {address} HTTP/1.1",
            "Content-Type: application/json",
            "",
            body,
        ]
    lines += ["--c--"] if change_set else []
    answer = system.post(
        url, data="\r\n".join([*lines, "--b--", ""]).encode(),
        headers={"Content-Type": "multipart/mixed; boundary=b", "Prefer": "odata.continue-on-error"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return answer.text


def test_sales_takes_its_time_for_the_rows_that_it_read_and_wrote(sales: Dataverse) -> None:
    assert seconds_of(sales, lambda: sales.accounts(5)) == pytest.approx(5 * WRITTEN)
    assert seconds_of(sales, lambda: sales.get("accounts?$select=name")) == pytest.approx(5 * READ)
    assert seconds_of(sales, lambda: sales.row("accounts", guid(1))) == pytest.approx(READ)
    assert seconds_of(sales, lambda: sales.get(f"accounts({guid(99)})")) == 0
    many = (
        "accounts?$select=name&$filter=Microsoft.Dynamics.CRM.In(PropertyName='accountid',PropertyValues=['{}','{}'])"
    )
    assert seconds_of(sales, lambda: sales.get(many.format(guid(1), guid(2)))) == pytest.approx(2 * READ)
    creates = [("POST", f"{sales.api}accounts", '{"name": "x"}')] * 3
    assert seconds_of(sales, lambda: batch(sales, "$batch", *creates)) == pytest.approx(3 * (OPERATION + WRITTEN))


def test_finops_takes_its_time_for_the_rows_that_it_read_and_wrote(finops: Finops) -> None:
    assert seconds_of(finops, finops.create_customer) == pytest.approx(WRITTEN)
    assert seconds_of(finops, lambda: finops.get(CONTOSO)) == pytest.approx(READ)
    assert seconds_of(finops, lambda: finops.get("/data/CustomerGroups")) == pytest.approx(2 * READ)
    assert seconds_of(finops, lambda: finops.create_customer()) == 0, "it is there already"
    creates = [("POST", f"{finops.base}/data/CustomerGroups", f'{{"CustomerGroupId": "X{n}"}}') for n in range(3)]
    seconds = seconds_of(finops, lambda: batch(finops, "/data/$batch", *creates))
    assert seconds == pytest.approx(3 * (OPERATION + WRITTEN))


def test_sales_in_a_read_only_spell_refuses_every_way_to_write(sales: Dataverse) -> None:
    row = sales.create("accounts", name="A")
    sales.fault(action={"read_only": True, "status": 403, "code": "0x80048405"})
    create = ("POST", f"{sales.api}accounts", '{"name": "x"}')
    for refused in (
        sales.post("accounts", json={"name": "x"}),
        sales.patch(f"accounts({row})", json={"name": "x"}),
        sales.put(f"accounts({row})/name", json={"value": "x"}),
        sales.delete(f"accounts({row})"),
        sales.bulk("accounts", "CreateMultiple", [{"name": "x"}]),
        sales.bulk("accounts", "UpdateMultiple", [{"accountid": row, "name": "x"}]),
    ):
        assert code(refused) == (403, "0x80048405")
    assert batch(sales, "$batch", create, create).count("HTTP/1.1 403") == 2
    assert batch(sales, "$batch", create, change_set=True).count("HTTP/1.1 403") == 1
    assert [each["name"] for each in sales.get("accounts?$select=name").json()["value"]] == ["A"]
    assert sales.get("WhoAmI").ok
    sales.delete("/admin/faults")
    assert sales.patch(f"accounts({row})", json={"name": "B"}).status_code == 204


def test_finops_in_a_read_only_spell_refuses_every_way_to_write(finops: Finops) -> None:
    finops.create_customer()
    assert finops.post("/admin/faults", json={"action": {"read_only": True}}).ok
    create = ("POST", f"{finops.base}/data/CustomerGroups", '{"CustomerGroupId": "X"}')
    for refused in (
        finops.create_customer(CustomerAccount="C2"),
        finops.patch(CONTOSO, json={"OrganizationName": "Other"}),
        finops.delete(CONTOSO),
    ):
        assert refused.status_code == 503
        assert refused.json()["error"]["message"]
    assert batch(finops, "/data/$batch", create, create).count("HTTP/1.1 503") == 2
    assert "HTTP/1.1 201" not in batch(finops, "/data/$batch", create, change_set=True)
    assert finops.get(CONTOSO).json()["OrganizationName"] == "Contoso"
    finops.delete("/admin/faults")
    assert finops.patch(CONTOSO, json={"OrganizationName": "Other"}).status_code == 204


def test_a_column_of_sales_disappears_in_mid_run_and_comes_back_with_its_values(sales: Dataverse) -> None:
    row = sales.create("accounts", name="A", fax="1")
    delta = sales.pages("accounts?$select=name", "odata.track-changes")[-1]["@odata.deltaLink"]
    contacts = sales.pages("contacts?$select=lastname", "odata.track-changes")[-1]["@odata.deltaLink"]
    sales.switch(hidden_columns=["accounts.fax"])
    assert code(sales.get("accounts?$select=fax")) == (400, "0x0")
    assert code(sales.get("accounts?$filter=fax eq '1'")) == (400, "0x0")
    assert code(sales.patch(f"accounts({row})", json={"fax": "2"}))[0] == 400
    assert "fax" not in sales.row("accounts", row)
    assert 'Property Name="fax"' not in sales.get("$metadata").text.split('EntityType Name="contact"')[0]
    assert code(sales.get(delta)) == (400, "0x80044352"), "the table is another one"
    assert sales.get(contacts).ok
    sales.switch(hidden_columns=[])
    assert sales.row("accounts", row)["fax"] == "1"
    assert sales.patch(f"accounts({row})", json={"fax": "2"}).status_code == 204


def test_a_column_of_finops_disappears_in_mid_run_and_comes_back_with_its_values(finops: Finops) -> None:
    finops.create_customer(NameAlias="Con")
    finops.switch(hidden_columns=["CustomersV3.NameAlias"])
    assert finops.get("/data/CustomersV3?$select=NameAlias").status_code == 400
    assert finops.patch(CONTOSO, json={"NameAlias": "X"}).status_code == 400
    assert "NameAlias" not in finops.get(CONTOSO).json()
    finops.switch(hidden_columns=[])
    assert finops.get(CONTOSO).json()["NameAlias"] == "Con"


@pytest.mark.parametrize(
    "name", ["accounts.accountid", "accounts.nothing", "nothing.name", "accounts", "quotes.statecode"]
)
def test_what_the_platform_needs_cannot_be_hidden(sales: Dataverse, name: str) -> None:
    assert sales.post("/admin/switches", json={"hidden_columns": [name]}).status_code == 400
