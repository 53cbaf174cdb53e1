"""Rows and blocks of a mapping file made into steps of a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sync.errors import DataError
from sync.mapping import columns, stages
from sync.mapping.columns import Read
from sync.mapping.job import BlockStep, Job, LeftOut, Result, RowStep, Stage
from sync.mapping.schema import Block, FromSetting, Otherwise, Row
from sync.mapping.settings import SettingValues
from sync.mapping.terms import Facts, Field, When
from sync.mapping.transforms import Transforms
from sync.mapping.values import ValueMap, inline_map
from sync.model import Scalar, System, Values


@dataclass(frozen=True)
class Side:
    """Where a flow reads and writes, and what its rows may use."""

    source: System
    target: System
    key: frozenset[str]
    maps: Mapping[str, ValueMap]
    settings: SettingValues
    transforms: Transforms

    def holds(self, row: Row) -> bool:
        """Whether a row is on, for this direction, and under the settings."""
        direction = row.direction in ("both", f"to_{self.target}")
        return row.enabled and direction and bool(self.column_of(row)) and self.settings.holds(row.only_if)

    def column_of(self, row: Row) -> str:
        """The target column of a row, "" when it has none in this direction."""
        name = row.finops if self.target == "finops" else row.sales
        return name if isinstance(name, str) else ""

    def sources_of(self, row: Row) -> tuple[str, ...]:
        """The source columns that a row reads, as selected: a lookup is `_x_value`."""
        names = row.sales if self.source == "sales" else row.finops
        if row.constant is not None or row.setting is not None or self.always(row) is not None or names is None:
            return ()
        several = (names,) if isinstance(names, str) else names
        return tuple(f"_{column}_value" for column in several) if row.lookup else several

    def values_of(self, row: Row) -> ValueMap | None:
        """The value map of a row."""
        if row.values is None:
            return None
        return self.maps[row.values] if isinstance(row.values, str) else inline_map(row.id, row.values)

    def always(self, row: Row) -> FromSetting | None:
        """The setting that an empty value map leads to, whatever the record says.

        As long as no business unit has a company of its own, say, business units need not be looked up.
        """
        table = self.values_of(row)
        if table is None or not table.empty or not isinstance(row.otherwise, Otherwise):
            return None
        default = row.default
        same = isinstance(default, FromSetting) and default.setting == row.otherwise.setting
        return default if same and isinstance(default, FromSetting) else None


def when_of(row: Row) -> When:
    """When the row is sent."""
    return "create" if row.only_on_create else row.when


def row_step(row: Row, side: Side, block: Block | None = None, *, remembered: bool = False) -> RowStep:
    """The step that makes the field of a row. `remembered` rows are looked within by others."""
    name, when, clear = side.column_of(row), when_of(row), _clear(row)
    inside = block.block if block else None
    clears = clear is not None
    blank = Field(name, None, when, inside, clear, clears)
    read = _read(row, side)
    steps = tuple(_stages(row, side, block))
    if remembered:
        steps += (stages.remember(name),)

    def step(values: Values, job: Job) -> Field | LeftOut:
        value = read(values)
        for stage in steps:
            found = stage(value, job)
            if isinstance(found, LeftOut):
                return found
            value = found
        return blank if value is None or value == "" else Field(name, value, when, inside, clear, clears)

    depends = side.sources_of(row) or row.exists or row.within or remembered
    return step if depends else _constant_step(step)


def _constant_step(step: RowStep) -> RowStep:
    """The same field for all records, made once; a step that refuses or warns does so for each record."""
    job = Job(cast(Facts, _Nothing()))
    try:
        made = step({}, job)
    except DataError:
        return step
    return step if job.warnings else lambda _values, _job: made


class _Nothing:
    """Facts for steps that ask for none."""

    def __getattr__(self, name: str) -> Any:
        raise LookupError(name)


def _clear(row: Row) -> Scalar | None:
    """What an update sends when the value became blank (flows.md 1.5)."""
    if when_of(row) == "create" or row.default is not None or row.constant is not None or row.setting is not None:
        return None
    if row.clear_when_empty is False or row.type == "yes_no":
        return None
    if row.clear_when_empty is not None:
        return row.clear_when_empty
    return "" if row.type == "text" else 0


def _read(row: Row, side: Side) -> Read:
    if row.constant is not None:
        return columns.read_fixed(row.constant)
    setting = FromSetting(setting=row.setting) if row.setting else side.always(row)
    if setting is not None:
        return columns.read_fixed(side.settings.value(setting))
    names, name = side.sources_of(row), side.column_of(row)
    if row.join is not None:
        return columns.read_joined(names, row.join, multiline=row.multiline)
    if row.combine is not None:
        return columns.read_combined(names, side.transforms.of_many[row.combine], name, multiline=row.multiline)
    read = columns.read_one if row.type != "text" or row.values is not None or row.lookup else columns.read_text
    return read(names[0], multiline=row.multiline)


def _stages(row: Row, side: Side, block: Block | None) -> list[Stage]:
    """What happens to the value, in this order: lookup, value map, default, transforms, type, existence, length."""
    name = side.column_of(row)
    found: list[Stage] = []
    table, mapped_already = side.values_of(row), side.always(row) is not None
    if row.lookup and not mapped_already:
        found.append(stages.look_up(side.source, row.lookup.set, row.lookup.give))
    if table is not None and not mapped_already and not (table.empty and row.otherwise == "keep"):
        backward = side.target == "sales"
        found.append(stages.map_value(table, row.within, _otherwise(row, side), backward=backward))
    if row.default is not None:
        default = side.settings.value(row.default)
        if default is not None:
            mapped = table.find(default) if table is not None and not table.grouped else None
            found.append(stages.fall_back(default if mapped is None else mapped))
    if row.transform:
        functions = [side.transforms.of_one[function] for function in row.transform]
        found.append(stages.transform(functions, name, multiline=row.multiline))
    if row.type == "yes_no":
        found.append(stages.as_yes_no if side.target == "finops" else stages.as_flag)
    elif row.type != "text":
        found.append(stages.as_number(name, whole=row.type == "whole"))
    if row.block_required and block:
        found.append(stages.if_blank(stages.leave_out_block(row.block_required)))
    if row.required:
        remedy = f"Fill in {_sources(row, side)}."
        found.append(stages.if_blank(stages.park(row.required, name, f"{name} has no value.", remedy)))
    if row.exists:
        test = row.exists
        found.append(stages.must_exist(side.target, test.set, test.column, test.code, name, by_company=test.by_company))
    return found + _limits(row, side, name)


def _sources(row: Row, side: Side) -> str:
    names = [name.removeprefix("_").removesuffix("_value") for name in side.sources_of(row)]
    for given in (row.default, FromSetting(setting=row.setting) if row.setting else side.always(row)):
        if isinstance(given, FromSetting) and f"the setting {given.setting}" not in names:
            names.append(f"the setting {given.setting}")
    return " or ".join(names)


def _limits(row: Row, side: Side, name: str) -> list[Stage]:
    found: list[Stage] = []
    if row.max is not None:
        found.append(stages.fit(row.max, _longer(row, side, name, row.max)))
    if row.unsafe and not (row.unsafe_unless and side.settings.holds(row.unsafe_unless)):
        found.append(stages.refuse_unsafe(name))
    return found


def fit_of(row: Row, side: Side) -> str:
    """What happens to a text that is too long (flows.md 1.4): numbers and codes are never shortened."""
    if row.fit is not None:
        return row.fit
    if row.required or side.column_of(row) in side.key:
        return "refuse"
    return "omit" if row.values is not None or row.lookup is not None else "cut"


def _longer(row: Row, side: Side, name: str, limit: int) -> Callable[[str, Job], Result]:
    match fit_of(row, side):
        case "cut":
            return stages.cut_to(limit, _warning(row, "truncated", name))
        case "omit":
            return stages.omit(_warning(row, "too-long", name))
        case _:
            remedy = f"Shorten it to {limit} characters."
            return stages.park(row.too_long, name, f"{name} takes {limit} characters.", remedy)


def _warning(row: Row, kind: str, name: str) -> str:
    if row.warn is False:
        return ""
    return row.warn or f"{kind}:{name}"


def _otherwise(row: Row, side: Side) -> Stage:
    name, rule = side.column_of(row), row.otherwise
    if isinstance(rule, Otherwise):
        if rule.leave_out_block:
            return stages.leave_out_block(rule.leave_out_block)
        if rule.park:
            return _not_mapped(rule.park, name)
        value = side.settings.value(FromSetting(setting=rule.setting or ""))
        return lambda _value, _job: value
    match rule:
        case "keep":
            return lambda value, _job: value
        case "omit":
            return stages.omit(_warning(row, "not-mapped", name))
        case "blank":
            return lambda _value, _job: None
        case None | "block":
            return _not_mapped("value-not-mapped", name)
        case _:
            return lambda _value, _job: rule


def _not_mapped(code: str, name: str) -> Stage:
    what = f"The value map of {name} does not know the value."
    return stages.park(code, name, what, "Add a pair to the value map, or mend the record.", retryable=True)


def block_step(block: Block, rows: Sequence[Row], side: Side) -> BlockStep:
    """The step that makes the fields of an address: all of them, or none (flows.md 1.8)."""
    looked_within = {row.within for row in rows}
    steps = [row_step(row, side, block, remembered=side.column_of(row) in looked_within) for row in rows]
    first = [index for index, row in enumerate(rows) if side.column_of(row) in block.sent_when]
    others = [index for index in range(len(rows)) if index not in first and not rows[index].within]
    last = [index for index in range(len(rows)) if index not in first and rows[index].within]
    rest = tuple((index, steps[index]) for index in others + last)
    deciding = tuple((index, steps[index]) for index in first)
    count = len(rows)

    def step(values: Values, job: Job) -> tuple[Field, ...]:
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
