"""Change batches as queue messages: compact JSON, read strictly (docs/reference/tables.md, Messages).

The Functions host copies top-level properties into the trigger metadata, whatever their case (functions-host.md 1.3):
none of ours is named like one of those.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sync.errors import DataError, Outdated
from sync.model import CHUNK_SIZE, Change, ChangeBatch, Chunk

FORMAT = 1

LOOK_AGAIN = 10.0
"""Seconds until a message that only a newer version reads is looked at again."""

LIMIT = 40 * 1024
"""Bytes of a message that a batch should keep to; a queue takes 64 KiB."""

type _Name = Annotated[str, Field(min_length=1)]
type _Change = tuple[_Name, str] | tuple[_Name, str, Literal[1]]
type _Chunk = tuple[_Name, Annotated[tuple[_Change, ...], Field(min_length=1, max_length=CHUNK_SIZE)]]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1]
    flow: _Name
    run: _Name
    batch: _Name
    partition: Annotated[int, Field(ge=0)]
    chunks: Annotated[tuple[_Chunk, ...], Field(min_length=1)]
    kind: Literal["detected", "reopened"] = "detected"
    last_try: bool = False
    resend: bool = False
    anew: bool = False
    delays: Annotated[int, Field(ge=0)] = 0
    failures: Annotated[int, Field(ge=0)] = 0


def dump(batch: ChangeBatch) -> str:
    """A batch as the text of a message. A change is `[id, version]`, or `[id, version, 1]` when it was deleted."""
    body: dict[str, object] = {
        "format": FORMAT,
        "flow": batch.flow,
        "run": batch.run,
        "batch": batch.batch,
        "partition": batch.partition,
        "chunks": [[chunk.name, [_row(change) for change in chunk.changes]] for chunk in batch.chunks],
    }
    if batch.kind != "detected":
        body["kind"] = batch.kind
    if batch.last_try:
        body["last_try"] = True
    if batch.resend:
        body["resend"] = True
    if batch.anew:
        body["anew"] = True
    if batch.delays:
        body["delays"] = batch.delays
    if batch.failures:
        body["failures"] = batch.failures
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def load(text: str | bytes) -> ChangeBatch:
    """The batch of a message.

    Raises Outdated for a message that only a newer version of the app reads, DataError `message-not-json`,
    `message-version-unknown` or `message-malformed`; their texts quote nothing of the message.
    """
    try:
        body = json.loads(text)
    except ValueError as error:
        raise _bad(
            "message-not-json",
            "the message is no JSON.",
            "It was not written by this app: look at what else writes to the queue.",
        ) from error
    if not isinstance(body, dict):
        raise _malformed("it is no object")
    format = body.get("format")
    if type(format) is int and format > FORMAT:
        raise Outdated(
            f"messages in format {format} lie in the queue; this version of the app reads format {FORMAT}.",
            delay=LOOK_AGAIN,
            where="queue message",
            remedy="They wait for hosts of the version that wrote them: deploy that version again. Nothing is lost "
            "meanwhile.",
        )
    if type(format) is not int or format != FORMAT:
        raise _bad(
            "message-version-unknown",
            f"the message is not in format {FORMAT}, the one that this version of the app reads.",
            "Deploy the version of the app that wrote it, or let a full read detect its records again.",
        )
    try:
        message = _Message.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or part in _Message.model_fields)
        raise _malformed(f"{place or 'a property'}: {first['type']}") from None
    chunks = tuple(Chunk(name, tuple(_change(*row) for row in rows)) for name, rows in message.chunks)
    if len({chunk.name for chunk in chunks}) < len(chunks):
        raise _malformed("chunks: two have the same name")
    return ChangeBatch(
        flow=message.flow,
        run=message.run,
        batch=message.batch,
        partition=message.partition,
        chunks=chunks,
        kind=message.kind,
        last_try=message.last_try,
        resend=message.resend,
        anew=message.anew,
        delays=message.delays,
        failures=message.failures,
    )


def encoded_size(batch: ChangeBatch) -> int:
    """Bytes of the message in the queue, where it is base64."""
    return -(-len(dump(batch).encode()) // 3) * 4


def fits(batch: ChangeBatch, limit: int = LIMIT) -> bool:
    """Whether the message is small enough for detect to post."""
    return encoded_size(batch) <= limit


def _row(change: Change) -> list[object]:
    return [change.id, change.version, 1] if change.deleted else [change.id, change.version]


def _change(id: str, version: str, deleted: int = 0) -> Change:
    return Change(id, version, bool(deleted))


def _malformed(problem: str) -> DataError:
    return _bad(
        "message-malformed",
        f"the message is not a batch of changes ({problem}).",
        "It was not written by this app, or was changed in the queue: let a full read detect its records again.",
    )


def _bad(code: str, what: str, remedy: str) -> DataError:
    return DataError(code, what, where="queue message", remedy=remedy)
