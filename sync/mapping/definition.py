"""The hash over all that decides what a flow writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from sync.mapping.load import LoadedMapping
from sync.mapping.row_schema import Block, Row
from sync.mapping.schema import Step
from sync.mapping.side import Side

LANGUAGE = 2
"""Raised when the same file comes to mean something else, so that all records are judged again."""

_NOT_DECIDING = {"title", "settings", "examples", "example_defaults", "fields", "steps", "recover_by"}
_TEXTS = {"title", "remedy"}
"""What people read when an adopt test does not hold: it decides nothing either."""


def definition(
    loaded: LoadedMapping,
    side: Side,
    entries: Iterable[tuple[Block | None, list[Row]]],
    steps: Iterable[tuple[Step, list[Row]]],
    lacking: Iterable[str],
) -> str:
    """The hash, 32 hexadecimal digits; call it last, when every setting and optional column has been asked for."""
    entries, steps = list(entries), list(steps)
    rows = [row for _, inner in (*entries, *steps) for row in inner]
    content: dict[str, Any] = {
        "language": LANGUAGE,
        "target": side.target,
        "file": loaded.file.model_dump(mode="json", exclude_defaults=True, by_alias=True, exclude=_not_deciding()),
        "fields": [
            {"block": block and [block.block, list(block.sent_when)], "rows": [_content(row) for row in inner]}
            for block, inner in entries
        ],
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
        "columns": dict(sorted(side.conditions.found.items())),
        "dropped": list(lacking),
        "transforms": loaded.transforms.source if any(row.transform or row.combine for row in rows) else "",
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _not_deciding() -> dict[str, Any]:
    return {**dict.fromkeys(_NOT_DECIDING, True), "adopt": {"__all__": _TEXTS}}


def _content(row: Row) -> Mapping[str, Any]:
    return row.model_dump(mode="json", exclude_defaults=True, by_alias=True, exclude={"enabled"})
