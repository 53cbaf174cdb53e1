"""Values of the app's own written back to many Sales records: `$batch`, each under the version that was read.

Rules of wire.md 1.8 and 1.12. Answers belong to records by their position; with `odata.continue-on-error` every record
is answered for itself. Should a server stop at the first bad one all the same, the rest is sent again: the version
keeps a value from being written twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sync.errors import ConfigError, DataError, SyncError, Throttled, Transient, Unsure
from sync.model import EntityRef, Record, Values
from sync.systems.answers import Answer
from sync.systems.decisions import Step, decide
from sync.systems.http import HttpClient
from sync.systems.jsontext import write_json
from sync.systems.multipart import CutShort, Operation, content_type, read_batch, write_batch
from sync.systems.redaction import mask, redact
from sync.systems.trouble import AGAIN_SECONDS, gravest, half_done, no_right, refused_batches, wrong_address

RECORDS = 100
"""Records of one batch, well below the 1,000 that it may hold."""

_DUPLICATE = {"0x80040237", "0x80060892", "0x80040333"}
"""A 412 that is about other records, not about the version (wire.md 1.12)."""

type Assignment = tuple[Record, Values]


class Assigning:
    """One call of `SalesSystem.assign`."""

    def __init__(self, http: HttpClient, root: str, entity: EntityRef) -> None:
        self._http = http
        self._root = root
        self._entity = entity
        self._results: list[bool | DataError] = []
        self._denied: list[ConfigError] = []

    def run(self, assignments: Sequence[Assignment]) -> list[bool | DataError]:
        """See `SalesSystem.assign`."""
        while len(self._results) < len(assignments):
            begin = len(self._results)
            batch = assignments[begin : begin + RECORDS]
            try:
                self._take(batch, self._replies(batch, self._post(batch)))
            except (ConfigError, Transient) as error:
                raise half_done(error) if any(result is True for result in self._results) else error from None
        if len(self._denied) == len(assignments) > 0:
            raise self._denied[0]
        return self._results

    def _post(self, batch: Sequence[Assignment]) -> Answer:
        boundary = f"batch_{uuid.uuid4()}"
        operations = [
            Operation(
                "PATCH",
                f"{self._root}/{self._entity.set}({record.id})",
                write_json(values),
                {"If-Match": record.version},
            )
            for record, values in batch
        ]
        return self._http.send(
            "POST",
            f"{self._root}/$batch",
            about=self._entity.set,
            writes=True,
            headers={
                "Content-Type": content_type(boundary),
                "Accept": "multipart/mixed, application/json",
                "Prefer": "odata.continue-on-error",
            },
            body=write_batch(operations, boundary),
        )

    def _replies(self, batch: Sequence[Assignment], answer: Answer) -> list[Answer]:
        """The answer to each record, or to the first of them; with the ids of the request they came in."""
        if not answer.multipart:
            if answer.ok:
                raise self._unsure("a batch was answered by something that is no batch", answer)
            if answer.status in (404, 405):
                raise wrong_address(self._http.words, self._http.base, "POST $batch", answer)
            raise refused_batches(self._http.words, self._http.base, answer)
        try:
            parts = read_batch(answer.body, answer.headers["content-type"])
        except CutShort as error:
            raise self._unsure(f"the answer to a batch was cut short ({error})", answer) from None
        if not parts or len(parts) > len(batch) or not all(parts):
            raise self._unsure(f"{len(batch)} records got {len(parts)} answers", answer)
        outer = {name: value for name, value in answer.headers.items() if name == "date"}
        return [Answer(own.status, {**outer, **own.headers}, own.body, answer.request_id) for own, *_ in parts]

    def _take(self, batch: Sequence[Assignment], replies: Sequence[Answer]) -> None:
        """Take every answer before any trouble is told, so that what was written is known."""
        troubles: list[SyncError] = []
        for (_, values), reply in zip(batch, replies, strict=False):
            try:
                self._results.append(self._judged(values, reply))
            except SyncError as error:
                troubles.append(error)
        if troubles:
            raise gravest(troubles)

    def _judged(self, values: Values, reply: Answer) -> bool | DataError:
        http = self._http
        match decide(reply):
            case Step.LEAVE_ALONE:
                raise Throttled(f"{http.words.name} asked to be left alone.", delay=http.shut_gate(reply.headers),
                                where=http.base, details=reply.details())  # fmt: skip
            case Step.AGAIN:
                raise Transient(f"{http.words.name} was busy with the same rows.", delay=AGAIN_SECONDS,
                                where=http.base, details=reply.details())  # fmt: skip
            case Step.UNKNOWN:
                raise self._unsure(f"one record was answered {reply.status}", reply)
            case Step.SIGN_IN:
                raise http.sign_in_refused(reply)
            case Step.WRONG_ADDRESS:
                raise wrong_address(http.words, http.base, f"PATCH {self._entity.set}", reply)
            case Step.NO_RIGHT:
                return self._without_right(values, reply)
            case Step.TAKE:
                changed = reply.status == 412 and reply.error().code not in _DUPLICATE
                return reply.ok or (False if changed or reply.status == 404 else self._refused(values, reply))

    def _without_right(self, values: Values, reply: Answer) -> DataError:
        """The record's own trouble as long as others go through (rights of Sales may be per record)."""
        error = no_right(self._http.words, self._http.base, self._entity.set, reply)
        self._denied.append(error)
        return DataError(
            "target-refused",
            f"Sales refused {', '.join(values)}: {error.what}",
            column=next(iter(values), ""),
            retryable=True,
            remedy=error.remedy,
            details=error.details,
        )

    def _refused(self, values: Values, reply: Answer) -> DataError:
        text = redact(mask(reply.error().message, values.values()))[:300]
        return DataError(
            "target-refused",
            f"Sales refused {', '.join(values)}: {text or reply.status}",
            column=next(iter(values), ""),
            retryable=True,
            remedy="Mend the record in Sales, or enter the value there; it is tried again with growing pauses.",
            details=reply.details(),
        )

    def _unsure(self, what: str, answer: Answer) -> Unsure:
        return Unsure(f"It is not known what {self._http.words.name} wrote: {what}.", delay=AGAIN_SECONDS,
                      where=self._http.base, details=answer.details())  # fmt: skip
