"""The files in mappings/ pass their own check, use only names that exist, and what is generated is current."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from sync.mapping import check, load_all
from sync.mapping.around import places
from sync.mapping.refresh import COMMAND, PAGE, models, refreshed
from sync.mapping.schema import MappingFile, Row
from sync.mapping.transforms import BUILT_IN
from sync.mapping.yaml_text import parse
from tests.mappings.mapping_world import ROOT, SHARED

MAPPINGS = ROOT / "mappings"
RESULT = load_all(MAPPINGS)


def test_the_shipped_files_pass_their_check() -> None:
    assert [str(problem) for problem in check(MAPPINGS, {})] == []
    assert len(RESULT.loaded) == len(RESULT.mappings) > 0


@pytest.mark.parametrize("loaded", RESULT.loaded, ids=lambda loaded: loaded.name)
def test_every_file_has_a_dozen_examples(loaded) -> None:  # type: ignore[no-untyped-def]
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


def test_the_rows_of_the_reference_page_are_rows() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / PAGE).read_text(encoding="utf-8"), re.DOTALL)
    rows = [row for block in blocks for row in _rows(block)]
    assert len(rows) >= 8
    for row in rows:
        Row.model_validate(row)


def _rows(block: str) -> list[object]:
    data = parse("page", block)[0].data
    assert isinstance(data, dict)
    fields = data["fields"]
    assert isinstance(fields, list)
    return list(fields)


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
    sales, finops = file.sales.table, file.finops.entity
    yield from (("sales", sales, name) for name in (file.sales.id, file.sales.modified_on, file.sales.number) if name)
    yield from (("finops", finops, name) for name in (*file.finops.key, *file.gives))
    yield from (("sales", sales, test.sales) for test in file.only if test.sales)
    yield from (("finops", finops, test.finops) for test in file.adopt)
    if file.on_deactivate:
        yield from (("finops", finops, name) for name in (*file.on_deactivate.hold, *file.on_deactivate.release))
    for place in places(file):
        row = place.row
        columns = (row.sales,) if isinstance(row.sales, str) else row.sales or ()
        yield from (("sales", sales, f"_{name}_value" if row.lookup else name) for name in columns)
        if row.finops:
            yield "finops", finops, row.finops
        if row.lookup:
            yield "sales", row.lookup.set, row.lookup.key
            yield "sales", row.lookup.set, row.lookup.give
        if row.exists:
            yield "finops", row.exists.set, row.exists.column


@pytest.mark.parametrize("loaded", RESULT.loaded, ids=lambda loaded: loaded.name)
def test_every_column_exists(loaded) -> None:  # type: ignore[no-untyped-def]
    lookup = _lookup()
    # A standard table that the metadata beside the project leaves out.
    absent = {"businessunits"}
    unknown = [name for name in _names(loaded.file) if name[1] not in absent and not lookup.has(*name)]
    assert unknown == []


def test_accounts_has_every_row_of_its_table() -> None:
    """Ids, columns, when and lengths as in flows.md 3.1 and 3.2."""
    page = SHARED / "reference" / "flows.md"
    if not page.exists():
        pytest.skip("no reference pages beside the project")
    section = page.read_text(encoding="utf-8").split("## 3. Flow 2")[1].split("## 4. Flow 3")[0]
    table = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:]]
        for line in section.splitlines()
        if re.match(r"\| A\d+ \|", line)
    }
    accounts = RESULT.mappings["accounts"]
    assert not isinstance(accounts, Exception)
    rows = {place.row.id: place.row for place in places(accounts.file)}
    # A30 comes with the contacts; A47 is what is written on deactivation.
    assert set(rows) == set(table) - {"A30", "A47"}
    for id, row in rows.items():
        sales, finops, _, when, limits = table[id][:5]
        names = re.findall(r"`(\w+)(?:\.\w+)?`", sales)
        columns = [row.sales] if isinstance(row.sales, str) else list(row.sales or ())
        assert (columns, row.finops) == (names, finops.strip("`")), id
        assert {"create": "C", "both": "CU", "update": "U"}[row.when] == when, id
        limit = re.search(r"/ (\d+)", limits)
        # What F&O's own tables hold, a currency or a company, fits; a country is two letters by its map.
        if limit and id not in ("A10", "A31", "A15", "A23"):
            assert row.max == int(limit[1]), id
