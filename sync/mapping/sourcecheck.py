"""Where a row's value may come from, and where it may go."""

from __future__ import annotations

from collections.abc import Iterator

from sync.mapping.schema import FromSetting, MappingFile, Row, Step
from sync.mapping.yaml_text import Path

type Finding = tuple[Path, str, str]
"""Where in the row, what is wrong, and the remedy."""


def check_source(row: Row, file: MappingFile, step: Step | None) -> Iterator[Finding]:
    """A row has one source and one target."""
    yield from _source(row, file)
    yield from _several(row, file)
    yield from _made(row, file, step)


def goes_to(row: Row, file: MappingFile, system: str) -> bool:
    """Whether the row writes to this system."""
    return f"to_{system}" in (file.direction, row.direction) or (file.direction, row.direction) == ("both", "both")


def _source(row: Row, file: MappingFile) -> Iterator[Finding]:
    given = {"constant": row.constant, "setting": row.setting, "same_as": row.same_as, "parent": row.parent or None}
    fixed = [key for key, value in given.items() if value is not None]
    target, source = ("finops", "sales") if goes_to(row, file, "finops") else ("sales", "finops")
    if not isinstance(getattr(row, target), str) and row.remember is None:
        yield (), f"the row {row.id} has no target", f"Add {target}: and the column, or remember: and a name."
    if isinstance(getattr(row, target), str) and row.remember is not None:
        yield ("remember",), f"the row {row.id} has a target and a name to remember", "Keep one of the two."
    for key in fixed[1:]:
        yield (key,), f"the row {row.id} has a {fixed[0]} and a {key}", "Keep one of the two."
    found = row.resolve is not None and row.resolve.by is None
    if (fixed or found) and getattr(row, source) is not None and file.direction != "both":
        key = fixed[0] if fixed else "resolve"
        what = f"the row {row.id} has a source column and a {key}"
        remedy = f"Keep one of the two, or write default: instead of {key}:." if fixed else "Add by:, or take it away."
        yield (key,), what, remedy
    elif not fixed and not found and getattr(row, source) is None:
        remedy = f"Add {source}: and the column, or constant, or setting."
        yield (), f"the row {row.id} has no source", remedy
    if file.direction == "both" and row.direction == "both" and not fixed and row.sales is None:
        yield (), f"the row {row.id} has no Sales column", "Add sales: and the column, or a direction."


def _several(row: Row, file: MappingFile) -> Iterator[Finding]:
    source = "sales" if goes_to(row, file, "finops") else "finops"
    several = isinstance(getattr(row, source), tuple)
    if several and row.join is None and row.combine is None:
        yield (source,), "several columns make no value", 'Add join: "\\n", or combine: and a function.'
    if not several and (row.join is not None or row.combine is not None):
        key = "join" if row.join is not None else "combine"
        yield (key,), f"{key} needs several columns", f"Write {source}: [first, second]."
    if row.join is not None and row.combine is not None:
        yield ("combine",), "the row has join and combine", "Keep one of the two."
    if several and goes_to(row, file, "finops") and goes_to(row, file, "sales"):
        yield (source,), "several columns cannot be written back", f"Add direction: to_{_other(source)}."
    if isinstance(row.sales, FromSetting) and goes_to(row, file, "sales"):
        yield ("sales",), "a setting names source columns only", "Write the Sales column."


def _made(row: Row, file: MappingFile, step: Step | None) -> Iterator[Finding]:
    """Rows whose value comes from the record itself, or from another row."""
    if row.parent and (step is None or step.table is None):
        yield ("parent",), "parent is for rows of a child table", "Move the row into a step with a table."
    lookup = row.resolve is not None or row.same_as is not None or row.parent
    if row.bind_as is not None and not (lookup and goes_to(row, file, "sales")):
        yield ("bind_as",), "bind_as is for lookups of Sales", "Take it away, or add resolve."
    if row.own and not goes_to(row, file, "sales"):
        yield ("own",), "own is for flows to Sales", "Take it away."
    if row.fixed is not None and row.when != "create" and not row.only_on_create:
        yield ("fixed",), "what must stay is sent on create only", "Add when: create."
    if row.own and row.when != "create" and not row.only_on_create:
        yield ("own",), "what the target keeps is sent on create only", "Add when: create."


def _other(system: str) -> str:
    return "finops" if system == "sales" else "sales"
