"""The admin side of a simulator, over real HTTP against a very small service."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from local.simulators.odata.counters import Counters
from tests.local.odata.small_service import ROWS, Service, counters, fault, get, served


@pytest.fixture
def served_service() -> Iterator[tuple[str, Service]]:
    with served() as found:
        yield found


@pytest.fixture
def url(served_service: tuple[str, Service]) -> str:
    return served_service[0]


@pytest.fixture
def service(served_service: tuple[str, Service]) -> Service:
    return served_service[1]


def test_requests_are_counted_by_what_they_ask_for_and_admin_requests_are_not(url: str) -> None:
    get(url, "things?$top=1")
    get(url, "things?$top=2")
    get(url, "things(dataAreaId='a(b)',id=1)/name")
    requests.post(f"{url}/data/$batch", timeout=10)
    requests.post(f"{url}/data/things/Microsoft.Dynamics.CRM.CreateMultiple", timeout=10)
    found = counters(url)
    assert found["requests"] == 5
    assert found["by_request"] == {
        "GET things": 2,
        "GET things(key)/name": 1,
        "POST $batch": 1,
        "POST things/CreateMultiple": 1,
    }
    assert (found["operations"], found["reads"], found["writes"]) == (10, 15, 5)
    assert requests.post(f"{url}/admin/counters/reset", timeout=10).json()["requests"] == 0


def test_a_fault_answers_in_the_shape_of_the_system_after_and_as_often_as_asked(url: str, service: Service) -> None:
    wanted = {"match": {"method": "GET", "path": "things"}, "after": 1, "times": 2}
    fault(url, **wanted, action={"status": 503, "retry_after": 7, "code": "x"})
    assert [get(url).status_code for _ in range(4)] == [200, 503, 503, 200]
    assert get(url, "others").status_code == 200
    assert service.worked == 3
    fault(url, action={"status": 429, "retry_after": 0})
    refused = get(url)
    assert refused.headers["Retry-After"] == "0"
    assert refused.json() == {"s": 429, "c": None, "m": None}
    assert counters(url)["rejected_429"] == 1


def test_a_gateway_answers_with_a_page(url: str) -> None:
    fault(url, action={"status": 502, "html": True})
    refused = get(url)
    assert (refused.status_code, refused.headers["content-type"]) == (502, "text/html; charset=utf-8")


@pytest.mark.parametrize(("when", "worked"), [("before", 0), ("after", 1)])
def test_a_dropped_connection_brings_no_answer(url: str, service: Service, when: str, worked: int) -> None:
    fault(url, action={"drop": when})
    with pytest.raises(requests.ConnectionError):
        get(url)
    assert service.worked == worked
    assert get(url).status_code == 200


def test_an_answer_cut_short_is_noticed_by_the_client(url: str, service: Service) -> None:
    fault(url, action={"cut": 100})
    with requests.get(f"{url}/data/things", stream=True, timeout=10) as answer:
        assert answer.headers["content-length"] == "200"
        assert len(answer.raw.read(100)) == 100
        with pytest.raises(Exception, match=r"IncompleteRead|100 bytes read"):
            answer.raw.read()
    assert service.worked == 1


def test_a_delayed_request_is_done_later(url: str) -> None:
    fault(url, action={"delay": 0.2})
    before = time.monotonic()
    assert get(url).status_code == 200
    assert time.monotonic() - before >= 0.2


def test_the_wish_for_a_repeated_record_reaches_the_service(url: str) -> None:
    fault(url, match={"path": "skiptoken"}, action={"repeat": True})
    assert "repeat False" in get(url).text
    assert "repeat True" in get(url, "things?%24skiptoken=2").text


def test_a_fault_without_an_end_stays_until_it_is_removed(url: str) -> None:
    first = fault(url, times=None, action={"status": 500})
    assert {get(url).status_code for _ in range(3)} == {500}
    listed = requests.get(f"{url}/admin/faults", timeout=10).json()
    assert listed == [{"id": first, "match": {}, "after": 0, "times": None, "fired": 3, "action": {"status": 500}}]
    requests.delete(f"{url}/admin/faults/{first}", timeout=10)
    assert get(url).status_code == 200
    assert requests.delete(f"{url}/admin/faults/{first}", timeout=10).status_code == 404
    fault(url, times=None, action={"status": 500})
    requests.delete(f"{url}/admin/faults", timeout=10)
    assert get(url).status_code == 200


def test_a_request_in_the_middle_of_a_pause_is_counted_as_too_early() -> None:
    now = 100.0
    counted = Counters(clock=lambda: now)
    counted.answered(429, retry_after=5)
    for moment in (100.9, 101.5, 104.9, 105.1):
        now = moment
        counted.arrived("GET", "things")
    assert counted.as_json()["started_during_retry_after"] == 2
    counted.answered(429, retry_after=None)
    counted.answered(200, retry_after=5)
    now = 108.0
    counted.arrived("GET", "things")
    assert counted.as_json()["started_during_retry_after"] == 2


def test_the_pause_that_a_fault_asks_for_is_noticed(url: str, service: Service) -> None:
    fault(url, action={"status": 503, "retry_after": 30})
    get(url)
    assert service.control.counters.pause_left() > 20


def test_the_clock_can_be_advanced_and_set(url: str, service: Service) -> None:
    requests.post(f"{url}/admin/clock", json={"advance": 8 * 86400}, timeout=10)
    assert service.control.now() - datetime.now(UTC) > timedelta(days=7, hours=23)
    requests.post(f"{url}/admin/clock", json={"set": "2030-01-01T00:00:00Z"}, timeout=10)
    assert service.control.now().year == 2030
    requests.post(f"{url}/admin/clock", json={"offset": -90.5}, timeout=10)
    assert -91 < (service.control.now() - datetime.now(UTC)).total_seconds() < -90
    assert requests.delete(f"{url}/admin/clock", timeout=10).json()["offset"] == 0
    refused: list[Any] = [{"advance": "x"}, {"set": "soon"}, {"set": "2030-01-01T00:00:00"}, {"back": 1}, []]
    for wrong in refused:
        assert requests.post(f"{url}/admin/clock", json=wrong, timeout=10).status_code == 400


@pytest.mark.parametrize("wrong", [{"advance": 3e11}, {"offset": -1e11}, {"set": "9999-12-31T23:59:59Z"}])
def test_a_clock_beyond_all_dates_is_refused_and_goes_on_as_it_was(url: str, wrong: dict[str, Any]) -> None:
    assert requests.post(f"{url}/admin/clock", json=wrong, timeout=10).status_code == 400
    assert requests.get(f"{url}/admin/clock", timeout=10).json()["offset"] == 0


def test_answers_are_dated_by_that_clock(url: str) -> None:
    requests.post(f"{url}/admin/clock", json={"set": "2030-01-01T12:00:00Z"}, timeout=10)
    assert get(url).headers["Date"].startswith("Tue, 01 Jan 2030 12:00:0")
    fault(url, action={"status": 503})
    assert get(url).headers["Date"].startswith("Tue, 01 Jan 2030 12:00:0")


def test_rows_are_shown_as_stored_with_their_digits(url: str) -> None:
    shown = requests.get(f"{url}/admin/rows/things", timeout=10)
    assert json.loads(shown.text, parse_float=Decimal) == ROWS
    assert shown.text == '[{"id":1,"credit":10.10}]'
    chosen = requests.get(f"{url}/admin/rows/things?columns=id", timeout=10)
    assert chosen.json() == [{"id": 1}]
    assert requests.get(f"{url}/admin/rows/Things", timeout=10).status_code == 404


def test_switches_are_set_by_name_and_type(url: str, service: Service) -> None:
    assert requests.post(f"{url}/admin/switches", json={"tongue": "de"}, timeout=10).json()["tongue"] == "de"
    assert service.control.switch("tongue") == "de"
    refused: list[Any] = [{"tongue": 1}, {"toungue": "de"}, {"tongue": "fr"}, {"no_read": ["x"]}, []]
    for wrong in refused:
        assert requests.post(f"{url}/admin/switches", json=wrong, timeout=10).status_code == 400
    assert requests.get(f"{url}/admin/switches", timeout=10).json() == {"tongue": "de", "no_read": [], "hidden": []}


def test_a_switch_that_does_not_take_a_value_says_what_it_takes(url: str) -> None:
    def told(**wanted: Any) -> str:
        refused: str = requests.post(f"{url}/admin/switches", json=wanted, timeout=10).json()["error"]
        return refused

    assert told(tongue="fr") == "Switch tongue takes 'en', 'de', not 'fr'."
    long = told(hidden=["t.c7", "t.clumn8"])
    assert long.startswith("Switch hidden takes one of 100 values, such as t.c8, ")
    assert long.endswith(", not 't.clumn8'.")
