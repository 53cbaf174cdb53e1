"""Texts name a setting as a person sets it: ACCOUNTS__ADOPT, not the name that only mapping files use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.errors import DataError
from sync.mapping import LoadedMapping, load_all
from tests.mappings.mapping_world import ROOT, fields, thing_plan
from tests.shipped import shipped_mappings

DOTTED = [setting.name for setting in load_all(shipped_mappings()).settings if "." in setting.name]
NAMED = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in DOTTED))


def texts_of(path: Path) -> Iterator[str]:
    """Every text of a module that is no docstring, the parts of f-strings among them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def told_in(data: object) -> Iterator[str]:
    """What a mapping file has people read."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key in ("title", "remedy", "else") and isinstance(value, str):
                yield value
            yield from told_in(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from told_in(value)


def test_no_text_of_the_app_names_a_dotted_setting() -> None:
    assert len(DOTTED) > 10
    for path in (ROOT / "sync").rglob("*.py"):
        assert [text for text in texts_of(path) if NAMED.search(text)] == [], path


@pytest.mark.parametrize("loaded", load_all(shipped_mappings()).loaded, ids=lambda loaded: loaded.name)
def test_no_text_of_a_shipped_file_does(loaded: LoadedMapping) -> None:
    texts = list(told_in(loaded.file.model_dump(by_alias=True)))
    assert texts
    assert [text for text in texts if NAMED.search(text)] == []


def test_a_record_without_a_value_that_a_setting_can_give_is_told_the_app_setting(tmp_path: Path) -> None:
    row = "- {id: A, sales: x, finops: X, default: {setting: group}, required: x-missing}\n"
    plan = thing_plan(tmp_path, row, settings={"group": ""})
    with pytest.raises(DataError) as told:
        fields(plan)
    assert told.value.remedy == "Fill in x or the app setting GROUP."
