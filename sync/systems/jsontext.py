"""JSON with every digit kept: decimals are read as Decimal and written as they are, with no float in between."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def read_json(text: bytes) -> Any:
    """The document. Raises ValueError when it is none, is cut short, or holds NaN or Infinity."""
    return json.loads(text, parse_float=Decimal, parse_constant=_no_number)


def write_json(value: object) -> bytes:
    """The document as ASCII: characters beyond it are escaped, so that half an emoji harms only its own record.

    Raises ValueError for a number that JSON cannot hold and TypeError for what is no JSON value.
    """
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    except TypeError:  # most documents hold no Decimal, and json writes those several times as fast
        text = _text(value)
    return text.encode("ascii")


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no number that JSON can hold.")
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(name))}:{_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(value, allow_nan=False)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON number.")
