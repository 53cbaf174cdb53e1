"""Messages: compact, read strictly, and no bad one is mistaken for a batch."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import DataError, Outdated
from sync.model import Change, ChangeBatch, Chunk
from sync.stores.messages import LIMIT, dump, encoded_size, fits, load

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
changes = st.builds(Change, texts, st.text(st.characters(exclude_categories=["Cs"]), max_size=12), st.booleans())
chunks = st.lists(
    st.builds(Chunk, texts, st.lists(changes, min_size=1, max_size=3).map(tuple)),
    min_size=1,
    max_size=3,
    unique_by=lambda chunk: chunk.name,
).map(tuple)
batches = st.builds(
    ChangeBatch,
    texts,
    texts,
    texts,
    st.integers(0, 99),
    chunks,
    st.sampled_from(["detected", "reopened"]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 9),
)

BATCH = ChangeBatch(
    "accounts_to_finops", "r1", "r1.7", 3, (Chunk("0", (Change("a", 'W/"1"'), Change("b", "", deleted=True))),)
)
METADATA = {"id", "dequeuecount", "insertiontime", "expirationtime", "nextvisibletime", "popreceipt", "queuetrigger"}


@given(batches)
def test_a_batch_comes_back_as_it_was_posted(batch: ChangeBatch) -> None:
    assert load(dump(batch)) == batch
    assert load(dump(batch).encode()) == batch


def test_a_message_is_compact_json() -> None:
    assert dump(BATCH) == (
        '{"format":1,"flow":"accounts_to_finops","run":"r1","batch":"r1.7","partition":3,'
        '"chunks":[["0",[["a","W/\\"1\\""],["b","",1]]]]}'
    )


@given(batches)
def test_no_property_is_named_like_trigger_metadata(batch: ChangeBatch) -> None:
    assert METADATA.isdisjoint(name.lower() for name in json.loads(dump(batch)))


@pytest.mark.parametrize("text", ["", "hello", "{", b"\xff\xfe", '{"format":1'])
def test_what_is_no_json_is_told(text: str | bytes) -> None:
    assert code_of(text) == "message-not-json"


@pytest.mark.parametrize("version", [0, "1", None, True, 1.5])
def test_an_unknown_version_is_told(version: object) -> None:
    assert code_of(changed(format=version)) == "message-version-unknown"


def test_a_message_of_a_newer_version_is_left_to_it() -> None:
    with pytest.raises(Outdated, match="format 2"):
        load(changed(format=2))


def test_a_message_without_a_version_is_of_an_unknown_one() -> None:
    assert code_of('{"flow": "accounts_to_finops"}') == "message-version-unknown"


@pytest.mark.parametrize(
    "values",
    [
        {"flow": ""},
        {"flow": None},
        {"run": 1},
        {"partition": -1},
        {"partition": "3"},
        {"chunks": []},
        {"chunks": [["0", []]]},
        {"chunks": [["0", [["a"]]]]},
        {"chunks": [["0", [["", "v"]]]]},
        {"chunks": [["0", [["a", "v", 2]]]]},
        {"chunks": [["0", [["a", "v"]]], ["0", [["b", "v"]]]]},
        {"chunks": [["0", [["a", "v"]] * 100]]},
        {"kind": "other"},
        {"last_try": 1},
        {"resend": 1},
        {"anew": 1},
        {"delays": -1},
        {"surname": "Lovelace"},
    ],
    ids=str,
)
def test_a_malformed_message_is_told_without_quoting_it(values: dict[str, Any]) -> None:
    error = error_of(changed(**values))
    assert error.code == "message-malformed"
    assert error.remedy
    assert "Lovelace" not in str(error)
    assert "surname" not in str(error)


@pytest.mark.parametrize("text", ["[]", "1", "null", '"x"'])
def test_json_that_is_no_object_is_malformed(text: str) -> None:
    assert code_of(text) == "message-malformed"


def test_the_size_is_that_of_base64_in_utf8() -> None:
    import base64

    batch = ChangeBatch("f", "r", "r.0", 0, (Chunk("0", (Change("日本語"),)),))
    assert encoded_size(batch) == len(base64.b64encode(dump(batch).encode()))


def test_four_full_chunks_of_guids_fit_and_a_message_beyond_the_limit_does_not() -> None:
    def batch(count: int) -> ChangeBatch:
        rows = [Change(f"{n:08d}-1234-1234-1234-123456789012", 'W/"123456789"') for n in range(99)]
        return ChangeBatch("accounts_to_finops", "r", "r.0", 3, tuple(Chunk(str(n), tuple(rows)) for n in range(count)))

    assert fits(batch(4))
    assert not fits(batch(6))
    assert fits(batch(6), limit=2 * LIMIT)


def changed(**values: Any) -> str:
    return json.dumps(json.loads(dump(BATCH)) | values)


def error_of(text: str | bytes) -> DataError:
    with pytest.raises(DataError) as error:
        load(text)
    assert re.search(r"[a-z]", error.value.remedy)
    return error.value


def code_of(text: str | bytes) -> str:
    return error_of(text).code
