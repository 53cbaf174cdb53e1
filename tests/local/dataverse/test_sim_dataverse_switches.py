"""The switches for what wire.md leaves open: each changes what it is for, and only that."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests

from local.simulators.dataverse.service import SWITCHES
from local.simulators.dataverse.switches import ALLOWED
from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated

PART = "--b\r\nContent-Type: application/http\r\n\r\n"
TRACK = {"Prefer": "odata.track-changes"}
GOOD = f'{PART}POST accounts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{{"name":"A"}}\r\n'
BAD = f'{PART}POST accounts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{{"Name":"A"}}\r\n'


@pytest.fixture(scope="module")
def running() -> Iterator[Dataverse]:
    with simulated() as session:
        yield session


@pytest.fixture
def sales(running: Dataverse) -> Iterator[Dataverse]:
    yield running
    running.switch(**SWITCHES)


def batch(sales: Dataverse, body: str) -> requests.Response:
    return sales.post("$batch", data=f"{body}--b--\r\n", headers={"Content-Type": "multipart/mixed; boundary=b"})


def test_every_switch_with_a_list_of_values_begins_with_one_of_them() -> None:
    for name, values in ALLOWED.items():
        first = SWITCHES[name]
        assert first == [] or first in values, name


@pytest.mark.parametrize(("listed", "statuses"), [("all", ["204", "400"]), ("failure", ["400"])])
def test_a_batch_that_stops_lists_what_went_well_or_does_not(
    sales: Dataverse, listed: str, statuses: list[str]
) -> None:
    sales.switch(stopped_batch=listed)
    answer = batch(sales, GOOD + BAD + GOOD)
    assert answer.status_code == 400
    assert re.findall(r"HTTP/1\.1 (\d+)", answer.text) == statuses


@pytest.mark.parametrize(("written", "line"), [("spaced", "HTTP/1.1 400 Bad Request"),
                                               ("joined", "HTTP/1.1 400 BadRequest")])  # fmt: skip
def test_the_reason_of_a_part_is_written_in_two_ways(sales: Dataverse, written: str, line: str) -> None:
    sales.switch(batch_reason=written)
    assert line in batch(sales, BAD).text


@pytest.mark.parametrize("form", ["list", "nothing"])
def test_a_delta_without_changes_is_an_empty_list_or_nothing(sales: Dataverse, form: str) -> None:
    sales.switch(empty_delta=form)
    link = sales.get("contacts?$select=lastname", headers=TRACK).json()["@odata.deltaLink"]
    answer = sales.get(link, headers=TRACK).json()
    assert (answer == {}) is (form == "nothing")
    assert form == "nothing" or (answer["value"] == [] and answer["@odata.deltaLink"])
    one = sales.create("contacts", lastname="Gee")
    assert [row["contactid"] for row in sales.get(link).json()["value"]] == [one]


@pytest.mark.parametrize("status", [400, 403, 404, 410, 412])
def test_an_expired_token_has_the_status_of_the_switch(sales: Dataverse, status: int) -> None:
    sales.switch(expired_token_status=status)
    link = sales.get("contacts?$select=lastname", headers=TRACK).json()["@odata.deltaLink"]
    sales.post("/admin/schema-change", json={"table": "contacts"})
    assert code(sales.get(link)) == (status, "0x80044352")


@pytest.mark.parametrize("days", [1, 7, 30])
def test_a_token_lives_for_the_days_of_the_switch(sales: Dataverse, days: int) -> None:
    sales.switch(delta_token_days=days)
    link = sales.get("contacts?$select=lastname", headers=TRACK).json()["@odata.deltaLink"]
    sales.post("/admin/clock", json={"advance": days * 86_400 - 60})
    assert sales.get(link).status_code == 200
    sales.post("/admin/clock", json={"advance": 120})
    assert code(sales.get(link)) == (400, "0x80044352")


@pytest.mark.parametrize("told", ["0x80048d19", "0x80040216", "0x0"])
def test_a_target_without_a_type_has_the_code_of_the_switch(sales: Dataverse, told: str) -> None:
    sales.switch(bulk_type_code=told)
    answer = sales.post("accounts/Microsoft.Dynamics.CRM.CreateMultiple", json={"Targets": [{"name": "A"}]})
    assert code(answer) == (400, told)


@pytest.mark.parametrize("told", ["hex", "empty"])
def test_conditions_have_codes_or_none(sales: Dataverse, told: str) -> None:
    sales.switch(condition_codes=told)
    one = sales.create("accounts", name="A")
    for headers, row, expected in (
        ({"If-Match": "*"}, guid(999), (404, "0x80040217")),
        ({"If-None-Match": "*"}, one, (412, "0x80040237")),
        ({"If-Match": 'W/"1"'}, one, (412, "0x80060882")),
    ):
        status, known = expected
        answer = sales.patch(f"accounts({row})", json={"name": "B"}, headers=headers)
        assert code(answer) == (status, known if told == "hex" else "")
    assert code(sales.get(f"accounts({guid(999)})")) == (404, "0x80040217")


@pytest.mark.parametrize("named", [True, False])
def test_an_update_names_its_row_or_does_not(sales: Dataverse, named: bool) -> None:
    one = sales.create("accounts", name="A")
    sales.switch(entity_id_on_update=named)
    assert ("OData-EntityId" in sales.patch(f"accounts({one})", json={"name": "B"}).headers) is named
    assert "OData-EntityId" in sales.post("accounts", json={"name": "C"}).headers
