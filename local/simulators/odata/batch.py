"""OData `$batch` bodies: read a multipart/mixed request, write a multipart/mixed answer (wire.md 1.8 and 2.5).

Reading takes time linear in the size of the body: one `bytes.find` per delimiter and one per header line, and every
byte of a part's body is copied once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal
from uuid import uuid4

_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]*)"|([^\s;"]+))', re.IGNORECASE)
BatchCode = Literal["lf", "boundary", "nested", "malformed", "get-in-change-set"]


class BatchError(ValueError):
    """A batch body that cannot be read as a whole; `code` says why and the text says what and where."""

    def __init__(self, code: BatchCode, message: str) -> None:
        super().__init__(message)
        self.code: BatchCode = code


@dataclass(frozen=True, slots=True)
class Operation:
    """One request of a batch. `url` is as sent (absolute or relative); header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    content_id: str | None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Requests that are done all or not at all."""

    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `headers` are written as given; `content_id` becomes a header of the part, not of the answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeSetAnswer:
    """The answers of one change set: one for each operation, or a single one when it failed."""

    answers: tuple[Answer, ...]


def parse(body: bytes, content_type: str, *, strict_crlf: bool = True) -> list[Operation | ChangeSet]:
    """The operations and change sets of a batch request, in their order.

    With `strict_crlf` a line of the frame (delimiters, headers, request lines) that ends with a bare line feed is
    refused, unless the body ends with two line feeds (wire.md 1.8). Line ends inside a JSON body are free.
    Raises BatchError; counting operations against a limit is left to the caller.
    """
    frame = _Frame(body, accept_lf=not strict_crlf or body.endswith((b"\n\n", b"\n\r\n")))
    seen: set[str] = set()
    return [
        _part(frame, start, end, seen)
        for start, end in frame.parts(_boundary(content_type, "the request"), 0, len(body))
    ]


def write(parts: Sequence[Answer | ChangeSetAnswer], boundary: str, *, joined_reasons: bool = False) -> bytes:
    """The multipart/mixed body that answers a batch; send it with `content_type(boundary)`.

    `joined_reasons`: status lines say `400 BadRequest` instead of `400 Bad Request` (wire.md 1.8 has both).
    """
    pieces: list[bytes] = []
    for part in parts:
        pieces.append(f"--{boundary}\r\n".encode())
        if isinstance(part, Answer):
            pieces.extend(_written(part, joined_reasons))
            continue
        inner = f"changesetresponse_{uuid4()}"
        pieces.append(f"Content-Type: {content_type(inner)}\r\n\r\n".encode())
        for answer in part.answers:
            pieces.append(f"--{inner}\r\n".encode())
            pieces.extend(_written(answer, joined_reasons))
        pieces.append(f"--{inner}--\r\n".encode())
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces)


def content_type(boundary: str) -> str:
    """The Content-Type header value that belongs to a body written with this boundary."""
    return f"multipart/mixed; boundary={boundary}"


def _written(answer: Answer, joined_reasons: bool) -> tuple[bytes, bytes, bytes]:
    reason = HTTPStatus(answer.status).phrase
    if joined_reasons:
        reason = reason.replace(" ", "")
    identifier = f"Content-ID: {answer.content_id}\r\n" if answer.content_id is not None else ""
    headers = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    head = (
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        f"{identifier}\r\nHTTP/1.1 {answer.status} {reason}\r\n{headers}\r\n"
    )
    return head.encode(), answer.body, b"\r\n"


class _Frame:
    """The bytes of a batch with the two ways of walking through them: by part and by line."""

    def __init__(self, body: bytes, *, accept_lf: bool) -> None:
        self.body = body
        self._accept_lf = accept_lf

    def line(self, start: int, end: int) -> tuple[str, int]:
        """The line that begins at `start`, without its line end, and where the next one begins."""
        feed = self.body.find(b"\n", start, end)
        if feed < 0:
            return self._text(start, end), end
        if feed > start and self.body[feed - 1] == 0x0D:
            return self._text(start, feed - 1), feed + 1
        if not self._accept_lf:
            raise BatchError(
                "lf",
                f"The line at byte {start} of the batch ends with a line feed alone. End every line with CRLF "
                "(or end the body with two extra line feeds).",
            )
        return self._text(start, feed), feed + 1

    def headers(self, start: int, end: int) -> tuple[dict[str, str], int]:
        """Header lines up to the first empty line, names in lower case, and where the content begins."""
        headers: dict[str, str] = {}
        while start < end:
            text, next_line = self.line(start, end)
            if not text.strip():
                return headers, next_line
            name, colon, value = text.partition(":")
            if not colon:
                raise BatchError("malformed", f"{text[:60]!r} at byte {start} of the batch is no header line.")
            headers[name.strip().lower()] = value.strip()
            start = next_line
        return headers, end

    def parts(self, boundary: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Where each part between the delimiters begins and ends: before the line feed that precedes the delimiter.

        A carriage return may be left at the end of a part; readers of a part strip white space.
        """
        delimiter = b"--" + boundary.encode("ascii")
        found, after, last = self._delimiter(delimiter, start, end)
        if found < 0:
            raise BatchError("boundary", f"The delimiter --{boundary} of the Content-Type is not in the body.")
        while not last:
            begin = after
            found, after, last = self._delimiter(delimiter, begin, end)
            if found < 0:
                raise BatchError(
                    "malformed", f"The closing delimiter --{boundary}-- is missing: the body was cut short."
                )
            yield begin, max(begin, found - 1)

    def _delimiter(self, delimiter: bytes, start: int, end: int) -> tuple[int, int, bool]:
        """The next line that is a delimiter: where it begins, where the next line begins, whether it closes."""
        found = self.body.find(delimiter, start, end)
        while found >= 0:
            if found == start or self.body[found - 1] == 0x0A:
                rest, after = self.line(found + len(delimiter), end)
                if rest.strip() in ("", "--"):
                    return found, after, rest.startswith("--")
            found = self.body.find(delimiter, found + len(delimiter), end)
        return -1, end, True

    def _text(self, start: int, end: int) -> str:
        return self.body[start:end].decode("utf-8", "replace")


def _part(frame: _Frame, start: int, end: int, seen: set[str]) -> Operation | ChangeSet:
    headers, content = frame.headers(start, end)
    if not _is_multipart(headers):
        return _operation(frame, headers, content, end, seen)
    boundary = _boundary(headers["content-type"], f"the part at byte {start}")
    operations = []
    for inner_start, inner_end in frame.parts(boundary, content, end):
        inner_headers, inner_content = frame.headers(inner_start, inner_end)
        if _is_multipart(inner_headers):
            raise BatchError("nested", f"The change set at byte {start} holds another one. Change sets do not nest.")
        operation = _operation(frame, inner_headers, inner_content, inner_end, seen)
        if operation.method == "GET":
            raise BatchError(
                "get-in-change-set",
                f"GET {operation.url} stands in a change set. Reads belong outside of change sets.",
            )
        operations.append(operation)
    return ChangeSet(tuple(operations))


def _operation(frame: _Frame, part: Mapping[str, str], start: int, end: int, seen: set[str]) -> Operation:
    if part.get("content-type", "").partition(";")[0].strip().lower() != "application/http":
        raise BatchError("malformed", f"The part before byte {start} needs the header Content-Type: application/http.")
    request_line, after = frame.line(start, end)
    while not request_line.strip() and after < end:
        request_line, after = frame.line(after, end)
    method, _, rest = request_line.strip().partition(" ")
    url, _, version = rest.strip().rpartition(" ")
    if not url or not version.startswith("HTTP/"):
        raise BatchError("malformed", f"{request_line[:80]!r} is no request line of the form METHOD URL HTTP/1.1.")
    if url.partition("?")[0].endswith("$batch"):
        raise BatchError("nested", f"{method} {url}: a batch cannot hold another batch.")
    headers, content = frame.headers(after, end)
    identifier = part.get("content-id") or headers.get("content-id")
    if identifier is not None:
        if identifier in seen:
            raise BatchError("malformed", f"Content-ID {identifier} is used twice. It must be unique in the batch.")
        seen.add(identifier)
    return Operation(method.upper(), url, headers, frame.body[content:end].strip(), identifier)


def _is_multipart(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").lower().startswith("multipart/")


def _boundary(header: str, where: str) -> str:
    found = _BOUNDARY.search(header) if header.partition(";")[0].strip().lower() == "multipart/mixed" else None
    boundary = (found[1] or found[2]) if found else None
    if not boundary or not boundary.isascii():
        raise BatchError(
            "boundary", f"{where} needs the header Content-Type: multipart/mixed; boundary=..., not {header!r}."
        )
    return boundary
