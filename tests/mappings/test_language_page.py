"""The reference page of the mapping language: every example on it runs, and together they show every key of a row."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from sync.mapping import LoadedMapping, MappingProblems, load_all
from sync.mapping.examples import run_examples
from sync.mapping.refresh import PAGE
from sync.mapping.row_schema import Block, Row
from sync.mapping.schema import AdoptTest, Filter, Step
from tests.mappings.mapping_world import EXAMPLES, HEAD, KEY_ROWS, ROOT

FENCED = re.findall(r"^```yaml\n(.*?)^```", (ROOT / PAGE).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
BEGINNING: str = FENCED[0]
BLOCKS: list[str] = FENCED[1:]
OTHER = HEAD.replace("ThingNumber", "CustomerAccount") + "gives: [PartyNumber]\n"
KEY_OF_CONTACTS = """\
  - {id: C22, setting: company, finops: dataAreaId, required: no-company, when: create}
  - {id: C1, sales: employeeid, finops: ContactPersonId, required: missing-number, when: create}
"""


def _whole(block: str) -> str:
    """The block as a file: with the beginning of the page, and with key rows where it shows none."""
    if block.startswith("entity:"):
        return block
    text = BEGINNING + block
    return text if "id: C22" in block else text.replace("fields:\n", "fields:\n" + KEY_OF_CONTACTS, 1)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: re.sub(r"\W+", "-", block[:60]))
def test_an_example_of_the_page_runs(tmp_path: Path, block: str) -> None:
    (tmp_path / "values").mkdir()
    shutil.copy(ROOT / "mappings" / "values" / "state.yaml", tmp_path / "values")
    for name in ("accounts", "contact_customers"):
        own = OTHER.replace("name: ", f"name: {name}.").replace("setting: ", f"setting: {name}.")
        rows = KEY_ROWS.replace("setting: ", f"setting: {name}.").replace("ThingNumber", "CustomerAccount")
        (tmp_path / f"{name}.yaml").write_text(own + "fields:\n" + rows + EXAMPLES, encoding="utf-8")
    if block.startswith("map:"):
        (tmp_path / "values" / f"{yaml.safe_load(block)['map']}.yaml").write_text(block, encoding="utf-8")
        assert load_all(tmp_path).problems == []
        return
    (tmp_path / "page.yaml").write_text(_whole(block), encoding="utf-8")
    result = load_all(tmp_path)
    loaded = result.mappings["page"]
    assert not isinstance(loaded, MappingProblems), loaded
    assert isinstance(loaded, LoadedMapping)
    assert [str(problem) for problem in run_examples(loaded, result.maps)] == []


def test_the_examples_show_every_key_of_rows_filters_tests_and_steps() -> None:
    shown: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            shown.update(str(key) for key in value)
            for inner in value.values():
                collect(inner)
        for inner in value if isinstance(value, list) else ():
            collect(inner)

    for block in BLOCKS:
        collect(yaml.safe_load(block))
    every = {field.alias or name for model in (Row, Block) for name, field in model.model_fields.items()}
    assert every - shown == set()
    rest = {field.alias or name for model in (Filter, AdoptTest, Step) for name, field in model.model_fields.items()}
    assert rest - shown <= {"same", "same_name", "never", "keep", "replaced"}
