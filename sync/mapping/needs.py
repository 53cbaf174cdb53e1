"""Which tables and columns of both systems a row needs, where its value comes from and where it goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sync.mapping.plan import COMPANY
from sync.mapping.row_schema import Row
from sync.mapping.side import Side
from sync.mapping.yaml_text import Path
from sync.model import System


@dataclass(frozen=True, slots=True)
class Need:
    """A column of a system's table, and the place within the row that names it."""

    place: Path
    system: System
    set: str
    column: str


def own_sources(row: Row, side: Side, set: str) -> Iterator[Need]:
    """The source columns that the row reads of the record."""
    for name in side.names_of(row):
        yield Need((side.source,), side.source, set, name)


def looked_up(row: Row, side: Side) -> Iterator[Need]:
    """The reference data of the source that the row's value is taken from."""
    if row.lookup is not None and side.names_of(row):
        for part, name in (("key", row.lookup.key), ("give", row.lookup.give)):
            yield Need(("lookup", part), side.source, row.lookup.set, name)


def targets(row: Row, side: Side, set: str) -> Iterator[Need]:
    """The target column, and the reference data of the target that must have the value, or be found by it."""
    yield Need((side.target,), side.target, set, side.column_of(row))
    if row.exists is not None:
        yield Need(("exists", "column"), side.target, row.exists.set, row.exists.column)
        if row.exists.by_company:
            yield Need(("exists", "by_company"), side.target, row.exists.set, COMPANY)
    if row.resolve is not None:
        rule = row.resolve
        names = [("give", rule.give), ("by", rule.by), ("name", rule.name)]
        names += [("within", name) for name in rule.within] + [("where", name) for name in rule.where]
        names += [("valid", name) for name in rule.valid or ()]
        for part, name in names:
            if name is not None:
                yield Need(("resolve", part), side.target, rule.set, name)
