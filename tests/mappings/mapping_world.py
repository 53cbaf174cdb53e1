"""Small mapping folders and records for the tests of the mapping language."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from sync.mapping import LoadResult, MappingProblems, Plan, compile_plans, load_all
from sync.mapping.given_facts import GivenFacts
from sync.model import Record, Scalar

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"

HEAD = """\
entity: thing
title: Things
sales: {table: things, id: thingid, number: number}
finops: {entity: ThingsV1, key: [dataAreaId, ThingNumber]}
direction: to_finops
settings:
  - {name: company, title: Company, default: usmf}
  - {name: mode, title: Mode, default: slow, allowed: [slow, fast]}
  - {name: group, title: Group, default: "10"}
"""
KEY_ROWS = """\
  - {id: K1, setting: company, finops: dataAreaId, required: no-company, when: create}
  - {id: K2, sales: number, finops: ThingNumber, max: 5, required: missing-number, when: create}
"""
EXAMPLES = """\
examples:
  - {name: none, given: {sales: {number: ""}}, expect: {parked: missing-number}}
"""


def thing(rows: str, *, head: str = "") -> str:
    """A mapping file with the two key rows and `rows`; `head` is added before the rows."""
    return (
        HEAD + textwrap.dedent(head) + "fields:\n" + KEY_ROWS + textwrap.indent(textwrap.dedent(rows), "  ") + EXAMPLES
    )


def load(folder: Path, files: Mapping[str, str]) -> LoadResult:
    """The folder with these files, as loaded."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load_all(folder)


def problems(folder: Path, files: Mapping[str, str]) -> list[str]:
    """The problems of a folder as they are told, without the folder's name."""
    return [str(problem).removeprefix(f"{folder.name}/") for problem in load(folder, files).problems]


def thing_plan(
    folder: Path, rows: str, *, head: str = "", settings: Mapping[str, str] | None = None, **files: str
) -> Plan:
    """The plan of a file of things; other files by name, `values_x` for values/x.yaml."""
    others = {f"{name.replace('values_', 'values/')}.yaml": text for name, text in files.items() if name != "python"}
    if "python" in files:
        others["transforms.py"] = files["python"]
    result = load(folder, {"things.yaml": thing(rows, head=head), **others})
    loaded = result.mappings["things"]
    if isinstance(loaded, MappingProblems):
        raise loaded
    return compile_plans(loaded, result.maps, settings or {})[0]


def record(**values: Scalar | None) -> Record:
    """A record of a thing with a number."""
    return Record("1", "v1", {"thingid": "1", "number": "N1", **values})


NO_FACTS = GivenFacts({}, {})


def fields(plan: Plan, facts: GivenFacts = NO_FACTS, **values: Scalar | None) -> dict[str, Scalar | None]:
    """What a thing with these values is mapped to, key properties not included."""
    return {field.name: field.value for field in plan.map(record(**values), facts).fields}


def warnings(plan: Plan, facts: GivenFacts = NO_FACTS, **values: Scalar | None) -> tuple[str, ...]:
    """The warnings of mapping a thing with these values."""
    return plan.map(record(**values), facts).warnings
