"""The Prospect-to-cash solution: its columns are everywhere while it is there, and nowhere while it is not."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.dataverse.dataverse_simulated import Dataverse, code, simulated

NUMBER, FLAG = "msdynce_contactnumber", "msdynce_isactivecustomer"
TRACK = {"Prefer": "odata.track-changes"}
CONTACT = "EntityDefinitions(LogicalName='contact')"


@pytest.fixture
def sales() -> Iterator[Dataverse]:
    with simulated() as session:
        yield session


def test_on_a_plain_organisation_its_columns_are_unknown(sales: Dataverse) -> None:
    one = sales.create("contacts", lastname="A")
    assert code(sales.post("contacts", json={"lastname": "B", NUMBER: "C1"})) == (400, "0x0")
    assert code(sales.patch(f"contacts({one})", json={FLAG: True})) == (400, "0x0")
    assert code(sales.get(f"contacts?$select={NUMBER}")) == (400, "0x0")
    assert code(sales.get(f"contacts?$filter={FLAG} eq true")) == (400, "0x0")
    assert code(sales.get(f"contacts?$orderby={NUMBER}")) == (400, "0x0")
    assert code(sales.get(f"contacts({NUMBER}='C1')")) == (400, "0x0")
    assert FLAG not in sales.row("contacts", one)
    assert NUMBER not in sales.get("$metadata").text
    assert sales.get(f"{CONTACT}/Attributes?$filter=LogicalName eq '{NUMBER}'").json()["value"] == []
    assert sales.get(f"{CONTACT}/Keys").json()["value"] == []


def test_with_the_solution_its_columns_and_key_work() -> None:
    with simulated(p2c_solution=True) as sales:
        one = sales.create("contacts", lastname="A", **{NUMBER: "C1", FLAG: True})
        assert sales.get(f"contacts({NUMBER}='C1')?$select={FLAG}").json()[FLAG] is True
        found = sales.get(f"contacts?$select={NUMBER}&$filter={FLAG} eq true").json()["value"]
        assert [row[NUMBER] for row in found] == ["C1"]
        assert code(sales.post("contacts", json={"lastname": "B", NUMBER: "C1"})) == (412, "0x80060892")
        assert code(sales.patch(f"contacts({one})", json={NUMBER: "x" * 21})) == (400, "0x80044331")
        assert NUMBER in sales.get("$metadata").text
        (key,) = sales.get(f"{CONTACT}/Keys?$select=SchemaName,KeyAttributes").json()["value"]
        assert (key["SchemaName"], key["KeyAttributes"]) == (NUMBER, [NUMBER])


def test_it_can_come_and_go_while_the_organisation_runs(sales: Dataverse) -> None:
    one = sales.create("contacts", lastname="A")
    contacts = sales.get("contacts?$select=lastname", headers=TRACK).json()["@odata.deltaLink"]
    sales.switch(p2c_solution=True)
    assert sales.row("contacts", one)[NUMBER] is None
    assert sales.get("/admin/rows/contacts").json()[0][NUMBER] is None
    assert sales.patch(f"contacts({one})", json={NUMBER: "C1"}).status_code == 204
    assert sales.get(f"contacts?$filter={NUMBER} eq 'C1'").json()["value"][0]["contactid"] == one
    gone = sales.create("contacts", lastname="B", **{NUMBER: "C2"})
    sales.switch(p2c_solution=False)
    assert NUMBER not in sales.row("contacts", one)
    assert sales.delete(f"contacts({gone})").status_code == 204
    assert sales.patch(f"contacts({one})", json={"lastname": "B"}).status_code == 204
    sales.switch(p2c_solution=True)
    assert sales.get(f"contacts?$filter={NUMBER} eq 'C1'").json()["value"][0]["lastname"] == "B"
    assert sales.get(f"contacts?$filter={NUMBER} eq 'C2'").json()["value"] == []
    assert code(sales.get(contacts)) == (400, "0x80044352")


def test_only_tables_that_it_changes_lose_their_delta_tokens(sales: Dataverse) -> None:
    accounts = sales.get("accounts?$select=name", headers=TRACK).json()["@odata.deltaLink"]
    sales.switch(p2c_solution=True)
    assert sales.get(accounts).status_code == 200


def test_a_row_that_its_lookup_points_to_can_be_deleted() -> None:
    with simulated(p2c_solution=True) as sales:
        group = sales.create("uomschedules", name="Pieces", baseuomname="ea")
        bind = {"uomscheduleid@odata.bind": f"uomschedules({group})"}
        each = sales.create("uoms", name="each", quantity=1, **bind)
        spare = sales.create("uoms", name="box", quantity=10, **bind, **{"baseuom@odata.bind": f"uoms({each})"})
        product = sales.create(
            "products",
            name="A",
            productnumber="A",
            productstructure=1,
            quantitydecimal=2,
            **{
                "defaultuomid@odata.bind": f"uoms({each})",
                "defaultuomscheduleid@odata.bind": f"uomschedules({group})",
                "msdynce_inventoryunit@odata.bind": f"uoms({spare})",
            },
        )
        assert sales.row("products", product)["_msdynce_inventoryunit_value"] == spare
        assert sales.delete(f"uoms({spare})").status_code == 204
        assert sales.row("products", product)["_msdynce_inventoryunit_value"] is None


def test_the_process_can_start_with_it() -> None:
    command = [sys.executable, "-m", "local.simulators.dataverse", "--p2c-solution"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        _, base = process.stdout.readline().split()
        try:
            with Dataverse(base) as sales:
                assert sales.get(f"contacts?$select={NUMBER}").status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
