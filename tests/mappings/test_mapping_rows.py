"""Each kind of row and each modifier does what its description says."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from sync.errors import DataError, NotReady
from sync.mapping import MappingProblems
from sync.mapping.given_facts import GivenFacts
from sync.model import Scalar, System
from tests.mappings.mapping_world import NO_FACTS, fields, record, thing_plan, warnings


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


@pytest.mark.parametrize(
    ("values", "remedy"),
    [
        ("", "Add it to Currencies."),
        ("values: money, otherwise: keep, ", "Add it to Currencies, or a pair to the value map money."),
        ("values: {a: b}, otherwise: keep, ", "Add it to Currencies, or a pair to the value map of this row."),
    ],
)
def test_what_does_not_exist_may_be_called_differently_in_the_value_map_if_there_is_one(
    tmp_path: Path, values: str, remedy: str
) -> None:
    test = "{set: Currencies, column: CurrencyCode, code: not-there}"
    row = f"- {{id: A, sales: x, finops: X, {values}exists: {test}}}\n"
    plan = thing_plan(tmp_path, row, values_money="map: money\ntitle: Money\n")
    with pytest.raises(DataError) as error:
        fields(plan, GivenFacts({}, {"Currencies": ("EUR",)}), x="USD")
    assert error.value.remedy == remedy


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
