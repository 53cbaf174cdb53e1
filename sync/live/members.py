"""Whether values are members of the enums of F&O and options of the option sets of Sales that they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sync.live.findings import Finding
from sync.live.flow import LiveFlow, PlacedRow, attribute
from sync.live.ports import Column
from sync.live.values import known_values, pairs, told
from sync.mapping.problems import did_you_mean
from sync.mapping.schema import Referring
from sync.mapping.values import key_text, normalise
from sync.mapping.words import Value
from sync.mapping.yaml_text import Path
from sync.model import System


def check_members(flow: LiveFlow) -> Iterator[Finding]:
    """Constants, settings, value maps, filters and tests."""
    for placed in flow.rows:
        yield from _sent(flow, placed)
        yield from _looked_up(flow, placed)
        rule = placed.row.resolve
        for name, value in rule.where.items() if rule is not None else ():
            path = (*placed.path, "resolve", "where", name)
            yield from _each(flow, path, flow.target, rule.set if rule is not None else "", name, (value,))
    yield from _filters(flow)
    yield from _tests(flow)


def _sent(flow: LiveFlow, placed: PlacedRow) -> Iterator[Finding]:
    column = flow.target_column(placed)
    if column is None or placed.row.type == "yes_no":
        return
    for known in known_values(flow, placed):
        wrong = not_among(column, known.value)
        if wrong is None:
            continue
        what = f"{placed.row.id} sends {key_text(known.value)}, which {attribute(column.name)} of {placed.set} {wrong}"
        remedy = f"{known.remedy}. {_remedy(column, known.value)}"
        yield told(flow, "error", placed, known, what, remedy)


def _looked_up(flow: LiveFlow, placed: PlacedRow) -> Iterator[Finding]:
    """Pairs of a value map that no value of the source ever leads to."""
    table = placed.side.values_of(placed.row)
    if table is None or placed.row.lookup is not None or placed.row.combine or placed.row.join:
        return
    for column in flow.sources(placed):
        there = members_of(column)
        if there is None:
            continue
        known = {normalise(key_text(each)) for each in there}
        for text in pairs(table, placed.side.source):
            if text and normalise(text) not in known:
                what = f"{placed.row.id} maps {text}, which {attribute(column.name)} of {flow.layout.source.set} "
                what += "does not have"
                remedy = f"Take the pair out of the value map, or write {_listed(there)}."
                yield flow.found("warning", (*placed.path, "values"), what, remedy)


def _filters(flow: LiveFlow) -> Iterator[Finding]:
    file, layout = flow.file, flow.layout
    for index, test in enumerate(file.only):
        if not layout.conditions.hold(test.only_if):
            continue
        name = test.sales if flow.source == "sales" else test.finops
        if name is not None and test.table is None:
            values = test.is_ if isinstance(test.is_, tuple) else (test.is_,)
            yield from _each(flow, ("only", index, "is"), flow.source, layout.source.set, name, values)
        for inner, rows in enumerate(test.referred_by or ()):
            yield from _referring(flow, ("only", index, "referred_by", inner), rows)


def _referring(flow: LiveFlow, path: Path, rows: Referring) -> Iterator[Finding]:
    for part, where in (("where", rows.where), ("where_not", rows.where_not)):
        for name, values in (where or {}).items():
            yield from _each(flow, (*path, part, name), "sales", rows.table, name, values)


def _tests(flow: LiveFlow) -> Iterator[Finding]:
    """Tests of existing rows, conditions of steps, what is written on deactivation."""
    file, layout, target = flow.file, flow.layout, flow.layout.target.set
    for index, test in enumerate(file.adopt):
        name = test.finops if flow.target == "finops" else test.sales
        if name is not None and test.is_ is not None and layout.conditions.hold(test.only_if):
            values = test.is_ if isinstance(test.is_, tuple) else (test.is_,)
            yield from _each(flow, ("adopt", index, "is"), flow.target, target, name, values)
    for index, step in enumerate(file.steps):
        for name, given in step.only_when.items() if any(step is held for held, _ in layout.writes) else ():
            values_ = given if isinstance(given, tuple) else (given,)
            yield from _each(flow, ("steps", index, "only_when", name), "sales", target, name, values_)
    rule = file.on_deactivate
    if rule is not None and layout.conditions.hold(rule.only_if):
        for part, written in (("hold", rule.hold), ("release", rule.release)):
            for name, value in written.items():
                yield from _each(flow, ("on_deactivate", part, name), flow.target, target, name, (value,))


def _each(
    flow: LiveFlow, path: Path, system: System, set: str, name: str, values: Iterable[Value | None]
) -> Iterator[Finding]:
    """Each of these values that stands in the file for one of a column."""
    column = flow.column(system, set, name)
    for value in values if column is not None else ():
        wrong = not_among(column, value) if column is not None and value is not None else None
        if column is not None and value is not None and wrong is not None:
            what = f"{key_text(value)} is a value that {name} of {set} {wrong}"
            yield flow.found("error", path, what, _remedy(column, value))


def members_of(column: Column) -> tuple[Value, ...] | None:
    """All values that a column of an enum or an option set can have; None for other columns."""
    if column.kind == "enum" and column.members is not None:
        return tuple(column.members)
    if column.kind == "choice" and column.options is not None:
        return tuple(column.options)
    return (True, False) if column.kind == "yes_no" else None


def not_among(column: Column, value: Value) -> str | None:
    """What is wrong with a value for a column, None when it can have it. Types are compared, too: Sales takes
    options as numbers, F&O members by their names as they are spelt."""
    there = members_of(column)
    if there is None or any(value == each and type(value) is type(each) for each in there):
        return None
    return "does not have" if column.kind != "yes_no" else "cannot have: it is true or false"


def _remedy(column: Column, value: Value) -> str:
    there = members_of(column) or ()
    names = [key_text(each) for each in there]
    if len(names) <= _FEW:
        return f"Known: {_listed(there)}."
    return did_you_mean(key_text(value), names, "member")


_FEW = 12


def _listed(values: Iterable[Value]) -> str:
    return ", ".join(key_text(each) for each in values)
