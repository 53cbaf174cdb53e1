"""Values as table properties and back: texts and JSON, nothing lost, no type guessed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sync.errors import ConfigError
from sync.model import Scalar, Trouble

FORMAT = 1
"""What this version writes and understands; a row of format 1 does not say so."""


def check_format(row: Mapping[str, Any], where: str) -> None:
    """Raises ConfigError when a later version wrote the row in a way that this one does not understand."""
    written = row.get("format") or FORMAT
    if written > FORMAT:
        raise ConfigError(
            f"a row is written in format {written}, this version of the app knows formats up to {FORMAT}.",
            where=where,
            remedy="Deploy the newer version again; stop the older one.",
        )


def to_json(values: Mapping[str, Any]) -> str:
    """A flat mapping as compact JSON text; "" when it is empty."""
    return json.dumps(dict(values), ensure_ascii=False, separators=(",", ":")) if values else ""


def from_json(text: str | None) -> dict[str, Any]:
    """What `to_json` was given."""
    return json.loads(text) if text else {}


def key_to_json(key: Mapping[str, Scalar]) -> str:
    """Key values as JSON text; a Decimal is written as an object, so that it stays one."""
    return to_json(_written(key))


def key_from_json(text: str | None) -> dict[str, Scalar]:
    """What `key_to_json` was given."""
    return _read(from_json(text))


def keys_to_json(keys: Mapping[str, Mapping[str, Scalar]]) -> str:
    """Several sets of key values by name, as JSON text; "" when there are none."""
    return to_json({name: _written(key) for name, key in keys.items()})


def keys_from_json(text: str | None) -> dict[str, dict[str, Scalar]]:
    """What `keys_to_json` was given."""
    return {name: _read(key) for name, key in from_json(text).items()}


def names_to_json(names: Sequence[str]) -> str:
    """A list of names as JSON text; "" when it is empty."""
    return json.dumps(list(names), ensure_ascii=False, separators=(",", ":")) if names else ""


def names_from_json(text: str | None) -> tuple[str, ...]:
    """What `names_to_json` was given."""
    return tuple(json.loads(text)) if text else ()


def trouble_to_json(trouble: Trouble | None) -> str:
    """A trouble as JSON text without what is empty; "" for None."""
    if trouble is None:
        return ""
    return to_json({name: value for name, value in dataclasses.asdict(trouble).items() if value})


def trouble_from_json(text: str | None) -> Trouble | None:
    """What `trouble_to_json` was given; what a later version added is left out."""
    if not text:
        return None
    known = {field.name for field in dataclasses.fields(Trouble)}
    return Trouble(**{"code": "", "cause": "", **{name: v for name, v in from_json(text).items() if name in known}})


def moment_text(moment: datetime | None) -> str:
    """An aware time as UTC text of one length, in the order of time; "" for None."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else ""


def moment_from(text: str | None) -> datetime | None:
    """What `moment_text` was given."""
    return datetime.fromisoformat(text) if text else None


def moment(text: str) -> datetime:
    """A time that must be there."""
    return datetime.fromisoformat(text)


def _written(key: Mapping[str, Scalar]) -> dict[str, Any]:
    return {name: {"decimal": str(value)} if isinstance(value, Decimal) else value for name, value in key.items()}


def _read(key: Mapping[str, Any]) -> dict[str, Scalar]:
    return {name: Decimal(value["decimal"]) if isinstance(value, dict) else value for name, value in key.items()}
