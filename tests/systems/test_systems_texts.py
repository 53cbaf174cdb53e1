"""Addresses, keys, filters and JSON: what is written can only be read one way, and stays within its bounds."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulators.odata.filters import Dialect, compile_filter
from sync.errors import ConfigError
from sync.model import Scalar
from sync.systems.finops_terms import EnumType, Terms
from sync.systems.jsontext import read_json, write_json
from sync.systems.odata import literal
from sync.systems.origin import base_address, inside
from sync.systems.sales_terms import conditions

DATAVERSE = Dialect(allow_query_functions=True)
PLAIN = Terms({})
NUMBERS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


def test_an_apostrophe_is_doubled_and_then_encoded() -> None:
    assert PLAIN.address("CustomersV3", {"dataAreaId": "usmf", "CustomerAccount": "O'Brien & Söhne/1"}) == (
        "CustomersV3(dataAreaId='usmf',CustomerAccount='O%27%27Brien%20%26%20S%C3%B6hne%2F1')"
    )
    assert PLAIN.address("Lines", {"LineCreationSequenceNumber": 7}) == "Lines(LineCreationSequenceNumber=7)"


def test_half_a_surrogate_pair_does_not_break_an_address() -> None:
    assert literal("A\ud83d") == "'A%3F'"


@given(st.lists(NUMBERS, min_size=1, max_size=30, unique_by=str.casefold), st.integers(300, 700))
def test_filters_by_column_find_exactly_their_values_within_the_room(values: list[str], room: int) -> None:
    filters = list(conditions("name", values, room=room, most=7))

    compiled = [compile_filter(unquote(text), {"name": "Edm.String"}, DATAVERSE) for text in filters]
    assert all(any(matches({"name": value}) for matches in compiled) for value in values)
    assert not any(matches({"name": "something else entirely"}) for matches in compiled)
    assert all(len(text) <= room for text in filters)


@given(st.lists(st.from_regex(r"[A-Za-z0-9' /#-]{1,20}", fullmatch=True), min_size=1, max_size=40))
def test_filters_by_key_find_exactly_their_keys_within_the_room(numbers: list[str]) -> None:
    keys: list[dict[str, Scalar]] = [
        {"dataAreaId": "usmf" if index % 2 else "demf", "CustomerAccount": number}
        for index, number in enumerate(numbers)
    ]
    filters = list(PLAIN.conditions(keys, room=300))

    columns = {"dataAreaId": "Edm.String", "CustomerAccount": "Edm.String"}
    compiled = [compile_filter(unquote(text), columns, Dialect()) for text in filters]
    assert all(any(matches(key) for matches in compiled) for key in keys)
    assert not any(matches({**key, "dataAreaId": "other"}) for matches in compiled for key in keys)
    assert all(len(text) <= 300 for text in filters)


def test_a_key_of_several_columns_stands_in_brackets() -> None:
    keys: list[dict[str, Scalar]] = [{"dataAreaId": "usmf", "Number": "Q1", "Line": line} for line in (1, 2)]
    (text,) = PLAIN.conditions(keys, room=4000)
    assert unquote(text) == (
        "dataAreaId eq 'usmf' and ((Number eq 'Q1' and Line eq 1) or (Number eq 'Q1' and Line eq 2))"
    )


def test_an_enum_stands_with_the_name_of_its_type_as_the_system_spells_it() -> None:
    terms = Terms({"Kind": EnumType("Microsoft.Dynamics.DataEntities.kindOf", {"customer": "Customer"})})
    keys: list[dict[str, Scalar]] = [{"dataAreaId": "usmf", "Kind": kind} for kind in ("CUSTOMER", "Nobody")]
    written = [unquote(terms.address("Persons", key)) for key in keys]
    assert written == [
        "Persons(dataAreaId='usmf',Kind=Microsoft.Dynamics.DataEntities.kindOf'Customer')",
        "Persons(dataAreaId='usmf',Kind=Microsoft.Dynamics.DataEntities.kindOf'Nobody')",
    ]
    # No row has a member that is none: asking for it would spoil the question for the others, or ask for too much.
    keys.append({"dataAreaId": "usmf", "Kind": "Nobody", "Number": "1"})
    filters = [unquote(text) for text in terms.conditions(keys, room=4000)]
    assert filters == ["dataAreaId eq 'usmf' and Kind eq Microsoft.Dynamics.DataEntities.kindOf'Customer'"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_json_comes_back_with_every_digit(value: object) -> None:
    assert read_json(write_json(value)) == value


def test_a_decimal_keeps_its_digits_on_the_wire() -> None:
    assert write_json({"a": Decimal("5000000.0000"), "b": Decimal("1E+3")}) == b'{"a":5000000.0000,"b":1000}'
    assert str(read_json(b'{"a": 0.10}')["a"]) == "0.10"


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), float("nan")])
def test_what_is_no_number_is_not_written(value: object) -> None:
    with pytest.raises(ValueError):
        write_json({"a": value})


@pytest.mark.parametrize("text", [b"", b'{"a": 1', b"<html>", b'{"a": NaN}'])
def test_what_is_no_json_is_not_read(text: bytes) -> None:
    with pytest.raises(ValueError):
        read_json(text)


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("https://Contoso.crm4.dynamics.com/", "https://contoso.crm4.dynamics.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:1", "http://[::1]:1"),
    ],
)
def test_good_base_addresses(text: str, base: str) -> None:
    assert base_address(text) == base


@pytest.mark.parametrize(
    "text",
    ["", "contoso.crm4.dynamics.com", "http://contoso.crm4.dynamics.com", "https://user@contoso.com", "ftp://x",
     "https://contoso.com/api", "https://contoso.com?x=1", "http://127.0.0.1.evil.com", "https://contoso.com:99999"],
)  # fmt: skip
def test_bad_base_addresses_are_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        base_address(text)
    assert caught.value.remedy


BASE = "https://contoso.crm4.dynamics.com"


@pytest.mark.parametrize(
    "link", [f"{BASE}/api?x=%3ccookie%2f%3e", f"{BASE}:443/a", "https://CONTOSO.crm4.dynamics.com/a"]
)
def test_links_at_home_stay_as_they_are(link: str) -> None:
    assert inside(link, BASE) == link


def test_a_relative_link_is_taken_from_the_base() -> None:
    assert inside("/data/X?$skiptoken=1", BASE) == f"{BASE}/data/X?$skiptoken=1"


@pytest.mark.parametrize(
    "link",
    ["https://evil.example/a", "http://contoso.crm4.dynamics.com/a", f"{BASE}.evil.example/a", "//evil.example/a",
     "https://contoso.crm4.dynamics.com@evil.example/", f"{BASE}:444/a", f"{BASE}/a\r\nX: 1", "https://[bad/a",
     "https://evil.example\\@contoso.crm4.dynamics.com/", "https://user@contoso.crm4.dynamics.com/"],
)  # fmt: skip
def test_links_that_lead_away_are_refused(link: str) -> None:
    with pytest.raises(ConfigError):
        inside(link, BASE)
