"""A request and its answer, as they come over HTTP or as a part of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.simulators.dataverse import errors
from local.simulators.dataverse.query import Preferences, preferences
from local.simulators.odata.jsontext import dumps, loads

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
        if not self.headers.get("content-type", "").lower().startswith("application/json"):
            raise errors.Refusal(415, "", "The content type of a request with a body must be application/json.")
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


def refused(problem: errors.Refusal) -> Reply:
    return Reply(problem.status, problem.body(), {"Content-Type": JSON, **problem.headers})
