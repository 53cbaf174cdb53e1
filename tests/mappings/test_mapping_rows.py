"""Each kind of row and each modifier does what its description says."""

from __future__ import annotations

import functools
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import DataError, NotReady
from sync.mapping import MappingProblems, Plan, compile_plans
from sync.mapping.examples import GivenFacts
from sync.model import Scalar, System
from tests.mappings.mapping_world import NO_FACTS, fields, load, record, thing, thing_plan, warnings


def test_copy_cleans_and_blank_is_blank(tmp_path: Path) -> None:
    plan = thing_plan(tmp_path, "- {id: A, sales: name, finops: Name}\n")
    assert fields(plan, name=" a\tb ") == {"Name": "a b"}
    assert fields(plan, name="  ") == fields(plan, name=None) == fields(plan) == {"Name": None}
    assert fields(plan, name=12) == {"Name": "12"}
    assert plan.columns == ("name", "number", "thingid")
    assert plan.target_columns == ("Name", "ThingNumber", "dataAreaId")


@pytest.mark.parametrize(
    ("modifiers", "clear"),
    [
        ("", ""),
        (", type: whole", 0),
        (", type: decimal", 0),
        (", clear_when_empty: Unknown", "Unknown"),
        (", clear_when_empty: false", None),
        (", when: create", None),
        (", only_on_create: true", None),
        (", default: x", None),
        (", type: yes_no", None),
    ],
)
def test_what_an_update_sends_for_a_value_that_became_blank(
    tmp_path: Path, modifiers: str, clear: Scalar | None
) -> None:
    plan = thing_plan(tmp_path, f"- {{id: A, sales: name, finops: Name{modifiers}}}\n")
    assert plan.map(record(), NO_FACTS).fields[0].clear == clear


def test_constants_and_settings(tmp_path: Path) -> None:
    rows = """\
        - {id: A, constant: "Yes", finops: Fixed}
        - {id: B, setting: group, finops: Group}
        - {id: C, setting: mode, finops: Mode, when: create, only_if: {setting: mode, is: fast}}
        """
    assert fields(thing_plan(tmp_path, rows)) == {"Fixed": "Yes", "Group": "10"}
    plan = thing_plan(tmp_path, rows, settings={"group": " 20 ", "mode": "FAST"})
    assert fields(plan) == {"Fixed": "Yes", "Group": "20", "Mode": "fast"}
    assert [(field.name, field.when) for field in plan.map(record(), NO_FACTS).fields][-1] == ("Mode", "create")
    assert fields(thing_plan(tmp_path, rows, settings={"group": ""}))["Group"] is None


@pytest.mark.parametrize(
    ("kind", "value", "sent"),
    [
        ("whole", 5, 5),
        ("whole", Decimal("5.00"), 5),
        ("whole", " 5 ", 5),
        ("decimal", Decimal("5.10"), Decimal("5.10")),
        ("decimal", "5.1", Decimal("5.1")),
        ("yes_no", True, "Yes"),
        ("yes_no", False, "No"),
        ("yes_no", None, "No"),
        ("text", Decimal("1.50"), "1.50"),
        ("text", True, "true"),
    ],
)
def test_types(tmp_path: Path, kind: str, value: Scalar | None, sent: Scalar) -> None:
    plan = thing_plan(tmp_path, f"- {{id: A, sales: x, finops: X, type: {kind}}}\n")
    found = fields(plan, x=value)["X"]
    assert (found, type(found)) == (sent, type(sent))


@pytest.mark.parametrize(
    ("kind", "value"), [("whole", "five"), ("whole", Decimal("5.5")), ("decimal", "NaN"), ("whole", True)]
)
def test_what_is_no_number_parks_the_record(tmp_path: Path, kind: str, value: Scalar) -> None:
    plan = thing_plan(tmp_path, f"- {{id: A, sales: x, finops: X, type: {kind}}}\n")
    with pytest.raises(DataError) as error:
        fields(plan, x=value)
    assert (error.value.code, error.value.column) == ("not-a-number", "X")


@pytest.mark.parametrize(
    ("otherwise", "value", "sent", "warned"),
    [
        ("", 1, "Male", ()),
        ("", "2", "Female", ()),
        (", otherwise: keep", "x", "x", ()),
        (", otherwise: blank", 9, None, ()),
        (", otherwise: Unknown", 9, "Unknown", ()),
        (", otherwise: Unknown, default: None-yet", None, "None-yet", ()),
        (", otherwise: {setting: group}", 9, "10", ()),
        (", otherwise: omit", 9, "left out", ("not-mapped:X",)),
        (", otherwise: omit, warn: odd-gender", 9, "left out", ("odd-gender",)),
        (", otherwise: omit, warn: false", 9, "left out", ()),
    ],
)
def test_value_maps(
    tmp_path: Path, otherwise: str, value: Scalar | None, sent: str | None, warned: tuple[str, ...]
) -> None:
    plan = thing_plan(tmp_path, f"- {{id: A, sales: x, finops: X, values: {{1: Male, 2: Female}}{otherwise}}}\n")
    assert fields(plan, x=value).get("X", "left out") == sent
    assert warnings(plan, x=value) == warned


@pytest.mark.parametrize(
    ("otherwise", "code"),
    [
        ("", "value-not-mapped"),
        (", otherwise: block", "value-not-mapped"),
        (", otherwise: {park: unit-not-mapped}", "unit-not-mapped"),
    ],
)
def test_a_value_without_an_entry_parks_the_record_and_is_tried_again(
    tmp_path: Path, otherwise: str, code: str
) -> None:
    plan = thing_plan(tmp_path, f"- {{id: A, sales: x, finops: X, values: {{1: Male}}{otherwise}}}\n")
    with pytest.raises(DataError) as error:
        fields(plan, x=9)
    assert (error.value.code, error.value.column, error.value.retryable) == (code, "X", True)


def test_a_value_map_may_know_blank_and_a_default_is_mapped(tmp_path: Path) -> None:
    rows = """\
        - {id: A, sales: x, finops: X, values: {"": Unknown, 1: Male}}
        - {id: B, sales: x, finops: Y, values: {large: L}, otherwise: keep, default: LARGE}
        """
    assert fields(thing_plan(tmp_path, rows)) == {"X": "Unknown", "Y": "L"}


def test_a_setting_may_be_mapped_and_have_a_default(tmp_path: Path) -> None:
    rows = """\
        - {id: A, setting: group, finops: A, values: {10: Ten}, otherwise: omit}
        - {id: B, setting: group, finops: B, default: none}
        """
    assert fields(thing_plan(tmp_path, rows)) == {"A": "Ten", "B": "10"}
    other = thing_plan(tmp_path, rows, settings={"group": "20"})
    assert (fields(other), warnings(other), warnings(other)) == ({"B": "20"}, ("not-mapped:A",), ("not-mapped:A",))
    assert fields(thing_plan(tmp_path, rows, settings={"group": ""})) == {"A": None, "B": "none"}


def test_a_setting_may_depend_on_a_column(tmp_path: Path) -> None:
    row = "- {id: A, sales: x, finops: X, values: {3: '20'}, otherwise: {setting: group}, default: {setting: group}}\n"
    plan = thing_plan(tmp_path, row)
    assert [fields(plan, x=value)["X"] for value in (3, 4, None)] == ["20", "10", "10"]


def test_an_empty_map_that_leads_to_a_setting_asks_for_nothing(tmp_path: Path) -> None:
    row = (
        "- {id: A, sales: unit, finops: X, lookup: {set: units, key: unitid, give: name}, values: company, "
        "otherwise: {setting: group}, default: {setting: group}}\n"
    )
    empty = thing_plan(tmp_path, row, values_company="map: company\ntitle: Companies\n")
    assert (empty.columns, empty.references, fields(empty)) == (("number", "thingid"), (), {"X": "10"})
    filled = thing_plan(tmp_path, row, values_company="map: company\ntitle: Companies\npairs: {Berlin: '49'}\n")
    assert filled.columns == ("_unit_value", "number", "thingid")
    assert [(ref.set, ref.key, ref.columns) for ref in filled.references] == [("units", "unitid", ("name",))]
    facts = GivenFacts({"units": {"u1": {"name": "BERLIN"}, "u2": {"name": "Oslo"}}}, {})
    assert [fields(filled, facts, _unit_value=unit)["X"] for unit in ("u1", "u2", None)] == ["49", "10", "10"]


def test_a_lookup_waits_for_what_it_does_not_know(tmp_path: Path) -> None:
    plan = thing_plan(tmp_path, "- {id: A, sales: unit, finops: X, lookup: {set: units, key: unitid, give: name}}\n")
    facts = GivenFacts({"units": {"u1": {"name": " Each "}, "u2": {"name": None}}}, {})
    assert [fields(plan, facts, _unit_value=unit)["X"] for unit in ("u1", "u2", None)] == ["Each", None, None]
    with pytest.raises(NotReady) as error:
        fields(plan, facts, _unit_value="u3")
    assert (error.value.code, error.value.awaits) == ("reference-unknown", "sales:units:u3")


def test_what_must_exist_is_sent_as_the_target_spells_it(tmp_path: Path) -> None:
    test = "{set: Currencies, column: CurrencyCode, code: not-there, by_company: true}"
    row = f"- {{id: A, sales: x, finops: X, exists: {test}}}\n"
    plan = thing_plan(tmp_path, row)

    class OfCompany(GivenFacts):
        def exists(self, system: System, set: str, column: str, value: str, company: str | None) -> str | None:
            assert company == "usmf"
            return super().exists(system, set, column, value, company)

    facts = OfCompany({}, {"Currencies": ("EUR",)})
    assert fields(plan, facts, x=" eur") == {"X": "EUR"}
    assert fields(plan, facts) == {"X": None}
    with pytest.raises(DataError) as error:
        fields(plan, facts, x="USD")
    assert (error.value.code, error.value.retryable) == ("not-there", True)
    assert [(ref.system, ref.set, ref.key, ref.columns) for ref in plan.references] == [
        ("finops", "Currencies", "CurrencyCode", ("dataAreaId",))
    ]


def test_several_columns(tmp_path: Path) -> None:
    rows = """\
        - {id: A, sales: [a, b, c], join: "\\n", finops: Street, multiline: true}
        - {id: B, sales: [c, b], combine: first_filled, finops: First}
        """
    plan = thing_plan(tmp_path, rows)
    assert fields(plan, a=" 1 Main St\r\n", b="  ", c="Suite\t4") == {"Street": "1 Main St\nSuite4", "First": "Suite 4"}
    assert fields(plan) == {"Street": None, "First": None}


def test_transforms_built_in_and_own(tmp_path: Path) -> None:
    python = """\
def shout(text):
    return text + "!\\t"

def initials(texts):
    return "".join(text[0] for text in texts if text)

def broken(text):
    return 1 / 0

def wrong(text):
    return [text]

def _helper(text):
    return text
"""
    rows = """\
        - {id: A, sales: x, finops: A, transform: [lower, shout]}
        - {id: B, sales: [x, y], combine: initials, finops: B}
        - {id: C, sales: x, finops: C, transform: [upper, single_spaces]}
        - {id: D, sales: x, finops: D, transform: [first_line], multiline: true}
        - {id: E, sales: z, finops: E, transform: [broken]}
        - {id: F, sales: w, finops: F, transform: [wrong]}
        """
    plan = thing_plan(tmp_path, rows, python=python)
    found = fields(plan, x="Ada  L\nx", y="Byron")
    assert found == {"A": "ada  l x!", "B": "AB", "C": "ADA L X", "D": "Ada  L", "E": None, "F": None}
    for column in ("z", "w"):
        with pytest.raises(DataError) as error:
            plan.map(record(**{column: "x"}), NO_FACTS)
        assert error.value.code == "transform-failed"
    with pytest.raises(MappingProblems, match='no function "_helper"'):
        thing_plan(tmp_path, "- {id: A, sales: x, finops: A, transform: [_helper]}\n", python=python)


@pytest.mark.parametrize(
    ("modifiers", "sent", "warned"),
    [
        ("max: 5", "ab cd", ("truncated:X",)),
        ("max: 3", "ab", ("truncated:X",)),
        ("max: 3, warn: false", "ab", ()),
        ("max: 3, fit: omit", "left out", ("too-long:X",)),
        ("max: 3, fit: omit, warn: state-omitted", "left out", ("state-omitted",)),
        ("max: 3, values: {}, otherwise: keep", "left out", ("too-long:X",)),
        ("max: 8", "ab cd ef", ()),
    ],
)
def test_texts_that_are_too_long(tmp_path: Path, modifiers: str, sent: str, warned: tuple[str, ...]) -> None:
    plan = thing_plan(tmp_path, f"- {{id: A, sales: x, finops: X, {modifiers}}}\n")
    assert fields(plan, x="ab cd ef").get("X", "left out") == sent
    assert warnings(plan, x="ab cd ef") == warned


def test_required_rows_and_keys_are_refused(tmp_path: Path) -> None:
    plan = thing_plan(tmp_path, "- {id: A, sales: x, finops: X, required: x-missing, max: 3, too_long: x-too-long}\n")
    codes = []
    cases: list[dict[str, Scalar | None]] = [{"x": None}, {"x": "abcd"}, {"number": "123456"}, {"number": " "}]
    cases.append({"number": "12345", "x": "a"})
    for values in cases:
        try:
            plan.map(record(**values), NO_FACTS)
            codes.append("")
        except DataError as error:
            codes.append(error.code)
    assert codes == ["x-missing", "x-too-long", "number-too-long", "missing-number", ""]


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
        plan.skip(record(statecode=state, type=kind)) for state, kind in ((0, 1), (0, None), (1, 2), (0, 2), (None, 1))
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
