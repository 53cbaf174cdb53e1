"""Answers to who is turned away at the door: no token, too much load, faults. Their form is not known (wire.md 2.7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.simulators.finops.errors import Refusal, error
from local.simulators.finops.formats import content_type
from local.simulators.odata.batch import Answer
from local.simulators.odata.jsontext import dumps

THROTTLED = "This request could not be processed at this time due to system experiencing high resource utilization."
_CODE = "ResourceBasedThrottling"
_PAGE = "<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>"

type Switch = Callable[[str], Any]


def unauthorized(switch: Switch, refusal: Refusal) -> Answer:
    """A 401 in the form that the switch `unauthorized_body` says."""
    kind, body = _written(switch("unauthorized_body"), "Unauthorized", refusal.message, "")
    return Answer(refusal.status, {**kind, "WWW-Authenticate": "Bearer"}, body)


def throttled(switch: Switch, seconds: int) -> Answer:
    """A 429 in the form that the switches `throttled_body` and `retry_after` say."""
    kind, body = _written(switch("throttled_body"), "Too Many Requests", THROTTLED, _CODE)
    wait = {"Retry-After": str(seconds)} if switch("retry_after") == "sent" else {}
    return Answer(429, {**kind, **wait}, body)


def fault(switch: Switch, status: int, code: str | None, message: str | None) -> bytes:
    """The body of an answer that a fault asks for; its `code` and `message` stand over the usual ones."""
    if status == 429 and code is None and message is None:
        return throttled(switch, 0).body
    return dumps(error(message or (THROTTLED if status == 429 else "An error has occurred."), code=code or ""))


def _written(form: str, title: str, text: str, code: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of one of the forms `json`, `code`, `html`, `empty`."""
    match form:
        case "html":
            return {"Content-Type": "text/html"}, _PAGE.format(title=title, text=text).encode()
        case "empty":
            return {}, b""
    return {"Content-Type": content_type()}, dumps(error(text, code=code if form == "code" else ""))
