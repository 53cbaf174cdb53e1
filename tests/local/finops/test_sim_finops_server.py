"""The F&O simulator as a server: sign-in, faults, switches, its own process."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from local.simulators.finops.app import create_app
from local.simulators.odata.serve import serve_in_thread
from local.simulators.odata.tokens import issue
from tests.local.finops.finops_simulated import CONTOSO, Finops

KEY = bytes(range(32))
ROOT = Path(__file__).parents[3]


def test_a_token_must_be_for_this_service_unexpired_and_signed() -> None:
    with serve_in_thread(create_app(token_key=KEY)) as base, requests.Session() as session:

        def status(token: str) -> int:
            return session.get(f"{base}/data/Currencies", headers={"Authorization": token}, timeout=30).status_code

        soon = time.time() + 3600
        good = issue(KEY, base, "app", soon)
        assert status(f"Bearer {good}") == 200
        assert status(f"Bearer {issue(KEY, 'https://other', 'app', soon)}") == 401
        assert status(f"Bearer {issue(KEY[::-1], base, 'app', soon)}") == 401
        assert (status(""), status("Bearer "), status(f"Basic {good}"), status("Bearer x")) == (401, 401, 401, 401)
        assert status(f"Bearer {issue(KEY, base, 'app', time.time() - 1)}") == 401
        session.post(f"{base}/admin/clock", json={"advance": 7200}, timeout=30)
        assert status(f"Bearer {good}") == 200, "tokens run by the clock of the identity endpoint"


def test_throttling_speaks_the_documented_words_and_writes_nothing(finops: Finops) -> None:
    finops.post("/admin/faults", json={"match": {"method": "POST"}, "action": {"status": 429, "retry_after": 7}})
    refused = finops.create_customer()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
    assert refused.json()["error"]["message"] == (
        "This request could not be processed at this time due to system experiencing high resource utilization."
    )
    assert finops.rows("CustomersV3") == []
    assert finops.create_customer().status_code == 201


def test_an_answer_that_is_lost_after_the_work_leaves_the_work_done(finops: Finops) -> None:
    finops.post("/admin/faults", json={"match": {"path": "CustomersV3"}, "action": {"drop": "after"}})
    with pytest.raises(requests.ConnectionError):
        finops.create_customer()
    assert finops.get(CONTOSO).status_code == 200


def test_a_switch_takes_only_values_that_mean_something(finops: Finops) -> None:
    for wrong in ('{"infolog_language": "fr"}', '{"patch_upserts": "yes"}', '{"unknown": 1}', "[]", "x"):
        assert finops.post("/admin/switches", data=wrong).status_code == 400
    assert finops.get("/admin/switches").json()["infolog_language"] == "en"
    assert finops.post("/admin/states", json=["US"]).status_code == 400
    assert finops.get("/admin/rows/Nothing").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PATCH", "/data/CustomersV3", 405),
        ("POST", CONTOSO, 405),
        ("DELETE", "/data/CustomersV3", 405),
        ("GET", "/data/$batch", 404),
        ("POST", "/data/CustomersV3/Microsoft.Dynamics.DataEntities.Something", 404),
        ("GET", "/api/Nothing", 404),
    ],
)
def test_what_is_not_offered_is_refused(finops: Finops, method: str, path: str, status: int) -> None:
    assert finops.request(method, path, json={}).status_code == status


def test_the_service_document_lists_the_sets(finops: Finops) -> None:
    assert "CustomersV3" in [one["url"] for one in finops.get("/data/").json()["value"]]


def test_the_process_says_when_it_is_ready_and_ends_cleanly_on_sigterm() -> None:
    command = [sys.executable, "-m", "local.simulators.finops", "--company", "DEMF", "--page-size", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        word, base = process.stdout.readline().split()
        try:
            assert word == "READY"
            (company,) = requests.get(f"{base}/admin/rows/LegalEntities", timeout=30).json()
            assert company["LegalEntityId"] == "demf"
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
