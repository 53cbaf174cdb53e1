"""Batches as a client of its own writes and reads them (wire.md 1.8 and 2.5); the `email` package does the reading."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

BOUNDARY = "batch_1"
CONTENT_TYPE = f"multipart/mixed; boundary={BOUNDARY}"


@dataclass(frozen=True)
class Request:
    """One request, to be sent alone or in a batch; `content_id` is a matter of batches only."""

    method: str
    url: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_id: str | None = None


@dataclass(frozen=True)
class Response:
    """One answer of a batch."""

    status: int
    headers: Mapping[str, str]
    text: str
    content_id: str | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def write(parts: Sequence[Request | Sequence[Request]]) -> bytes:
    """The body of a batch of single requests and of change sets, every line with CRLF; send it with `CONTENT_TYPE`."""
    return _multipart(
        BOUNDARY,
        (_single(part) if isinstance(part, Request) else _change_set(place, part) for place, part in enumerate(parts)),
    )


def read(content_type: str, body: bytes) -> list[Response | list[Response]]:
    """The answers in their order; a part that is a multipart itself is a list."""
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    assert message.get_content_maintype() == "multipart", f"{content_type} is no multipart: {body[:200]!r}"
    return [_read_part(part) for part in _parts(message)]


def _change_set(place: int, requests: Sequence[Request]) -> str:
    boundary = f"changeset_{place}"
    inner = (_single(request) for request in requests)
    return f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n" + _multipart(boundary, inner).decode()


def _multipart(boundary: str, parts: Iterator[str]) -> bytes:
    return "".join([*(f"--{boundary}\r\n{part}\r\n" for part in parts), f"--{boundary}--\r\n"]).encode()


def _single(request: Request) -> str:
    headers = dict(request.headers)
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    identifier = f"Content-ID: {request.content_id}\r\n" if request.content_id else ""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    body = "" if request.body is None else json.dumps(request.body)
    return (
        f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{identifier}\r\n"
        f"{request.method} {request.url} HTTP/1.1\r\n{lines}\r\n{body}\r\n"
    )


def _read_part(part: Message) -> Response | list[Response]:
    if part.get_content_maintype() == "multipart":
        return [_response(inner) for inner in _parts(part)]
    return _response(part)


def _parts(message: Message) -> list[Message]:
    payload = message.get_payload()
    if not isinstance(payload, list):
        # A multipart of nothing but its end is told with or without that end.
        assert str(payload).strip() in ("", f"--{message.get_boundary()}--"), payload
        return []
    return [part for part in payload if isinstance(part, Message)]


def _response(part: Message) -> Response:
    assert part.get_content_type() == "application/http", part.get_content_type()
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    status_line, _, rest = raw.lstrip().partition(b"\r\n")
    version, status, *_ = status_line.decode().split(" ")
    assert version == "HTTP/1.1"
    inner = message_from_bytes(rest)
    payload = inner.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return Response(int(status), {name.lower(): value for name, value in inner.items()}, payload.decode().strip(),
                    part.get("Content-ID"))  # fmt: skip
