"""Faults on request: every k-th request, windows, tokens, hanging answers, read-only spells; bad descriptions."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local.simulators.odata.tokens import issue
from tests.local.odata.small_service import Service, counters, fault, get, served


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[str, Service]]:
    with served() as found:
        yield found


@pytest.fixture
def service(running: tuple[str, Service]) -> Service:
    return running[1]


@pytest.fixture
def url(running: tuple[str, Service]) -> str:
    """The address of a service without faults, at this machine's time, with nothing counted."""
    base, service = running
    for what in ("faults", "clock"):
        requests.delete(f"{base}/admin/{what}", timeout=10)
    requests.post(f"{base}/admin/counters/reset", timeout=10)
    service.worked = 0
    return base


def listed(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{url}/admin/faults", timeout=10).json()
    return found


def advance(url: str, seconds: float) -> None:
    assert requests.post(f"{url}/admin/clock", json={"advance": seconds}, timeout=10).ok


def set_clock(url: str, moment: str) -> None:
    assert requests.post(f"{url}/admin/clock", json={"set": moment}, timeout=10).ok


def statuses(url: str, number: int) -> list[int]:
    return [get(url).status_code for _ in range(number)]


def test_every_third_request_goes_wrong_until_the_fault_is_removed(url: str) -> None:
    number = fault(url, every=3, action={"status": 503})
    assert statuses(url, 7) == [200, 200, 503, 200, 200, 503, 200]
    (shown,) = listed(url)
    assert (shown["every"], shown["times"], shown["fired"]) == (3, None, 2)
    requests.delete(f"{url}/admin/faults/{number}", timeout=10)
    assert statuses(url, 3) == [200, 200, 200]


def test_every_second_request_behind_the_first_four_goes_wrong_twice(url: str) -> None:
    fault(url, after=4, every=2, times=2, action={"status": 503})
    assert statuses(url, 9) == [200, 200, 200, 200, 200, 503, 200, 503, 200]


def test_a_throttle_window_opens_and_ends_by_the_simulators_clock(url: str) -> None:
    set_clock(url, "2030-01-01T12:00:00Z")
    fault(url, **{"from": "2030-01-01T12:01:00Z", "to": "2030-01-01T13:05:00+01:00"}, action={"status": 429})
    assert get(url).status_code == 200
    advance(url, 60)
    refused = get(url)
    assert refused.status_code == 429
    assert 230 <= int(refused.headers["Retry-After"]) <= 240, "until the window's end"
    advance(url, 240)
    assert get(url).status_code == 200
    assert [shown["to"] for shown in listed(url)] == ["2030-01-01T12:05:00+00:00"]


def test_a_window_may_be_given_in_seconds_from_now(url: str) -> None:
    fault(url, **{"from": 600, "to": 700}, action={"status": 503})
    assert get(url).status_code == 200
    advance(url, 650)
    assert 40 <= int(get(url).headers["Retry-After"]) <= 50
    advance(url, 50)
    assert get(url).status_code == 200


def test_a_caller_who_goes_on_pushing_must_wait_longer(url: str) -> None:
    set_clock(url, "2030-01-01T12:00:00Z")
    fault(url, to=100, growth=50, action={"status": 429})
    waits = [int(get(url).headers["Retry-After"]) for _ in range(3)]
    assert [round(wait, -1) for wait in waits] == [150, 200, 250]
    advance(url, 251)
    assert get(url).status_code == 200


def test_a_window_keeps_the_retry_after_that_was_asked_for(url: str) -> None:
    fault(url, to=100, action={"status": 429, "retry_after": 3})
    assert get(url).headers["Retry-After"] == "3"


@pytest.mark.parametrize(("when", "worked"), [("before", 0), ("after", 1)])
def test_an_answer_that_hangs_leaves_the_client_waiting_until_it_gives_up(
    url: str, service: Service, when: str, worked: int
) -> None:
    fault(url, action={"hang": when})
    with pytest.raises(requests.ReadTimeout):
        get(url, timeout=0.2)
    assert service.worked == worked
    assert get(url).status_code == 200


def bearer(token: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {token}"}}


def test_tokens_of_a_certain_age_are_refused_and_newer_ones_are_not(url: str) -> None:
    token = issue(b"key", url, "app", 4e9)
    fault(url, match={"token_older_than": 3600}, action={"status": 401})
    assert get(url, **bearer(token)).status_code == 200
    assert get(url, **bearer("no-token-of-ours")).status_code == 200
    requests.delete(f"{url}/admin/faults", timeout=10)
    fault(url, match={"token_older_than": 0}, action={"status": 401})
    refused = [get(url, **bearer(token)) for _ in range(2)]
    assert [answer.status_code for answer in refused] == [401, 401]
    assert refused[0].headers["WWW-Authenticate"] == "Bearer"


def test_one_token_expires_at_once_and_the_next_one_is_good(url: str) -> None:
    fault(url, match={"token": "first"}, action={"status": 401})
    assert [get(url, **bearer("old")).status_code for _ in range(2)] == [401, 401]
    assert get(url, **bearer("new")).status_code == 200
    assert get(url, **bearer("old")).status_code == 401
    (shown,) = listed(url)
    assert shown["match"] == {"token": "first"}, "the token itself is not shown"


def test_in_a_read_only_spell_writes_are_refused_and_reads_go_on(url: str, service: Service) -> None:
    number = fault(url, to=60, action={"read_only": True, "message": "Read only."})
    assert get(url).status_code == 200
    refused = [requests.post(f"{url}/data/things", timeout=10) for _ in range(2)]
    assert [(answer.status_code, answer.json()["m"]) for answer in refused] == [(503, "Read only.")] * 2
    assert service.worked == 1
    assert listed(url)[0]["fired"] == 2
    advance(url, 61)
    assert requests.post(f"{url}/data/things", timeout=10).status_code == 200
    requests.delete(f"{url}/admin/faults/{number}", timeout=10)
    assert listed(url) == []


def test_the_first_fault_that_is_due_acts(url: str) -> None:
    fault(url, after=1, action={"status": 500})
    fault(url, match={"path": "things"}, action={"status": 503})
    assert statuses(url, 3) == [503, 500, 200]
    assert counters(url)["requests"] == 3


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, r"'action'.*\"status\": 503"),
    ({"action": {}}, "status, retry_after"),
    ({"action": {"status": 500, "explode": True}}, "no explode; it takes delay, status"),
    ({"action": {"delay": 0}}, "does nothing"),
    ({"action": {"delay": "long"}}, "'delay' is a number"),
    ({"action": {"status": 99}}, "'status' is a whole number of 200 or more"),
    ({"action": {"status": 600}}, "from 200 to 599"),
    ({"action": {"status": True}}, "whole number"),
    ({"action": {"drop": "during"}}, "'before' or 'after'"),
    ({"action": {"hang": True}}, "'before' or 'after'"),
    ({"action": {"html": True}}, "'html' needs a 'status'"),
    ({"action": {"html": "yes", "status": 502}}, "true or false"),
    ({"action": {"retry_after": 5}}, "'retry_after' needs a 'status'"),
    ({"action": {"status": 500, "message": 7}}, "'message' is a text"),
    ({"action": {"status": 500, "drop": "after"}}, "status and drop exclude one another"),
    ({"action": {"read_only": True, "cut": 5}}, "one fault for each"),
    ({"action": {"read_only": True, "delay": 5}}, "not 'delay'"),
    ({"action": {"read_only": True}, "match": {"method": "POST"}}, "leave 'match' out"),
    ({"action": {"status": 500}, "match": {"query": "x"}}, "'match' has no query; it takes method, path"),
    ({"action": {"status": 500}, "match": []}, "'match' is an object"),
    ({"action": {"status": 500}, "match": {"path": 5}}, "'path' is a text"),
    ({"action": {"status": 500}, "match": {"token": "abc"}}, "'token' is 'first'"),
    ({"action": {"status": 500}, "match": {"token_older_than": -1}}, "0 to"),
    ({"action": {"status": 500}, "after": "later"}, "whole number of 0 or more"),
    ({"action": {"status": 500}, "every": 0}, "whole number of 1 or more"),
    ({"action": {"status": 500}, "times": -1}, "whole number of 0 or more"),
    ({"action": {"status": 500}, "until": 5}, "no until; it takes match"),
    ({"action": {"status": 500}, "to": "soon"}, "2030-01-01T12:00:00Z, or seconds from now"),
    ({"action": {"status": 500}, "to": "2030-01-01T12:00:00"}, "2030-01-01T12:00:00Z"),
    ({"action": {"status": 500}, "from": 5, "to": 5}, "later than 'from'"),
    ({"action": {"status": 500}, "to": 5, "growth": 1}, "429 or 503"),
    ({"action": {"status": 429}, "growth": 1}, "give 'to'"),
]


@pytest.mark.parametrize(("wrong", "told"), REFUSED)
def test_a_fault_that_cannot_be_meant_is_refused_with_the_remedy(url: str, wrong: dict[str, Any], told: str) -> None:
    answer = requests.post(f"{url}/admin/faults", json=wrong, timeout=10)
    assert answer.status_code == 400
    assert re.search(told, answer.json()["error"]), answer.json()["error"]
    assert listed(url) == []


def test_a_fault_that_is_no_json_is_refused(url: str) -> None:
    for wrong in (b"", b"{", b"[1]", b"\xff"):
        assert requests.post(f"{url}/admin/faults", data=wrong, timeout=10).status_code == 400


def test_a_delayed_request_is_done_even_when_the_client_has_gone(url: str, service: Service) -> None:
    fault(url, action={"delay": 0.3})
    with pytest.raises(requests.ReadTimeout):
        get(url, timeout=0.05)
    deadline = time.monotonic() + 10
    while not service.worked and time.monotonic() < deadline:
        time.sleep(0.02)
    assert service.worked == 1
