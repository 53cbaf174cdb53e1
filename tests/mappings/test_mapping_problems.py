"""Every problem of a mapping file is told at once, with its place and a remedy; a broken file stops only itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.mapping import LoadedMapping, MappingProblems, check, compile_plans
from tests.mappings.mapping_world import HEAD, KEY_ROWS, load, problems, thing


def only_problem(folder: Path, rows: str, *, head: str = "", **files: str) -> str:
    others = {f"{name.replace('values_', 'values/')}.yaml": text for name, text in files.items()}
    found = problems(folder, {"things.yaml": thing(rows, head=head), **others})
    assert len(found) == 1, found
    return found[0]


FIRST_ROW = HEAD.count("\n") + 1 + KEY_ROWS.count("\n") + 1


def test_all_problems_are_told_at_once_with_their_places(tmp_path: Path) -> None:
    text = """\
entity: thing
entity: other
title: Things
sales: {table: things, idd: thingid}
finops: {entity: ThingsV1, key: [dataAreaId]}
direction: sideways
fields:
  - {id: A1, constant: usmf, finops: dataAreaId}
  - {id: A2, sales: name, finops: Name, maks: 30}
  - {id: A3, sales: name, finops: Name, max: "30"}
  - {id: A4, sales: name, finops: Other, default: [1], when: creating}
  - {id: 5, sales: na-me, finops: Third, max: 0, warn: Too long}
examples: []
"""
    assert problems(tmp_path, {"things.yaml": text}) == [
        'things.yaml:2:1: "entity" is written twice, line 1. Keep one of the two.',
        'things.yaml:4:8: "id" is missing. Add id: ... here.',
        'things.yaml:4:24: unknown key "idd". Did you mean "id"?',
        'things.yaml:6:12: "sideways" does not fit direction. Write to_finops, to_sales or both.',
        'things.yaml:9:41: unknown key "maks". Did you mean "max"?',
        'things.yaml:10:46: "30" does not fit max. Write a whole number.',
        "things.yaml:11:51: a list does not fit default. "
        "Write text or a whole number or true or false or a decimal number or a mapping.",
        'things.yaml:11:62: "creating" does not fit when. Write create, update or both.',
        'things.yaml:12:10: 5 does not fit id. Put it in quotes: "5".',
        'things.yaml:12:20: "na-me" does not fit sales. '
        "Write a column name, or a lookup and @name for the name that it shows.",
        "things.yaml:12:47: max is 0. Write a number above 0.",
        'things.yaml:12:56: "Too long" does not fit warn. Write a code: lower-case words joined with hyphens.',
        "things.yaml:13:11: examples is empty. Write at least one item.",
    ]


def test_problems_of_schema_and_of_meaning_are_told_together(tmp_path: Path) -> None:
    rows = """\
        - {id: A2, sales: name, finops: Name, maks: 30}
        - {id: A3, sales: name, finops: Name}
        - {id: A3, sales: code, finops: Code, values: contry}
        - {id: A4, setting: grup, finops: Group}
        - {id: A5, sales: text, finops: Text, transform: [lowr]}
        """
    found = problems(tmp_path, {"things.yaml": thing(rows)})
    assert [(int(text.split(":")[1]) - FIRST_ROW, text.split(": ", 1)[1]) for text in found] == [
        (0, 'unknown key "maks". Did you mean "max"?'),
        (
            1,
            f"Name has two rows, A2 in line {FIRST_ROW} and A3. Keep one, switch one off with enabled: false, "
            "or give both an only_if that excludes the other.",
        ),
        (2, f'the id "A3" is used twice, line {FIRST_ROW + 1}. Give this row an id of its own.'),
        (2, 'there is no value map "contry". There is no value map yet.'),
        (3, 'there is no setting "grup". Did you mean "group"? Declare it under settings.'),
        (4, 'there is no function "lowr". Did you mean "lower"? Add it to transforms.py.'),
    ]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("{id: A, finops: X}", "has no source"),
        ("{id: A, sales: x}", "has no target"),
        ("{id: A, sales: x, constant: y, finops: X}", "has a source column and a constant"),
        ("{id: A, constant: y, setting: group, finops: X}", "has a constant and a setting"),
        ("{id: A, sales: [x, y], finops: X}", "several columns make no value"),
        ('{id: A, sales: x, join: " ", finops: X}', "join needs several columns"),
        ("{id: A, sales: x, finops: X, otherwise: keep}", "otherwise needs a value map"),
        ("{id: A, sales: x, finops: X, values: {1: A}, otherwise: {}}", "otherwise needs one rule"),
        ("{id: A, sales: x, finops: X, fit: cut}", "fit needs a length"),
        ("{id: A, sales: x, finops: X, max: 3, fit: omit, required: x}", "required cannot be left out"),
        ("{id: A, constant: abcd, finops: X, max: 3}", "longer than 3"),
        ("{id: A, sales: x, finops: X, unsafe: refuse}", "unsafe is for key properties"),
        ("{id: A, sales: x, finops: X, default: a, clear_when_empty: b}", "a row with a default is never blank"),
        ("{id: A, sales: x, finops: X, block_required: some-code}", "stands in none"),
        ("{id: A, sales: x, finops: X, values: {a: 1, A: 2}}", '"A" leads to 1 and to 2'),
        ("{id: A, sales: x, finops: X, only_if: {setting: mode, is: quick}}", "mode is never quick"),
        ("{id: A, sales: x, finops: X, only_on_create: true, when: update}", "on create only, and on update"),
        ("{block: b, sent_when: [Y], rows: [{id: A, sales: x, finops: X}]}", "has no row for Y"),
        ("{block: b, sent_when: [X], rows: [{id: A, sales: x, finops: X, default: y}]}", "always has a value"),
    ],
)
def test_what_a_row_must_not_be(tmp_path: Path, row: str, what: str) -> None:
    assert what in only_problem(tmp_path, f"- {row}\n")


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ("- {id: A, sales: x, finops: X, values: size, within: Y}", "within needs a block"),
        ("- {id: A, sales: x, finops: X, values: size}", "the value map has groups"),
        (
            "- block: b\n  sent_when: [X]\n  rows:\n  - {id: A, sales: x, finops: X, values: size, within: Z}",
            "the block b has no row for Z",
        ),
        ("- {id: A, sales: x, finops: X, values: sizes}", 'no value map "sizes". Did you mean "size"?'),
    ],
)
def test_what_a_row_with_a_grouped_map_must_not_be(tmp_path: Path, rows: str, what: str) -> None:
    size = "map: size\ntitle: Sizes\ngroups: {EU: {L: large}}\n"
    assert what in only_problem(tmp_path, rows + "\n", values_size=size)


def test_two_rows_for_a_column_are_fine_when_only_one_can_hold(tmp_path: Path) -> None:
    rows = """\
        - {id: A, sales: x, finops: X, only_if: {setting: mode, is: slow}}
        - {id: B, sales: y, finops: X, only_if: {setting: mode, is: fast}}
        - {id: C, sales: z, finops: X, enabled: false}
        """
    assert problems(tmp_path, {"things.yaml": thing(rows)}) == []


@pytest.mark.parametrize(
    ("head", "what"),
    [
        ("adopt: [{finops: Name, same_name: true, else: adopt-mismatch}]", "no row whose value could be compared"),
        ("only: [{is: 0, else: not-active}]", "the filter tests nothing"),
        (
            "on_deactivate: {id: D, reason: off, only_if: {setting: mode, is: fast}, hold: {A: 1}, release: {A: 2}}",
            "no filter gives the reason off",
        ),
    ],
)
def test_what_a_head_must_not_be(tmp_path: Path, head: str, what: str) -> None:
    assert what in only_problem(tmp_path, "", head=head + "\n")


def test_a_key_must_have_a_row_that_is_never_blank_nor_cut(tmp_path: Path) -> None:
    text = thing("").replace(", required: missing-number", "").replace("max: 5", "max: 5, fit: cut")
    assert len(problems(tmp_path, {"things.yaml": text})) == 2
    text = thing("").replace("ThingNumber, max", "Number, max")
    assert [
        "the key property ThingNumber has no row" in text for text in problems(tmp_path, {"things.yaml": text})
    ] == [True]


def test_a_map_used_both_ways_must_be_one_to_one(tmp_path: Path) -> None:
    row = "- {id: A, sales: x, finops: X, values: {1: same, 2: same}}\n"
    text = thing(row).replace("to_finops", "both")
    found = problems(tmp_path, {"things.yaml": text})
    assert ['both "1" and "2" lead to same' in text for text in found] == [True]
    assert problems(tmp_path, {"things.yaml": thing(row)}) == []


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("{id: A, sales: x, finops: X, lookup: {set: s, key: k, give: g}}", "a lookup cannot be written back"),
        ('{id: A, sales: [x, y], join: "", finops: X}', "several columns cannot be written back"),
        ("{id: A, constant: x, finops: X}", ""),
        ("{id: A, sales: [x, y], join: '', finops: X, direction: to_finops}", ""),
    ],
)
def test_what_a_row_for_both_directions_must_not_be(tmp_path: Path, row: str, what: str) -> None:
    text = thing(f"- {row}\n").replace("direction: to_finops\ns", "direction: both\ns")
    found = problems(tmp_path, {"things.yaml": text})
    assert [what in text for text in found] == ([True] if what else [])


def test_value_maps_must_not_contradict_themselves(tmp_path: Path) -> None:
    text = "map: size\ntitle: Sizes\ntargets:\n  S: small\n  L: {name: large, also: [SMALL]}\n"
    row = "- {id: A, sales: size, finops: Size, values: size}\n"
    files = {"things.yaml": thing(row), "values/size.yaml": text}
    assert problems(tmp_path, files) == [
        'values/size.yaml:5:6: "SMALL" leads to S and to L. Keep it in one place only.'
    ]


def test_a_broken_file_stops_only_what_needs_it(tmp_path: Path) -> None:
    lonely = thing("")
    user = thing("- {id: A, sales: x, finops: X, values: size}\n")
    for name in ("company", "mode", "group"):
        user = user.replace(f"name: {name}", f"name: user.{name}").replace(f"setting: {name}", f"setting: user.{name}")
    files = {"lonely.yaml": lonely, "user.yaml": user, "values/size.yaml": "map: size\n", "other.yaml": ""}
    result = load(tmp_path, files)
    assert isinstance(result.mappings["lonely"], LoadedMapping)
    assert isinstance(result.mappings["user"], MappingProblems)
    assert isinstance(result.mappings["other"], MappingProblems)
    assert '"title" is missing' in str(result.mappings["user"])
    assert [plan.flow.name for plan in compile_plans(result.loaded[0], result.maps, {})] == ["lonely_to_finops"]


def test_a_setting_is_declared_once(tmp_path: Path) -> None:
    shared = "settings:\n  - {name: group, title: Group}\n"
    found = problems(tmp_path, {"things.yaml": thing(""), "settings.yaml": shared})
    assert ["group is declared in settings.yaml and things.yaml" in text for text in found] == [True]


def test_a_setting_must_have_an_allowed_value_that_fits(tmp_path: Path) -> None:
    rows = """\
        - {id: A, setting: group, finops: Group, max: 3}
        - {id: B, constant: 1, finops: X, only_if: {setting: mode, is: fast}}
        """
    result = load(tmp_path, {"things.yaml": thing(rows)})
    with pytest.raises(
        MappingProblems, match=r"setting mode \(MODE\): \"quick\" is not allowed. Set it to one of: slow, fast"
    ):
        compile_plans(result.loaded[0], result.maps, {"mode": "quick"})
    with pytest.raises(MappingProblems, match="longer than the 3 characters of Group"):
        compile_plans(result.loaded[0], result.maps, {"group": "1234"})
    assert compile_plans(result.loaded[0], result.maps, {"mode": " FAST ", "unknown.setting": "x"})


def test_transforms_that_cannot_run_are_a_problem_with_their_line(tmp_path: Path) -> None:
    files = {"things.yaml": thing(""), "transforms.py": "import os\n\nthis is no python\n"}
    assert [text.split(":")[:2] for text in problems(tmp_path, files)] == [["transforms.py", "3"]]


def test_an_example_that_fails_is_a_problem_at_its_line(tmp_path: Path) -> None:
    text = thing("- {id: A, sales: name, finops: Name, max: 3}\n") + (
        "  - {name: wrong, given: {sales: {number: N1, name: abcd}}, expect: {has: {Name: abcd}}}\n"
        "  - {name: slip, given: {sales: {number: N1, nam: abcd}}, expect: {skipped: not-active}}\n"
    )
    load(tmp_path, {"things.yaml": text})
    last = text.count("\n")
    assert [str(problem).removeprefix(f"{tmp_path.name}/") for problem in check(tmp_path, {})] == [
        f"things.yaml:{last - 1}:5: example \"wrong\": Name is 'abc', expected 'abcd'. Mend the rows or the example.",
        f"things.yaml:{last - 1}:5: example \"wrong\": the warnings are ['truncated:Name'], not []. "
        "Mend the rows or the example.",
        f'things.yaml:{last}:46: example "slip": no row reads nam. Did you mean "name"?',
    ]


@pytest.mark.parametrize(("sales", "row"), [("fax", "B"), ("number", "K2")])
def test_a_row_that_names_no_column_of_the_examples_is_told_once_at_its_line(
    tmp_path: Path, sales: str, row: str
) -> None:
    text = thing("- {id: A, sales: name, finops: Name}\n- {id: B, sales: fax, finops: Fax}\n")
    example = "given: {sales: {number: N1, name: a, fax: b}}, expect: {has: {Fax: b}}"
    text = text.replace(f"sales: {sales},", f"sales: {sales}x,")
    text += "".join(f"  - {{name: n{index}, {example}}}\n" for index in range(5))
    load(tmp_path, {"things.yaml": text})
    before = text[: text.index(f"{sales}x")]
    last = text[: text.index(f"{sales}: ", text.index("examples:"))].count("\n") + 1
    line, column = before.count("\n") + 1, len(before) - before.rindex("\n")
    assert [str(problem).removeprefix(f"{tmp_path.name}/") for problem in check(tmp_path, {})] == [
        f"things.yaml:{line}:{column}: {row} reads {sales}x, which no example gives; line {last} gives {sales}, "
        "which no row reads. Write the same name in both."
    ]


def test_what_is_wrong_with_many_examples_in_the_same_way_is_told_once(tmp_path: Path) -> None:
    text = thing("- {id: A, sales: name, finops: Name}\n").replace("sales: number, finops", "sales: name, finops")
    text += "".join(
        f"  - {{name: n{index}, given: {{sales: {{number: N{index}}}}}, expect: {{has: {{Name: x}}}}}}\n"
        for index in range(5)
    )
    load(tmp_path, {"things.yaml": text})
    line = text.count("\n") - 4
    assert [str(problem).removeprefix(f"{tmp_path.name}/") for problem in check(tmp_path, {})] == [
        f'things.yaml:{line}:5: example "n0" and 4 more: it is parked missing-number, not mapped. '
        "Mend the rows or the example."
    ]


def test_a_file_that_is_no_utf8_or_misnamed_is_a_problem(tmp_path: Path) -> None:
    load(tmp_path, {"My Things.yaml": thing(""), "values/size.yml": ""})
    (tmp_path / "latin.yaml").write_bytes("title: Größe".encode("latin-1"))
    found = [problem.what for problem in check(tmp_path, {})]
    assert found == [
        "the name of the file is no name for a flow",
        "the file cannot be read (UnicodeDecodeError)",
        "the file is not read",
    ]
