"""What stands around a row: its file, and the files beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sync.mapping.problems import Problem
from sync.mapping.schema import Block, Entry, MappingFile, Row, Setting, Step
from sync.mapping.transforms import Transforms
from sync.mapping.values import ValueMap
from sync.mapping.yaml_text import Path
from sync.model import System


@dataclass(frozen=True)
class Surroundings:
    """What stands beside a mapping file: value maps (and the broken ones' problems), settings, functions, other files.

    `unread` are the names of files that could not be read.
    """

    maps: Mapping[str, ValueMap]
    broken_maps: Mapping[str, list[Problem]]
    shared: tuple[Setting, ...]
    declared: Mapping[str, set[str]]
    transforms: Transforms
    others: Mapping[str, MappingFile]
    unread: frozenset[str]


HEADER = "header."
"""How names of the document's values begin in the rows of its lines."""


@dataclass(frozen=True)
class Place:
    """A row and where it stands."""

    path: Path
    row: Row
    block: Block | None
    step: Step | None = None
    line: bool = False

    @property
    def prefix(self) -> str:
        """What stands before the row's column where names of all rows of the file are told apart."""
        if self.line:
            return "line."
        return f"{self.step.step}." if self.step is not None else ""


def places(file: MappingFile) -> Iterator[Place]:
    """Every row of a file, those of blocks, of steps and of lines too."""
    yield from _of_entries(file.fields, ())
    if file.lines is not None:
        for place in _of_entries(file.lines.fields, ("lines",)):
            yield dataclasses.replace(place, line=True)
    for index, step in enumerate(file.steps):
        for inner, row in enumerate(step.fields):
            yield Place(("steps", index, "fields", inner), row, None, step)


def _of_entries(entries: Iterable[Entry], path: Path) -> Iterator[Place]:
    for index, entry in enumerate(entries):
        if isinstance(entry, Block):
            for inner, row in enumerate(entry.rows):
                yield Place((*path, "fields", index, "rows", inner), row, entry)
        else:
            yield Place((*path, "fields", index), entry, None)


def tables_of(file: MappingFile, system: System) -> Iterator[str]:
    """The tables of a system that the file writes, reads records of, or looks into for its rows."""
    if system == "sales":
        yield file.sales.table
        yield from (step.table for step in file.steps if step.table)
        yield from (lines.sales.table for lines in (file.lines,) if lines is not None)
    else:
        yield from (finops.entity for finops in (file.finops, *file.finops_instead))
        yield from (lines.finops.entity for lines in (file.lines,) if lines is not None)
    for place in places(file):
        row = place.row
        directions = (file.direction,) if row.direction == "both" else (row.direction,)
        is_source = any(direction != f"to_{system}" for direction in directions)
        is_target = any(direction in ("both", f"to_{system}") for direction in directions)
        if row.lookup is not None and is_source and row.enabled:
            yield row.lookup.set
        for found in (row.exists, row.resolve):
            if found is not None and is_target and row.enabled:
                yield found.set
