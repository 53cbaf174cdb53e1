"""Addresses below the service root: a name, a key in parentheses, what follows; references to parts of a batch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from local.simulators.dataverse import errors

_SEGMENT = re.compile(r"(?P<name>[A-Za-z_$][\w.]*)(?:\((?P<key>.*?)\))?(?:/(?P<rest>.*))?", re.DOTALL)
_REFERENCE = re.compile(r"\$(?P<id>[^/?]+)(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of a path: a name, the decoded text in the parentheses if there are any, what follows the slash."""

    name: str
    key: str | None = None
    rest: str = ""


def split(path: str) -> Address:
    """Take a path below the service root apart; `path` is still percent-encoded. Raises `errors.Refusal`."""
    found = _SEGMENT.fullmatch(path)
    if not found:
        raise errors.no_such_segment(unquote(path))
    key = found["key"]
    return Address(found["name"], None if key is None else unquote(key), found["rest"] or "")


def resolve_reference(text: str, references: Mapping[str, str]) -> str:
    """`$1` and what follows it, with the address of the row that the part with this Content-ID made (wire.md 1.8)."""
    found = _REFERENCE.fullmatch(text)
    if not found or found["id"] in ("batch", "metadata"):
        return text
    if found["id"] not in references:
        raise errors.bad_argument(f"Content-ID Reference: '${found['id']}' does not exist in the batch context.")
    return references[found["id"]] + found["rest"]
