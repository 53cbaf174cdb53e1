"""What no client should send: the answer is the documented error, nothing is written, and the server lives."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests

from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated

JSON = {"Content-Type": "application/json"}
MIXED = {"Content-Type": "multipart/mixed; boundary=b"}
PART = "--b\r\nContent-Type: application/http\r\n\r\n"
CLOSE = "\r\n--b--\r\n"


@pytest.fixture(scope="module")
def running() -> Iterator[Dataverse]:
    with simulated() as session:
        yield session


@pytest.fixture
def sales(running: Dataverse) -> Iterator[Dataverse]:
    """The module's simulator, which must still answer and hold nothing when a test is over."""
    running.switch(unauthorized_body="json", inner_error=False, too_many_operations_status=400)
    yield running
    assert running.get("accounts").json()["value"] == []


def batch(sales: Dataverse, body: str | bytes, content_type: str = MIXED["Content-Type"]) -> requests.Response:
    return sales.post("$batch", data=body, headers={"Content-Type": content_type})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("", MIXED["Content-Type"]),
        ("nothing", MIXED["Content-Type"]),
        ("--c\r\n\r\n--c--\r\n", MIXED["Content-Type"]),
        (f"{PART}GET accounts HTTP/1.1\r\n\r\n", MIXED["Content-Type"]),
        (f"{PART}accounts{CLOSE}", MIXED["Content-Type"]),
        (f"{PART}GET accounts{CLOSE}", MIXED["Content-Type"]),
        (f"--b\r\nContent-Type: text/plain\r\n\r\nGET accounts HTTP/1.1\r\n{CLOSE}", MIXED["Content-Type"]),
        (f"--b\r\nno header\r\n\r\nGET accounts HTTP/1.1\r\n{CLOSE}", MIXED["Content-Type"]),
        (f"--b\r\nContent-Type: multipart/mixed\r\n\r\n--c\r\n{CLOSE}", MIXED["Content-Type"]),
        (f"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: multipart/mixed; boundary=d"
         f"\r\n\r\n--d--\r\n--c--{CLOSE}", MIXED["Content-Type"]),
        (f"{PART}GET accounts HTTP/1.1\r\n{CLOSE}", "multipart/mixed"),
        (f"{PART}GET accounts HTTP/1.1\r\n{CLOSE}", "multipart/mixed; boundary="),
        (f"{PART}GET accounts HTTP/1.1\r\n{CLOSE}", "text/plain; boundary=b"),
        ('{"requests":[{"id":"1","method":"GET","url":"accounts"}]}', "application/json"),
        (b"\xff\xfe" * 50, MIXED["Content-Type"]),
    ],
)  # fmt: skip
def test_a_batch_that_cannot_be_read_is_refused_as_a_whole(
    sales: Dataverse, body: str | bytes, content_type: str
) -> None:
    assert code(batch(sales, body, content_type)) == (400, "0x0")


def test_too_many_operations_have_the_status_of_the_switch(sales: Dataverse) -> None:
    body = f"{PART}GET accounts HTTP/1.1\r\n\r\n\r\n" * 1001 + CLOSE
    assert code(batch(sales, body)) == (400, "0x0")
    sales.switch(too_many_operations_status=413)
    assert code(batch(sales, body)) == (413, "0x0")


def test_a_part_of_a_hundred_megabytes_is_refused_for_what_it_holds(sales: Dataverse) -> None:
    row = b'{"name":"' + b"x" * 100_000_000 + b'"}'
    head = f"{PART}POST accounts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n".encode()
    answer = batch(sales, head + row + CLOSE.encode())
    assert answer.status_code == 400
    assert "0x80044331" in answer.text


def test_a_body_beyond_every_limit_is_refused_before_it_is_read(sales: Dataverse) -> None:
    claimed = {**JSON, "Content-Length": str(200 * 1024 * 1024)}
    request = requests.Request("POST", f"{sales.api}accounts", headers={**sales.headers, **claimed}).prepare()
    request.headers["Content-Length"] = claimed["Content-Length"]
    request.body = b"{}"
    assert code(sales.send(request, timeout=30)) == (413, "")


@pytest.mark.parametrize(
    "condition",
    [
        "(" * 5000 + "name eq 'x'" + ")" * 5000,
        "not (" * 200 + "name eq 'x'" + ")" * 200,
        "name eq " + "-" * 3000 + "1",
        " and ".join(["name"] * 2000),
        "name eq 'x",
        "name eq 'x' and",
        "name xx 'x'",
        "accountid eq 'x'",
        "numberofemployees eq 'x'",
        "createdon gt 2026-13-45T00:00:00Z",
        "Microsoft.Dynamics.CRM.Today(PropertyName='createdon')",
        "primarycontactid/fullname eq 'x'",
        "contact_customer_accounts/any(c:c/lastname eq 'x')",
        "\x00",
        "name eq @missing",
    ],
)
def test_a_filter_that_cannot_be_is_refused(sales: Dataverse, condition: str) -> None:
    assert code(sales.get("accounts", params={"$filter": condition})) == (400, "0x0")


def test_a_long_filter_that_is_not_deep_is_read(sales: Dataverse) -> None:
    either = " or ".join(f"accountid eq {guid(number)}" for number in range(500))
    assert sales.get("accounts", params={"$filter": either}).json()["value"] == []


@pytest.mark.parametrize("depth", [10, 900, 10_000, 100_000])
@pytest.mark.parametrize("nest", [("[", "]"), ('{"a":', "}")])
def test_nested_json_is_refused_however_deep(sales: Dataverse, depth: int, nest: tuple[str, str]) -> None:
    for body in ('{"name":%s}', '{"primarycontactid":%s}', '{"contact_customer_accounts":[%s]}', "%s"):
        value = nest[0] * depth + ("1" if nest[0] != "[" else "") + nest[1] * depth
        answer = sales.post("accounts", data=body % value, headers=JSON)
        assert answer.status_code == 400, body
        assert len(answer.content) < 2_000


def test_nested_rows_may_not_go_on_for_ever(sales: Dataverse) -> None:
    row: dict[str, object] = {"name": "A"}
    for _ in range(450):
        row = {"name": "A", "parentaccountid": row}
    assert sales.post("accounts", data=json.dumps(row), headers=JSON).status_code == 400


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("text/plain", b'{"name":"A"}', (415, "")),
        ("application/xml", b"<a/>", (415, "")),
        ("application/jsonx", b'{"name":"A"}', (415, "")),
        ("", b'{"name":"A"}', (415, "")),
        ("application/json; charset=utf-16", '{"name":"A"}'.encode("utf-16"), (415, "")),
        ("application/json", '{"name":"A"}'.encode("utf-16"), (400, "0x80048d19")),
        ("application/json; charset=utf-8", '{"name":"Å"}'.encode("latin-1"), (400, "0x80048d19")),
        ("application/json", b'\xef\xbb\xbf{"name":5}', (400, "0x80048d19")),
        ("application/json", b'{"name":"A"} trailing', (400, "0x80048d19")),
        ("application/json", b'{"name":"A\x00"', (400, "0x80048d19")),
    ],
)
def test_a_body_in_another_form_is_refused(
    sales: Dataverse, content_type: str, body: bytes, expected: tuple[int, str]
) -> None:
    assert code(sales.post("accounts", data=body, headers={"Content-Type": content_type})) == expected


def test_a_compressed_body_is_refused(sales: Dataverse) -> None:
    headers = {**JSON, "Content-Encoding": "gzip"}
    assert code(sales.post("accounts", data=b"\x1f\x8b", headers=headers)) == (415, "")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "accounts", 405), ("PATCH", "accounts", 405), ("DELETE", "accounts", 405),
        ("POST", f"accounts({guid(1)})", 405), ("PUT", f"accounts({guid(1)})", 405),
        ("GET", "$batch", 405), ("POST", "$metadata", 405), ("POST", "WhoAmI", 404), ("OPTIONS", "accounts", 405),
        ("GET", "accounts(" + "9" * 5_000 + ")", 400), ("GET", f"accounts({guid(1)})/name/more", 404),
        ("GET", f"accounts({guid(1)}", 404), ("GET", "accounts(%27", 404), ("GET", "%ff%fe", 404),
        ("POST", "accounts/Microsoft.Dynamics.CRM.Nothing", 404), ("POST", "Nothing", 404),
    ],
)  # fmt: skip
def test_a_wrong_method_or_address_is_told(sales: Dataverse, method: str, path: str, status: int) -> None:
    assert sales.request(method, path, json={} if method != "GET" else None).status_code == status


def test_errors_have_annotations_or_an_inner_error_when_asked(sales: Dataverse) -> None:
    asked = {"Prefer": 'odata.include-annotations="*"'}
    error = sales.get("accounts?$select=Name", headers=asked).json()["error"]
    assert error["code"] == "0x0"
    assert "error=0x0" in error["@Microsoft.PowerApps.CDS.HelpLink"]
    assert "Name" in error["@Microsoft.PowerApps.CDS.InnerError.Message"]
    sales.switch(inner_error=True)
    assert sales.get("accounts?$select=Name").json()["error"]["innererror"]["message"]


@pytest.mark.parametrize("form", ["json", "empty"])
def test_a_request_without_a_token_is_refused(sales: Dataverse, form: str) -> None:
    sales.switch(unauthorized_body=form)
    for header in ("", "Bearer", "Bearer  ", "Basic abc", "anything"):
        answer = sales.post("accounts", json={"name": "A"}, headers={"Authorization": header})
        assert answer.status_code == 401
        assert "Bearer" in answer.headers["WWW-Authenticate"]
        assert bool(answer.content) is (form == "json")
