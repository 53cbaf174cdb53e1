"""Which stages a row's value goes through, in their order."""

from __future__ import annotations

from collections.abc import Callable

from sync.mapping import days, lookups, stages
from sync.mapping.job import Job, Result, Stage
from sync.mapping.resolving import resolve
from sync.mapping.row_schema import Block, Otherwise, Row
from sync.mapping.settings import app_setting
from sync.mapping.side import Side
from sync.mapping.values import finder
from sync.mapping.words import FromRow, FromSetting


def row_stages(row: Row, side: Side, block: Block | None) -> list[Stage]:
    """What happens to the value, in this order: where it comes from, value map, default, functions, type, what it must
    be, what it finds in the target, length."""
    return [
        *_origin(row, side),
        *_mapped(row, side),
        *_shaped(row, side),
        *_demanded(row, side, block),
        *_found(row, side),
        *_limits(row, side),
    ]


def _origin(row: Row, side: Side) -> list[Stage]:
    if row.same_as is not None:
        return [stages.same_as(row.same_as)]
    if row.parent:
        return [stages.parent]
    if side.always(row) is not None:
        return []
    if row.lookup and row.combine is None:
        return [lookups.look_up(side.source, row.lookup.set, row.lookup.give)]
    return [lookups.refer(row.reference, side.column_of(row))] if row.reference else []


def _mapped(row: Row, side: Side) -> list[Stage]:
    found: list[Stage] = []
    table = side.values_of(row)
    find = finder(table, side.source) if table is not None else None
    always = side.always(row) is not None
    if table is not None and find is not None and not always and not (table.empty and row.otherwise == "keep"):
        through = stages.map_value(find, row.within, _otherwise(row, side))
        if row.unless_clear is not None and table.left != side.source:
            name, code = side.column_of(row), row.not_clear or "value-not-mapped"
            through = stages.backwards(table.all_back, row.unless_clear, name, code, through)
        found.append(through)
    default = side.settings.value(row.default)
    if default is not None:
        mapped = find(default, "") if find is not None and table is not None and not table.grouped else None
        found.append(stages.fall_back(default if mapped is None else mapped))
    for each in row.or_else:
        if isinstance(each, FromRow):
            found.append(stages.if_blank(stages.same_as(each.same_as)))
        else:
            found.append(stages.if_blank(days.first_needed(each, side.settings)))
    return found


def _shaped(row: Row, side: Side) -> list[Stage]:
    found: list[Stage] = []
    name = side.column_of(row)
    if row.transform:
        functions = [side.transforms.of_one[function] for function in row.transform]
        found.append(stages.transform(functions, name, multiline=row.multiline))
    if row.prefix:
        found.append(stages.put_before(row.prefix))
    if row.type == "yes_no":
        found.append(stages.as_yes_no if side.target == "finops" else stages.as_flag)
    elif row.type == "date":
        found.append(days.as_day(name))
    elif row.type != "text":
        found.append(stages.as_number(name, whole=row.type == "whole"))
    if row.least is not None or row.most is not None:
        found.append(stages.clamp(row.least, row.most))
    return found


def _demanded(row: Row, side: Side, block: Block | None) -> list[Stage]:
    found: list[Stage] = []
    name = side.column_of(row)
    if row.block_required and block:
        found.append(stages.if_blank(stages.leave_out_block(row.block_required)))
    if row.required:
        what, remedy = f"{name} has no value.", f"Fill in {_sources(row, side)}."
        # What another record's link lacks today, it may have tomorrow.
        retryable = row.reference is not None
        found.append(stages.if_blank(stages.park(row.required, name, what, remedy, retryable=retryable)))
    return found


def _found(row: Row, side: Side) -> list[Stage]:
    name = side.column_of(row)
    pair = ""
    if row.values is not None:
        pair = ", or a pair to the value map " + (row.values if isinstance(row.values, str) else "of this row")
    if row.resolve:
        return [resolve(row.resolve, name, side, pair)]
    return [lookups.must_exist(side.target, row.exists, name, pair)] if row.exists else []


def _sources(row: Row, side: Side) -> str:
    names = list(side.names_of(row))
    for given in (row.default, FromSetting(setting=row.setting) if row.setting else side.always(row)):
        if isinstance(given, FromSetting):
            names.append(f"the app setting {app_setting(given.setting)}")
    return " or ".join(dict.fromkeys(names))


def _limits(row: Row, side: Side) -> list[Stage]:
    found: list[Stage] = []
    if row.max is not None:
        found.append(stages.fit(row.max, _longer(row, side, row.max)))
    if row.unsafe and not (row.unsafe_unless and side.conditions.hold(row.unsafe_unless)):
        found.append(stages.refuse_unsafe(side.column_of(row)))
    return found


def fit_of(row: Row, side: Side) -> str:
    """What happens to a text that is too long (flows.md 1.4): numbers and codes are never shortened."""
    if row.fit is not None:
        return row.fit
    if row.required or row.match or side.column_of(row) in side.key:
        return "refuse"
    return "omit" if row.values is not None or row.lookup is not None or row.reference is not None else "cut"


def _longer(row: Row, side: Side, limit: int) -> Callable[[str, Job], Result]:
    name = side.column_of(row)
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
        if rule.value is not None:
            return stages.warned(rule.value, _warning(row, "not-mapped", name))
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
