"""Reading one YAML file against its model: every problem with its place, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ValidationError

from sync.mapping.problems import Problem, did_you_mean
from sync.mapping.yaml_text import Data, Document, Path, parse

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "is_instance_of": "a decimal number",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "null",
}
_PATTERNS = {
    r"^[A-Za-z_][A-Za-z0-9_]*$": "Write a column name: letters, digits and underscores.",
    r"^[A-Za-z_][A-Za-z0-9_]*(@name)?$": "Write a column name, or a lookup and @name for the name that it shows.",
    r"^([a-z][a-z0-9_]*\.)?[A-Za-z_][A-Za-z0-9_]*$": "Write a target column, or <step>.<column>.",
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$": "Write a code: lower-case words joined with hyphens.",
    r"^[a-z][a-z0-9_]*$": "Write a name: lower-case letters, digits and underscores.",
    r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$": "Write a setting's name: lower case, parts joined with dots.",
}
_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class ReadFile[M: BaseModel]:
    """A file as read: `model` is None when nothing could be made of it; otherwise it may lack what was wrong."""

    document: Document
    model: M | None
    problems: tuple[Problem, ...]


def read_file[M: BaseModel](path: FilePath, shown: str, model: type[M]) -> ReadFile[M]:
    """Read `path` as `model`; problems name the file as `shown`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = f"the file cannot be read ({type(error).__name__})"
        problem = Problem(shown, 0, 0, what, "Save it as UTF-8 text that the app may read.")
        return ReadFile(Document(shown, None), None, (problem,))
    return read_text(text, shown, model)


def read_text[M: BaseModel](text: str, shown: str, model: type[M]) -> ReadFile[M]:
    """Read `text` as `model`. With problems, what is wrong is left out, so that other checks can go on."""
    document, problems = parse(shown, text)
    if document.data is None:
        if not problems:
            problems = [Problem(shown, 0, 0, "the file is empty", "Begin with a copy of another file of this folder.")]
        return ReadFile(document, None, tuple(problems))
    data = document.data
    try:
        return ReadFile(document, model.model_validate(data), tuple(problems))
    except ValidationError as error:
        found = list(_faults(error, document.data))
    problems += [_problem(document, fault, model) for fault in found]
    return ReadFile(document, _what_remains(data, found, model), tuple(problems))


@dataclass(frozen=True, slots=True)
class _Fault:
    """What pydantic found at one place: the kinds of all its complaints about it."""

    path: Path
    kinds: tuple[str, ...]
    details: tuple[dict[str, Any], ...]
    missing: str = ""


def _faults(error: ValidationError, data: Data) -> Iterator[_Fault]:
    """One fault a place. A union complains once for each of its members; the deepest complaints are the real ones."""
    grouped: dict[tuple[Path, str], list[tuple[str, dict[str, Any]]]] = {}
    for line in error.errors(include_url=False):
        path = _resolve(line["loc"], data)
        missing = str(line["loc"][-1]) if line["type"] == "missing" else ""
        grouped.setdefault((path, missing), []).append((line["type"], line.get("ctx", {})))
    paths = {path for path, _ in grouped}
    for (path, missing), lines in grouped.items():
        deeper = any(len(other) > len(path) and other[: len(path)] == path for other in paths)
        if deeper and not missing:
            continue
        yield _Fault(path, tuple(kind for kind, _ in lines), tuple(details for _, details in lines), missing)


def _resolve(location: Iterable[str | int], data: Data) -> Path:
    """The path in the file that a pydantic location means: without the tags of unions."""
    path: list[str | int] = []
    here = data
    for step in location:
        match here, step:
            case dict(), str() if step in here:
                here = here[step]
            case list(), int() if step < len(here):
                here = here[step]
            case _:
                continue
        path.append(step)
    return tuple(path)


def _problem(document: Document, fault: _Fault, model: type[BaseModel]) -> Problem:
    if fault.missing:
        return document.problem(fault.path, f'"{fault.missing}" is missing', f"Add {fault.missing}: ... here.")
    key = next((str(step) for step in reversed(fault.path) if isinstance(step, str)), "")
    if "extra_forbidden" in fault.kinds:
        remedy = did_you_mean(key, known_keys(model, fault.path[:-1]), "key")
        return document.problem(fault.path, f'unknown key "{key}"', remedy, key=True)
    value = _at(document.data, fault.path)
    shown = _shown(value)
    for kind, details in zip(fault.kinds, fault.details, strict=True):
        if kind == "string_pattern_mismatch":
            return document.problem(fault.path, f"{shown} does not fit {key}", _PATTERNS[details["pattern"]])
        if kind == "too_short":
            return document.problem(fault.path, f"{key} is empty", "Write at least one item.")
        if kind == "greater_than":
            return document.problem(fault.path, f"{key} is {shown}", f"Write a number above {details['gt']}.")
    wanted = list(dict.fromkeys(_words(k, d) for k, d in zip(fault.kinds, fault.details, strict=True)))
    remedy = f"Write {' or '.join(wanted)}."
    if "text" in wanted and value is not None and not isinstance(value, (str, list, dict)):
        remedy = f'Put it in quotes: "{shown}".'
    what = f"{key} has no value" if value is None else f"{shown} does not fit {key}"
    return document.problem(fault.path, what, remedy)


def _words(kind: str, details: dict[str, Any]) -> str:
    if kind == "literal_error":
        return str(details["expected"]).replace("'", "")
    return _EXPECTED.get(kind, kind.replace("_", " "))


def _shown(value: Data) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value[:_LONGEST_SHOWN]}"'
    return str(value)


def _at(data: Data, path: Path) -> Data:
    for step in path:
        data = data[step]  # type: ignore[index]
    return data


def _what_remains[M: BaseModel](data: Data, faults: list[_Fault], model: type[M]) -> M | None:
    """The model without the keys and items that are wrong, or None when it cannot do without them."""
    for fault in sorted(faults, key=lambda fault: len(fault.path), reverse=True):
        if fault.missing or not fault.path:
            continue
        data = _without(data, fault.path)
    try:
        return model.model_validate(data)
    except ValidationError:
        return None


def _without(data: Data, path: Path) -> Data:
    """`data` without the innermost key on `path`; items of lists stay, so that the places of others hold."""
    last = max((index for index, step in enumerate(path) if isinstance(step, str)), default=None)
    if last is None:
        return data
    return _drop(data, path[: last + 1])


def _drop(data: Data, path: Path) -> Data:
    step, rest = path[0], path[1:]
    if isinstance(data, dict) and isinstance(step, str):
        if not rest:
            return {key: value for key, value in data.items() if key != step}
        return {key: _drop(value, rest) if key == step else value for key, value in data.items()}
    if isinstance(data, list):
        return [_drop(item, rest) if index == step else item for index, item in enumerate(data)]
    return data


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def known_keys(model: type[BaseModel], path: Path) -> set[str]:
    """The keys that `model` knows at `path` of a file."""
    root = _schema(model)
    places = _open(root, root)
    for step in path:
        places = [inner for place in places for inner in _step(root, place, step)]
    return {key for place in places for key in place.get("properties", {})}


def _step(root: dict[str, Any], place: dict[str, Any], step: str | int) -> list[dict[str, Any]]:
    if isinstance(step, int):
        inner = place.get("items")
    else:
        inner = place.get("properties", {}).get(step) or place.get("additionalProperties")
    return _open(root, inner) if isinstance(inner, dict) else []


def _open(root: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas that `schema` stands for, references and alternatives followed."""
    if "$ref" in schema:
        return _open(root, root["$defs"][schema["$ref"].rsplit("/", 1)[1]])
    choices = schema.get("anyOf", []) + schema.get("oneOf", [])
    if choices:
        return [inner for choice in choices for inner in _open(root, choice)]
    return [schema]
