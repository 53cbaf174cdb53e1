"""What stands around a row: its file, and the files beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sync.mapping.problems import Problem
from sync.mapping.schema import Block, Condition, MappingFile, Row, Setting
from sync.mapping.transforms import Transforms
from sync.mapping.values import ValueMap, key_text
from sync.mapping.yaml_text import Path


@dataclass(frozen=True)
class Surroundings:
    """What stands beside a mapping file: value maps (and the broken ones' problems), settings, functions."""

    maps: Mapping[str, ValueMap]
    broken_maps: Mapping[str, list[Problem]]
    shared: tuple[Setting, ...]
    declared: Mapping[str, set[str]]
    transforms: Transforms


@dataclass(frozen=True)
class Place:
    """A row and where it stands."""

    path: Path
    row: Row
    block: Block | None


def places(file: MappingFile) -> Iterator[Place]:
    """Every row of a file, those of blocks too."""
    for index, entry in enumerate(file.fields):
        if isinstance(entry, Block):
            for inner, row in enumerate(entry.rows):
                yield Place(("fields", index, "rows", inner), row, entry)
        else:
            yield Place(("fields", index), entry, None)


def condition_texts(condition: Condition) -> set[str]:
    """The values of a condition as texts."""
    values = condition.is_ if isinstance(condition.is_, tuple) else (condition.is_,)
    return {key_text(value).casefold() for value in values}
