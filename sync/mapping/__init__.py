"""Mapping files: schema -> load -> plan. Pure but for reading its files.

result = load_all(folder)                       every file, or all its problems
plans = compile_plans(loaded, result.maps, settings)    for each of result.loaded
problems = check(folder, settings)              what `python -m sync check` prints
"""

from __future__ import annotations

from sync.mapping.check import check
from sync.mapping.compile import compile_plans
from sync.mapping.conditions import LiveColumns
from sync.mapping.load import LoadedMapping, LoadResult, load_all
from sync.mapping.plan import Facts, Field, Identity, Mapped, Plan, ReferenceSet, UnknownId
from sync.mapping.problems import MappingProblems, Problem
from sync.mapping.settings import app_setting

__all__ = [
    "Facts",
    "Field",
    "Identity",
    "LiveColumns",
    "LoadResult",
    "LoadedMapping",
    "Mapped",
    "MappingProblems",
    "Plan",
    "Problem",
    "ReferenceSet",
    "UnknownId",
    "app_setting",
    "check",
    "compile_plans",
    "load_all",
]
