"""What a whole mapping does: address blocks, order, filters, directions, any value at all."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import DataError, NotReady
from sync.mapping import MappingProblems, Plan, compile_plans
from sync.model import Scalar
from tests.mappings.mapping_world import NO_FACTS, fields, load, record, thing, thing_plan

BLOCK = """\
- block: home
  sent_when: [City, Zip]
  rows:
  - {id: A, sales: city, finops: City, max: 10}
  - {id: B, sales: state, finops: State, values: state, within: Country, otherwise: keep, max: 3, warn: state-omitted}
  - {id: C, sales: zip, finops: Zip, max: 3, fit: omit}
  - id: D
    sales: country
    finops: Country
    values: {Germany: DE, USA: US}
    otherwise: {leave_out_block: country-unknown}
    block_required: no-country
  - {id: E, sales: title, finops: Title, default: Home}
  - {id: F, constant: Business, finops: Roles, when: create}
- {id: G, sales: name, finops: Name}
"""
STATES = "map: state\ntitle: States\ngroups: {US: {WA: Washington}}\n"


@pytest.mark.parametrize(
    ("values", "sent", "warned"),
    [
        ({}, {}, ()),
        ({"country": "USA", "state": "WA", "title": "x"}, {}, ()),
        (
            {"city": "Köln", "country": "germany", "state": "Washington"},
            {"City": "Köln", "Zip": None, "Country": "DE", "Title": "Home", "Roles": "Business"},
            ("state-omitted",),
        ),
        (
            {"zip": "1", "country": "usa", "state": "washington"},
            {"City": None, "State": "WA", "Zip": "1", "Country": "US", "Title": "Home", "Roles": "Business"},
            (),
        ),
        (
            {"zip": "1234", "country": "usa"},
            {"City": None, "State": None, "Country": "US", "Title": "Home", "Roles": "Business"},
            ("too-long:Zip",),
        ),
        ({"city": "a city too long", "country": "Atlantis"}, {}, ("country-unknown",)),
        ({"city": "a city too long"}, {}, ("no-country",)),
    ],
)
def test_an_address_goes_whole_or_not_at_all(
    tmp_path: Path, values: dict[str, str], sent: dict[str, str | None], warned: tuple[str, ...]
) -> None:
    plan = thing_plan(tmp_path, BLOCK, values_state=STATES)
    mapped = plan.map(record(**values), NO_FACTS)
    assert {field.name: field.value for field in mapped.fields if field.block == "home"} == sent
    assert mapped.fields[-1].name == "Name"
    assert mapped.warnings == warned


def test_a_group_may_be_named_by_a_constant(tmp_path: Path) -> None:
    rows = """\
- block: home
  sent_when: [City]
  rows:
  - {id: A, sales: city, finops: City}
  - {id: B, sales: state, finops: State, values: state, within: Country, otherwise: keep}
  - {id: C, constant: US, finops: Country}
"""
    plan = thing_plan(tmp_path, rows, values_state=STATES)
    for _ in range(2):
        assert fields(plan, city="x", state="washington") == {"City": "x", "State": "WA", "Country": "US"}


def test_the_order_of_the_file_is_the_order_of_the_fields(tmp_path: Path) -> None:
    plan = thing_plan(tmp_path, BLOCK, values_state=STATES)
    names = [field.name for field in plan.map(record(city="x", country="USA", state="WA"), NO_FACTS).fields]
    assert names == ["City", "State", "Zip", "Country", "Title", "Roles", "Name"]


def test_a_linked_record_is_mapped_for_updates_only(tmp_path: Path) -> None:
    rows = BLOCK + "- {id: H, sales: unit, finops: Unit, required: unit-missing, when: create}\n"
    plan = thing_plan(tmp_path, rows, values_state=STATES)
    with pytest.raises(DataError, match="Unit"):
        plan.map(record(city="x", country="USA"), NO_FACTS)
    link = {"dataAreaId": "DEMF", "ThingNumber": "N0"}
    mapped = plan.map(record(city="x", country="USA", number=" "), NO_FACTS, link)
    assert [field.name for field in mapped.fields] == ["City", "State", "Zip", "Country", "Title", "Name"]
    assert (mapped.company, mapped.number) == ("DEMF", "")


def test_filters_skip_with_the_code_of_the_first(tmp_path: Path) -> None:
    head = """\
        only:
          - {sales: statecode, is: 0, else: not-active}
          - {sales: type, is: [1, 3, null], else: not-in-filter}
          - {sales: size, is: 1, else: too-small, only_if: {setting: mode, is: fast}}
        """
    plan = thing_plan(tmp_path, "", head=head)
    codes = [
        plan.verdict(record(statecode=state, type=kind), NO_FACTS, linked=False).reason
        for state, kind in ((0, 1), (0, None), (1, 2), (0, 2), (None, 1))
    ]
    assert codes == [None, None, "not-active", "not-in-filter", "not-active"]
    assert plan.columns == ("number", "statecode", "thingid", "type")


def test_two_directions_make_two_flows(tmp_path: Path) -> None:
    rows = """\
        - {id: A, sales: gendercode, finops: Gender, values: {1: Male, 2: Female}, otherwise: blank}
        - {id: B, sales: [a, b], join: " ", finops: Street, direction: to_finops}
        - {id: C, sales: flag, finops: Flag, type: yes_no}
        """
    text = thing(rows).replace("direction: to_finops\nsettings", "direction: both\nsettings")
    text = text.replace("expect: {parked", "direction: to_finops, expect: {parked")
    result = load(tmp_path, {"things.yaml": text})
    assert result.problems == []
    there, back = compile_plans(result.loaded[0], result.maps, {})
    assert (there.flow.name, back.flow.name) == ("things_to_finops", "things_to_sales")
    assert (there.feed, back.feed) == ("delta", "snapshot")
    assert fields(there, gendercode=2) == {"Gender": "Female", "Street": None, "Flag": "No"}
    assert fields(back, Gender="Female", ThingNumber="N1", Flag="Yes") == {
        "gendercode": 2,
        "number": "N1",
        "flag": True,
    }
    assert there.definition != back.definition


ANY_VALUE = st.none() | st.text(st.characters(), max_size=40) | st.integers() | st.booleans() | st.decimals()


@functools.cache
def anything() -> Plan:
    """A plan with every type of row."""
    rows = """\
- {id: H, sales: n, finops: N, type: whole}
- {id: I, sales: g, finops: G, values: {1: a}, otherwise: keep}
"""
    return thing_plan(Path(tempfile.mkdtemp()), BLOCK + rows, values_state=STATES)


@given(st.fixed_dictionaries(dict.fromkeys(("number", "city", "state", "zip", "country", "n", "g"), ANY_VALUE)))
def test_any_value_is_mapped_or_judged(values: dict[str, Scalar | None]) -> None:
    try:
        mapped = anything().map(record(**values), NO_FACTS)
    except (DataError, NotReady):
        return
    for field in mapped.fields:
        if isinstance(field.value, str):
            assert field.value == field.value.strip() != ""
            field.value.encode("utf-8")


def test_a_broken_row_is_told_by_compiling_nothing(tmp_path: Path) -> None:
    with pytest.raises(MappingProblems, match="unknown key"):
        thing_plan(tmp_path, "- {id: A, sales: x, finops: X, maxx: 3}\n")
