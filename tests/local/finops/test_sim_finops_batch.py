"""`$batch` on the F&O simulator, failed change sets above all (wire.md 2.5)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.message import Message
from email.parser import BytesParser
from typing import Any

import pytest
import requests

from tests.local.finops.finops_simulated import CONTOSO, Finops, contoso, told

type Write = tuple[str, str, dict[str, Any] | None]
CUSTOMERS = "/data/CustomersV3"


def create(number: str, **values: Any) -> Write:
    return "POST", CUSTOMERS, contoso(CustomerAccount=number, **values)


def operation(write: Write, content_id: str = "") -> str:
    method, url, values = write
    identifier = f"Content-ID: {content_id}\n" if content_id else ""
    body = json.dumps(values) if values is not None else ""
    return (
        f"Content-Type: application/http\nContent-Transfer-Encoding: binary\n{identifier}\n"
        f"{method} {url} HTTP/1.1\nOData-Version: 4.0\nContent-Type: application/json;odata.metadata=minimal\n"
        f"Accept: application/json;odata.metadata=minimal\n\n{body}\n"
    )


def batch_body(parts: Sequence[Write | Sequence[Write]]) -> bytes:
    """A write stands alone, a list of writes is a change set; Content-IDs count through the batch."""
    text, last_id = "", 0
    for number, part in enumerate(parts):
        text += "--batch_1\n"
        if isinstance(part, tuple):
            text += operation(part)
            continue
        text += f'Content-Type: multipart/mixed; boundary="set_{number}"\n\n'
        for write in part:
            last_id += 1
            text += f"--set_{number}\n{operation(write, str(last_id))}"
        text += f"--set_{number}--\n\n"
    return f"{text}--batch_1--\n".replace("\n", "\r\n").encode()


def post(finops: Finops, *parts: Write | Sequence[Write]) -> requests.Response:
    headers = {"Content-Type": "multipart/mixed; boundary=batch_1"}
    return finops.post("/data/$batch", data=batch_body(parts), headers=headers)


def answers(response: requests.Response) -> list[Any]:
    """(status, Content-ID, document) of each answer; those of a change set in a list. Read by the standard library."""
    assert response.status_code == 200, response.text
    head = f"Content-Type: {response.headers['Content-Type']}\r\n\r\n".encode()
    return [
        [answer(inner) for inner in subparts(part)] if part.is_multipart() else answer(part)
        for part in subparts(BytesParser().parsebytes(head + response.content))
    ]


def subparts(message: Message) -> list[Message]:
    parts = message.get_payload()
    assert isinstance(parts, list)
    return [part for part in parts if isinstance(part, Message)]


def answer(part: Message) -> tuple[int, str | None, Any]:
    head, _, body = str(part.get_payload()).partition("\r\n\r\n")
    return int(head.split()[1]), part["Content-ID"], json.loads(body) if body.strip() else None


def stored(finops: Finops) -> list[str]:
    return [row["CustomerAccount"] for row in finops.rows("CustomersV3")]


def test_each_change_set_is_answered_in_its_place(finops: Finops) -> None:
    url = f"{finops.base}/data/CustomersV3(dataAreaId='usmf',CustomerAccount='A')?cross-company=true"
    both, update = answers(post(finops, [create("A"), create("O'Brien")], [("PATCH", url, {"NameAlias": "x"})]))
    assert [(status, content_id) for status, content_id, _ in both] == [(201, "1"), (201, "2")]
    assert both[1][2]["CustomerAccount"] == "O'Brien"
    assert update == [(204, "3", None)]
    assert finops.rows("CustomersV3")[0]["NameAlias"] == "x"


def test_a_failed_change_set_leaves_no_trace_and_answers_once_for_its_first_operation(finops: Finops) -> None:
    before = finops.create_customer().json()
    rename = ("PATCH", CONTOSO, {"OrganizationName": "Fabrikam", "AddressCity": "Bend"})
    response = post(finops, [rename, create("A"), ("DELETE", CONTOSO, None), create("B", CustomerGroupId="Local")])
    [[(status, content_id, document)]] = answers(response)
    assert (status, content_id) == (500, "1")
    assert document["error"]["innererror"]["message"] == (
        "Write failed for table row of type 'CustCustomerV3Entity'. Infolog: Warning: The value 'Local' in field "
        "'Customer group' is not found in the related table 'Customer groups'.; Warning: validateField failed on field "
        "'CustCustomerV3Entity.CustomerGroupId'."
    )
    assert stored(finops) == ["C1"]
    assert finops.get(CONTOSO).json() == before


@pytest.mark.parametrize(("after", "written"), [("run", ["A", "C"]), ("stop", ["A"])])
def test_change_sets_after_a_failed_one_run_or_are_absent(finops: Finops, after: str, written: list[str]) -> None:
    finops.switch(after_failed_change_set=after)
    found = answers(post(finops, [create("A")], [create("A")], [create("C")]))
    assert [part[0][0] for part in found] == [201, 500, 201][: len(written) + 1]
    assert stored(finops) == written


@pytest.mark.parametrize(("after", "statuses"), [("run", [200, 400, 404, 201]), ("stop", [200, 400])])
def test_operations_outside_of_change_sets_have_their_own_status(
    finops: Finops, after: str, statuses: list[int]
) -> None:
    finops.switch(after_failed_operation=after)
    reads = ("GET", "CustomerGroups?$filter=CustomerGroupId eq '10'", None), ("GET", "/data/Nothing", None)
    found = answers(post(finops, reads[0], create("A", SiteId="9"), reads[1], create("B")))
    assert [status for status, _, _ in found] == statuses
    assert found[0][2]["value"][0]["CustomerGroupId"] == "10"


def test_the_status_of_a_failed_change_set_can_be_that_of_its_cause(finops: Finops) -> None:
    missing = [("PATCH", CONTOSO, {"NameAlias": "x"})]
    assert answers(post(finops, missing))[0][0][0] == 500
    finops.switch(change_set_error_status="own")
    assert answers(post(finops, missing))[0][0][0] == 404


def test_five_thousand_operations_are_taken_and_one_more_is_not(finops: Finops) -> None:
    most = [("GET", "/data/Currencies('USD')?$select=Name", None)] * 5000
    assert len(answers(post(finops, *most))) == 5000
    assert "5001 operations" in told(post(finops, *most, most[0]))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (batch_body([create("A")]).replace(b"\r\n", b"\n"), "multipart/mixed; boundary=batch_1"),
        (batch_body([[("GET", CUSTOMERS, None)]]), "multipart/mixed; boundary=batch_1"),
        (batch_body([("POST", "/data/$batch", {})]), "multipart/mixed; boundary=batch_1"),
        (batch_body([create("A")]), "application/json"),
        (batch_body([create("A")])[:-20], "multipart/mixed; boundary=batch_1"),
        (b"", "multipart/mixed; boundary=batch_1"),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused_whole_in_plain_json(
    finops: Finops, body: bytes, content_type: str
) -> None:
    assert told(finops.post("/data/$batch", data=body, headers={"Content-Type": content_type}))
    assert stored(finops) == []


def test_line_feeds_are_accepted_where_that_is_switched_on(finops: Finops) -> None:
    finops.switch(strict_crlf=False)
    body = batch_body([create("A")]).replace(b"\r\n", b"\n")
    response = finops.post("/data/$batch", data=body, headers={"Content-Type": "multipart/mixed; boundary=batch_1"})
    assert answers(response)[0][0] == 201


def test_an_address_that_is_none_is_not_found_and_the_rest_is_done(finops: Finops) -> None:
    found = answers(post(finops, create("A"), ("GET", "http://[x/data/Currencies", None), create("B")))
    assert [status for status, _, _ in found] == [201, 404, 201]


def test_counters_tell_requests_operations_and_rows_that_really_changed(finops: Finops) -> None:
    finops.post("/admin/counters/reset")
    failing = [create("D"), create("D")]
    unchanged = [("PATCH", "CustomersV3(dataAreaId='usmf',CustomerAccount='A')", {"OrganizationName": "Contoso"})]
    post(finops, [create("A"), create("B")], failing, unchanged, create("C"))
    counters = finops.get("/admin/counters").json()
    assert (counters["requests"], counters["operations"], counters["writes"]) == (1, 6, 3)
    assert counters["by_request"] == {"POST $batch": 1}
