"""Service protection: three limits per user and web server over a window that slides, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import DefaultCookiePolicy
from itertools import pairwise

import pytest
import requests

from local.simulators.odata.tokens import issue
from tests.local.dataverse.dataverse_simulated import API, Dataverse, code, simulated

REQUESTS, SECONDS, CONCURRENT = "0x80072322", "0x80072321", "0x80072326"


@pytest.fixture
def sales() -> Iterator[Dataverse]:
    """A simulator with small limits, which keeps no cookies."""
    with simulated() as session:
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.switch(limit_requests=5, limit_seconds=20, limit_concurrent=3, limit_pause=10)
        yield session


def advance(sales: Dataverse, seconds: float) -> None:
    assert sales.post("/admin/clock", json={"advance": seconds}).ok


def wait(answer: requests.Response) -> int:
    assert answer.status_code == 429
    return int(answer.headers["Retry-After"])


def test_too_many_requests_are_refused_until_the_window_has_slid_on(sales: Dataverse) -> None:
    left = [sales.get("WhoAmI").headers["x-ms-ratelimit-burst-remaining-xrm-requests"] for _ in range(5)]
    assert left == ["4", "3", "2", "1", "0"]
    refused = sales.get("WhoAmI")
    assert code(refused) == (429, REQUESTS)
    assert "limit of 5 over time window of 300 seconds" in refused.json()["error"]["message"]
    assert 295 <= wait(refused) <= 300
    advance(sales, wait(refused) + 1)
    assert sales.get("WhoAmI").status_code == 200


def test_who_goes_on_sending_waits_longer(sales: Dataverse) -> None:
    for _ in range(5):
        sales.get("WhoAmI")
    waits = [wait(sales.get("WhoAmI")) for _ in range(4)]
    assert [later - earlier for earlier, later in pairwise(waits)] == [10, 10, 10]
    advance(sales, 301)
    assert sales.get("WhoAmI").status_code == 429
    advance(sales, 60)
    assert sales.get("WhoAmI").status_code == 200


def test_the_limits_are_those_of_a_user(sales: Dataverse) -> None:
    for _ in range(6):
        last = sales.get("WhoAmI")
    assert last.status_code == 429
    other = {"Authorization": "Bearer somebody else"}
    assert sales.get("WhoAmI", headers=other).status_code == 200


def test_a_renewed_token_is_still_the_same_user() -> None:
    key = bytes(range(32))
    with simulated(token_key=key) as sales:
        sales.switch(limit_requests=2)
        statuses = []
        for number in range(3):
            token = issue(key, sales.base, "app", 4e9 + number)
            answer = sales.get("WhoAmI", headers={"Authorization": f"Bearer {token}"})
            statuses.append(answer.status_code)
        assert statuses == [200, 200, 429]


def test_every_web_server_has_its_own_window_and_the_cookie_chooses_it(sales: Dataverse) -> None:
    sales.switch(web_servers=2)
    assert [sales.get("WhoAmI").status_code for _ in range(11)] == [200] * 10 + [429]
    advance(sales, 400)
    sales.cookies.set_policy(DefaultCookiePolicy())
    assert [sales.get("WhoAmI").status_code for _ in range(6)] == [200] * 5 + [429]


def test_execution_time_counts_as_the_latency_model_says(sales: Dataverse) -> None:
    profile = {"request": 1.0, "row_written": 4.0, "wait": False}
    assert sales.post("/admin/latency", json=profile).ok
    rows = [{"name": name} for name in "ABCDE"]
    assert sales.bulk("accounts", "CreateMultiple", rows).headers[
        "x-ms-ratelimit-time-remaining-xrm-requests"] == "20.00"  # fmt: skip
    refused = sales.get("WhoAmI")
    assert code(refused) == (429, SECONDS)
    assert "exceeded limit of 20,000 milliseconds" in refused.json()["error"]["message"]
    advance(sales, wait(refused) + 1)
    assert sales.get("WhoAmI").status_code == 200


def test_too_many_at_once_are_refused_at_once(sales: Dataverse) -> None:
    sales.switch(limit_requests=100)
    assert sales.post("/admin/latency", json={"request": 0.5}).ok

    def ask(_: int) -> requests.Response:
        return requests.get(f"{sales.base}{API}WhoAmI", headers={"Authorization": "Bearer anything"}, timeout=30)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 5
    assert {code(answer) for answer in refused} == {(429, CONCURRENT)}
    assert {answer.headers["Retry-After"] for answer in refused} == {"10"}
    assert sales.get("WhoAmI").status_code == 200


def test_refusals_are_counted_and_may_lack_the_header(sales: Dataverse) -> None:
    sales.switch(limit_requests=1, retry_after=False)
    sales.get("WhoAmI")
    assert "Retry-After" not in sales.get("WhoAmI").headers
    assert sales.get("/admin/counters").json()["rejected_429"] == 1


def test_limits_can_be_switched_off(sales: Dataverse) -> None:
    sales.switch(limit_requests=0, limit_seconds=0, limit_concurrent=0)
    assert {sales.get("WhoAmI").status_code for _ in range(20)} == {200}


@pytest.mark.parametrize(("where", "told"), [("who-am-i", (True, False)), ("all", (True, True)),
                                             ("none", (False, False))])  # fmt: skip
def test_the_hint_at_the_degree_of_parallelism_is_on_some_answers(
    sales: Dataverse, where: str, told: tuple[bool, bool]
) -> None:
    sales.switch(dop_hint_on=where, dop_hint=7)
    found = [sales.get(url).headers.get("x-ms-dop-hint") for url in ("WhoAmI", "accounts")]
    assert found == ["7" if one else None for one in told]
