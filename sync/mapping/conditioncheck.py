"""Conditions of a mapping file: what each must say, and where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.mapping.around import places
from sync.mapping.conditions import condition_texts, listed
from sync.mapping.problems import Problem
from sync.mapping.schema import Condition, MappingFile, Setting
from sync.mapping.words import OnlyIf
from sync.mapping.yaml_text import Document, Path


def check_condition(
    document: Document, path: Path, condition: Condition, settings: Mapping[str, Setting]
) -> Iterator[Problem]:
    """What is wrong with one condition."""
    asked = (condition.is_ is not None) + (condition.set is not None)
    if (condition.setting is None) is (condition.column is None):
        yield document.problem(path, "the condition asks for nothing, or for two things", "Write setting or column.")
    elif asked != (condition.setting is not None):
        remedy = "Write is or set with a setting, and neither with a column."
        yield document.problem(path, "the condition does not say what it asks for", remedy)
    setting = settings.get(condition.setting or "")
    allowed = setting.allowed if setting is not None else None
    never = condition_texts(condition) - {value.casefold() for value in allowed or ()}
    for text in sorted(never) if allowed else ():
        known = ", ".join(value or '""' for value in allowed or ())
        what = f"{condition.setting} is never {text or '""'}"
        yield document.problem((*path, "is"), what, f"It is one of: {known}.")


def conditions_of(file: MappingFile) -> Iterator[tuple[Path, Condition]]:
    """Every condition of a file, with its place."""
    for path, only_if in _only_ifs(file):
        for index, condition in enumerate(listed(only_if)):
            yield (*path, index) if isinstance(only_if, tuple) else path, condition


def _only_ifs(file: MappingFile) -> Iterator[tuple[Path, OnlyIf | None]]:
    for place in places(file):
        yield (*place.path, "only_if"), place.row.only_if
        yield (*place.path, "unsafe_unless"), place.row.unsafe_unless
    for key in ("only", "adopt", "also_match", "triggers", "finops_instead", "steps"):
        for index, each in enumerate(getattr(file, key)):
            yield (key, index, "only_if"), each.only_if
    for key in ("allocate", "on_deactivate"):
        each = getattr(file, key)
        if each is not None:
            yield (key, "only_if"), each.only_if
