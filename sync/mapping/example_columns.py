"""Columns that examples give and no row reads: slips of the pen, of the example or of the row, each told once."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sync.mapping.around import Place, places
from sync.mapping.example_run import TABLE
from sync.mapping.example_schema import Defaults, Given
from sync.mapping.problems import Problem, did_you_mean, nearest
from sync.mapping.schema import FromSetting, MappingFile
from sync.mapping.side import NAME_OF
from sync.mapping.yaml_text import Document, Path
from sync.model import System

type Columns = frozenset[tuple[System, str]]
_ALIKE = 0.75
"""How much alike two names are of which one is the other misspelt; `name` and `number` are two things."""


def misnamed(document: Document, file: MappingFile, in_head: Columns) -> tuple[list[Problem], Columns]:
    """The slips, and the columns that they concern: an example that gives one of these shows nothing.

    `in_head` are columns that the head of the file means to name: they are told with it.
    """
    problems: list[Problem] = []
    unread: set[tuple[System, str]] = set()
    given = dict(_given(file))
    for (system, column), path in given.items():
        read = _read(file, system)
        if column in read or column in _asked(file, system):
            continue
        never_given = {name: place for name, place in read.items() if (system, name) not in given}
        near = nearest(column, read, _ALIKE)
        if (system, column) in in_head:
            pass
        elif near in never_given:
            problems.append(_of_row(document, never_given[near], near, (system, column), path))
        elif column != file.sales.number:
            problems.append(_of_example(document, file, path, column, read))
        else:
            continue
        unread.add((system, column))
    return problems, frozenset(unread)


def gives(given: Given, columns: Columns) -> bool:
    """Whether an example gives one of these columns."""
    names = {("sales", name.removesuffix(TABLE)) for name in given.sales} | {("finops", name) for name in given.finops}
    return not columns.isdisjoint(names)


def _of_row(document: Document, place: Place, name: str, given: tuple[System, str], path: Path) -> Problem:
    system, column = given
    line = document.problem(path, "", "", key=True).line
    what = f"{place.row.id} reads {name}, which no example gives; line {line} gives {column}, which no row reads"
    return document.problem((*place.path, system), what, "Write the same name in both.")


def _of_example(document: Document, file: MappingFile, path: Path, column: str, known: Collection[str]) -> Problem:
    said = f'example "{file.examples[path[1]].name}"' if isinstance(path[1], int) else "example_defaults"
    return document.problem(path, f"{said}: no row reads {column}", did_you_mean(column, known, "column"), key=True)


def _given(file: MappingFile) -> Iterator[tuple[tuple[System, str], Path]]:
    """Every column that examples give; of one that several give, the first place comes last, so that it counts."""
    each: list[tuple[Path, Defaults]] = [(("example_defaults",), file.example_defaults or Defaults())]
    each += [(("examples", index, "given"), example.given) for index, example in enumerate(file.examples)]
    systems: tuple[System, ...] = ("sales", "finops")
    for path, given in reversed(each):
        for system in systems:
            for name in getattr(given, system):
                yield (system, name.removesuffix(TABLE).removesuffix(NAME_OF)), (*path, system, name)


def _asked(file: MappingFile, system: System) -> set[str]:
    """The columns that the head of a file asks for."""
    if system == "sales":
        revision = (file.revisions.sales,) if file.revisions is not None else ()
        named = (name for test in file.only for name in (test.sales, test.replaced_by))
        return {file.sales.id, *revision, *filter(None, named)}
    keys = {key for entity in (file.finops, *file.finops_instead) for key in entity.key}
    return keys | {test.finops for test in file.only if test.finops}


def _read(file: MappingFile, system: System) -> dict[str, Place]:
    """The columns of a system that rows read, or could read under the settings of an example, with the first row."""
    texts = [(file.example_defaults or Defaults()).settings, *(example.given.settings for example in file.examples)]
    found: dict[str, Place] = {}
    for place in places(file):
        columns = place.row.sales if system == "sales" else place.row.finops
        if isinstance(columns, FromSetting):
            columns = tuple(text for given in texts if (text := given.get(columns.setting, "")))
        for name in (columns,) if isinstance(columns, str) else columns or ():
            found.setdefault(name.removesuffix(NAME_OF), place)
    return found
