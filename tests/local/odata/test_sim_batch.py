"""The promises of the simulators' `$batch` reader and writer (wire.md 1.8, 2.5)."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser

import pytest

from local.simulators.odata.batch import (
    Answer,
    BatchError,
    ChangeSet,
    ChangeSetAnswer,
    Operation,
    content_type,
    parse,
    write,
)

DOCUMENTED = """\
--batch_1
Content-Type: application/http
Content-Transfer-Encoding: binary

PATCH /api/data/v9.2/accounts(accountnumber='1') HTTP/1.1
Content-Type: application/json; type=entry

{"name":"z"}
--batch_1
Content-Type: multipart/mixed; boundary="changeset_1"

--changeset_1
Content-Type: application/http
Content-Transfer-Encoding: binary
Content-ID: 1

POST https://contoso.crm4.dynamics.com/api/data/v9.2/accounts HTTP/1.1
Content-Type: application/json; type=entry

{"name":"A"}
--changeset_1--

--batch_1
Content-Type: application/http
Content-Transfer-Encoding: binary

GET /api/data/v9.2/accounts?$filter=name eq 'A' HTTP/1.1


--batch_1--
"""


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def code_of(body: bytes, header: str = "multipart/mixed; boundary=batch_1") -> str:
    with pytest.raises(BatchError) as caught:
        parse(body, header)
    return caught.value.code


def subparts(message: Message) -> list[Message]:
    parts = message.get_payload()
    assert isinstance(parts, list)
    return [part for part in parts if isinstance(part, Message)]


@pytest.mark.parametrize("header", ['multipart/mixed; boundary="batch_1"', "Multipart/Mixed;boundary=batch_1"])
def test_the_documented_request_is_read_part_by_part(header: str) -> None:
    update, change_set, read = parse(crlf(DOCUMENTED), header)
    assert update == Operation(
        "PATCH",
        "/api/data/v9.2/accounts(accountnumber='1')",
        {"content-type": "application/json; type=entry"},
        b'{"name":"z"}',
        None,
    )
    assert isinstance(change_set, ChangeSet)
    (create,) = change_set.operations
    assert (create.method, create.content_id, create.body) == ("POST", "1", b'{"name":"A"}')
    assert create.url == "https://contoso.crm4.dynamics.com/api/data/v9.2/accounts"
    assert isinstance(read, Operation)
    assert (read.method, read.url, read.body) == ("GET", "/api/data/v9.2/accounts?$filter=name eq 'A'", b"")


def test_a_missing_final_line_end_does_no_harm() -> None:
    whole = crlf(DOCUMENTED)
    assert parse(whole.removesuffix(b"\r\n"), "multipart/mixed; boundary=batch_1") == parse(
        whole, "multipart/mixed; boundary=batch_1"
    )


def test_line_feeds_alone_are_refused_unless_two_stand_at_the_end() -> None:
    header = "multipart/mixed; boundary=batch_1"
    assert code_of(DOCUMENTED.encode()) == "lf"
    expected = parse(crlf(DOCUMENTED), header)
    assert parse(DOCUMENTED.encode() + b"\n", header) == expected
    assert parse(DOCUMENTED.encode(), header, strict_crlf=False) == expected


def test_line_feeds_inside_a_json_body_are_no_line_ends_of_the_frame() -> None:
    body = crlf(DOCUMENTED).replace(b'{"name":"z"}', b'{\n "name":\n "z"\n}')
    update = parse(body, "multipart/mixed; boundary=batch_1")[0]
    assert isinstance(update, Operation)
    assert update.body == b'{\n "name":\n "z"\n}'


def test_the_line_feed_batches_of_a_public_client_are_read() -> None:
    """dataverse-api writes line feeds, a blank line too many and two line feeds at the end (wire.md 5.2)."""
    body = (
        b"--batch_a\nContent-Type: application/http\nContent-Transfer-Encoding: binary\n\n"
        b'POST /api/data/v9.2/accounts HTTP/1.1\nContent-Type: application/json\n\n\n{"name": "A"}\n\n\n--batch_a--\n\n'
    )
    (create,) = parse(body, 'multipart/mixed; boundary="batch_a"')
    assert isinstance(create, Operation)
    assert (create.method, create.body) == ("POST", b'{"name": "A"}')


def test_a_delimiter_that_only_begins_alike_does_not_end_a_part() -> None:
    body = crlf(DOCUMENTED).replace(b"changeset_1", b"batch_12")
    assert parse(body, "multipart/mixed; boundary=batch_1") == parse(
        crlf(DOCUMENTED), "multipart/mixed; boundary=batch_1"
    )


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("PATCH /api/data/v9.2/accounts(accountnumber='1')", "POST /api/data/v9.2/$batch", "nested"),
        ("Content-Type: application/http\nContent-Transfer-Encoding: binary\nContent-ID: 1",
         "Content-Type: multipart/mixed; boundary=x", "nested"),
        ("POST https://contoso", "GET https://contoso", "get-in-change-set"),
        ("Content-Transfer-Encoding: binary\n\nPATCH", "Content-Transfer-Encoding: binary\nContent-ID: 1\n\nPATCH",
         "malformed"),
        ("--batch_1--\n", "", "malformed"),
        ("--changeset_1--\n", "", "malformed"),
        (" HTTP/1.1\nContent-Type: application/json; type=entry\n\n{\"name\":\"z\"}", "", "malformed"),
        ("Content-Type: application/http\nContent-Transfer-Encoding: binary\n\nPATCH", "\nPATCH", "malformed"),
        ('multipart/mixed; boundary="changeset_1"', "multipart/mixed", "boundary"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_reason(old: str, new: str, code: str) -> None:
    assert old in DOCUMENTED
    assert code_of(crlf(DOCUMENTED.replace(old, new, 1))) == code


@pytest.mark.parametrize(
    "header",
    ["multipart/mixed", "application/json", "", "multipart/mixed; boundary=other", "multipart/mixed; boundary=bätch"],
)
def test_a_request_without_the_boundary_of_its_body_is_refused(header: str) -> None:
    assert code_of(crlf(DOCUMENTED), header) == "boundary"


def test_an_answer_is_read_back_by_the_mime_parser_of_the_standard_library() -> None:
    body = write(
        [
            Answer(204, {"OData-Version": "4.0"}, b""),
            ChangeSetAnswer((Answer(500, {"Content-Type": "application/json"}, b'{"error":{}}', "7"),)),
        ],
        "batchresponse_1",
    )
    head = f"Content-Type: {content_type('batchresponse_1')}\r\n\r\n".encode()
    updated, change_set = subparts(BytesParser().parsebytes(head + body))
    assert str(updated.get_payload()).split("\r\n") == ["HTTP/1.1 204 No Content", "OData-Version: 4.0", "", ""]
    (failed,) = subparts(change_set)
    assert failed["Content-ID"] == "7"
    assert str(failed.get_payload()).startswith("HTTP/1.1 500 Internal Server Error\r\n")
    assert str(failed.get_payload()).endswith('\r\n\r\n{"error":{}}')


class CountingBytes(bytes):
    """Bytes that count how many of them were looked at by searching and by cutting."""

    looked_at = 0

    def find(self, sub, start=0, end=None):  # type: ignore[no-untyped-def]
        found = super().find(sub, start, end)
        CountingBytes.looked_at += (found if found >= 0 else len(self) if end is None else end) - start
        return found

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        found = super().__getitem__(index)
        CountingBytes.looked_at += len(found) if isinstance(found, bytes) else 1
        return found


def test_every_byte_is_looked_at_a_fixed_number_of_times_however_many_parts() -> None:
    sets = "".join(
        f"--b\nContent-Type: multipart/mixed; boundary=c{i}\n\n--c{i}\nContent-Type: application/http\n"
        f"Content-ID: {i}\n\nPOST /data/CustomersV3 HTTP/1.1\nContent-Type: application/json\n\n"
        f'{{"CustomerAccount":"{i}","SalesMemo":"{"x" * 300}"}}\n--c{i}--\n'
        for i in range(5000)
    )
    body = CountingBytes(crlf(sets + "--b--\n"))
    CountingBytes.looked_at = 0
    assert len(parse(body, "multipart/mixed; boundary=b")) == 5000
    assert CountingBytes.looked_at < 6 * len(body)
