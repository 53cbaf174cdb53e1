"""What references, searches, steps, conditions and heads must not be: every misuse is found without a live system."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.mapping import check
from tests.mappings.mapping_world import problems, thing

REF = "{id: A, sales: x, finops: X, reference: {mapping: other, give: ThingNumber, %s}}"
SALES = """\
entity: thing
title: Things
direction: to_sales
sales: {table: things, id: thingid}
finops: {entity: ThingsV1, key: [dataAreaId, ThingNumber], number: ThingNumber, company: {setting: company}}
settings:
  - {name: company, title: Company, default: usmf}
%s
fields:
  - {id: K, finops: ThingNumber, sales: number, match: 1, required: missing-number, when: create}
%s
examples:
  - {name: none, given: {finops: {ThingNumber: ""}}, expect: {parked: missing-number}}
"""


def told(folder: Path, text: str, **others: str) -> list[str]:
    files = {"things.yaml": text, **{f"{name}.yaml": other for name, other in others.items()}}
    return [line for line in problems(folder, files) if line.startswith("things.yaml")]


def other(rows: str = "") -> str:
    """A second file, with settings of its own."""
    text = thing(rows)
    for name in ("company", "mode", "group"):
        text = text.replace(f"name: {name}", f"name: other.{name}").replace(
            f"setting: {name}", f"setting: other.{name}"
        )
    return text


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (REF % "waiting: not-there", ""),
        (REF % "optional: true, decides: true", ""),
        (REF % "waiting: not-there, optional: true", "waits with a code, or is optional"),
        (REF % "decides: true, waiting: not-there", "waits for what it needs"),
        (
            (REF % "waiting: not-there").replace("ThingNumber", "Nothing"),
            "does not give Nothing. Known: ThingNumber, dataAreaId. Or add it",
        ),
        ((REF % "waiting: not-there").replace("other", "othr"), 'no mapping file "othr". Did you mean "other"?'),
        ("{id: A, sales: [x, y], join: ' ', finops: X, lookup: {set: s, key: k, give: g}}", "needs one Sales column"),
        ("{id: A, same_as: Y, finops: X}", "there is no row for Y"),
        ("{id: A, parent: true, finops: X}", "parent is for rows of a child table"),
        ("{id: A, sales: x, same_as: ThingNumber, finops: X}", "has a source column and a same_as"),
        ("{id: A, sales: x, finops: X, fixed: changed}", "what must stay is sent on create only"),
        ("{id: A, sales: x, finops: X, own: true, when: create}", "own is for flows to Sales"),
        ("{id: A, sales: x, finops: X, bind_as: y}", "bind_as is for lookups of Sales"),
        ("{id: A, sales: x, finops: X, most: 5}", "most is for numbers"),
        ("{id: A, sales: x, finops: X, type: whole, least: 6, most: 5}", "most is below least"),
        ("{id: A, sales: x, finops: X, type: whole, prefix: P}", "a prefix makes a text"),
        ("{id: A, sales: x, finops: X, only_if: {is: 1}}", "asks for nothing, or for two things"),
        ("{id: A, sales: x, finops: X, only_if: {setting: mode, column: y, is: fast}}", "or for two things"),
        ("{id: A, sales: x, finops: X, only_if: {setting: mode}}", "does not say what it asks for"),
        ("{id: A, sales: x, finops: X, only_if: [{setting: mode, is: slow}, {setting: mode, is: ''}]}", 'never ""'),
        ("{id: A, sales: {setting: mod}, finops: X}", 'no setting "mod". Did you mean "mode"?'),
        ("{id: A, sales: x, finops: X, resolve: {set: s, give: k, by: n}}", "not what happens when nothing is found"),
        ("{id: A, finops: X, resolve: {set: s, give: k, code: c}}", "not what is looked for"),
        (
            "{id: A, sales: x, finops: X, resolve: {set: s, give: k, by: n, code: c, valid: [a]}}",
            "valid has two columns",
        ),
        ("{id: A, same_as: 9-x, finops: X}", '"9-x" does not fit same_as. Write a target column, or <step>.<column>.'),
        ("{id: A, sales: x, finops: X, only_if: []}", "only_if is empty"),
        ("{id: A, finops: X, resolve: {set: s, give: k, code: c, within: {y: Y}, name: n}}", "no row for Y"),
        (
            "{id: A, sales: x, finops: X, resolve: {set: s, give: k, by: n, name: n, code: c}}",
            "name is for rules without",
        ),
    ],
)
def test_what_a_row_must_not_be(tmp_path: Path, row: str, what: str) -> None:
    found = told(tmp_path, thing(f"- {row}\n"), other=other())
    assert any(what in line for line in found) if what else found == [], found


@pytest.mark.parametrize(
    ("head", "what"),
    [
        ("only: [{sales: s, finops: F, is: 1, else: no}]", "tests nothing, or several things"),
        ("only: [{sales: s, else: no}]", "does not say what passes"),
        ("only: [{sales: s, is: 1, table: account, else: no}]", "or says it twice"),
        ("only: [{link_of: other, is: 1, else: no}]", "link_of is true or false"),
        ("only: [{link_of: nobody, else: no}]", 'no mapping file "nobody"'),
        ("only: [{referred_by: [{table: t, column: c, where: {a: [1], b: [2]}}], else: no}]", "only one column"),
        ("adopt: [{finops: X, sales: x, is: 1, else: no}]", "looks at no column, or at two"),
        ("adopt: [{finops: X, else: no}]", "says not what must hold"),
        ("adopt: [{finops: ThingNumber, same: true, always: true, else: no}]", "own values may change"),
        ("also_match: [{by: {X: Nothing}}]", "Nothing has no row"),
        ("steps: [{step: s, fields: [{id: A, sales: a, finops: A}]}]", "steps write to Sales"),
        ("finops_instead: [{entity: Other, key: [OtherNumber], only_if: {setting: mode, is: fast}}]", "has no row"),
    ],
)
def test_what_a_head_must_not_be(tmp_path: Path, head: str, what: str) -> None:
    found = told(tmp_path, thing("", head=head + "\n"), other=other())
    assert any(what in line for line in found), found


@pytest.mark.parametrize(
    ("head", "rows", "what"),
    [
        ("", "", ""),
        ("steps: [{step: s, table: t, fields: [{id: A, sales: a, finops: A}]}]", "", "the child table needs id"),
        (
            "steps: [{step: s, match: [a], fields: [{id: A, sales: a, finops: A}]}]",
            "",
            "match is for steps with a table",
        ),
        (
            "steps: [{step: s, table: t, id: i, match: [b], fields: [{id: A, sales: a, finops: A}]}]",
            "",
            "the step has no row for b",
        ),
        (
            "steps: [{step: s, table: t, id: i, match: [a], keep: true, fields: [{id: A, sales: a, finops: A}]}]",
            "",
            "keep is for steps on the record itself",
        ),
        (
            "steps:\n- {step: s, fields: [{id: A, sales: a, finops: A}]}\n"
            "- {step: s, fields: [{id: B, sales: b, finops: B}]}",
            "",
            'the step "s" is there twice',
        ),
        ("steps: [{step: s, fields: [{id: A, same_as: later, sales: a}]}]", "", "there is no row for later"),
        ("also_match: [{by: {a: b}}]", "", "further searches are for flows to F&O"),
        ("", "  - {id: A, finops: [A, B], sales: a}", "several columns make no value"),
        ("", "  - {id: A, sales: a, reference: {mapping: things, give: x, optional: true}}", "cannot be written back"),
        (
            "",
            "  - {id: A, sales: a, resolve: {set: s, give: i, within: {b: b}, name: n, code: c}}\n"
            "  - {id: B, finops: B, sales: b}",
            "b comes later. Move this row behind it",
        ),
    ],
)
def test_what_a_flow_to_sales_must_not_be(tmp_path: Path, head: str, rows: str, what: str) -> None:
    found = told(tmp_path, SALES % (head, rows))
    assert any(what in line for line in found) if what else found == [], found


def test_a_flow_out_of_finops_says_which_company_it_reads_and_how_records_are_found(tmp_path: Path) -> None:
    text = (SALES % ("", "")).replace(", company: {setting: company}", "").replace("match: 1, ", "")
    assert [line.split(": ", 1)[1].split(".")[0] for line in told(tmp_path, text)] == [
        "nothing says how a record is found in Sales",
        "the flow does not say which company it reads",
    ]


def test_files_may_refer_to_each_other_but_not_wait_for_each_other(tmp_path: Path) -> None:
    there = thing("- {id: A, sales: x, finops: X, reference: {mapping: other, give: ThingNumber, waiting: no-other}}\n")
    back = "- {id: A, sales: x, finops: X, reference: {mapping: things, give: ThingNumber, %s}}\n"
    assert told(tmp_path, there, other=other(back % "optional: true")) == []
    found = told(tmp_path, there, other=other(back % "waiting: no-thing"))
    assert len(found) == 1
    assert "things waits for other waits for things. Make one of these references optional." in found[0]
    # A table may refer to itself: accounts have parent accounts.
    own = "- {id: A, sales: x, finops: X, reference: {mapping: things, give: ThingNumber, waiting: no-parent}}\n"
    assert told(tmp_path, thing(own), other=other()) == []


def test_a_setting_may_have_the_value_of_another_and_may_be_required(tmp_path: Path) -> None:
    head = "  - {name: things.company, title: Its own company, same_as: company, required: true}\n"
    text = thing("- {id: A, setting: things.company, finops: Own}\n").replace("fields:", head + "fields:", 1)
    (tmp_path / "things.yaml").write_text(text, encoding="utf-8")
    assert check(tmp_path, {}) == []
    found = [str(problem) for problem in check(tmp_path, {"company": " "})]
    assert found[0].startswith("setting things.company (THINGS__COMPANY): the setting has no value.")
    assert "(or COMPANY)" in found[0]
