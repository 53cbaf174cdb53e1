"""Keys: legal in Table storage, unambiguous, and in the order in which SQL Server hands out GUIDs."""

from __future__ import annotations

import re
import string
import uuid

from hypothesis import given
from hypothesis import strategies as st

from sync.stores.keys import (
    decode_id,
    decode_text,
    encode_awaited,
    encode_id,
    encode_name,
    encode_text,
    partition_of,
)

LEGAL = set(string.ascii_letters + string.digits + "._-~")
ids = st.one_of(
    st.text(max_size=60),
    st.uuids().map(str),
    st.from_regex(r"[0-9a-f]{12}(-[0-9a-f]{4}){3}-[0-9a-f]{8}", fullmatch=True),
)


@given(ids)
def test_an_id_comes_back_from_its_key_in_lower_case(id: str) -> None:
    decoded = decode_id(encode_id(id))
    assert decoded == id.casefold() or (decoded is None and len(encode_id(id)) == 200)


@given(ids, ids)
def test_two_ids_share_a_key_only_if_they_differ_in_case_alone(one: str, other: str) -> None:
    assert (encode_id(one) == encode_id(other)) == (one.casefold() == other.casefold())


@given(ids)
def test_keys_hold_nothing_that_storage_refuses(id: str) -> None:
    assert LEGAL.issuperset(encode_id(id))
    assert LEGAL.issuperset(encode_text(id))
    assert LEGAL.issuperset(encode_name(id)) and "-" not in encode_name(id)
    assert len(encode_id(id)) <= 200


@given(st.text(max_size=30))
def test_names_come_back_with_their_case(text: str) -> None:
    assert decode_text(encode_text(text)) == text
    assert decode_text(encode_name(text)) == text


@given(st.uuids(), st.uuids())
def test_guids_sort_as_sql_server_sorts_them(one: uuid.UUID, other: uuid.UUID) -> None:
    def as_sql_server(guid: uuid.UUID) -> bytes:
        order = (10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3)
        return bytes(guid.bytes_le[place] for place in order)

    assert (encode_id(str(one)) < encode_id(str(other))) == (as_sql_server(one) < as_sql_server(other))


def test_the_keys_of_an_account_stay_as_they_are_for_ever() -> None:
    """Tables outlive versions: a changed key or partition would lose every link."""
    assert encode_id("6F2B1C3A-9D4E-4F5A-8B7C-0123456789AB") == "0123456789ab-8b7c-5a4f-4e9d-3a1c2b6f"
    assert encode_id("usmf|DE-001/a_b") == "usmf~7cde-001~2fa_b"
    assert encode_awaited("accounts:6f2b1c3a-9d4e-4f5a-8b7c-0123456789ab") == (
        "accounts:0123456789ab-8b7c-5a4f-4e9d-3a1c2b6f"
    )
    assert encode_name("accounts_to-finops") == "accounts_to~2dfinops"
    assert partition_of("6F2B1C3A-9D4E-4F5A-8B7C-0123456789AB", 16) == 12
    assert partition_of("6f2b1c3a-9d4e-4f5a-8b7c-0123456789ab", 16) == 12


def test_random_ids_spread_over_the_partitions() -> None:
    counts = [0] * 16
    for number in range(16_000):
        counts[partition_of(str(uuid.UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**128)), 16)] += 1
    assert min(counts) > 800 and max(counts) < 1200


def test_long_ids_with_the_same_beginning_are_kept_apart() -> None:
    one, other = "x" * 400 + "a", "x" * 400 + "b"
    assert encode_id(one) != encode_id(other)
    assert re.fullmatch(r"x+~~[0-9a-f]{32}", encode_id(one))
