"""Value maps find what people write (value-maps.md 1, 7 and 8)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.mapping import load_all
from sync.mapping.value_schema import Target, ValueMapFile
from sync.mapping.values import compile_map, name_key, normalise
from tests.mappings.mapping_world import SHARED
from tests.shipped import shipped_mappings

MAPS = load_all(shipped_mappings()).maps
COUNTRY, STATE = MAPS["country"], MAPS["state"]
REFERENCE = SHARED / "reference" / "value-maps.md"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("United States", "US"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("us", "US"),
        ("The United States", "US"),
        ("Deutschland", "DE"),
        ("DEU", "DE"),
        ("Österreich", "AT"),
        ("Côte d’Ivoire", "CI"),
        ("Colombia", "CO"),
        ("Columbia", "CO"),
        ("U.K.", "GB"),
        ("Great Britain", "GB"),
        ("Bosnia & Herzegovina", "BA"),
        ("St. Lucia", "LC"),
        ("Korea", "KR"),
        ("Georgia", "GE"),
        ("Island", None),
        ("Congo", None),
        ("Atlantis", None),
        ("UK", "GB"),
        ("NO", "NO"),
        ("Norway", "NO"),
        ("MÉXICO", "MX"),
        ("  the   netherlands ", "NL"),
        ("???", None),
        ("日本", None),
    ],
)
def test_country_texts(text: str, code: str | None) -> None:
    assert COUNTRY.find(text) == code


def test_the_country_list_is_the_reference_list() -> None:
    if not REFERENCE.exists():
        pytest.skip("no reference pages beside the project")
    block = re.search(r"```text\n(AD AND.*?)```", REFERENCE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    lines = [line.split(" ", 2) for line in block[1].strip().splitlines()]
    assert len(lines) == 249
    for two, three, name in lines:
        assert {COUNTRY.find(two), COUNTRY.find(three.lower()), COUNTRY.find(name)} == {two}


def test_microsofts_own_pairs_give_the_same_codes() -> None:
    if not REFERENCE.exists():
        pytest.skip("no reference pages beside the project")
    pairs = re.search(r"Microsoft's shipped map has 21 pairs, .*?: (.*?)\. Note", REFERENCE.read_text(encoding="utf-8"))
    assert pairs is not None
    found = dict(pair.split(" = ") for pair in pairs[1].split(", "))
    assert len(found) == 21
    assert {name: COUNTRY.find(name) for name in found} == {name: code.upper() for name, code in found.items()}


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("Washington", "US", "WA"),
        ("WASHINGTON", "US", "WA"),
        ("wa", "US", "WA"),
        ("District of Columbia", "US", "DC"),
        ("Québec", "CA", "QC"),
        ("on", "CA", "ON"),
        ("Newfoundland and Labrador", "CA", "NL"),
        ("Newfoundland & Labrador", "CA", None),  # "&" is not "and" (R4)
        ("Washington", "CA", None),
        ("Bayern", "DE", None),
        ("WA", "AU", None),
    ],
)
def test_states_are_looked_up_within_the_country(text: str, country: str, code: str | None) -> None:
    assert STATE.find(text, country) == code


def test_every_state_of_the_reference_is_known() -> None:
    if not REFERENCE.exists():
        pytest.skip("no reference pages beside the project")
    for country in ("US", "CA"):
        line = re.search(rf"^\* {country}: (.*)\.$", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
        assert line is not None
        for pair in line[1].split(", "):
            name, code = pair.rsplit(" ", 1)
            assert STATE.find(name, country) == STATE.find(code.lower(), country) == code


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Straße", "strasse"),
        ("Ærø", "aero"),
        ("Łódź", "lodz"),
        ("Đà", "da"),
        ("ÎLE-de  FRANCE!", "ile de france"),
        ("x²", "x2"),
    ],
)
def test_normalising(text: str, key: str) -> None:
    assert normalise(text) == key


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert name_key(name_key(once)) == name_key(once)


def test_own_pairs_go_first_and_are_found_in_any_spelling() -> None:
    mine = COUNTRY.with_pairs({"Holland": "XX", "": "US"})
    assert mine.find("HOLLAND!") == "XX"
    assert mine.find("") == "US"
    assert COUNTRY.find("") is None


def test_pairs_take_the_place_of_those_that_were_there() -> None:
    ours = compile_map(ValueMapFile(map="m", title="", pairs={"ea": "Primary Unit"}, targets={"A": "Alpha"}))
    other = ours.with_pairs({"pcs": "Piece"})
    assert (other.find("ea"), other.find("pcs"), other.find("alpha")) == (None, "Piece", "A")
    assert (other.back("primary unit"), other.back("piece"), other.back("a")) == (None, "pcs", "Alpha")
    assert compile_map(ValueMapFile(map="m", title="")).with_pairs({"ea": "x"}).with_pairs({}).empty


def test_what_contradicts_itself_is_found() -> None:
    names = compile_map(ValueMapFile(map="m", title="", targets={"A": Target(also=("x y",)), "B": "X-Y"}))
    assert [(clash.text, clash.first, clash.second) for clash in names.clashes] == [("X-Y", "A", "B")]
    hidden = compile_map(ValueMapFile(map="m", title="", targets={"A": Target(code="BB"), "C": "bb"}))
    assert [(clash.text, clash.first, clash.second) for clash in hidden.clashes] == [("bb", "A", "C")]


def test_both_ways_a_target_has_one_text() -> None:
    table = compile_map(ValueMapFile(map="m", title="", pairs={"1": "Male", "2": "Female"}))
    assert (table.find(1), table.back("female")) == ("Male", 2)
    assert compile_map(ValueMapFile(map="m", title="", pairs={"1": "x", "2": "x"})).ambiguous
    assert compile_map(ValueMapFile(map="m", title="", pairs={"true": "No", "002": "x"})).back("no") is True
    assert COUNTRY.back("DE") == "Germany"
