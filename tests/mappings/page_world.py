"""The examples on the reference page of the mapping language as files, and what happens when one of them is changed."""

from __future__ import annotations

import json
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sync.mapping import MappingProblems, Plan, compile_plans, load_all
from sync.mapping.examples import run_examples
from sync.mapping.refresh import PAGE
from sync.mapping.schema import MappingFile
from sync.mapping.value_schema import SettingsFile, ValueMapFile
from sync.mapping.yaml_text import parse
from tests.mappings.mapping_world import EXAMPLES, HEAD, KEY_ROWS, ROOT
from tests.mappings.page_stories import told

type Spot = tuple[str | int, ...]

_HEADING_OR_FENCE = re.compile(r"^### ([^\n]+)$|^```(yaml|text)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_OTHER = HEAD.replace("ThingNumber", "CustomerAccount") + "gives: [PartyNumber]\n"
_PRODUCTS = """\
entity: product
title: Products
sales: {table: products, id: productid}
finops: {entity: ProductsV2, key: [dataAreaId, ProductNumber], number: ProductNumber}
direction: to_sales
gives_source: [ProductNumber, SalesUnitSymbol]
fields:
  - {id: P1, finops: ProductNumber, sales: productnumber, match: 1, required: missing-number, when: create}
examples:
  - {name: none, given: {finops: {ProductNumber: ""}}, expect: {parked: missing-number}}
"""
_KEY_OF_CONTACTS = [
    {"id": "C22", "setting": "company", "finops": "dataAreaId", "required": "no-company", "when": "create"},
    {"id": "C1", "sales": "employeeid", "finops": "ContactPersonId", "required": "missing-number", "when": "create"},
]


@dataclass(frozen=True)
class Shown:
    """One file of the page, and what the page says that becomes of records under it ("" where it says nothing)."""

    name: str
    data: Mapping[str, Any]
    story: str = ""

    @property
    def kind(self) -> str:
        """`mapping`, `map` (a value map) or `settings`."""
        return "map" if "map" in self.data else "mapping" if "fields" in self.data else "settings"


def shown() -> list[Shown]:
    """Every file of the page, whole: with the beginning that most of them share, and key rows where one has none."""
    heading, files = "", list[Shown]()
    beginning: Mapping[str, Any] = {}
    for match in _HEADING_OR_FENCE.finditer((ROOT / PAGE).read_text(encoding="utf-8")):
        if match[1]:
            heading = match[1]
        elif match[2] == "text":
            files[-1] = replace(files[-1], story=match[3])
        else:
            document, problems = parse("page", match[3])
            assert not problems, problems
            data: Any = document.data
            if not beginning:
                beginning = data
                continue
            count = sum(file.name.startswith(heading) for file in files)
            files.append(Shown(f"{heading} {count + 1}" if count else heading, _whole(data, beginning)))
    return files


def _whole(data: Mapping[str, Any], beginning: Mapping[str, Any]) -> Mapping[str, Any]:
    if "fields" not in data or "entity" in data:
        return data
    rows = data["fields"]
    own = [] if any(row.get("id") == "C22" for row in rows) else _KEY_OF_CONTACTS
    return {**beginning, **data, "fields": [*own, *rows]}


@dataclass(frozen=True)
class Seen:
    """What a file does: its problems, else what its examples disagree about, what becomes of records, and what the
    engine takes from its plans besides."""

    problems: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    told: str = ""
    facts: tuple[object, ...] = ()


def look(folder: Path, files: list[Shown], file: Shown, *, beside: Shown | None = None) -> Seen:
    """What one of the page's files does; `beside` takes the place of the file of the same name."""
    folder.mkdir()
    (folder / "values").mkdir()
    for name in ("accounts", "contact_customers"):
        own = _OTHER.replace("name: ", f"name: {name}.").replace("setting: ", f"setting: {name}.")
        rows = KEY_ROWS.replace("setting: ", f"setting: {name}.").replace("ThingNumber", "CustomerAccount")
        (folder / f"{name}.yaml").write_text(own + "fields:\n" + rows + EXAMPLES, encoding="utf-8")
    (folder / "products.yaml").write_text(_PRODUCTS, encoding="utf-8")
    others = [beside if beside is not None and each.name == beside.name else each for each in files]
    for each in (*(each for each in others if each.kind != "mapping"), file):
        _put(folder, each)
    result = load_all(folder)
    loaded = result.mappings["page"]
    problems = [*result.shared_problems, *(loaded.problems if isinstance(loaded, MappingProblems) else ())]
    if problems or isinstance(loaded, MappingProblems):
        return Seen(problems=tuple(map(str, problems)))
    try:
        plans = compile_plans(loaded, result.maps, {})
    except MappingProblems as error:
        return Seen(problems=tuple(map(str, error.problems)))
    found = tuple(str(problem) for problem in run_examples(loaded, result.maps))
    return Seen((), found, told(file.name, result.maps, loaded), tuple(_facts(plan) for plan in plans))


def _put(folder: Path, file: Shown) -> None:
    """JSON is YAML."""
    names = {"mapping": "page.yaml", "settings": "settings.yaml", "map": f"values/{file.data.get('map')}.yaml"}
    text = json.dumps(file.data, default=lambda number: int(number) if number % 1 == 0 else float(number))
    (folder / names[file.kind]).write_text(text, encoding="utf-8")


def _facts(plan: Plan) -> tuple[object, ...]:
    of_file = (plan.flow, plan.feed, plan.modified_on, plan.company, plan.gives, plan.triggers)
    asked = (
        plan.watches,
        plan.uses,
        plan.references,
        plan.recovery,
        plan.gives_source,
        plan.lines,
        plan.revisions,
        plan.when_refused,
    )
    return (*of_file, plan.number_column, plan.parts.number, plan.natural, *asked)


@dataclass(frozen=True)
class Occurrence:
    """A key at a place of a file; `model` is the one that declares it."""

    file: Shown
    model: str
    key: str
    spot: Spot


def occurrences(file: Shown) -> Iterator[Occurrence]:
    """Every key of the language that a file of the page uses."""
    models: dict[str, type[BaseModel]] = {"mapping": MappingFile, "map": ValueMapFile, "settings": SettingsFile}
    yield from _of(file, models[file.kind].model_validate(file.data), ())


def _of(file: Shown, value: object, spot: Spot) -> Iterator[Occurrence]:
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            key = type(value).model_fields[name].alias or name
            yield Occurrence(file, declared_by(type(value), name), key, (*spot, key))
            yield from _of(file, getattr(value, name), (*spot, key))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _of(file, inner, (*spot, key))
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from _of(file, inner, (*spot, index))


def declared_by(model: type[BaseModel], name: str) -> str:
    """The model that a key comes from: a model may be another one with more keys."""
    return next(base.__name__ for base in reversed(model.__mro__) if name in getattr(base, "model_fields", ()))


def kinds_of(annotation: Any) -> set[object]:
    """The named kinds of value that a key takes, and its words."""
    if isinstance(annotation, typing.TypeAliasType):
        return {annotation.__name__}
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return set(typing.get_args(annotation))
    if origin in (typing.Union, types.UnionType, typing.Annotated):
        return {kind for part in typing.get_args(annotation) for kind in kinds_of(part)}
    return {annotation}


def without(file: Shown, spot: Spot) -> Shown:
    """The file without the key at a place."""
    return replace(file, data=_changed(file.data, spot, lambda _: []))


def altered(file: Shown, spot: Spot) -> Shown:
    """The file with something else at a place."""
    return replace(file, data=_changed(file.data, spot, lambda value: [_other(value)]))


def sent_instead(file: Shown, spot: Spot) -> Shown:
    """The file with what an example expects to be sent in place of what it expects not to be."""
    beside: Any = file.data
    for step in spot[:-1]:
        beside = beside[step]
    return replace(file, data=_changed(file.data, spot, lambda _: [list(beside.get("has", ()))]))


def _changed(value: Any, spot: Spot, change: Callable[[Any], list[Any]]) -> Any:
    here, *rest = spot
    made = {}
    for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
        if key != here:
            made[key] = inner
        elif rest:
            made[key] = _changed(inner, tuple(rest), change)
        else:
            made.update((key, each) for each in change(inner))
    return made if isinstance(value, Mapping) else list(made.values())


def _other(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _other(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_other(inner) for inner in value]
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | Decimal) else f"{value}x" if isinstance(value, str) else value
