"""The frame of a request and of its answer: which JSON is asked for, which one is sent, and the tracing headers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from local.simulators.finops.errors import READING, Refusal

type Metadata = Literal["minimal", "full", "none"]
"""How many annotations a document carries."""
_ANY = frozenset({"application/json", "application/*", "*/*"})


def content_type(metadata: Metadata = "minimal") -> str:
    """The Content-Type of a JSON answer."""
    return f"application/json; odata.metadata={metadata}; charset=utf-8"


@lru_cache(maxsize=64)
def metadata_wanted(accept: str) -> Metadata:
    """What an Accept header asks for; without one, minimal. Raises Refusal (406) when JSON is not among it."""
    ranges = [one.strip().lower() for one in accept.split(",") if one.strip()]
    taken = [one for one in ranges if one.partition(";")[0].strip() in _ANY]
    if ranges and not taken:
        raise Refusal(406, f"The service answers with application/json, not with {accept!r}.", READING)
    for one in taken:
        for parameter in one.replace(" ", "").split(";"):
            match parameter:
                case "odata.metadata=full":
                    return "full"
                case "odata.metadata=none":
                    return "none"
    return "minimal"


def check_body(headers: Mapping[str, str]) -> None:
    """Refuse a body that is not said to be JSON in UTF-8 (415)."""
    if problem := _problem(headers.get("content-type", "")):
        raise Refusal(415, problem, READING)


@lru_cache(maxsize=64)
def _problem(content_type: str) -> str | None:
    kind, _, parameters = content_type.lower().partition(";")
    if kind.strip() != "application/json":
        return f"The body must be application/json, not {kind.strip() or 'of no type'!r}."
    charset = parameters.replace(" ", "").partition("charset=")[2].partition(";")[0].strip('"')
    return None if charset in ("", "utf-8", "us-ascii") else f"The body must be in UTF-8, not in {charset!r}."
