"""Tables and columns that an organisation has made itself, read from a folder of files in the form of `tables/*.toml`.

A file describes a table of one's own (what Dataverse gives every table need not be written, see `every_table.toml`), or
adds columns and lookups to another one, which it names by its entity set: `extends = "accounts"`. What stands in a file
goes before what was there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from local.simulators.dataverse.columns import EDM, NUMBERED_WORDS, WORDS, OnDelete

type Layers = dict[str, list[Mapping[str, Any]]]
"""What the files say about each table, by its entity set; what stands later goes first."""

type _Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
type _Names = Annotated[str, StringConstraints(pattern=r"^\w+( \w+)*$")]
type _Number = Annotated[str, StringConstraints(pattern=r"^-?[0-9]+$")]

_FACTS = ("logical", "entity_set", "schema", "key", "name")
_ON_DELETE = get_args(OnDelete.__value__)


class TableFileError(ValueError):
    """The folder cannot be used; the text has every problem with its file and what to do."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Lookup(_Part):
    targets: dict[_Name, _Names] = Field(min_length=1)
    words: str


class _File(_Part):
    """The form of a file; `columns` tells what the words mean."""

    extends: _Name | None = None
    logical: _Name | None = None
    entity_set: _Name | None = None
    schema_name: _Name | None = Field(None, alias="schema")
    key: _Name | None = None
    name: _Name | None = None
    tracking: bool = True
    bulk: bool = True
    columns: dict[_Name, str] = {}
    lookups: dict[_Name, _Lookup] = {}
    keys: dict[_Name, list[_Name]] = {}
    flags: dict[_Name, Annotated[list[str], Field(min_length=2, max_length=2)]] = {}
    choices: dict[_Name, dict[_Number, str]] = {}
    states: dict[_Number, list[int]] = {}
    collections: dict[str, _Name] = {}


def add_own(layers: Layers, folder: Path) -> None:
    """Add what the files of a folder say to what is known of the tables. Raises TableFileError."""
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise TableFileError(f"{folder} holds no *.toml. Name the folder with the files of your tables.")
    read, problems = _read(paths)
    every = tomllib.loads((Path(__file__).parent / "every_table.toml").read_text(encoding="utf-8"))
    for path, data in read.items():
        if "extends" not in data:
            problems += [f"{path.name}: {problem}" for problem in _table_problems(data, layers)]
            layers.setdefault(str(data.get("entity_set")), [every, data])
    for path, data in read.items():
        if "extends" in data:
            problems += [f"{path.name}: {problem}" for problem in _addition_problems(data, layers)]
            layers.setdefault(data["extends"], []).append(data)
    for path, data in read.items():
        problems += [f"{path.name}: {problem}" for problem in _content_problems(data, layers)]
    if problems:
        raise TableFileError("\n".join(problems))


def _read(paths: Iterable[Path]) -> tuple[dict[Path, dict[str, Any]], list[str]]:
    """The files that have the form, and what is wrong with the others."""
    read, problems = {}, []
    for path in paths:
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            _File.model_validate(data)
            read[path] = data
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            problems.append(f"{path.name}: is no TOML: {error}")
        except ValidationError as error:
            for each in error.errors(include_url=False):
                unknown = each["type"] == "extra_forbidden"
                told = "is no key of such a file. Look for a slip of the pen." if unknown else each["msg"]
                problems.append(f"{path.name}: {'.'.join(map(str, each['loc']))}: {told}")
    return read, problems


def _table_problems(data: Mapping[str, Any], layers: Layers) -> Iterator[str]:
    """What is wrong with the names of a table of one's own."""
    missing = [fact for fact in _FACTS if fact not in data]
    if missing:
        yield f"{', '.join(missing)} missing. Write them at the top, or extends with the entity set of another table."
        return
    for fact in ("entity_set", "logical"):
        if data[fact] in (layer.get(fact) for layer in chain.from_iterable(layers.values())):
            yield f"{fact} {data[fact]} is there already. Take another name; extends adds columns to a table."
    if data["schema"].lower() != data["logical"]:
        yield f"logical is the schema name in lower case: {data['schema'].lower()}."
    columns = {name.lower(): words for name, words in data.get("columns", {}).items()}
    if columns.get(data["key"], "").split()[:1] != ["guid"]:
        yield f'the key {data["key"]} is no column. Write {data["key"]} = "guid system createonly" under [columns].'
    if data["name"] not in columns:
        yield f'the name {data["name"]} is no column. Write {data["name"]} = "text 100" under [columns].'


def _addition_problems(data: Mapping[str, Any], layers: Layers) -> Iterator[str]:
    """What is wrong with the head of a file that adds to a table."""
    if data["extends"] not in layers:
        yield f"extends names no table: {data['extends']}. Write the entity set, such as accounts."
    if facts := [fact for fact in (*_FACTS, "tracking", "bulk") if fact in data]:
        yield f"{', '.join(facts)} cannot be changed by extends. Take it out."


def _content_problems(data: Mapping[str, Any], layers: Layers) -> Iterator[str]:
    """What is wrong with columns and lookups, which may name tables of other files."""
    for name, text in data.get("columns", {}).items():
        if problem := _problem_of_words(text):
            yield f"columns.{name}: {problem}"
    for name, lookup in data.get("lookups", {}).items():
        for target in " ".join(lookup["targets"].values()).split():
            if target not in layers:
                yield f"lookups.{name}: there is no table {target}. Write the entity set, such as accounts."
        *words, on_delete = lookup["words"].split() or [""]
        if on_delete not in _ON_DELETE or not WORDS.issuperset(words):
            yield f"lookups.{name}: words ends with one of {', '.join(_ON_DELETE)}; before that only {_listed(WORDS)}."
    own = layers.get(data.get("extends") or data.get("entity_set", ""), [])
    known = _columns(own)
    for part in ("choices", "flags"):
        for name in data.get(part, {}):
            if name.lower() not in known:
                yield f"{part}.{name}: there is no such column. Add it under [columns]."
    for key, columns in data.get("keys", {}).items():
        for column in columns:
            if column not in known:
                yield f"keys.{key}: there is no column {column}. Lookups are written _name_value here."
    for path in data.get("collections", {}):
        if path not in _navigations(layers):
            yield f"collections.{path}: there is no such lookup. Write <table>.<navigation property>."


def _columns(layers: Iterable[Mapping[str, Any]]) -> set[str]:
    """The columns of one table as rows have them."""
    return {name.lower() for layer in layers for name in layer.get("columns", {})} | {
        f"_{name.lower()}_value" for layer in layers for name in layer.get("lookups", {})
    }


def _navigations(layers: Layers) -> set[str]:
    """Every lookup of every table, as `collections` names it."""
    return {
        f"{first['logical']}.{navigation}"
        for of in layers.values()
        for first in of
        if "logical" in first
        for layer in of
        for lookup in layer.get("lookups", {}).values()
        for navigation in lookup["targets"]
    }


def _problem_of_words(text: str) -> str:
    """What is wrong with the words of a column, "" if nothing is."""
    kind, *words = text.split() or [""]
    if kind not in EDM or kind == "lookup":
        return f'"{text}" begins with no kind of column. The kinds are {_listed(EDM.keys() - {"lookup"})}.'
    if kind in ("text", "memo"):
        if not words or not words[0].isdecimal():
            return f'"{text}" has no length. Write {kind} 100.'
        del words[0]
    while words:
        word = words.pop(0)
        if word in NUMBERED_WORDS:
            if not words or not _is_number(words.pop(0)):
                return f'"{text}" has no number after {word}.'
        elif word not in WORDS:
            return f'"{text}" has the unknown word {word}. The words are {_listed(WORDS | NUMBERED_WORDS)}.'
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
