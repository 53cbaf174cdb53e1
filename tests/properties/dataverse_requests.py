"""Writes of the model as requests: alone, as parts of a batch, as targets of a bulk message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from tests.properties.dataverse_model import KEY, NAVIGATIONS, Write
from tests.properties.properties_multipart import Request

_TYPE = {"accounts": "Microsoft.Dynamics.CRM.account", "contacts": "Microsoft.Dynamics.CRM.contact"}


def request_of(write: Write) -> Request:
    """The request of one write; its URL is relative to the service root."""
    headers = {"If-Match": write.if_match, "If-None-Match": write.if_none_match}
    given = {name: value for name, value in headers.items() if value is not None}
    row = f"{write.entity_set}({write.id})"
    match write.verb:
        case "create":
            key = {} if write.id is None else {KEY[write.entity_set]: write.id}
            return Request("POST", write.entity_set, {**key, **_payload(write)}, given)
        case "delete":
            return Request("DELETE", row, None, given)
    return Request("PATCH", row, _payload(write), given)


def requests_of(parts: Sequence[Write | Sequence[Write]], root: str) -> list[Request | list[Request]]:
    """The parts of a batch with absolute URLs; Content-IDs are unique in it.

    Within a change set a lookup to a row that was created before in it is written as a reference to that part.
    """
    numbers = count(1)
    return [
        _absolute(request_of(part), root)
        if isinstance(part, Write)
        else _change_set(part, root, [str(next(numbers)) for _ in part])
        for part in parts
    ]


def bulk_targets(writes: Sequence[Write]) -> list[dict[str, Any]]:
    """The `Targets` of CreateMultiple, UpdateMultiple or UpsertMultiple."""
    return [
        {"@odata.type": _TYPE[write.entity_set], KEY[write.entity_set]: write.id, **_payload(write)}
        if write.verb != "upsert"
        else {
            "@odata.type": _TYPE[write.entity_set],
            "@odata.id": f"{write.entity_set}({write.id})",
            **_payload(write),
        }
        for write in writes
    ]


def _change_set(writes: Sequence[Write], root: str, identifiers: list[str]) -> list[Request]:
    made: dict[str, str] = {}
    requests = []
    for write, identifier in zip(writes, identifiers, strict=True):
        body = _payload(write, made)
        request = request_of(write)
        if request.body is not None:
            key = {name: value for name, value in request.body.items() if name == KEY[write.entity_set]}
            request = replace(request, body={**key, **body})
        requests.append(replace(_absolute(request, root), content_id=identifier))
        if write.verb == "create" and write.id is not None:
            made.setdefault(f"/{write.entity_set}({write.id})", f"${identifier}")
    return requests


def _absolute(request: Request, root: str) -> Request:
    return replace(request, url=root + request.url)


def _payload(write: Write, made: dict[str, str] | None = None) -> dict[str, Any]:
    payload: dict[str, Any] = dict(write.values)
    for name, target in write.binds.items():
        _, target_set = NAVIGATIONS[write.entity_set][name]
        address = None if target is None else f"/{target_set}({target})"
        payload[f"{name}@odata.bind"] = (made or {}).get(address or "", address)
    return payload | dict(write.bad)
