"""The latency profile: seconds from the work that was really done, jitter by seed, for the client and for limits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local.simulators.odata.latency import Latency
from tests.local.odata.small_service import Service, fault, get, served

# Each request of the small service is two operations, reads three rows and writes one.
PROFILE = {"request": 1.0, "operation": 0.1, "row_read": 0.01, "row_written": 0.001, "wait": False}
SECONDS = 1.231


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[str, Service]]:
    with served() as found:
        yield found


@pytest.fixture
def service(running: tuple[str, Service]) -> Service:
    running[1].seconds.clear()
    return running[1]


@pytest.fixture
def url(running: tuple[str, Service]) -> str:
    for what in ("latency", "faults"):
        requests.delete(f"{running[0]}/admin/{what}", timeout=10)
    return running[0]


def profile(url: str, **wanted: Any) -> dict[str, Any]:
    answer = requests.post(f"{url}/admin/latency", json=wanted, timeout=10)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def shown(url: str) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{url}/admin/latency", timeout=10).json()
    return found


def test_seconds_come_from_the_request_its_operations_and_its_rows(url: str, service: Service) -> None:
    get(url)
    profile(url, **PROFILE)
    get(url)
    assert service.seconds == [0.0, pytest.approx(SECONDS)]
    assert (shown(url)["requests"], shown(url)["seconds"]) == (1, pytest.approx(SECONDS))


def test_a_client_waits_these_seconds_for_its_answer_but_not_when_only_said(url: str) -> None:
    profile(url, row_read=0.1)
    before = time.monotonic()
    get(url)
    assert time.monotonic() - before >= 0.3
    profile(url, row_read=1000, wait=False)
    assert get(url, timeout=10).status_code == 200


def test_jitter_is_the_same_in_every_run_of_one_seed(url: str, service: Service) -> None:
    def run(seed: int) -> list[float]:
        profile(url, **PROFILE, jitter=0.5, seed=seed)
        service.seconds.clear()
        for _ in range(5):
            get(url)
        return list(service.seconds)

    first = run(7)
    assert run(7) == first
    assert run(8) != first
    assert len(set(first)) == 5
    assert all(0.5 * SECONDS <= one <= 1.5 * SECONDS for one in first)


def test_a_refused_request_takes_the_seconds_of_a_request_alone(url: str) -> None:
    profile(url, **PROFILE)
    fault(url, action={"status": 503})
    assert get(url).status_code == 503
    assert shown(url)["seconds"] == pytest.approx(1.0)


def test_work_whose_answer_was_lost_took_its_time_too(url: str) -> None:
    profile(url, **PROFILE)
    fault(url, action={"drop": "after"})
    with pytest.raises(requests.ConnectionError):
        get(url)
    get(url)
    assert (shown(url)["requests"], shown(url)["seconds"]) == (2, pytest.approx(2 * SECONDS))


def test_it_stays_until_it_is_removed(url: str, service: Service) -> None:
    profile(url, **PROFILE)
    assert {name: value for name, value in shown(url).items() if name in PROFILE} == PROFILE
    assert requests.delete(f"{url}/admin/latency", timeout=10).json() == {}
    get(url)
    assert service.seconds == [0.0]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({}, "some of request, operation"),
        ([], "some of request, operation"),
        ({"rows": 1}, "no rows; it takes request"),
        ({"request": -1}, "'request' is a number"),
        ({"request": True}, "'request' is a number"),
        ({"jitter": 1.5}, "share from 0 to 1"),
        ({"seed": 0.5}, "'seed' is a whole number"),
        ({"wait": 1}, "'wait' is true or false"),
    ],
)
def test_a_profile_that_cannot_be_meant_is_refused(url: str, wrong: Any, told: str) -> None:
    answer = requests.post(f"{url}/admin/latency", json=wrong, timeout=10)
    assert answer.status_code == 400
    assert told in answer.json()["error"]
    assert shown(url) == {}


def test_work_outside_of_a_request_takes_no_time() -> None:
    latency = Latency()
    latency.set(PROFILE)
    latency.did(operations=1, reads=1, writes=1)
    assert latency.seconds_taken() == 0
