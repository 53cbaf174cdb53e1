"""Which tables and columns of both systems a file cannot do without, and which a row needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sync.mapping.conditions import Conditions
from sync.mapping.plan import COMPANY
from sync.mapping.row_schema import Row
from sync.mapping.schema import FinopsEntity, MappingFile
from sync.mapping.side import Side
from sync.mapping.yaml_text import Path
from sync.model import EntityRef, System


@dataclass(frozen=True, slots=True)
class Need:
    """A column of a system's table, and the place that names it: in the file, or within its row."""

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


def of_file(
    file: MappingFile, finops: FinopsEntity, source: EntityRef, target: EntityRef, conditions: Conditions
) -> Iterator[Need]:
    """What the file names outside of its rows, to know records and their rows by, and to give to other flows."""
    sales = file.sales.table
    yield Need(("sales", "id"), "sales", sales, file.sales.id)
    if file.sales.number is not None:
        yield Need(("sales", "number"), "sales", sales, file.sales.number)
    yield from (Need(("finops", "key"), "finops", finops.entity, name) for name in finops.key)
    if finops.number is not None:
        yield Need(("finops", "number"), "finops", finops.entity, finops.number)
    yield from (Need(("gives",), target.system, target.set, name) for name in file.gives)
    for index, test in enumerate(file.only):
        column = test.sales if source.system == "sales" else test.finops
        if column is not None and conditions.hold(test.only_if):
            yield Need(("only", index, source.system), source.system, source.set, column)
    for index, adopt in enumerate(file.adopt):
        column = adopt.sales if target.system == "sales" else adopt.finops
        if column is not None and conditions.hold(adopt.only_if):
            yield Need(("adopt", index, target.system), target.system, target.set, column)
    for index, step in enumerate(file.steps if target.system == "sales" else ()):
        if conditions.hold(step.only_if):
            yield from (Need(("steps", index, "only_when"), "sales", sales, name) for name in step.only_when)
            child = step.table or sales
            yield from (Need(("steps", index, "match"), "sales", child, name) for name in step.match or ())
            yield from (Need(("steps", index, "id"), "sales", child, name) for name in (step.id,) if name is not None)
