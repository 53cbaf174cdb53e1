"""The offline check of a folder of mapping files; `python -m sync check` prints what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sync.mapping.compile import compile_plans
from sync.mapping.examples import run_examples
from sync.mapping.load import LoadResult, load_all
from sync.mapping.problems import MappingProblems, Problem


def check(folder: Path, settings: Mapping[str, str]) -> list[Problem]:
    """Every problem of the folder: schema, what the files are to each other, settings, examples. Writes nothing.

    `settings` are dotted lower-case names with the texts they have in this installation.
    """
    return check_loaded(load_all(folder), settings)


def check_loaded(result: LoadResult, settings: Mapping[str, str]) -> list[Problem]:
    """The same for a folder that has been read."""
    problems = set(result.problems)
    for loaded in result.loaded:
        try:
            compile_plans(loaded, result.maps, settings)
        except MappingProblems as error:
            problems.update(error.problems)
        problems.update(run_examples(loaded, result.maps))
    return sorted(problems)
