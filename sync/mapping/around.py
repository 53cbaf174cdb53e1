"""What stands around a row: its file, and the files beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sync.mapping.problems import Problem
from sync.mapping.schema import Block, MappingFile, Row, Setting, Step
from sync.mapping.transforms import Transforms
from sync.mapping.values import ValueMap
from sync.mapping.yaml_text import Path


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


@dataclass(frozen=True)
class Place:
    """A row and where it stands."""

    path: Path
    row: Row
    block: Block | None
    step: Step | None = None


def places(file: MappingFile) -> Iterator[Place]:
    """Every row of a file, those of blocks and steps too."""
    for index, entry in enumerate(file.fields):
        if isinstance(entry, Block):
            for inner, row in enumerate(entry.rows):
                yield Place(("fields", index, "rows", inner), row, entry)
        else:
            yield Place(("fields", index), entry, None)
    for index, step in enumerate(file.steps):
        for inner, row in enumerate(step.fields):
            yield Place(("steps", index, "fields", inner), row, None, step)
