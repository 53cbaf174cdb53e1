"""Steps of a mapping file, and the order in which rows build on each other's values."""

from __future__ import annotations

from collections.abc import Iterator

from sync.mapping.around import HEADER, Place, places
from sync.mapping.problems import Problem, did_you_mean
from sync.mapping.schema import MappingFile, Row, Step
from sync.mapping.side import asked_of
from sync.mapping.yaml_text import Document


def check_steps(document: Document, file: MappingFile) -> Iterator[Problem]:
    """All problems of the steps by themselves."""
    if file.steps and file.direction != "to_sales":
        yield document.problem(("steps",), "steps write to Sales", "Take them away, or write direction: to_sales.")
    names: set[str] = set()
    for index, step in enumerate(file.steps):
        if step.step in names:
            what = f'the step "{step.step}" is there twice'
            yield document.problem(("steps", index, "step"), what, "Give this one a name of its own.")
        names.add(step.step)
        for key, what, remedy in _check_step(step):
            yield document.problem(("steps", index, key), what, remedy)


def _check_step(step: Step) -> Iterator[tuple[str, str, str]]:
    if step.table is None:
        for key in ("id", "match", "replaced"):
            if getattr(step, key) is not None:
                yield key, f"{key} is for steps with a table", "Add table: and the child table, or take it away."
        return
    if step.keep:
        yield "keep", "keep is for steps on the record itself", "Take it away."
    for key in ("id", "match"):
        if getattr(step, key) is None:
            yield "table", f"the child table needs {key}", f"Add {key}:, by which its row is addressed or looked for."
    columns = {str(row.sales) for row in step.fields}
    for column in step.match or ():
        if column not in columns:
            yield "match", f"the step has no row for {column}", did_you_mean(column, columns, "row")


def check_order(document: Document, file: MappingFile) -> Iterator[Problem]:
    """A value that another row asks for must be there before (`within` of a block is judged with the block)."""
    to_finops = file.direction == "to_finops"
    known: set[str] = set()
    all_names = {place.prefix + _name_of(place.row, to_finops=to_finops) for place in places(file)}
    for place in places(file):
        row = place.row
        for name in asked_of(row):
            if _inside(name, place) in known or name == row.within:
                continue
            key = "same_as" if name == row.same_as else "resolve"
            later = name in all_names
            what = f"{name} comes later" if later else f"there is no row for {name}"
            remedy = "Move this row behind it." if later else did_you_mean(name, all_names, "row")
            yield document.problem((*place.path, key), what, remedy)
        known.add(place.prefix + _name_of(row, to_finops=to_finops))


def _inside(name: str, place: Place) -> str:
    """A name as all rows of the file are told apart: lines have names of their own, and those of their document."""
    if not place.line:
        return name
    return name.removeprefix(HEADER) if name.startswith(HEADER) else f"{place.prefix}{name}"


def _name_of(row: Row, *, to_finops: bool) -> str:
    """By which other rows know its value."""
    return row.remember or str(row.finops if to_finops else row.sales)
