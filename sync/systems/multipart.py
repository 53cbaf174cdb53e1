"""OData `$batch` bodies: a request written, an answer read, both in time linear in their size (wire.md 1.8, 2.5).

The reader is as tolerant as real answers ask for: reason texts are ignored, line ends may be bare, a failed change set
may come wrapped in a part of its own or plain. What it does not tolerate is a missing end: that answer was cut short.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message

from sync.systems.answers import Answer


class CutShort(ValueError):
    """A multipart body that ends before its last delimiter, or is none."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One request of a batch; `url` is absolute and percent-encoded. A body is JSON."""

    method: str
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Writes that are done all or not at all."""

    operations: tuple[Operation, ...]


def write_batch(items: Sequence[Operation | ChangeSet], boundary: str) -> bytes:
    """The body of a batch, every line ended by CRLF; send it with `content_type(boundary)`.

    Content-IDs count the operations of change sets from 1, through the whole batch. Raises ValueError for a header or
    an address that would break the frame.
    """
    pieces: list[bytes] = []
    content_id = 0
    for number, item in enumerate(items, 1):
        pieces.append(_delimiter(boundary))
        if isinstance(item, Operation):
            pieces.extend(_written(item, None))
            continue
        inner = f"changeset_{number}_{boundary}"
        pieces.append(f"Content-Type: {content_type(inner)}\r\n\r\n".encode())
        for operation in item.operations:
            content_id += 1
            pieces.append(_delimiter(inner))
            pieces.extend(_written(operation, content_id))
        pieces.append(f"--{inner}--\r\n\r\n".encode())
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces)


def content_type(boundary: str) -> str:
    """The Content-Type that belongs to a body with this boundary."""
    return f'multipart/mixed; boundary="{boundary}"'


def read_batch(body: bytes, content_type: str) -> list[tuple[Answer, ...]]:
    """The answers in order: one tuple for each operation or change set that was answered.

    A failed change set gives one answer, in whichever of its two shapes it comes. Raises CutShort.
    """
    answers = []
    for start, end in _parts(body, _boundary(content_type), 0, len(body)):
        headers, content = _headers(body, start, end)
        kind = headers.get("content-type", "")
        if kind.lower().startswith("multipart/"):
            inner = _parts(body, _boundary(kind), content, end)
            answers.append(tuple(_answer(body, _headers(body, *part)[1], part[1]) for part in inner))
        else:
            answers.append((_answer(body, content, end),))
    return answers


def _delimiter(boundary: str) -> bytes:
    return f"--{boundary}\r\n".encode()


def _written(operation: Operation, content_id: int | None) -> Iterator[bytes]:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    lines += ["", f"{operation.method} {operation.url} HTTP/1.1", "Accept: application/json"]
    if operation.body:
        lines.append("Content-Type: application/json; type=entry")
    lines += [f"{name}: {value}" for name, value in operation.headers.items()]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("An address or header with a line break cannot stand in a batch.")
    yield ("\r\n".join(lines) + "\r\n\r\n").encode()
    yield operation.body
    yield b"\r\n"


def _parts(body: bytes, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where each part begins and ends; the line end before a delimiter belongs to the delimiter."""
    delimiter = b"--" + boundary
    begin: int | None = None
    found = body.find(delimiter, start, end)
    while found >= 0:
        after = found + len(delimiter)
        feed = body.find(b"\n", after, end)
        stop = end if feed < 0 else feed
        rest = body[after:stop].strip()
        # A delimiter is a line of its own; the same characters in a value, or a longer boundary, are not.
        if (found == start or body[found - 1] == 0x0A) and rest in (b"", b"--"):
            if begin is not None:
                yield begin, _before_line_end(body, begin, found)
            if rest == b"--":
                return
            begin = stop + 1
        found = body.find(delimiter, stop if rest in (b"", b"--") else after, end)
    raise CutShort("The multipart body ends before its last delimiter.")


def _before_line_end(body: bytes, begin: int, delimiter: int) -> int:
    end = delimiter - 1
    if end > begin and body[end - 1] == 0x0D:
        end -= 1
    return max(end, begin)


def _headers(body: bytes, start: int, end: int) -> tuple[dict[str, str], int]:
    """Header lines up to the first empty one, names in lower case, and where the content begins."""
    headers: dict[str, str] = {}
    while start < end:
        feed = body.find(b"\n", start, end)
        stop = end if feed < 0 else feed
        line = body[start:stop].strip()
        start = stop + 1
        if not line:
            break
        name, _, value = line.decode("utf-8", "replace").partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers, min(start, end)


def _answer(body: bytes, start: int, end: int) -> Answer:
    feed = body.find(b"\n", start, end)
    stop = end if feed < 0 else feed
    words = body[start:stop].split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise CutShort("A part of the multipart body holds no HTTP answer.")
    headers, content = _headers(body, min(stop + 1, end), end)
    return Answer(int(words[1]), headers, body[content:end].strip())


def _boundary(header: str) -> bytes:
    message = Message()
    message["Content-Type"] = header
    boundary = message.get_boundary()
    if not boundary:
        raise CutShort("The answer names no boundary.")
    return boundary.encode("ascii", "replace")
