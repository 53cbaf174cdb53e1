"""What is written from the models: JSON Schemas for editors and the tables of the language's reference page.

python -m sync.mapping.refresh
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sync.mapping import example_schema, schema, value_schema

COMMAND = "python -m sync.mapping.refresh"
_FIRST = ["MappingFile", "Row", "Block", "Step"]
PAGE = Path("docs/reference/mapping-language.md")
_SCHEMAS: Mapping[str, type[BaseModel]] = {
    "mapping": schema.MappingFile,
    "value-map": value_schema.ValueMapFile,
    "settings": value_schema.SettingsFile,
}
_TABLES = re.compile(r"<!-- tables -->\n.*<!-- end -->", re.DOTALL)


def models() -> dict[str, type[BaseModel]]:
    """Every model of the language by name."""
    return {
        name: value
        for module in (schema, example_schema, value_schema)
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, BaseModel) and name not in ("BaseModel", "Part")
    }


def refreshed(root: Path) -> dict[Path, str]:
    """The files that depend on the models, as they should be."""
    files = {
        root / "mappings" / "schema" / f"{name}.json": json.dumps(_schema(model), indent=1, ensure_ascii=False) + "\n"
        for name, model in _SCHEMAS.items()
    }
    page = root / PAGE
    files[page] = _TABLES.sub(lambda _: _tables(), page.read_text(encoding="utf-8"))
    return files


def _tables() -> str:
    """Every model with what it is for and its keys, those first that others name."""
    named = list(models())
    order = sorted(named, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    return "\n\n".join(["<!-- tables -->", *(_table(name) for name in order), "<!-- end -->"])


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}


def _table(name: str) -> str:
    model = models()[name]
    lines = [
        f"## {name}",
        "",
        " ".join((model.__doc__ or "").split()),
        "",
        "| Key | Takes | Meaning |",
        "|---|---|---|",
    ]
    for key, field in model.model_fields.items():
        takes = " or ".join(dict.fromkeys(_takes(field.annotation)))
        need = " **required**" if field.is_required() else ""
        meaning = " ".join((field.description or "").split())
        lines.append(f"| `{field.alias or key}` | {takes}{need} | {meaning} |".replace("|  ", "| "))
    return "\n".join(lines)


_NAMES = {
    "Column": "column",
    "Code": "code",
    "Name": "name",
    "SettingName": "setting",
    "Value": "value",
    "str": "text",
    "int": "whole number",
    "bool": "true or false",
    "Columns": "columns with values",
    "Known": "column",
    "Entry": "row or block",
}


def _takes(annotation: Any) -> Iterator[str]:
    """The kinds of value that a key takes, in words."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        yield from _takes(arguments[0])
    elif origin is typing.Literal:
        yield from (f"`{str(item).lower() if isinstance(item, bool) else item}`" for item in arguments)
    elif origin in (typing.Union, types.UnionType):
        for part in arguments:
            yield from _takes(part)
    elif origin is tuple or (isinstance(origin, typing.TypeAliasType) and origin.__name__ in ("Many", "Listed")):
        yield f"list of {' or '.join(_takes(arguments[0]))}"
    elif origin is dict:
        yield f"{' or '.join(_takes(arguments[0]))}: {' or '.join(_takes(arguments[1]))}"
    elif annotation is not type(None):
        name = annotation.__name__
        alias = isinstance(annotation, typing.TypeAliasType)
        if name in _NAMES:
            yield _NAMES[name]
        elif alias:
            yield from _takes(annotation.__value__)
        else:
            yield f"[{name}](#{name.lower()})"


def main() -> None:
    """Write what has changed, and say so."""
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description="Write what follows from the models of the mapping language: "
        "the JSON Schemas in mappings/schema, which editors check mapping files with, and the tables of "
        "docs/reference/mapping-language.md.",
        epilog="Run it in the project's folder after a change of them, and commit what it writes. It prints each file "
        "that it has changed; the tests fail as long as one is out of date.",
    )
    parser.parse_args()
    root = Path.cwd()
    if not (root / "mappings").is_dir() or not (root / PAGE).is_file():
        parser.error(f"{root} is not the project's folder: it lacks mappings or {PAGE}. Go there first.")
    for path, text in refreshed(root).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(root)}\n")


if __name__ == "__main__":
    main()
