"""A request and its answer, as they come over HTTP or as a part of a batch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.simulators.dataverse import errors
from local.simulators.dataverse.query import Preferences, preferences
from local.simulators.odata.jsontext import dumps, loads

_CHARSET = re.compile(r'charset\s*=\s*"?([^\s";]+)')
JSON = "application/json; odata.metadata=minimal"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` is below the service root and still percent-encoded; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base: str
    """The address of the service root, with a slash at the end."""
    references: Mapping[str, str] = field(default_factory=dict)
    repeat: bool = False
    in_batch: bool = False

    @property
    def prefer(self) -> Preferences:
        return preferences(self.headers.get("prefer", ""))

    def payload(self, entity_set: str) -> Mapping[str, Any]:
        """The JSON object in the body. Raises `errors.Refusal`."""
        kind, _, parameters = self.headers.get("content-type", "").lower().partition(";")
        charset = _CHARSET.search(parameters)
        if kind.strip() != "application/json" or "content-encoding" in self.headers:
            raise errors.Refusal(415, "", "A request with a body must be application/json without content encoding.")
        if charset and charset[1] not in ("utf-8", "utf8"):
            raise errors.Refusal(415, "", f"The charset {charset[1]} is not supported; send UTF-8.")
        try:
            payload = loads(self.body)
        except (ValueError, RecursionError) as problem:
            raise errors.bad_payload(entity_set, f"Newtonsoft.Json.JsonReaderException: {problem}") from problem
        if not isinstance(payload, dict):
            raise errors.bad_payload(entity_set, "A JSON object is expected.")
        return payload


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `entity` is the address of the row that was made or changed, below the service root."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    entity: str | None = None


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, dumps(value), {"Content-Type": JSON, **(headers or {})})


def refused(problem: errors.Refusal, *, annotated: bool = False, inner: bool = False) -> Reply:
    body = problem.body(annotated=annotated, inner=inner)
    return Reply(problem.status, body, {"Content-Type": JSON, **problem.headers})


def only(call: Call, *methods: str) -> None:
    """Refuse a request whose method is none of these."""
    if call.method not in methods:
        raise errors.Refusal(
            405, "", f"The requested resource does not support http method '{call.method}'.",
            {"Allow": ", ".join(methods)},
        )  # fmt: skip
