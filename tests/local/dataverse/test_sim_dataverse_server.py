"""The Dataverse simulator as a server: sign-in, faults, counters, its own process, what it says about itself."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.simulators.odata.tokens import issue
from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated

KEY = bytes(range(32))
ROOT = Path(__file__).parents[3]


@pytest.fixture
def sales() -> Iterator[Dataverse]:
    with simulated() as session:
        yield session


def test_a_token_must_be_for_this_organisation_unexpired_and_signed() -> None:
    with simulated(token_key=KEY) as sales:
        later = time.time() + 600
        good = issue(KEY, sales.base, "app", later)
        refused = [
            issue(KEY, "http://127.0.0.1:1", "app", later),
            issue(KEY, sales.base, "app", time.time() - 1),
            issue(bytes(32), sales.base, "app", later),
            "x",
            "",
        ]
        assert sales.get("accounts", headers={"Authorization": f"Bearer {good}"}).status_code == 200
        for token in refused:
            answer = sales.get("accounts", headers={"Authorization": f"Bearer {token}"})
            assert code(answer) == (401, "")
        assert sales.get("accounts", headers={"Authorization": f"Basic {good}"}).status_code == 401


def test_without_a_key_a_token_must_still_be_there(sales: Dataverse) -> None:
    assert sales.get("accounts").status_code == 200
    assert sales.get("accounts", headers={"Authorization": ""}).status_code == 401


def test_answers_carry_the_headers_of_the_web_api(sales: Dataverse) -> None:
    answer = sales.get("accounts")
    assert answer.headers["Content-Type"] == "application/json; odata.metadata=minimal"
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.headers["x-ms-service-request-id"]
    assert "ARRAffinity" in answer.headers["Set-Cookie"]


def test_who_am_i_tells_organisations_apart(sales: Dataverse) -> None:
    mine = sales.get("WhoAmI").json()
    assert sales.row("organizations", mine["OrganizationId"])["name"]
    assert sales.row("businessunits", mine["BusinessUnitId"])["isdisabled"] is False
    assert sales.row("systemusers", mine["UserId"])["_businessunitid_value"] == mine["BusinessUnitId"]
    with simulated(organization_id=guid(7)) as other:
        assert other.get("WhoAmI").json()["OrganizationId"] == guid(7)


def test_throttling_by_fault_has_the_documented_shape(sales: Dataverse) -> None:
    sales.fault(match={"path": "accounts"}, action={"status": 429, "retry_after": 5})
    answer = sales.get("accounts")
    assert code(answer) == (429, "0x80072322")
    assert answer.headers["Retry-After"] == "5"
    sales.fault(action={"status": 503, "retry_after": 1})
    assert sales.get("accounts").status_code == 503


def test_the_server_survives_what_is_no_request_for_it(sales: Dataverse) -> None:
    for path in ("accounts(", "accounts()", "accounts)", "%00", "$", "$1", "accounts(%2F)/x/y", "a" * 40_000):
        assert sales.get(path).status_code in (400, 404, 414)
    assert requests.get(f"{sales.base}/elsewhere", timeout=10).status_code == 404
    assert sales.get("accounts").status_code == 200


def test_versions_rise_over_all_tables(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A")
    two = sales.create("contacts", lastname="B")
    assert sales.row("contacts", two)["versionnumber"] > sales.row("accounts", one)["versionnumber"]


def test_times_follow_the_clock_of_the_simulator(sales: Dataverse) -> None:
    sales.post("/admin/clock", json={"set": "2031-02-03T04:05:06Z"})
    one = sales.create("accounts", name="A")
    assert sales.row("accounts", one)["modifiedon"].startswith("2031-02-03T04:05:0")


def test_the_process_says_when_it_is_ready_and_ends_cleanly() -> None:
    command = [sys.executable, "-m", "local.simulators.dataverse", "--token-key", KEY.hex(), "--page-size", "2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        ready, base = process.stdout.readline().split()
        try:
            assert ready == "READY"
            with Dataverse(base) as sales:
                sales.headers["Authorization"] = f"Bearer {issue(KEY, base, 'app', time.time() + 60)}"
                sales.accounts(3)
                assert len(sales.pages("accounts")) == 2
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
