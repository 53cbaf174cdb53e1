"""Rows and blocks of a mapping file made into steps of a plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, cast

from sync.errors import DataError
from sync.mapping import columns, lookups, stages
from sync.mapping.columns import Read
from sync.mapping.job import BlockStep, Job, LeftOut, RowStep
from sync.mapping.parts import TABLE_OF
from sync.mapping.row_schema import Block, Row
from sync.mapping.row_stages import row_stages
from sync.mapping.side import Side, clear_of, lookup_name, when_of
from sync.mapping.terms import Facts, Field, Fixed
from sync.mapping.text import clean
from sync.mapping.words import FromSetting
from sync.model import Scalar, Values


def row_step(row: Row, side: Side, block: Block | None = None) -> RowStep:
    """The step that makes the field of a row."""
    column, name, when = side.column_of(row), side.field_of(row), when_of(row)
    clears, clear = clear_of(row, side.target)
    inside = block.block if block else None
    blank = Field(name, None, when, inside, clear, clears)
    read = _reading(row, side)
    steps = tuple(row_stages(row, side, block))
    remembered = side.prefix + column in side.remembered
    if remembered:
        steps += (stages.remember(side.prefix + column),)

    def step(values: Values, job: Job) -> Field | LeftOut:
        value = read(values, job)
        for stage in steps:
            found = stage(value, job)
            if isinstance(found, LeftOut):
                return found
            value = found
        return blank if value is None or value == "" else Field(name, value, when, inside, clear, clears)

    if row.remember is not None:
        return _unsent(step)
    given = step if row.fixed is None else _fixed(row.fixed, row, side, step)
    if row.own:
        given = _own(name, side.prefix + column if remembered else "", given)
    asks = row.exists or row.resolve or row.same_as or row.parent or row.own or row.within or remembered
    return given if side.sources_of(row) or asks else _constant_step(given)


def linked_step(row: Row, side: Side) -> RowStep | None:
    """The step of a row for a linked record: None when nothing of it is sent, compared or asked for by other rows."""
    if when_of(row) != "create":
        return row_step(row, side)
    if row.fixed is not None:
        return _only_fixed(row.fixed, row, side) if row.reference else row_step(row, side)
    if side.prefix + side.column_of(row) in side.remembered:
        return _unsent(row_step(row, side))
    return None


def fixed_key_step(row: Row, side: Side) -> RowStep:
    """The step of a part of the key that must stay what it was: it is not sent, only compared."""
    if row.reference:
        return _only_fixed(row.fixed or "", row, side)
    name, step = side.field_of(row), row_step(row, side)

    def compared(values: Values, job: Job) -> Field | LeftOut:
        found = step(values, job)
        return found if isinstance(found, LeftOut) else Field(name, None, "create", None, None, fixed=found.fixed)

    return compared


def derived(step: RowStep) -> Callable[[Values], str]:
    """What a row makes of a record's values alone, as text; "" when it cannot."""

    def made(values: Values) -> str:
        try:
            found = step(values, Job(cast(Facts, NoFacts())))
        except (DataError, LookupError):
            return ""
        return str(found.value) if isinstance(found, Field) and found.value is not None else ""

    return made


def _fixed(code: str, row: Row, side: Side, step: RowStep) -> RowStep:
    """What must stay is the value, or, of a reference, the record that is referred to."""
    source = side.sources_of(row)[0] if row.reference else ""

    def fixed(values: Values, job: Job) -> Field | LeftOut:
        found = step(values, job)
        if isinstance(found, LeftOut):
            return found
        return dataclasses.replace(found, fixed=Fixed(code, _id(values, source) if source else found.value))

    return fixed


def _only_fixed(code: str, row: Row, side: Side) -> RowStep:
    """A linked record's reference need not be looked up: the record that it names says whether it is the same."""
    name, source = side.field_of(row), side.sources_of(row)[0]
    return lambda values, _: Field(name, None, "create", None, None, fixed=Fixed(code, _id(values, source)))


def _id(values: Values, source: str) -> str | None:
    return str(values.get(source) or "").lower() or None


def _own(name: str, remembered: str, step: RowStep) -> RowStep:
    """What an existing row of the target has is neither judged nor sent."""

    def own(values: Values, job: Job) -> Field | LeftOut:
        theirs = job.target.get(name) if job.target is not None else None
        if theirs is None or theirs == "":
            return step(values, job)
        if remembered:
            job.known[remembered] = theirs
        return LeftOut.FIELD

    return own


def _unsent(step: RowStep) -> RowStep:
    """For what it is remembered for alone."""

    def unsent(values: Values, job: Job) -> Field | LeftOut:
        step(values, job)
        return LeftOut.FIELD

    return unsent


def _constant_step(step: RowStep) -> RowStep:
    """The same field for all records, made once; a step that refuses or warns does so for each record."""
    job = Job(cast(Facts, NoFacts()))
    try:
        made = step({}, job)
    except DataError:
        return step
    return step if job.warnings else lambda _values, _job: made


class NoFacts:
    """Facts for steps that ask for none."""

    def __getattr__(self, name: str) -> Any:
        raise LookupError(name)


def _reading(row: Row, side: Side) -> Callable[[Values, Job], Scalar | None]:
    """Where a row begins: with its source columns, one of several looked up first."""
    if row.combine is None or row.lookup is None:
        read = _read(row, side)
        return lambda values, _: read(values)
    names, found = side.sources_of(row), lookup_name(row.lookup.of or "")
    combined = columns.read_combined(names, side.transforms.of_many[row.combine], side.column_of(row), multiline=False)
    look_up = lookups.look_up(side.source, row.lookup.set, row.lookup.give)

    def reading(values: Values, job: Job) -> Scalar | None:
        there = look_up(values.get(found), job)
        return combined({**values, found: None if isinstance(there, LeftOut) else there})

    return reading


def _read(row: Row, side: Side) -> Read:
    if row.constant is not None:
        return columns.read_fixed(row.constant)
    setting = FromSetting(setting=row.setting) if row.setting else side.always(row)
    if setting is not None:
        return columns.read_fixed(side.settings.value(setting))
    names, name = side.sources_of(row), side.column_of(row)
    if not names:
        return columns.read_fixed(None)
    if row.join is not None:
        return columns.read_joined(names, row.join, multiline=row.multiline)
    if row.reference is not None and "" not in row.reference.by_table:
        return columns.read_typed(names[0], names[0] + TABLE_OF)
    if row.combine is not None:
        return columns.read_combined(names, side.transforms.of_many[row.combine], name, multiline=row.multiline)
    raw = row.type != "text" or row.values is not None or row.lookup or row.reference
    return (columns.read_one if raw else columns.read_text)(names[0], multiline=row.multiline)


def block_step(block: Block, rows: Sequence[Row], side: Side) -> BlockStep:
    """The step that makes the fields of an address: all of them, or none (flows.md 1.8)."""
    looked_within = {row.within for row in rows}
    inside = dataclasses.replace(side, remembered=side.remembered | {name for name in looked_within if name})
    steps = [row_step(row, inside, block) for row in rows]
    first = [index for index, row in enumerate(rows) if side.column_of(row) in block.sent_when]
    others = [index for index in range(len(rows)) if index not in first and not rows[index].within]
    last = [index for index in range(len(rows)) if index not in first and rows[index].within]
    rest = tuple((index, steps[index]) for index in others + last)
    deciding = tuple((index, steps[index]) for index in first)
    count = len(rows)

    def step(values: Values, job: Job) -> tuple[Field, ...]:
        if _is_kept_back(block, values, job):
            return ()
        found: list[Field | LeftOut] = [LeftOut.FIELD] * count
        before = dict(job.warnings)
        filled = False
        for index, run in deciding:
            field = found[index] = run(values, job)
            filled = filled or isinstance(field, LeftOut) or field.value is not None
        if not filled:
            return ()
        for index, run in rest:
            field = found[index] = run(values, job)
            if field is LeftOut.BLOCK:
                # Warnings about fields that are not sent at all would only mislead.
                job.warnings = before | {list(job.warnings)[-1]: None}
                return ()
        return tuple(field for field in found if isinstance(field, Field))

    return step


def _is_kept_back(block: Block, values: Values, job: Job) -> bool:
    if block.unless is not None and values.get(block.unless) is True:
        return True
    if not block.unless_same or job.header is None:
        return False
    return all(_same(values.get(name), job.header.get(name)) for name in block.unless_same)


def _same(one: Scalar | None, other: Scalar | None) -> bool:
    """As people see it: blanks are one, blanks around do not count."""
    return ("" if one is None else clean(str(one))) == ("" if other is None else clean(str(other)))
