"""Whether the tables and columns that a flow names are there, with the keys and the change tracking that it needs."""

from __future__ import annotations

from collections.abc import Iterator

from sync.live.findings import Finding
from sync.live.flow import LiveFlow, PlacedRow
from sync.live.ports import Table
from sync.mapping.conditions import listed
from sync.mapping.side import asked_of, minds_blank, when_of
from sync.mapping.yaml_text import Path
from sync.model import System

NAMES: dict[System, str] = {"sales": "Sales", "finops": "F&O"}
_MISSING_SET: dict[System, str] = {
    "sales": "Check the entity set's name (case counts), and that the solution which brings it is installed.",
    "finops": "Check the entity's public collection name (case counts), and that it is public in this version of F&O.",
}


_NO_MISTAKE = "That is no mistake: organisations without the column do without the row."


def check_tables(flow: LiveFlow) -> Iterator[Finding]:
    """Entity sets, keys, change tracking, columns."""
    for path, system, set in flow.wanted():
        if flow.lacks(system, set):
            yield flow.found("error", path, f"{NAMES[system]} has no table {set}", _MISSING_SET[system])
    yield from _keys(flow)
    yield from _tracking(flow)
    yield from _optional(flow)
    yield from _dropped(flow)
    yield from _lacking(flow)


def _keys(flow: LiveFlow) -> Iterator[Finding]:
    file, finops = flow.file, flow.layout.finops
    named: list[tuple[Path, System, str, tuple[str, ...]]] = [
        (("sales", "id"), "sales", file.sales.table, (file.sales.id,)),
        (("finops", "key"), "finops", finops.entity, finops.key),
    ]
    for index, step in enumerate(file.steps):
        if step.table is not None and step.id is not None:
            named.append((("steps", index, "id"), "sales", step.table, (step.id,)))
    for path, system, set, key in named:
        table = flow.table(system, set)
        if table is not None and frozenset(table.key) != frozenset(key):
            what = f"the key of {set} in {NAMES[system]} is {', '.join(table.key)}, not {', '.join(key)}"
            yield flow.found("error", path, what, "Name the key as it is.")
    table = flow.table("finops", finops.entity)
    if table is None:
        return
    enums = {name for name in finops.key if name in table.columns and table.columns[name].kind == "enum"}
    if enums != frozenset(finops.enums):
        what = f"the enums in the key of {finops.entity} are {', '.join(sorted(enums)) or 'none'}"
        yield flow.found("error", ("finops", "enums"), what, "Name exactly these under enums.")


def _tracking(flow: LiveFlow) -> Iterator[Finding]:
    """Changes of Sales are found by change tracking alone (wire.md 1.7)."""
    if flow.target != "finops":
        return
    named: list[tuple[Path, str]] = []
    if flow.file.sales.feed == "delta":
        named.append((("sales", "table"), flow.file.sales.table))
    for index, trigger in enumerate(flow.file.triggers):
        if flow.layout.conditions.hold(trigger.only_if):
            named.append((("triggers", index, "table"), trigger.table))
    remedy = "Switch on Track changes in the table's properties in Power Apps (Advanced options)."
    for path, name in named:
        table = flow.table("sales", name)
        if table is not None and table.change_tracking is False:
            yield flow.found("error", path, f"changes of {name} are not tracked, so none would be found", remedy)


def _optional(flow: LiveFlow) -> Iterator[Finding]:
    """Rows that are off because this organisation does not have a column that not every one has (flows.md 1.11)."""
    table = flow.file.sales.table
    if flow.table("sales", table) is None:
        return
    held = {placed.row.id for placed in flow.rows}
    for row in flow.with_all_columns().all_rows:
        for condition in listed(row.only_if):
            name = condition.column
            if row.id not in held and name and condition.exists and flow.column("sales", table, name) is None:
                what = f"{row.id} is off: {table} has no column {name}"
                yield flow.found("note", flow.paths[row.id], what, _NO_MISTAKE)


def _dropped(flow: LiveFlow) -> Iterator[Finding]:
    """What the flow cannot do without, and the rows that are off, or read a blank, for want of a column of Sales."""
    if flow.table("sales", flow.file.sales.table) is None:
        return
    yield from (Finding(flow.name, "error", problem) for problem in flow.live_layout().problems)
    gone: set[str] = set()
    for placed in flow.rows:
        row, side = placed.row, placed.side
        table = placed.set if flow.target == "sales" else flow.layout.source.set
        names = (side.column_of(row),) if flow.target == "sales" else side.names_of(row)
        there = flow.table("sales", table) is not None
        lacking = [name for name in names if there and flow.column("sales", table, name) is None]
        builds_on = [name for name in asked_of(row) if name in gone]
        if not lacking and not builds_on:
            continue
        why = f"{table} has no column {lacking[0]}" if lacking else f"it builds on {builds_on[0]}, which is off"
        stays = flow.target == "finops" and minds_blank(row)
        if not stays:
            gone.add(side.prefix + side.column_of(row))
        if row.match is not None or side.column_of(row) in side.key:
            continue
        if stays:
            yield _blank(flow, placed, why, always=len(lacking) == len(names))
        else:
            remedy = "Name a column that is there, or switch the row off with enabled: false."
            yield flow.found("warning", placed.path, f"{row.id} is switched off: {why}", remedy)


def _blank(flow: LiveFlow, placed: PlacedRow, why: str, *, always: bool) -> Finding:
    """A row that says what a blank becomes; `always`: it reads nothing beside what is not there."""
    row = placed.row
    if always and row.required and placed.side.settings.value(row.default) is None:
        records = "every new record" if when_of(row) == "create" else "every record"
        what = f"{row.id} reads a blank for {records}, which is parked as {row.required}: {why}"
        return flow.found("error", placed.path, what, "Name a column that is there, or give the row a default.")
    remedy = "Name a column that is there, unless what the row makes of a blank is right for every record."
    return flow.found("warning", placed.path, f"{row.id} reads a blank: {why}", remedy)


def _lacking(flow: LiveFlow) -> Iterator[Finding]:
    """Columns that are named and not there, beyond those that the flow can leave out: F&O refuses what it lacks."""
    for path, system, set, name in _named(flow):
        table = flow.table(system, set)
        if table is not None and flow.column(system, set, name) is None:
            yield flow.found("error", path, f"{set} of {NAMES[system]} has no column {name}", _remedy(table, name))


def _remedy(table: Table, name: str) -> str:
    same = next((each for each in table.columns if each.casefold() == name.casefold()), None)
    if same is not None:
        return f"Write {same}: case counts."
    return "Name a column that is there, or take the line out (a row: enabled: false)."


def _named(flow: LiveFlow) -> Iterator[tuple[Path, System, str, str]]:
    """Every column that is named outside of what `_dropped` looks at."""
    file, layout = flow.file, flow.layout
    for placed in flow.rows:
        yield from _row_columns(flow, placed)
    for index, test in enumerate(file.only):
        if not layout.conditions.hold(test.only_if):
            continue
        if flow.source == "finops" and test.finops is not None:
            yield ("only", index, "finops"), "finops", layout.source.set, test.finops
        for inner, rows in enumerate(test.referred_by or ()):
            path = ("only", index, "referred_by", inner)
            for name in (rows.column, *(rows.where or ()), *(rows.where_not or ())):
                yield path, "sales", rows.table, name
    for index, adopt in enumerate(file.adopt):
        if flow.target == "finops" and adopt.finops is not None and layout.conditions.hold(adopt.only_if):
            yield ("adopt", index, "finops"), "finops", layout.target.set, adopt.finops
    for index, search in enumerate(file.also_match):
        if layout.conditions.hold(search.only_if):
            yield from ((("also_match", index, "by"), flow.target, layout.target.set, name) for name in search.by)
    yield from ((("gives",), flow.target, layout.target.set, name) for name in file.gives)
    if flow.target == "finops":
        for index, trigger in enumerate(file.triggers):
            if layout.conditions.hold(trigger.only_if):
                for name in (trigger.id, trigger.column):
                    yield ("triggers", index), "sales", trigger.table, name
    rule = file.on_deactivate
    if rule is not None and layout.conditions.hold(rule.only_if):
        for part, values in (("hold", rule.hold), ("release", rule.release)):
            yield from ((("on_deactivate", part, name), flow.target, layout.target.set, name) for name in values)


def _row_columns(flow: LiveFlow, placed: PlacedRow) -> Iterator[tuple[Path, System, str, str]]:
    row, path, target = placed.row, placed.path, flow.target
    if target == "finops":
        yield (*path, "finops"), target, placed.set, placed.side.column_of(row)
    else:
        yield from (((*path, "finops"), flow.source, flow.layout.source.set, n) for n in placed.side.names_of(row))
    if row.lookup is not None and placed.side.sources_of(row):
        for part, name in (("key", row.lookup.key), ("give", row.lookup.give)):
            yield (*path, "lookup", part), flow.source, row.lookup.set, name
    if row.exists is not None:
        yield (*path, "exists", "column"), target, row.exists.set, row.exists.column
    if row.resolve is not None:
        rule = row.resolve
        names = [("give", rule.give), ("by", rule.by), ("name", rule.name)]
        names += [("within", name) for name in rule.within] + [("where", name) for name in rule.where]
        names += [("valid", name) for name in rule.valid or ()]
        yield from (((*path, "resolve", part), target, rule.set, name) for part, name in names if name is not None)
