"""Whether lookups of Sales lead where rows and filters take them to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.live.findings import Finding
from sync.live.flow import LiveFlow, PlacedRow, attribute
from sync.mapping.schema import MappingFile


def check_lookups(flow: LiveFlow, files: Mapping[str, MappingFile]) -> Iterator[Finding]:
    """Binds of written lookups, tables that read lookups lead to; `files` are all mapping files by name."""
    for placed in flow.rows:
        yield from _bound(flow, placed)
        if flow.source == "sales":
            yield from _followed(flow, placed, files)
        yield from _key(flow, placed)
    yield from _filters(flow)


def _bound(flow: LiveFlow, placed: PlacedRow) -> Iterator[Finding]:
    """A lookup is written under a navigation property, which leads to one entity set (wire.md 1.5)."""
    bind = placed.side.binds.get(placed.side.column_of(placed.row))
    column = flow.target_column(placed)
    if bind is None or column is None or column.kind != "lookup":
        return
    row, name = placed.row, f"{attribute(column.name)} of {placed.set}"
    if bind.navigation not in column.binds:
        what = f"{row.id} is bound as {bind.navigation}, but the navigation properties of {name} are "
        what += ", ".join(column.binds) or "none"
        yield flow.found("error", placed.path, what, "Name one of them under bind_as; case counts.")
    elif bind.set not in column.binds[bind.navigation]:
        sets = ", ".join(column.binds[bind.navigation])
        what = f"{row.id} is bound to a row of {bind.set}, but {bind.navigation} of {placed.set} leads to {sets}"
        yield flow.found("error", placed.path, what, "Look for the row in the set that the lookup leads to.")


def _followed(flow: LiveFlow, placed: PlacedRow, files: Mapping[str, MappingFile]) -> Iterator[Finding]:
    row = placed.row
    if row.lookup is not None:
        wanted = {row.lookup.set}
    elif row.reference is not None:
        wanted = {files[mapping].sales.table for mapping in row.reference.by_table.values() if mapping in files}
    else:
        return
    for each in sorted(wanted):
        yield from _leads_to(flow, placed, each)


def _leads_to(flow: LiveFlow, placed: PlacedRow, wanted: str) -> Iterator[Finding]:
    row, table = placed.row, flow.table("sales", wanted)
    for column in flow.sources(placed):
        if table is not None and column.kind == "lookup" and table.logical_name not in column.targets:
            what = f"{row.id} looks into {wanted}, but {attribute(column.name)} of {flow.layout.source.set} leads to "
            what += ", ".join(column.targets) or "nothing"
            yield flow.found("error", placed.path, what, "Name the table that the lookup leads to.")


def _key(flow: LiveFlow, placed: PlacedRow) -> Iterator[Finding]:
    """Rows of reference data are found, and bound, by their whole key."""
    row = placed.row
    parts = (
        ("lookup", "key", flow.source, row.lookup and (row.lookup.set, row.lookup.key)),
        ("resolve", "give", flow.target, row.resolve and (row.resolve.set, row.resolve.give)),
    )
    for part, word, system, named in parts:
        table = flow.table(system, named[0]) if named else None
        if named and table is not None and named[1] in table.columns and table.key != (named[1],):
            what = f"{row.id} takes {named[1]} for the key of {named[0]}, which is {', '.join(table.key)}"
            yield flow.found("error", (*placed.path, part, word), what, "Name the key column.")


def _filters(flow: LiveFlow) -> Iterator[Finding]:
    for index, test in enumerate(flow.file.only):
        if flow.source != "sales" or not flow.layout.conditions.hold(test.only_if):
            continue
        column = flow.column("sales", flow.layout.source.set, test.sales) if test.sales is not None else None
        if test.table is not None and column is not None and test.table not in column.targets:
            what = f"{test.sales} of {flow.layout.source.set} never leads to {test.table}, so no record passes"
            remedy = f"It leads to {', '.join(column.targets) or 'nothing: it is no lookup'}."
            yield flow.found("error", ("only", index, "table"), what, remedy)
        own = flow.table("sales", flow.layout.source.set)
        for inner, rows in enumerate(test.referred_by or ()):
            used = flow.column("sales", rows.table, rows.column)
            if own is not None and used is not None and own.logical_name not in used.targets:
                what = f"{rows.column} of {rows.table} never leads to {own.logical_name}, so no row refers to a record"
                path = ("only", index, "referred_by", inner, "column")
                yield flow.found("error", path, what, f"It leads to {', '.join(used.targets) or 'nothing'}.")
