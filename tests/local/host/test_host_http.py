"""HTTP triggers and the host's own addresses (functions-host.md 3)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from local.host.process import HostProcess
from local.host.routes import Route, RouteError
from tests.local.host.host_world import APPS

FUNCTION_KEY, MASTER_KEY = "function-key", "master-key"


@pytest.fixture(scope="module")
def host() -> Iterator[HostProcess]:
    settings = {
        "LOCAL_HOST_FUNCTION_KEY": FUNCTION_KEY,
        "LOCAL_HOST_MASTER_KEY": MASTER_KEY,
    }
    with HostProcess(APPS / "http_app", settings) as running:
        yield running


def get(host: HostProcess, path: str, key: str | None = None, method: str = "GET") -> requests.Response:
    headers = {} if key is None else {"x-functions-key": key}
    return requests.request(method, host.url + path, headers=headers, timeout=30)


def test_a_request_reaches_the_function_as_it_was_sent(host: HostProcess) -> None:
    answer = requests.post(
        f"{host.url}/v1/items/42", params=[("a", "1"), ("a", "2"), ("b", "ü")], data="bödy".encode(),
        headers={"X-Test": "yes"}, timeout=30,
    )  # fmt: skip

    assert answer.status_code == 200
    assert answer.json() == {
        "route": {"id": "42"},
        "query": {"a": "1,2", "b": "ü"},
        "method": "POST",
        "url": answer.request.url,
        "body": "bödy",
        "header": "yes",
    }
    assert answer.headers["content-type"] == "application/json"
    assert answer.cookies["seen"] == "1"


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/v1/items/abc", 404, ""),
        ("DELETE", "/v1/items/42", 404, ""),
        ("GET", "/api/items/42", 404, ""),
        ("GET", "/v1/ITEMS/Special", 200, "special"),
        ("GET", "/v1/files/a/b%20c.txt", 203, "a/b c.txt"),
        ("GET", "/v1/files", 203, "none"),
        ("GET", "/v1/maybe", 200, "without"),
        ("GET", "/v1/maybe/a%2Fb", 200, "a/b"),
        ("GET", "/v1/broken", 500, ""),
    ],
)
def test_routes(host: HostProcess, method: str, path: str, status: int, text: str) -> None:
    answer = get(host, path, method=method)

    assert (answer.status_code, answer.text) == (status, text)


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/v1/secret", None, 401),
        ("/v1/secret", "guess", 401),
        ("/v1/secret", FUNCTION_KEY, 200),
        ("/v1/secret?code=function-key", None, 200),
        ("/v1/secret", MASTER_KEY, 200),
        ("/v1/master", FUNCTION_KEY, 401),
        ("/v1/master", MASTER_KEY, 200),
    ],
)
def test_keys(host: HostProcess, path: str, key: str | None, status: int) -> None:
    assert get(host, path, key).status_code == status


def test_running_a_function_by_hand_needs_the_master_key_and_a_function_that_is_not_http(host: HostProcess) -> None:
    assert get(host, "/admin/functions/secret", FUNCTION_KEY, "POST").status_code == 401
    assert get(host, "/admin/functions/secret", MASTER_KEY, "POST").status_code == 404
    assert get(host, "/admin/functions/nothing", MASTER_KEY, "POST").status_code == 404


def test_the_status_names_the_functions_and_the_counters_count_their_runs(host: HostProcess) -> None:
    before = host.counters()["functions"]["broken"]
    get(host, "/v1/broken")
    after = host.counters()["functions"]["broken"]

    assert host.status()["state"] == "Running"
    assert set(host.status()["functions"]) == {"item", "special", "files", "maybe", "secret", "master", "broken"}
    assert after["runs"] - before["runs"] == after["failures"] - before["failures"] == 1


@pytest.mark.parametrize("template", ["admin/users", "Runtime", "a/{b:date}", "a/x{*rest}", "a/{}"])
def test_a_route_that_cannot_be_served_is_refused(template: str) -> None:
    with pytest.raises(RouteError, match=r"the route `"):
        Route(template, "api")


def test_the_most_specific_route_is_asked_first() -> None:
    templates = ["a/{*rest}", "a/{id}", "a/{id:int}", "a/b"]
    ordered = sorted((Route(template, "api") for template in templates), key=lambda route: route.order)
    assert [route.path for route in ordered] == ["api/a/b", "api/a/{id:int}", "api/a/{id}", "api/a/{*rest}"]
