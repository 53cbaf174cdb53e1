"""Writes of the model as requests to F&O: alone and as parts of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from tests.properties.finops_model import NUMBER, Write
from tests.properties.properties_multipart import Request


def request_of(write: Write) -> Request:
    """The request of one write; its URL begins at the root of the server."""
    number = NUMBER[write.entity_set]
    if write.verb == "create":
        key = {"dataAreaId": write.company, **({} if write.number is None else {number: write.number})}
        return Request("POST", f"/data/{write.entity_set}", {**key, **_payload(write)})
    doubled = quote(str(write.number).replace("'", "''"), safe="'")
    company = "?cross-company=true" if write.cross_company else ""
    url = f"/data/{write.entity_set}(dataAreaId='{write.company}',{number}='{doubled}'){company}"
    headers = {} if write.if_match is None else {"If-Match": write.if_match}
    if write.verb == "delete":
        return Request("DELETE", url, None, headers)
    return Request("PATCH", url, _payload(write), headers)


def batch_of(parts: Sequence[Write | Sequence[Write]]) -> list[Request | list[Request]]:
    """The parts of a batch; a Content-ID is the place of the change set and the place in it, from 0 on."""
    return [
        request_of(part)
        if isinstance(part, Write)
        else [replace(request_of(one), content_id=f"{place}-{number}") for number, one in enumerate(part)]
        for place, part in enumerate(parts)
    ]


def _payload(write: Write) -> dict[str, Any]:
    return {**write.values, **write.bad}
