"""Columns that a live system lacks: what is switched off and told, and what stops the flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.errors import DataError
from sync.mapping import MappingProblems, Plan, compile_plans
from sync.mapping.conditions import Columns, LiveColumns
from tests.mappings.mapping_world import NO_FACTS, load, record, thing

ALL = frozenset({"thingid", "number", "name", "city", "zip", "state", "country"})
ROWS = """\
- {id: A, sales: name, finops: Name}
- {id: B, sales: extra, finops: Extra, only_if: {column: extra}}
- {id: C, sales: name, finops: Extra, only_if: {column: extra, exists: false}}
- block: home
  sent_when: [City, Zip]
  rows:
  - {id: D, sales: city, finops: City}
  - {id: E, sales: zip, finops: Zip}
"""


def told(plan: Plan) -> list[str]:
    """The rows that are off, or read a blank, and what for."""
    return [f"{each.row}: {each.column}" + " (blank)" * each.blank for each in plan.lacking]


def plan(folder: Path, live: Columns | None, rows: str = ROWS, head: str = "") -> Plan:
    """The plan where Sales has these columns, and F&O all."""
    result = load(folder, {"things.yaml": thing(rows, head=head)})
    assert result.problems == []
    return compile_plans(result.loaded[0], result.maps, {}, {"sales": live} if live is not None else None)[0]


def test_an_optional_column_is_used_where_it_exists(tmp_path: Path) -> None:
    offline, without, with_it = (plan(tmp_path, live) for live in (None, {"things": ALL}, {"things": ALL | {"extra"}}))
    assert offline.columns == without.columns == ("city", "name", "number", "thingid", "zip")
    assert with_it.columns == ("city", "extra", "name", "number", "thingid", "zip")
    sent = [
        {field.name: field.value for field in each.map(record(name="n", extra="e"), NO_FACTS).fields}["Extra"]
        for each in (offline, without, with_it)
    ]
    assert sent == ["n", "n", "e"]
    assert told(offline) == told(without) == told(with_it) == []


def test_a_column_that_appears_changes_the_definition(tmp_path: Path) -> None:
    lives: list[Columns] = [{"things": ALL}, {"things": ALL | {"extra"}}, {"things": ALL - {"zip"}}]
    assert len({plan(tmp_path, live).definition for live in lives}) == len(lives)
    assert plan(tmp_path, {"things": ALL | {"unasked"}}).definition == plan(tmp_path, {"things": ALL}).definition


def test_a_filter_whose_column_appears_changes_the_definition(tmp_path: Path) -> None:
    head = "only:\n  - {sales: flag, is: true, else: not-flagged, only_if: {column: flag}}\n"
    row = "- {id: A, sales: name, finops: Name}\n"
    without, with_it = (plan(tmp_path, {"things": ALL | more}, row, head) for more in (set[str](), {"flag"}))
    assert without.definition != with_it.definition
    assert [each.verdict(record(), NO_FACTS, linked=False).reason for each in (without, with_it)] == [
        None,
        "not-flagged",
    ]


def test_a_row_whose_column_is_lacking_is_switched_off_and_told(tmp_path: Path) -> None:
    found = plan(tmp_path, {"things": ALL - {"name", "zip"}})
    assert told(found) == ["A: name", "C: name", "E: zip"]
    assert found.columns == ("city", "number", "thingid")
    names = [field.name for field in found.map(record(city="Seattle"), NO_FACTS).fields]
    assert names == ["City"]


GROUPS = frozenset({"groupid", "number"})
GROUP = """\
- id: A
  sales: groupid
  finops: Group
  lookup: {set: groups, key: groupid, give: number}
  default: {setting: group}
  required: no-group
- {id: B, sales: kind, finops: Kind, required: no-kind, when: create}
- {id: C, sales: [name, nick], join: " ", finops: Name, default: nameless}
- block: home
  sent_when: [City]
  rows:
  - {id: D, sales: city, finops: City}
  - {id: E, sales: country, finops: Country, block_required: no-country}
"""


def test_a_row_that_says_what_a_blank_becomes_reads_a_lacking_column_as_blank(tmp_path: Path) -> None:
    live = {"things": (ALL | {"kind"}) - {"country"}, "groups": GROUPS}
    found = plan(tmp_path, live, GROUP)
    assert told(found) == ["A: groupid (blank)", "C: nick (blank)", "E: country (blank)"]
    assert found.columns == ("city", "kind", "name", "number", "thingid")
    mapped = found.map(record(name="n", city="Seattle", kind="k"), NO_FACTS)
    assert {field.name: field.value for field in mapped.fields} == {"Group": "10", "Kind": "k", "Name": "n"}
    assert mapped.warnings == ("no-country",)
    with pytest.raises(DataError) as error:
        plan(tmp_path, {"things": ALL, "groups": GROUPS}, GROUP).map(record(name="n"), NO_FACTS)
    assert error.value.code == "no-kind"


def test_a_column_that_was_read_as_blank_and_appears_changes_the_definition(tmp_path: Path) -> None:
    there = ALL | {"kind", "nick"}
    without, with_it = ({"things": things, "groups": GROUPS} for things in (there, there | {"groupid"}))
    assert plan(tmp_path, without, GROUP).definition != plan(tmp_path, with_it, GROUP).definition


@pytest.mark.parametrize(
    ("lacking", "where", "what"),
    [
        ("number", "things.yaml:3:45", "things has no column number. Name a column that is there, bring number back"),
        ("statecode", "things.yaml:11:", "things has no column statecode"),
        ("thingid", "things.yaml:3:28", "things has no column thingid"),
    ],
)
def test_a_key_a_number_or_a_filter_without_its_column_stops_the_flow(
    tmp_path: Path, lacking: str, where: str, what: str
) -> None:
    head = "only:\n  - {sales: statecode, is: 0, else: not-active}\n"
    live = {"things": (ALL | {"statecode"}) - {lacking}}
    with pytest.raises(MappingProblems) as error:
        plan(tmp_path, live, head=head)
    assert f"{where}" in str(error.value)
    assert what in str(error.value)


def test_a_table_that_is_not_there_stops_the_flow(tmp_path: Path) -> None:
    with pytest.raises(MappingProblems, match="Sales has no table things"):
        plan(tmp_path, {"others": ALL})


TO_SALES = """\
entity: thing
title: Things
direction: to_sales
sales: {table: things, id: thingid}
finops: {entity: ThingsV1, key: [ThingNumber], number: ThingNumber}
adopt:
  - {sales: kind, is: 1, else: another-thing, always: true}
fields:
  - {id: A, finops: ThingNumber, sales: number, match: 1, required: missing-number, when: create}
  - id: B
    finops: Unit
    sales: unitid
    resolve: {set: units, by: name, give: unitid, code: unit-not-mapped}
  - id: C
    finops: Part
    sales: partid
    resolve: {set: parts, by: name, within: {unitid: unitid}, give: partid, code: part-not-mapped}
steps:
  - step: item
    table: items
    id: itemid
    match: [thingid]
    fields:
      - {id: D, parent: true, sales: thingid}
      - {id: E, same_as: unitid, sales: unitid}
      - {id: F, finops: Price, sales: amount, type: decimal}
examples:
  - {name: none, given: {finops: {ThingNumber: ""}}, expect: {parked: missing-number}}
"""
THINGS = frozenset({"thingid", "number", "unitid", "partid", "kind"})
ITEMS = frozenset({"itemid", "thingid", "unitid", "amount"})
UNITS = {"units": frozenset({"unitid", "name"}), "parts": frozenset({"partid", "name", "unitid"})}


def to_sales(folder: Path, live: Columns, finops: Columns | None = None, text: str = TO_SALES) -> Plan:
    result = load(folder, {"things.yaml": text})
    assert result.problems == []
    assert result.loaded[0].tables("sales") == ("things", "items", "units", "parts")
    assert result.loaded[0].tables("finops") == ("ThingsV1",)
    known: LiveColumns = {"sales": {**UNITS, **live}}
    return compile_plans(result.loaded[0], result.maps, {}, known if finops is None else {**known, "finops": finops})[0]


def test_rows_that_build_on_a_lacking_column_go_with_it(tmp_path: Path) -> None:
    found = to_sales(tmp_path, {"things": THINGS - {"unitid"}, "items": ITEMS - {"amount"}})
    assert told(found) == ["B: unitid", "C: unitid", "E: unitid", "F: amount"]
    assert [bind.column for bind in found.flow.target.binds] == []
    assert told(to_sales(tmp_path, {"things": THINGS, "items": ITEMS})) == []


@pytest.mark.parametrize(
    ("live", "what"),
    [
        ({"things": THINGS - {"number"}, "items": ITEMS}, "things has no column number"),
        ({"things": THINGS - {"kind"}, "items": ITEMS}, "things has no column kind"),
        ({"things": THINGS, "items": ITEMS - {"thingid"}}, "items has no column thingid"),
        ({"things": THINGS}, "Sales has no table items"),
    ],
)
def test_what_a_flow_to_sales_cannot_do_without(tmp_path: Path, live: Columns, what: str) -> None:
    with pytest.raises(MappingProblems, match=what):
        to_sales(tmp_path, live)


def test_a_child_row_that_cannot_be_looked_for_is_not_written_at_all(tmp_path: Path) -> None:
    text = TO_SALES.replace("match: [thingid]", "match: [thingid, unitid]")
    found = to_sales(tmp_path, {"things": THINGS - {"unitid"}, "items": ITEMS}, text=text)
    assert told(found) == ["B: unitid", "C: unitid", "E: unitid", "D: unitid", "F: unitid"]
    assert found.parts.writes == ()


THINGS_V1 = frozenset({"ThingNumber", "Unit", "Part", "Price"})


@pytest.mark.parametrize(
    ("lacking", "off", "unread"),
    [
        (set(), [], set()),
        ({"Part", "Price"}, ["C: Part", "F: Price"], {"Part", "Price"}),
        ({"Unit"}, ["B: Unit", "C: unitid", "E: unitid"], {"Unit", "Part"}),
    ],
)
def test_what_finops_lacks_is_not_read(tmp_path: Path, lacking: set[str], off: list[str], unread: set[str]) -> None:
    found = to_sales(tmp_path, {"things": THINGS, "items": ITEMS}, {"ThingsV1": THINGS_V1 - lacking})
    assert told(found) == off
    assert set(found.columns) == THINGS_V1 - unread


@pytest.mark.parametrize(
    ("finops", "what"),
    [
        ({"ThingsV1": THINGS_V1 - {"ThingNumber"}}, "ThingsV1 of F&O has no column ThingNumber"),
        ({}, "F&O has no table ThingsV1"),
    ],
)
def test_a_flow_to_sales_cannot_do_without_the_number_of_finops(tmp_path: Path, finops: Columns, what: str) -> None:
    with pytest.raises(MappingProblems) as error:
        to_sales(tmp_path, {"things": THINGS, "items": ITEMS}, finops)
    assert [problem.what for problem in error.value.problems if what == problem.what]
    if not finops:
        assert len(error.value.problems) == 1, "a table that is not there is told once"


THINGS_V2 = frozenset({"dataAreaId", "ThingNumber", "Name", "City", "Zip", "Extra", "Group", "Held", "Party", "Mail"})
HEAD = """\
adopt:
  - {finops: Name, same_text: true, else: adopt-mismatch}
also_match:
  - by: {Party: ThingNumber}
  - by: {Mail: Name}
gives: [Party]
on_deactivate: {id: X, hold: {Held: "Yes"}, release: {Held: "No"}, gone: gone-there}
"""
TO_FINOPS = """\
- {id: A, sales: name, finops: Name}
- {id: B, sales: city, finops: City}
- id: C
  sales: groupid
  finops: Group
  lookup: {set: groups, key: groupid, give: number}
  exists: {set: Groups, column: GroupId, code: no-group}
  default: "10"
"""


def to_finops(folder: Path, things: frozenset[str], sets: Columns, groups: Columns) -> Plan:
    """The plan where F&O has these columns of its things, and these other sets, and Sales these groups."""
    result = load(folder, {"things.yaml": thing(TO_FINOPS, head=HEAD)})
    assert result.problems == []
    (loaded,) = result.loaded
    (own,) = (name for name in loaded.tables("finops") if name != "Groups")
    sales = {"things": ALL | {"groupid"}, **groups}
    return compile_plans(loaded, result.maps, {}, {"sales": sales, "finops": {own: things, **sets}})[0]


HAS = {"Groups": frozenset({"GroupId"})}, {"groups": GROUPS}


def test_a_row_whose_column_of_finops_is_lacking_is_off_whatever_it_says_of_blanks(tmp_path: Path) -> None:
    everything = to_finops(tmp_path, THINGS_V2, *HAS)
    assert told(everything) == []
    without = to_finops(tmp_path, THINGS_V2 - {"City", "Group"}, *HAS)
    assert told(without) == ["B: City", "C: Group"]
    assert not {"City", "Group"} & set(without.target_columns)
    assert {each.set for each in everything.references} == {"groups", "Groups"}
    assert without.references == ()
    fields = without.map(record(name="n", city="c", _groupid_value="g"), NO_FACTS).fields
    assert [field.name for field in fields] == ["Name"]
    assert without.definition != everything.definition
    assert to_finops(tmp_path, THINGS_V2 | {"Unasked"}, *HAS).definition == everything.definition
    lack = without.lacking[0]
    assert str(lack) == f"B is switched off: {lack.why}"
    assert lack.why.endswith(" of F&O has no column City")


def test_a_further_search_and_a_hold_are_left_out_where_their_column_is_lacking(tmp_path: Path) -> None:
    found = to_finops(tmp_path, THINGS_V2 - {"Mail", "Held"}, *HAS)
    assert told(found) == ["also_match 2: Mail", "X: Held"]
    assert [set(search) for search in found.parts.also_match] == [{"dataAreaId", "Party"}]
    rule = to_finops(tmp_path, THINGS_V2, *HAS).on_deactivate
    assert rule is not None
    assert rule.hold == {"Held": "Yes"}
    rule = found.on_deactivate
    assert rule is not None
    assert (rule.hold, rule.gone) == (None, "gone-there"), "that it is gone is told all the same"


@pytest.mark.parametrize("lacking", ["ThingNumber", "Name", "Party"])
def test_keys_adopt_tests_and_what_others_are_given_stop_the_flow(tmp_path: Path, lacking: str) -> None:
    with pytest.raises(MappingProblems, match=f"has no column {lacking}"):
        to_finops(tmp_path, THINGS_V2 - {lacking}, *HAS)


def test_reference_data_that_are_lacking_switch_the_row_off_or_leave_it_blank(tmp_path: Path) -> None:
    no_set = to_finops(tmp_path, THINGS_V2, {}, HAS[1])
    assert told(no_set) == ["C: GroupId"]
    assert no_set.lacking[0].why == "F&O has no table Groups"
    assert no_set.references == ()
    for lacking in ({}, {"groups": GROUPS - {"number"}}):
        no_lookup = to_finops(tmp_path, THINGS_V2, HAS[0], lacking)
        assert [(each.row, each.blank) for each in no_lookup.lacking] == [("C", True)]
        assert [each.set for each in no_lookup.references] == ["Groups"]
    assert no_lookup.lacking[0].why == "groups has no column number"
