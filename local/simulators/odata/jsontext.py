"""JSON in and out with the digits of decimals kept: `10.10` stays `10.10` on its way through a simulator."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson


def dumps(value: Any) -> bytes:
    """`value` as JSON; a `Decimal` is written with the digits it has."""
    return orjson.dumps(value, default=_decimal)


def loads(text: bytes) -> Any:
    """What the JSON says, with numbers that have a fraction as `Decimal`.

    Raises ValueError, for bad UTF-8 too: given bytes, the library would take UTF-16 as well.
    """
    return json.loads(text.decode(), parse_float=Decimal, parse_constant=_refuse)


def _decimal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")
