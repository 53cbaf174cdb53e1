"""Columns that a live system lacks: what is switched off and told, and what stops the flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.errors import DataError
from sync.mapping import LiveColumns, MappingProblems, Plan, compile_plans
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


def plan(folder: Path, live: LiveColumns | None, rows: str = ROWS, head: str = "") -> Plan:
    result = load(folder, {"things.yaml": thing(rows, head=head)})
    assert result.problems == []
    return compile_plans(result.loaded[0], result.maps, {}, live)[0]


def test_an_optional_column_is_used_where_it_exists(tmp_path: Path) -> None:
    offline, without, with_it = (plan(tmp_path, live) for live in (None, {"things": ALL}, {"things": ALL | {"extra"}}))
    assert offline.columns == without.columns == ("city", "name", "number", "thingid", "zip")
    assert with_it.columns == ("city", "extra", "name", "number", "thingid", "zip")
    sent = [
        {field.name: field.value for field in each.map(record(name="n", extra="e"), NO_FACTS).fields}["Extra"]
        for each in (offline, without, with_it)
    ]
    assert sent == ["n", "n", "e"]
    assert offline.dropped == without.dropped == with_it.dropped == ()


def test_a_column_that_appears_changes_the_definition(tmp_path: Path) -> None:
    lives: list[LiveColumns] = [{"things": ALL}, {"things": ALL | {"extra"}}, {"things": ALL - {"zip"}}]
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
    assert found.dropped == ("A: name", "C: name", "E: zip")
    assert found.columns == ("city", "number", "thingid")
    names = [field.name for field in found.map(record(city="Seattle"), NO_FACTS).fields]
    assert names == ["City"]


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
    live = {"things": (ALL | {"kind"}) - {"country"}}
    found = plan(tmp_path, live, GROUP)
    assert found.dropped == ()
    assert found.columns == ("city", "kind", "name", "number", "thingid")
    mapped = found.map(record(name="n", city="Seattle", kind="k"), NO_FACTS)
    assert {field.name: field.value for field in mapped.fields} == {"Group": "10", "Kind": "k", "Name": "n"}
    assert mapped.warnings == ("no-country",)
    with pytest.raises(DataError) as error:
        plan(tmp_path, {"things": ALL}, GROUP).map(record(name="n"), NO_FACTS)
    assert error.value.code == "no-kind"


def test_a_column_that_was_read_as_blank_and_appears_changes_the_definition(tmp_path: Path) -> None:
    there = ALL | {"kind", "nick"}
    assert plan(tmp_path, {"things": there}, GROUP).definition != (
        plan(tmp_path, {"things": there | {"groupid"}}, GROUP).definition
    )


@pytest.mark.parametrize(
    ("lacking", "where", "what"),
    [
        ("number", "things.yaml:3:45", "things has no column number. Name a column that things has"),
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


def to_sales(folder: Path, live: LiveColumns) -> Plan:
    result = load(folder, {"things.yaml": TO_SALES})
    assert result.problems == []
    assert result.loaded[0].sales_tables == ("things", "items")
    return compile_plans(result.loaded[0], result.maps, {}, live)[0]


def test_rows_that_build_on_a_lacking_column_go_with_it(tmp_path: Path) -> None:
    found = to_sales(tmp_path, {"things": THINGS - {"unitid"}, "items": ITEMS - {"amount"}})
    assert found.dropped == ("B: unitid", "C: unitid", "E: unitid", "F: amount")
    assert [bind.column for bind in found.flow.target.binds] == []
    assert to_sales(tmp_path, {"things": THINGS, "items": ITEMS}).dropped == ()


@pytest.mark.parametrize(
    ("live", "what"),
    [
        ({"things": THINGS - {"number"}, "items": ITEMS}, "things has no column number"),
        ({"things": THINGS - {"kind"}, "items": ITEMS}, "things has no column kind"),
        ({"things": THINGS, "items": ITEMS - {"thingid"}}, "items has no column thingid"),
        ({"things": THINGS}, "Sales has no table items"),
    ],
)
def test_what_a_flow_to_sales_cannot_do_without(tmp_path: Path, live: LiveColumns, what: str) -> None:
    with pytest.raises(MappingProblems, match=what):
        to_sales(tmp_path, live)
