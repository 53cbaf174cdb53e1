"""Whether the tables and columns that a flow names are there, with the keys and the change tracking that it needs."""

from __future__ import annotations

from collections.abc import Iterator

from sync.live.findings import Finding
from sync.live.flow import LiveFlow, PlacedRow
from sync.mapping.conditions import SYSTEMS, KnownColumns, listed
from sync.mapping.side import when_of
from sync.mapping.terms import Lack
from sync.mapping.yaml_text import Path
from sync.model import System

_NO_MISTAKE = "That is no mistake: organisations without the column do without the row."


def check_tables(flow: LiveFlow) -> Iterator[Finding]:
    """Entity sets, keys, change tracking, columns."""
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
            what = f"the key of {set} in {SYSTEMS[system]} is {', '.join(table.key)}, not {', '.join(key)}"
            yield flow.found("error", path, what, "Name the key as it is.")
    table = flow.table("finops", finops.entity)
    if table is None:
        return
    enums = {name for name in finops.key if name in table.columns and table.columns[name].kind == "enum"}
    if enums != frozenset(finops.enums):
        what = f"the enums in the key of {finops.entity} are {', '.join(sorted(enums)) or 'none'}"
        yield flow.found("error", ("finops", "enums"), what, "Name exactly these under enums.")


def _tracking(flow: LiveFlow) -> Iterator[Finding]:
    """Changes of Sales are found by change tracking alone (wire.md 1.7); of a line, by that of its document."""
    if flow.target != "finops" or flow.of_lines:
        return
    named: list[tuple[Path, str]] = [(("sales", "table"), flow.file.sales.table)]
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
    """What the flow cannot do without, and what is off, or reads a blank, for want of a column (flows.md 1.13)."""
    layout = flow.live_layout()
    yield from (Finding(flow.name, "error", problem) for problem in layout.problems)
    rows = {placed.row.id: placed for placed in flow.rows}
    for lack in layout.lacking:
        yield (
            _blank(flow, rows[lack.row], lack)
            if lack.blank
            else flow.found("warning", lack.path, str(lack), lack.remedy)
        )


def _blank(flow: LiveFlow, placed: PlacedRow, lack: Lack) -> Finding:
    """A row that says what a blank becomes."""
    row = placed.row
    if lack.always and row.required and placed.side.settings.value(row.default) is None:
        records = "every new record" if when_of(row) == "create" else "every record"
        what = f"{row.id} reads a blank for {records}, which is parked as {row.required}: {lack.why}"
        return flow.found("error", lack.path, what, "Name a column that is there, or give the row a default.")
    remedy = "Name a column that is there, unless what the row makes of a blank is right for every record."
    return flow.found("warning", lack.path, str(lack), remedy)


def _lacking(flow: LiveFlow) -> Iterator[Finding]:
    """Tables and columns of Sales whose rows decide about a flow's records, or are followed: a flow stops without."""
    known = KnownColumns(flow.live_columns())
    for path, set, name in _decisive(flow):
        if not known.has("sales", set, name):
            yield flow.found("error", path, known.why_not("sales", set, name), known.remedy("sales", set, name))


def _decisive(flow: LiveFlow) -> Iterator[tuple[Path, str, str]]:
    """Every table of Sales that filters and triggers name, with its columns that they name."""
    file, layout = flow.file, flow.layout
    for index, test in enumerate(file.only):
        for inner, rows in enumerate(test.referred_by or () if layout.conditions.hold(test.only_if) else ()):
            path = ("only", index, "referred_by", inner)
            for name in (rows.column, *(rows.where or ()), *(rows.where_not or ())):
                yield path, rows.table, name
    for index, trigger in enumerate(file.triggers if flow.target == "finops" else ()):
        if layout.conditions.hold(trigger.only_if):
            for name in (trigger.id, trigger.column):
                yield ("triggers", index), trigger.table, name
