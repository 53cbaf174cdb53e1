"""Batches: what is written is read by the simulators' own reader, answers in every known shape are understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulators.odata import batch as simulated
from sync.systems.multipart import ChangeSet, CutShort, Operation, content_type, read_batch, write_batch

JSON = st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3).map(
    lambda values: repr(values).encode("unicode_escape")
)
OPERATION = st.builds(Operation, st.sampled_from(["POST", "PATCH"]), st.just("https://x/data/Set(k='1')"), JSON)
ANSWER = st.builds(
    simulated.Answer, st.sampled_from([200, 201, 204, 400, 500]), st.just({"OData-Version": "4.0"}), JSON
)


@given(
    st.lists(
        OPERATION | st.lists(OPERATION, min_size=1, max_size=3).map(lambda many: ChangeSet(tuple(many))), max_size=12
    )
)
def test_a_written_batch_is_read_back_by_another_reader(items: list[Operation | ChangeSet]) -> None:
    boundary = "batch_1"
    if not items:
        return
    parsed = simulated.parse(write_batch(items, boundary), content_type(boundary))

    flat = [op for item in items for op in (item.operations if isinstance(item, ChangeSet) else (item,))]
    read = [op for item in parsed for op in (item.operations if isinstance(item, simulated.ChangeSet) else (item,))]
    assert [(op.method, op.url, op.body.strip()) for op in flat] == [(op.method, op.url, op.body) for op in read]
    assert [isinstance(item, ChangeSet) for item in items] == [isinstance(p, simulated.ChangeSet) for p in parsed]


@given(
    st.lists(
        ANSWER | st.lists(ANSWER, min_size=1, max_size=3).map(lambda many: simulated.ChangeSetAnswer(tuple(many))),
        max_size=12,
    )
)
def test_an_answer_of_another_writer_is_read(parts: list[simulated.Answer | simulated.ChangeSetAnswer]) -> None:
    body = simulated.write(parts, "batchresponse_1")
    read = read_batch(body, simulated.content_type("batchresponse_1"))

    expected = [p.answers if isinstance(p, simulated.ChangeSetAnswer) else (p,) for p in parts]
    assert [[(a.status, a.body) for a in group] for group in read] == [
        [(a.status, a.body.strip()) for a in group] for group in expected
    ]


@given(st.lists(ANSWER, min_size=1, max_size=5), st.data())
def test_an_answer_cut_anywhere_is_known_as_cut(parts: list[simulated.Answer], data: st.DataObject) -> None:
    body = simulated.write(parts, "b")
    end = body.rindex(b"--b--") + len(b"--b-")
    with pytest.raises(CutShort):
        read_batch(body[: data.draw(st.integers(0, end))], "multipart/mixed; boundary=b")


FAILED = b"""--b
Content-Type: application/http

HTTP/1.1 500 Whatever The Reason
Content-Type: application/json

{"error":{"code":"","message":"no --b in the middle"}}
--b
Content-Type: multipart/mixed; boundary=bb

--bb
Content-Type: application/http
Content-ID: 1

HTTP/1.1 400
Content-Type: application/json

{"error":{"code":"0x80044331"}}
--bb--

--b
Content-Type: application/http

HTTP/1.1 204 No Content
OData-EntityId: https://x/accounts(1)


--b--
"""


@pytest.mark.parametrize("body", [FAILED, FAILED.replace(b"\n", b"\r\n")], ids=["LF", "CRLF"])
def test_both_shapes_of_a_failed_change_set_and_odd_status_lines_are_understood(body: bytes) -> None:
    plain, wrapped, done = read_batch(body, 'multipart/mixed; boundary="b"')

    assert [a.status for a in plain] == [500]
    assert plain[0].error().message == "no --b in the middle"
    assert [a.status for a in wrapped] == [400]
    assert wrapped[0].error().code == "0x80044331"
    assert (done[0].status, done[0].body, done[0].headers["odata-entityid"]) == (204, b"", "https://x/accounts(1)")


def test_a_line_break_in_an_address_cannot_break_the_frame() -> None:
    with pytest.raises(ValueError):
        write_batch([Operation("GET", "https://x/a\r\nX: 1")], "b")


def test_thousands_of_parts_full_of_near_delimiters_are_read() -> None:
    """Work that grows with the square of the parts would meet the time limit that every test has."""
    body = b'{"a":"' + b"--b " * 50 + b'"}'
    answer = simulated.Answer(201, {"Content-Type": "application/json"}, body)
    read = read_batch(
        simulated.write([simulated.ChangeSetAnswer((answer,))] * 5000, "b"), "multipart/mixed; boundary=b"
    )

    assert len(read) == 5000
    assert all(part[0].body == body for part in read)
