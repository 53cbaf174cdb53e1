"""Whether what rows send has the type, the length and the rights to be written that the target's columns ask for."""

from __future__ import annotations

from collections.abc import Iterator

from sync.live.findings import Finding
from sync.live.flow import LiveFlow, PlacedRow, attribute
from sync.live.ports import Column
from sync.live.values import known_values, told
from sync.mapping.side import NAME_OF, lookup_name, when_of
from sync.mapping.text import width
from sync.mapping.yaml_text import Path

_TAKES = {
    "whole": {"whole", "decimal", "choice"},
    "decimal": {"decimal"},
    "date": {"date", "moment"},
}
_NUMBERS_FROM = {"text", "whole", "decimal", "choice"}
_FLAGS = {"yes_no", "enum"}


def check_shapes(flow: LiveFlow) -> Iterator[Finding]:
    """Types, lengths, rights to write, and columns that no row can be written without."""
    for placed in flow.rows:
        column = flow.target_column(placed)
        if column is not None:
            yield from _type(flow, placed, column)
            yield from _length(flow, placed, column)
            yield from _writable(flow, placed, column)
        yield from _sources(flow, placed)
    yield from _required(flow)
    yield from _written_back(flow)
    yield from _on_deactivate(flow)


def _type(flow: LiveFlow, placed: PlacedRow, column: Column) -> Iterator[Finding]:
    row = placed.row
    sent = _sent_kinds(flow, placed)
    if sent and column.kind not in sent:
        what = f"{row.id} sends {_said(placed)}, but {_name(column)} of {placed.set} is {column.type}"
        yield flow.found("error", (*placed.path, flow.target), what, _type_remedy(column))


def _sent_kinds(flow: LiveFlow, placed: PlacedRow) -> set[str]:
    """The kinds of columns that take what a row sends; none when anything may come of it."""
    row, side = placed.row, placed.side
    if side.column_of(row) in side.binds:
        return {"lookup"}
    if row.type == "yes_no":
        return {"yes_no"} if flow.target == "sales" else {"enum"}
    if row.type != "text":
        return _TAKES[row.type]
    if row.transform or row.combine or row.resolve or row.same_as:
        return set()
    values = list(known_values(flow, placed))
    if values and (row.constant is not None or row.setting is not None):
        # Members and options are looked at by their values.
        texts = {isinstance(value.value, str) for value in values}
        return {"text", "enum", "other"} if texts == {True} else {"whole", "decimal", "choice", "yes_no"}
    if row.values is not None:
        return {"text", "enum", "choice", "whole", "yes_no"}
    copied = {column.kind for column in flow.sources(placed)}
    return {"text", *copied & {"date", "moment", "guid"}}


def _said(placed: PlacedRow) -> str:
    if placed.side.column_of(placed.row) in placed.side.binds:
        return "the id of a row"
    return {
        "whole": "whole numbers",
        "decimal": "numbers",
        "yes_no": "yes or no",
        "date": "dates",
        "text": "text",
    }[placed.row.type]


def _type_remedy(column: Column) -> str:
    wanted = {
        "whole": "whole",
        "decimal": "decimal",
        "yes_no": "yes_no",
        "choice": "whole",
        "date": "date",
        "moment": "date",
    }.get(column.kind)
    if wanted is not None:
        return f"Give the row type: {wanted}, or name another column."
    if column.kind == "enum":
        return "Give the row a value map that leads to members of the enum (flags: type: yes_no)."
    if column.kind == "lookup":
        return "Give the row a resolve, which finds the row that the lookup shall lead to."
    return "Leave the row's type out, or name another column."


def _length(flow: LiveFlow, placed: PlacedRow, column: Column) -> Iterator[Finding]:
    """Sales refuses texts that are too long; F&O publishes no lengths (flows.md 1.4)."""
    row, limit = placed.row, column.max_length
    if limit is None or column.kind != "text":
        return
    for known in known_values(flow, placed):
        if isinstance(known.value, str) and width(known.value) > limit:
            what = f'{row.id} sends "{known.value}", but {_name(column)} of {placed.set} takes {limit} characters'
            yield told(flow, "error", placed, known, what, f"{known.remedy}: shorten it.")
    if not placed.side.names_of(row):
        return
    if row.max is not None and row.max > limit:
        what = f"{row.id} lets {row.max} characters through, but {_name(column)} of {placed.set} takes {limit}"
        yield flow.found("error", (*placed.path, "max"), what, f"Write max: {limit}.")
    if row.max is None and row.values is None:
        what = f"{row.id} has no max, and {_name(column)} of {placed.set} takes {limit} characters"
        yield flow.found("warning", placed.path, what, f"Give the row max: {limit}, or Sales refuses what is longer.")


def _writable(flow: LiveFlow, placed: PlacedRow, column: Column) -> Iterator[Finding]:
    row, when = placed.row, when_of(placed.row)
    name = f"{_name(column)} of {placed.set}"
    if when != "update" and column.creatable is False:
        remedy = "Give the row when: update." if column.updatable else "Switch the row off: enabled: false."
        yield flow.found("error", placed.path, f"{row.id} is sent on create, when {name} cannot be written", remedy)
    if when != "create" and column.updatable is False:
        remedy = "Give the row when: create." if column.creatable else "Switch the row off: enabled: false."
        yield flow.found("error", placed.path, f"{row.id} is sent on update, when {name} cannot be written", remedy)


def _sources(flow: LiveFlow, placed: PlacedRow) -> Iterator[Finding]:
    """What a row reads must be what its type can make something of."""
    row, path = placed.row, (*placed.path, flow.source)
    own = placed.side.source_id
    looked_at = [name.removesuffix(NAME_OF) for name in placed.side.names_of(row) if name.endswith(NAME_OF)]
    looked_at += [row.lookup.of] if row.lookup is not None and row.lookup.of is not None else []
    named = {lookup_name(name) for name in looked_at}
    for column in flow.sources(placed):
        said = f"{row.id} reads {_name(column)} of {flow.layout.source.set}, which is"
        if column.name in named:
            continue
        if (row.lookup is not None and row.lookup.of is None) or row.reference is not None:
            if column.kind != "lookup" and column.name != own and flow.source == "sales":
                yield flow.found("error", path, f"{said} no lookup but {column.type}", "Name a lookup column.")
        elif column.kind == "lookup":
            remedy = "Give the row a lookup or a reference, which make a value of the id."
            yield flow.found("error", path, f"{said} a lookup", remedy)
        elif row.transform or row.combine or row.values is not None or row.join is not None:
            continue
        elif row.type == "yes_no" and column.kind not in _FLAGS:
            yield flow.found("error", path, f"{said} {column.type} and no flag", "Leave the row's type out.")
        elif row.type == "date" and column.kind not in ("date", "moment"):
            yield flow.found("error", path, f"{said} {column.type} and no date", "Leave the row's type out.")
        elif row.type in ("whole", "decimal") and column.kind not in _NUMBERS_FROM:
            yield flow.found("error", path, f"{said} {column.type} and no number", "Leave the row's type out.")


def _required(flow: LiveFlow) -> Iterator[Finding]:
    """Columns of Sales without which no row can be created; F&O tells no more than its keys."""
    if flow.target != "sales":
        return
    layout = flow.layout
    written: dict[str, tuple[Path, set[str], tuple[str, ...]]] = {
        layout.target.set: (("sales", "table"), set(), layout.target.key)
    }
    for index, step in enumerate(flow.file.steps):
        if step.table is not None and any(step is held for held, _ in layout.writes):
            written[step.table] = (("steps", index, "table"), set(), (step.id or "",))
    for placed in flow.rows:
        if when_of(placed.row) != "update":
            written[placed.set][1].add(placed.side.column_of(placed.row))
    for set_, (path, filled, key) in written.items():
        table = flow.table("sales", set_)
        for column in table.columns.values() if table is not None else ():
            if not column.required or column.creatable is False or column.type in ("State", "Status", "Owner"):
                continue
            if column.name not in key and attribute(column.name) not in filled:
                what = f"no row of {set_} can be created without {attribute(column.name)}, which no row here fills"
                sure = column.kind in ("text", "lookup", "moment", "date")
                remedy = "Add a row for it." if sure else "Add a row for it, unless Sales has a default."
                yield flow.found("error" if sure else "warning", path, what, remedy)


def _written_back(flow: LiveFlow) -> Iterator[Finding]:
    """Numbers that the app gives are written into the source (flows.md 1.3)."""
    rule, number = flow.file.allocate, flow.file.sales.number
    if rule is None or number is None or flow.target != "finops" or not flow.layout.conditions.hold(rule.only_if):
        return
    column = flow.column("sales", flow.file.sales.table, number)
    if column is None:
        return
    if column.updatable is False:
        what = f"numbers are to be written into {number} of {flow.file.sales.table}, which cannot be written"
        yield flow.found("error", ("allocate",), what, "Change what allocate's only_if names.")
    made = len(rule.prefix) + max(rule.digits, len(str(rule.first))) + 1 + rule.suffix
    if column.max_length is not None and made > column.max_length:
        what = f"numbers of {made} characters are to be written into {number}, which takes {column.max_length}"
        yield flow.found("error", ("allocate",), what, "Shorten prefix, digits or suffix.")


def _on_deactivate(flow: LiveFlow) -> Iterator[Finding]:
    rule = flow.file.on_deactivate
    if rule is None or not flow.layout.conditions.hold(rule.only_if):
        return
    for part, values in (("hold", rule.hold), ("release", rule.release)):
        for name in values:
            column = flow.column(flow.target, flow.layout.target.set, name)
            if column is not None and column.updatable is False:
                what = f"{name} of {flow.layout.target.set} cannot be written on update"
                yield flow.found("error", ("on_deactivate", part, name), what, "Name another column.")


def _name(column: Column) -> str:
    return attribute(column.name)
