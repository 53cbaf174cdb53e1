"""docs/fidelity.md says no more than the tests, the judges, the switches and the reference bear out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.judges.judges_world import Community, FinopsClient

ROOT = Path(__file__).resolve().parents[2]
WIRE = ROOT.parent / "shared/reference/wire.md"
MARKS = {"doc", "observed", "inferred", "unknown"}
JUDGES = {
    "Microsoft": "test_judge_microsoft_*.py",
    "dataverse-api": "test_judge_community.py",
    "d365fo-client": "test_judge_finops.py",
}
TEST = re.compile(r"`(test_\w+)`")
SWITCH = re.compile(r"switch `([^`]*)`")
CODE = re.compile(r"0x[0-9A-Fa-f]{8}\b")


@dataclass(frozen=True, slots=True)
class Row:
    """A behaviour: the number of its section in the reference, and its cells."""

    section: str
    behaviour: str
    marks: frozenset[str]
    shown: str
    judge: str


@cache
def page() -> str:
    return (ROOT / "docs/fidelity.md").read_text(encoding="utf-8")


@cache
def rows() -> tuple[Row, ...]:
    found, section = [], ""
    for line in page().splitlines():
        if line.startswith("## "):
            section = "4" if "must refuse" in line else line.removeprefix("## ")
        if line.startswith("### "):
            section = line.split()[1]
        if line.startswith("| ") and not line.startswith("| Behaviour"):
            behaviour, source, shown, *judge = [cell.strip() for cell in line.strip("|").split(" | ")]
            found.append(Row(section, behaviour, frozenset(source.split(", ")), shown, judge[0] if judge else ""))
    return tuple(found)


@cache
def names_in(pattern: str) -> frozenset[str]:
    """The names of the test functions of the files that match."""
    files = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob(pattern))
    return frozenset(name for text in files for name in re.findall(r"^ *def (test_\w+)", text, re.MULTILINE))


@cache
def all_source() -> str:
    """The text of every test and of what helps them."""
    files = sorted((ROOT / "tests").rglob("*.py"))
    return "".join(path.read_text(encoding="utf-8") for path in files if path != Path(__file__))


def wire_sections() -> Iterator[tuple[str, str, str]]:
    """Number, title and text of each numbered section of Parts 1 and 2."""
    for number, heading, text in re.findall(r"^## ([12]\.\d+) (.*?)\n(.*?)(?=^#)", _wire(), re.MULTILINE | re.DOTALL):
        yield number, heading.partition(" (")[0].strip(), heading + text


def _wire() -> str:
    if not WIRE.exists():
        pytest.skip("the reference is not beside this project")
    return WIRE.read_text(encoding="utf-8")


def test_the_page_has_rows_in_the_form_it_promises() -> None:
    assert len(rows()) > 100
    for row in rows():
        assert row.marks <= MARKS, row
        assert TEST.search(row.shown) or SWITCH.search(row.shown) or re.match(r"not simulated: \w", row.shown), row


def test_every_test_that_the_page_names_is_there() -> None:
    ours = names_in("test_*.py")
    missing = {name for row in rows() for name in TEST.findall(row.shown)} - ours
    assert not missing


def test_every_judge_has_the_test_that_the_page_names() -> None:
    for row in rows():
        for judged in filter(None, row.judge.split("; ")):
            client, _, test = judged.partition(": ")
            assert test.strip("`") in names_in(JUDGES[client]), f"{row.section} {row.behaviour}: {judged}"


def test_every_test_of_a_judge_is_named_on_the_page() -> None:
    for client, pattern in JUDGES.items():
        named = set(re.findall(rf"{client}: `(\w+)`", page()))
        assert not names_in(pattern) - named, client


def test_the_page_names_every_switch_and_no_other(community: Community, finops: FinopsClient) -> None:
    switches = {*community.plain.get("/admin/switches").json(), *finops.plain.get("/admin/switches").json()}
    assert set(SWITCH.findall(page())) == switches


def test_every_switch_is_set_by_a_test() -> None:
    missing = set(SWITCH.findall(page())) - set(re.findall(r"\w+", all_source()))
    assert not missing


def test_every_code_that_is_simulated_is_asserted_by_a_test() -> None:
    asserted = {code.lower() for code in CODE.findall(all_source())}
    for row in rows():
        if not row.shown.startswith("not simulated"):
            assert {code.lower() for code in CODE.findall(row.behaviour)} <= asserted, row


def test_what_is_unknown_has_a_switch_or_is_not_simulated() -> None:
    unknown = [row for row in rows() if "unknown" in row.marks]
    assert unknown
    for row in unknown:
        assert SWITCH.search(row.shown) or row.shown.startswith("not simulated"), row


def test_every_section_of_the_reference_has_its_rows() -> None:
    sections = list(wire_sections())
    assert len(sections) > 20
    for number, title, text in sections:
        assert f"### {number} {title}" in page(), f"{number} {title}"
        unknown = [row for row in rows() if row.section == number and "unknown" in row.marks]
        assert len(unknown) >= text.count("(unknown"), f"{number} names more that is unknown than the page"


def test_every_refusal_that_the_reference_asks_for_has_its_row() -> None:
    part = _wire().partition("# Part 4 ")[2].partition("# Part 5")[0]
    cases = len(re.findall(r"^\| ", part, re.MULTILINE)) - 1
    named = [row.behaviour.split()[0] for row in rows() if row.section == "4" and row.behaviour.startswith("4.")]
    assert named == [f"4.{place}" for place in range(1, cases + 1)]


def test_every_error_code_of_the_reference_is_on_the_page() -> None:
    text = "".join(text for _, _, text in wire_sections())
    assert not {code.lower() for code in CODE.findall(text)} - {code.lower() for code in CODE.findall(page())}
