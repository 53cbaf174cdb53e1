"""Columns that the head of a file names: offline nobody can say whether a system has them, but a slip shows.

Rows and examples of the same file vouch for a column. A name for which they do not, and which is nearly one for which
they do, is told; so is the number of a flow's source when nothing vouches for it, since records are known by it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sync.mapping.around import places
from sync.mapping.problems import Problem, did_you_mean, nearest
from sync.mapping.schema import MappingFile
from sync.mapping.yaml_text import Document, Path
from sync.model import System

type Table = tuple[System, str]
"""The records' own table of Sales, another one by name; F&O's entities are taken as one."""

_ALIKE = 0.88
"""How much alike a slip and the name are: `OnHoldStatu` is one of OnHoldStatus, but statuscode is none of statecode."""
_FINOPS: Table = ("finops", "")


@dataclass(frozen=True)
class Slip:
    """A name in the head that is none; `meant` is the column that it nearly is ("" where there is none)."""

    problem: Problem
    meant: tuple[System, str]


def misnamed_in_head(document: Document, file: MappingFile) -> list[Slip]:
    """The slips."""
    vouched = _vouched(file)
    named = list(_named(file))
    slips = []
    for table, name, path in named:
        known = vouched[table] | {other for place, other, at in named if place == table and at != path}
        if name in known:
            continue
        near = nearest(name, (other for other in known if _digits(other) == _digits(name)), _ALIKE)
        if path == _number(file):
            what = f"no row reads {name}, and no example gives it"
            remedy = did_you_mean(name, vouched[table], "column")
            slips.append(Slip(document.problem(path, what, remedy), (table[0], near)))
        elif near:
            what = f"{name} stands nowhere else in this file, but {near} does"
            remedy = f'Did you mean "{near}"? If not, give {name} in an example.'
            slips.append(Slip(document.problem(path, what, remedy), (table[0], near)))
    return slips


def _number(file: MappingFile) -> Path:
    return ("finops", "number") if file.direction == "to_sales" else ("sales", "number")


def _digits(name: str) -> str:
    """address1_city is no slip of address2_city."""
    return "".join(re.findall(r"\d", name))


def _vouched(file: MappingFile) -> dict[Table, set[str]]:
    """The columns of rows and examples."""
    found: dict[Table, set[str]] = defaultdict(set)
    own: Table = ("sales", file.sales.table)
    for place in places(file):
        step = place.step
        found["sales", step.table if step and step.table else file.sales.table] |= set(_listed(place.row.sales))
        found[_FINOPS] |= set(_listed(place.row.finops))
    target = own if file.direction == "to_sales" else _FINOPS
    for example in file.examples:
        given, expect = example.given, example.expect
        found[own] |= {name.partition("@")[0] for name in given.sales}
        found[_FINOPS] |= set(given.finops)
        found[target] |= set(_plain((*(given.target or ()), *(given.link or ()), *(expect.create or ()))))
    if file.example_defaults is not None:
        found[own] |= {name.partition("@")[0] for name in file.example_defaults.sales}
        found[_FINOPS] |= set(file.example_defaults.finops)
    return found


def _listed(names: object) -> Iterable[str]:
    return (names,) if isinstance(names, str) else names if isinstance(names, tuple) else ()


def _plain(names: Iterable[str]) -> Iterator[str]:
    """Lookups of Sales as mapping files write them."""
    return (re.sub(r"^_(\w+)_value$", r"\1", name) for name in names)


def _named(file: MappingFile) -> Iterator[tuple[Table, str, Path]]:
    """Every column that the head names, with its place."""
    own: Table = ("sales", file.sales.table)
    target = own if file.direction == "to_sales" else _FINOPS
    yield own, file.sales.id, ("sales", "id")
    if file.sales.number is not None:
        yield own, file.sales.number, ("sales", "number")
    if file.finops.number is not None:
        yield _FINOPS, file.finops.number, ("finops", "number")
    for index, test in enumerate(file.only):
        if test.sales is not None:
            yield own, test.sales, ("only", index, "sales")
        if test.finops is not None:
            yield _FINOPS, test.finops, ("only", index, "finops")
    for index, adopt in enumerate(file.adopt):
        if adopt.sales is not None:
            yield own, adopt.sales, ("adopt", index, "sales")
        if adopt.finops is not None:
            yield _FINOPS, adopt.finops, ("adopt", index, "finops")
    for index, search in enumerate(file.also_match):
        yield from ((_FINOPS, name, ("also_match", index, "by", name)) for name in search.by)
    for index, name in enumerate(file.gives):
        yield target, name, ("gives", index)
    for part in ("hold", "release"):
        written = getattr(file.on_deactivate, part, ())
        yield from ((target, name, ("on_deactivate", part, name)) for name in written)
    for index, step in enumerate(file.steps):
        yield from ((own, name, ("steps", index, "only_when", name)) for name in step.only_when)
