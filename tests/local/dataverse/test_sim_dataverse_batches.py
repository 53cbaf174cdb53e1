"""`$batch`: order, change sets, references, and how failures are told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated

CONTINUE = {"Prefer": "odata.continue-on-error"}


@pytest.fixture
def sales() -> Iterator[Dataverse]:
    with simulated() as session:
        yield session


@dataclass
class Part:
    """An operation of a batch."""

    method: str
    url: str
    body: Any = None
    content_id: int | None = None
    headers: str = ""

    def text(self) -> str:
        head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        if self.content_id is not None:
            head += f"Content-ID: {self.content_id}\r\n"
        inner = "Content-Type: application/json; type=entry\r\n" if self.body is not None else ""
        body = json.dumps(self.body) if self.body is not None else ""
        return f"{head}\r\n{self.method} {self.url} HTTP/1.1\r\n{inner}{self.headers}\r\n{body}\r\n"


def send(sales: Dataverse, parts: list[Part | list[Part]], **headers: str) -> requests.Response:
    text = ""
    for part in parts:
        text += "--b1\r\n"
        if isinstance(part, Part):
            text += part.text()
        else:
            text += 'Content-Type: multipart/mixed; boundary="c1"\r\n\r\n'
            text += "".join(f"--c1\r\n{operation.text()}" for operation in part) + "--c1--\r\n\r\n"
    sent = {"Content-Type": 'multipart/mixed; boundary="b1"', **headers}
    return sales.post("$batch", data=f"{text}--b1--\r\n", headers=sent)


def statuses(answer: requests.Response) -> list[int]:
    assert answer.headers["Content-Type"].startswith("multipart/mixed; boundary=batchresponse_")
    return [int(found) for found in re.findall(r"HTTP/1\.1 (\d+) ", answer.text)]


def names(sales: Dataverse) -> list[str]:
    return [row["name"] for row in sales.get("/admin/rows/accounts").json()]


def test_operations_run_in_their_order_with_absolute_and_relative_addresses(sales: Dataverse) -> None:
    one = f"accounts({guid(1)})"
    answer = send(
        sales,
        [
            Part("POST", f"{sales.api}accounts", {"accountid": guid(1), "name": "A"}),
            Part("PATCH", f"/api/data/v9.2/{one}", {"name": "B"}, headers="If-Match: *\r\n"),
            Part("GET", f"{one}?$select=name"),
            Part("DELETE", one),
            Part("GET", f"accounts?$filter=accountid%20eq%20{guid(1)}"),
        ],
    )
    assert answer.status_code == 200
    assert statuses(answer) == [204, 204, 200, 204, 200]
    assert '"name":"B"' in answer.text
    assert f"OData-EntityId: {sales.api}{one}" in answer.text
    counters = sales.get("/admin/counters").json()
    assert (counters["requests"], counters["operations"], counters["writes"]) == (1, 5, 3)


def test_the_first_failure_ends_a_batch_and_what_was_done_stays(sales: Dataverse) -> None:
    parts: list[Part | list[Part]] = [
        Part("POST", "accounts", {"name": "A"}),
        Part("POST", "accounts", {"name": "x" * 161}),
        Part("POST", "accounts", {"name": "C"}),
    ]
    stopped = send(sales, parts)
    assert (stopped.status_code, statuses(stopped)) == (400, [204, 400])
    assert "0x80044331" in stopped.text
    assert "REQ_ID: " in stopped.text
    assert names(sales) == ["A"]
    continued = send(sales, parts, **CONTINUE)
    assert (continued.status_code, statuses(continued)) == (200, [204, 400, 204])
    assert sorted(names(sales)) == ["A", "A", "C"]


@pytest.mark.parametrize("told", ["plain", "wrapped"])
def test_a_failed_change_set_leaves_nothing_and_has_one_answer(sales: Dataverse, told: str) -> None:
    sales.switch(change_set_error=told)
    answer = send(
        sales,
        [
            [Part("POST", "accounts", {"name": "A"}, 1), Part("POST", "accounts", {"name": "x" * 161}, 2)],
            Part("POST", "accounts", {"name": "B"}),
        ],
        **CONTINUE,
    )
    assert (answer.status_code, statuses(answer)) == (200, [400, 204])
    assert ("changesetresponse_" in answer.text) is (told == "wrapped")
    assert names(sales) == ["B"]
    assert sales.get("/admin/counters").json()["writes"] == 1


def test_parts_refer_to_rows_that_earlier_parts_made(sales: Dataverse) -> None:
    answer = send(
        sales,
        [
            [
                Part("POST", "contacts", {"lastname": "Gee"}, 1),
                Part("POST", "accounts", {"name": "A", "primarycontactid@odata.bind": "$1"}, 2),
                Part("PATCH", "$1", {"firstname": "Orlando"}, 3),
                Part("PUT", "$2/fax", {"value": "5"}, 4),
                Part("PATCH", "$1", {"parentcustomerid_account": {"@odata.id": "$2"}}, 5),
            ]
        ],
    )
    assert (answer.status_code, statuses(answer)) == (200, [204] * 5)
    assert re.findall(r"Content-ID: (\d)", answer.text) == ["1", "2", "3", "4", "5"]
    [contact] = sales.get("/admin/rows/contacts").json()
    [account] = sales.get("/admin/rows/accounts").json()
    assert contact["fullname"] == "Orlando Gee"
    assert (account["_primarycontactid_value"], account["fax"]) == (contact["contactid"], "5")
    assert contact["_parentcustomerid_value"] == account["accountid"]


def test_a_reference_to_a_later_part_is_refused(sales: Dataverse) -> None:
    answer = send(
        sales,
        [
            [
                Part("PATCH", "$2", {"firstname": "x"}, 1),
                Part("POST", "contacts", {"lastname": "Gee"}, 2),
            ]
        ],
    )
    assert answer.status_code == 400
    assert "Content-ID Reference: '$2' does not exist in the batch context." in answer.text
    assert sales.get("/admin/rows/contacts").json() == []


def test_what_a_failed_change_set_made_cannot_be_referred_to(sales: Dataverse) -> None:
    answer = send(
        sales,
        [
            [Part("POST", "accounts", {"name": "A"}, 1), Part("POST", "accounts", {"nothing": "B"}, 2)],
            Part("PATCH", "$1", {"name": "ghost"}),
        ],
        **CONTINUE,
    )
    assert statuses(answer) == [400, 400]
    assert "Content-ID Reference: '$1' does not exist in the batch context." in answer.text
    assert names(sales) == []


def test_a_batch_has_a_limit_of_operations(sales: Dataverse) -> None:
    parts: list[Part | list[Part]] = [Part("GET", f"accounts({guid(1)})") for _ in range(1001)]
    assert code(send(sales, parts, **CONTINUE)) == (400, "0x0")
    assert statuses(send(sales, parts[:1000], **CONTINUE)) == [404] * 1000


def test_a_batch_with_bare_line_feeds_is_refused_unless_it_ends_with_two(sales: Dataverse) -> None:
    body = "--b1\r\n" + Part("POST", "accounts", {"name": "A"}).text() + "--b1--\r\n"
    headers = {"Content-Type": "multipart/mixed; boundary=b1"}
    refused = sales.post("$batch", data=body.replace("\r\n", "\n"), headers=headers)
    assert (refused.status_code, statuses(refused)) == (400, [400])
    assert "0x80048d19" in refused.text
    accepted = sales.post("$batch", data=body.replace("\r\n", "\n") + "\n\n", headers=headers)
    assert (accepted.status_code, statuses(accepted)) == (200, [204])


@pytest.mark.parametrize(
    "parts",
    [
        [Part("POST", "$batch", {})],
        [[Part("GET", "accounts", None, 1)]],
        [[Part("POST", "accounts", {"name": "A"}, 1), Part("POST", "accounts", {"name": "B"}, 1)]],
    ],
)
def test_a_batch_that_is_no_batch_is_answered_with_plain_json(sales: Dataverse, parts: list[Part | list[Part]]) -> None:
    assert code(send(sales, parts)) == (400, "0x0")
    assert names(sales) == []


def test_an_address_of_another_service_is_refused(sales: Dataverse) -> None:
    for url in ("http://elsewhere.example/api/data/v9.2/accounts", "/data/accounts"):
        assert statuses(send(sales, [Part("GET", url)])) == [404]
