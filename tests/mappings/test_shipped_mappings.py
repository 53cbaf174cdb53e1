"""The files in mappings/ pass their own check, and what is generated is current; the shipped ones are complete, too."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from sync.mapping import LoadedMapping, check, load_all
from sync.mapping.around import Place, places
from sync.mapping.conditions import exclude
from sync.mapping.examples import run_examples
from sync.mapping.refresh import COMMAND, PAGE, models, refreshed
from sync.mapping.schema import Condition, FromSetting, MappingFile
from sync.mapping.side import when_of
from sync.mapping.transforms import BUILT_IN
from sync.mapping.words import Value
from sync.mapping.yaml_text import parse
from tests.mappings.mapping_world import ROOT, SHARED
from tests.shipped import SHIPPED

MAPPINGS = ROOT / "mappings"
RESULT = load_all(MAPPINGS)
"""What is in the folder, with files that somebody has added."""
OF_THE_PROJECT = [loaded for loaded in RESULT.loaded if loaded.name in SHIPPED]


def test_the_shipped_files_pass_their_check() -> None:
    assert [str(problem) for problem in check(MAPPINGS, {"company": "usmf"})] == []
    assert len(RESULT.loaded) == len(RESULT.mappings) > 0


@pytest.mark.parametrize("loaded", RESULT.loaded, ids=lambda loaded: loaded.name)
def test_the_examples_hold_whatever_an_installation_writes_into_its_value_maps(loaded: LoadedMapping) -> None:
    """Every text of the examples leads elsewhere, and to Primary Unit for a start (`pairs: {ea: Primary Unit}`)."""
    texts = set(_texts([example.model_dump(mode="json") for example in loaded.file.examples]))
    texts |= set(_texts(loaded.file.example_defaults.model_dump(mode="json") if loaded.file.example_defaults else {}))
    pairs: dict[str, Value] = dict.fromkeys(texts, "Primary Unit")
    maps = {name: table.with_pairs(pairs) for name, table in RESULT.maps.items()}
    assert [str(problem) for problem in run_examples(loaded, maps)] == []


def _texts(data: object) -> Iterator[str]:
    if isinstance(data, (dict, list)):
        for item in (*data.values(), *data) if isinstance(data, dict) else data:
            yield from _texts(item)
    elif data is not None:
        yield str(data)


@pytest.mark.parametrize("loaded", OF_THE_PROJECT, ids=lambda loaded: loaded.name)
def test_every_file_has_a_dozen_examples(loaded: LoadedMapping) -> None:
    assert len(loaded.file.examples) >= 12


@pytest.mark.parametrize("path", sorted(MAPPINGS.rglob("*.yaml")), ids=lambda path: str(path.relative_to(MAPPINGS)))
def test_editors_find_the_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(.*)", first)
    assert found is not None
    assert (path.parent / found[1]).is_file()


@pytest.mark.parametrize("path", sorted(MAPPINGS.rglob("*.yaml")), ids=lambda path: str(path.relative_to(MAPPINGS)))
def test_other_yaml_readers_see_the_same(path: Path) -> None:
    """Editors and reviewers read with ordinary loaders: the shipped files hold none of YAML's traps."""
    text = path.read_text(encoding="utf-8")

    def keys_as_text(value: object) -> object:
        if isinstance(value, dict):
            return {
                str(key).lower() if isinstance(key, bool) else str(key): keys_as_text(item)
                for key, item in value.items()
            }
        if isinstance(value, float):
            return Decimal(str(value))
        return [keys_as_text(item) for item in value] if isinstance(value, list) else value

    assert keys_as_text(yaml.safe_load(text)) == parse("f", text)[0].data


def test_generated_files_are_current() -> None:
    for path, text in refreshed(ROOT).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.relative_to(ROOT)} is out of date: run {COMMAND}"


def test_every_key_is_described() -> None:
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    for name, model in models().items():
        assert f"\n## {name}\n" in page, f"{name} has no table in {PAGE}"
        for key, field in model.model_fields.items():
            assert field.description, f"{name}.{key} is not described"
    for function in (*BUILT_IN.of_one, *BUILT_IN.of_many):
        assert f"`{function}`" in page


def _lookup() -> ModuleType:
    path = SHARED / "metadata" / "lookup.py"
    if not path.exists():
        pytest.skip("no metadata beside the project")
    spec = importlib.util.spec_from_file_location("metadata_lookup", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _names(file: MappingFile) -> Iterator[tuple[str, str, str]]:
    """Every column of either system that a file names, with its entity set."""
    sales, finops = file.sales.table, file.finops.entity
    yield from (("sales", sales, name) for name in (file.sales.id, file.sales.modified_on, file.sales.number) if name)
    yield from (("finops", finops, name) for name in file.finops.key)
    for other in file.finops_instead:
        yield from (("finops", other.entity, name) for name in (*other.key, *file.gives))
    target, written = ("sales", sales) if file.direction == "to_sales" else ("finops", finops)
    yield from ((target, written, name) for name in file.gives)
    if file.on_deactivate:
        yield from ((target, written, name) for name in (*file.on_deactivate.hold, *file.on_deactivate.release))
    yield from _tests(file)
    for place in places(file):
        yield from _row(file, place)


def _tests(file: MappingFile) -> Iterator[tuple[str, str, str]]:
    sales, finops = file.sales.table, file.finops.entity
    for test in file.only:
        if test.sales:
            yield "sales", sales, f"_{test.sales}_value" if test.table else test.sales
        if test.finops:
            yield "finops", finops, test.finops
        for rows in test.referred_by or ():
            yield from (("sales", rows.table, name) for name in (f"_{rows.column}_value", *(rows.where or ())))
    yield from (("sales", rows.table, name) for rows in file.triggers for name in (rows.id, f"_{rows.column}_value"))
    yield from (("finops", finops, adopt.finops) for adopt in file.adopt if adopt.finops)
    yield from (("sales", sales, adopt.sales) for adopt in file.adopt if adopt.sales)
    yield from (("finops", finops, name) for search in file.also_match for pair in search.by.items() for name in pair)
    yield from (("sales", sales, name) for step in file.steps for name in step.only_when)


def _row(file: MappingFile, place: Place) -> Iterator[tuple[str, str, str]]:
    row = place.row
    table = (place.step.table if place.step else None) or file.sales.table
    if place.line and file.lines is not None:
        table = file.lines.sales.table
    lookup = row.lookup or row.resolve or row.parent or (row.same_as and place.step)
    if not isinstance(row.sales, FromSetting):
        columns = (row.sales,) if isinstance(row.sales, str) else row.sales or ()
        reference = row.reference is not None and row.sales != file.sales.id
        of = row.lookup.of if row.lookup is not None else None
        for name in columns:
            leads = name.endswith("@name") or ((lookup or reference) and of in (None, name))
            yield "sales", table, f"_{name.removesuffix('@name')}_value" if leads else name
    if lookup and not row.lookup:
        yield "navigation", table, row.bind_as or str(row.sales)
    entity = next((other.entity for other in file.finops_instead if exclude(row.only_if, _NOT_THE_OTHER)), None)
    properties = (row.finops,) if isinstance(row.finops, str) else row.finops or ()
    written = file.lines.finops.entity if place.line and file.lines is not None else entity or file.finops.entity
    yield from (("finops", written, name) for name in properties)
    if row.lookup:
        yield from (("sales", row.lookup.set, name) for name in (row.lookup.key, row.lookup.give))
    if row.exists:
        yield "finops", row.exists.set, row.exists.column
    if row.resolve:
        rule = row.resolve
        plain = (rule.give, rule.by, rule.name, *rule.where, *(rule.valid or ()))
        names = (*plain, *(f"_{name}_value" for name in rule.within))
        yield from (("sales", rule.set, name) for name in names if name)


_NOT_THE_OTHER = Condition.model_validate({"setting": "contacts.target", "is": "ContactPersons"})


@pytest.mark.parametrize("loaded", OF_THE_PROJECT, ids=lambda loaded: loaded.name)
def test_every_column_exists(loaded: LoadedMapping) -> None:
    lookup = _lookup()
    # A standard table that the metadata beside the project leaves out.
    absent = {"businessunits"}

    def known(system: str, set: str, name: str) -> bool:
        if system == "navigation":
            return bool(lookup.navigation("sales", set, name))
        return bool(lookup.has(system, set, name))

    unknown = [names for names in _names(loaded.file) if names[1] not in absent and not known(*names)]
    assert unknown == []


NOT_ROWS = {"A47"}
"""What is written on deactivation."""
MADE_OTHERWISE = {"C10", "C22", "C45", "K6", "P2", "P6", "P15", "PL1", "PL2", "PL3"}
"""Rows of which the tables of flows.md name other columns, or fewer, or several at once."""


@pytest.mark.parametrize(
    ("file", "section"),
    [
        ("products", "## 2. Flow 1"),
        ("accounts", "## 3. Flow 2"),
        ("contacts", "## 4. Flow 3"),
        ("contact_customers", "## 5. Flow 4"),
    ],
)
def test_a_file_has_every_row_of_its_tables(file: str, section: str) -> None:
    """Ids, columns, when and lengths as in the tables of flows.md."""
    table = _table(section)
    loaded = RESULT.mappings[file]
    assert isinstance(loaded, LoadedMapping)
    rows = {place.row.id: place.row for place in places(loaded.file)}
    # C1b, say, is the same row of the table under another condition; X5 is C1 by the same name.
    assert {re.sub(r"[a-z]$", "", id) for id in rows} == set(table) - NOT_ROWS - {"X1", "X5"}
    target = "sales" if file == "products" else "finops"
    for id, row in rows.items():
        if id not in table:
            continue
        sales, finops, _, when, limits = table[id][:5]
        if id not in MADE_OTHERWISE:
            assert (_in_row(row.sales), _in_row(row.finops)) == (_in_cell(sales), _in_cell(finops)), id
        if not id.startswith("PL"):
            assert when_of(row) == {"C": "create", "CU": "both", "U": "update"}[when], id
        limit = re.search(r"(\d+) /" if target == "sales" else r"/ (\d+)", limits)
        # What the target has in its own tables, or maps to, fits.
        if limit and row.values is None and row.resolve is None and row.reference is None and not row.same_as:
            assert row.max == (None if row.transform or row.parent else int(limit[1])), id


def _table(section: str) -> dict[str, list[str]]:
    page = SHARED / "reference" / "flows.md"
    if not page.exists():
        pytest.skip("no reference pages beside the project")
    text = page.read_text(encoding="utf-8").split(section)[1].split("\n## ")[0]
    lines = (line for line in text.splitlines() if re.match(r"\| [ACKPX]L?\d+ \|", line))
    return {line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:]] for line in lines}


def _in_cell(cell: str) -> list[str]:
    return re.findall(r"`(\w+)(?:\.[^`]*)?`", cell)


def _in_row(names: object) -> list[str]:
    return [names] if isinstance(names, str) else list(names) if isinstance(names, tuple) else []
