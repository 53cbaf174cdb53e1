"""The hash over all that decides what a flow writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sync.mapping.lines_schema import DocumentLines
from sync.mapping.load import LoadedMapping
from sync.mapping.row_schema import Block, Row
from sync.mapping.schema import Step
from sync.mapping.side import Side

LANGUAGE = 2
"""Raised when the same file comes to mean something else, so that all records are judged again."""

_NOT_DECIDING = {"title", "settings", "examples", "example_defaults", "fields", "steps", "lines", "recover_by"}
_TEXTS = {"title", "remedy"}
"""What people read when an adopt test does not hold: it decides nothing either."""


def definition(
    loaded: LoadedMapping,
    side: Side,
    entries: Iterable[tuple[Block | None, list[Row]]],
    steps: Iterable[tuple[Step, list[Row]]],
    lacking: Iterable[str],
    lines: Iterable[tuple[Block | None, list[Row]]] = (),
    columns: Mapping[str, bool] = MappingProxyType({}),
) -> str:
    """The hash, 32 hexadecimal digits; call it last, when every setting and optional column has been asked for."""
    entries, steps, lines = list(entries), list(steps), list(lines)
    rows = [row for _, inner in (*entries, *steps, *lines) for row in inner]
    content: dict[str, Any] = {
        "language": LANGUAGE,
        "target": side.target,
        "file": loaded.file.model_dump(mode="json", exclude_defaults=True, by_alias=True, exclude=_not_deciding()),
        "fields": [_entry(*entry) for entry in entries],
        "lines": [_entry(*entry) for entry in lines],
        "lines of": _part(loaded.file.lines),
        "steps": [
            {
                "step": step.model_dump(mode="json", exclude_defaults=True, by_alias=True, exclude={"fields"}),
                "rows": [_content(row) for row in inner],
            }
            for step, inner in steps
        ],
        "values": {
            name: side.maps[name].content for name in sorted({r.values for r in rows if isinstance(r.values, str)})
        },
        "settings": side.settings.content(),
        "columns": dict(sorted({**columns, **side.conditions.found}.items())),
        "dropped": list(lacking),
        "transforms": loaded.transforms.source if any(row.transform or row.combine for row in rows) else "",
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _not_deciding() -> dict[str, Any]:
    return {**dict.fromkeys(_NOT_DECIDING, True), "adopt": {"__all__": _TEXTS}, "finops": {"when_refused"}}


def _part(lines: DocumentLines | None) -> Mapping[str, Any] | None:
    if lines is None:
        return None
    return lines.model_dump(mode="json", exclude_defaults=True, by_alias=True, exclude={"fields"})


def _entry(block: Block | None, rows: Iterable[Row]) -> Mapping[str, Any]:
    head = block.model_dump(mode="json", exclude_defaults=True, exclude={"rows"}) if block is not None else None
    return {"block": head, "rows": [_content(row) for row in rows]}


def _content(row: Row) -> Mapping[str, Any]:
    return row.model_dump(mode="json", exclude_defaults=True, by_alias=True, exclude={"enabled"})
