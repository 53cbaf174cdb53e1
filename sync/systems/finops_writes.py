"""Many records into one F&O entity: `$batch`, one change set a record, so that a bad one harms no other.

Rules of wire.md 2.5 and 2.6. Answers belong to records by their position. A change set that was not answered is sent
again, for whether those behind a failed one run is not known. A right that some change sets lack and others do not is
told for each record; a right that all lack is the set-up's. A batch that is refused as a whole is halved until the
record that F&O cannot read is alone.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sync.errors import ConfigError, SyncError, Throttled, Transient, Unsure
from sync.model import EntityRef
from sync.ports import Missing, Postponed, Refused, Result, Write, Written
from sync.systems.answers import Answer
from sync.systems.deadline import Deadline
from sync.systems.decisions import Step, decide
from sync.systems.finops_terms import Terms
from sync.systems.http import HttpClient
from sync.systems.infolog import is_update_conflict, refusal
from sync.systems.jsontext import write_json
from sync.systems.multipart import ChangeSet, CutShort, Operation, content_type, read_batch, write_batch
from sync.systems.odata import columns_of
from sync.systems.trouble import AGAIN_SECONDS, gravest, half_done, no_right, refused_batches, wrong_address

_TRIES = 3
"""A record that another user process is changing is sent this often in all."""
_PATIENCE = 5.0
"""Seconds in all that a half-done call waits by itself when it is throttled."""


@dataclass(slots=True)
class _Job:
    position: int
    write: Write
    tries: int = 0


class Writing:
    """One call of `FinOpsSystem.write`."""

    def __init__(
        self,
        http: HttpClient,
        root: str,
        entity: EntityRef,
        terms: Terms,
        size: int,
        sleep: Callable[[float], None],
        until: Deadline | None,
    ) -> None:
        self._http = http
        self._root = root
        self._entity = entity
        self._terms = terms
        self._size = size
        self._sleep = sleep
        self._until = until
        self._batches: deque[list[_Job]] = deque()
        self._results: dict[int, Result] = {}
        self._unanswered: set[int] = set()
        self._denied: list[ConfigError] = []
        self._patience = _PATIENCE
        self._records = 0
        self._refused_alone = 0

    def run(self, writes: Sequence[Write]) -> list[Result]:
        """See `FinOpsSystem.write`."""
        self._records = len(writes)
        jobs = [_Job(position, write) for position, write in enumerate(writes)]
        self._batches.extend(jobs[start : start + self._size] for start in range(0, len(jobs), self._size))
        while self._batches:
            batch = self._batches.popleft()
            try:
                throttled = self._settle(batch, self._post(batch))
            except Throttled as error:
                throttled = error
                self._batches.appendleft(batch)
            except (ConfigError, Transient) as error:
                self._stop(error)
                break
            if throttled and not self._waited(throttled):
                self._stop(throttled)
                break
        if len(self._denied) == self._records > 0:
            raise self._denied[0]
        return [self._results[position] for position in range(len(writes))]

    def _post(self, batch: list[_Job]) -> Answer:
        boundary = f"batch_{uuid.uuid4()}"
        return self._http.send(
            "POST",
            f"{self._root}/$batch",
            about=self._entity.set,
            writes=True,
            headers={"Content-Type": content_type(boundary), "Accept": "multipart/mixed, application/json"},
            body=write_batch([ChangeSet((self._operation(job.write),)) for job in batch], boundary),
            until=self._until,
        )

    def _operation(self, write: Write) -> Operation:
        if write.kind == "create":
            url = f"{self._root}/{self._entity.set}"
            return Operation("POST", url, write_json({**write.key, **write.values}))
        # The company stands in the key, and the row is looked for in every company (wire.md 2.3).
        url = f"{self._root}/{self._terms.address(self._entity.set, write.key)}?cross-company=true"
        return Operation("PATCH", url, write_json(write.values))

    def _settle(self, batch: list[_Job], answer: Answer) -> Throttled | None:
        """Take what was answered; what was not goes back to the front. Gives the throttling that parts met."""
        if not answer.multipart:
            self._refused_whole(batch, answer)
            return None
        try:
            parts = read_batch(answer.body, answer.headers["content-type"])
        except CutShort as error:
            raise self._unsure(f"the answer to a batch was cut short ({error})", answer) from None
        if not parts or len(parts) > len(batch):
            raise self._unsure(f"{len(batch)} change sets got {len(parts)} answers", answer)
        if len(parts) < len(batch):
            self._batches.appendleft(batch[len(parts) :])
            self._unanswered.update(job.position for job in batch[len(parts) :])
        return self._take(batch, [_one(part, answer) for part in parts])

    def _take(self, batch: list[_Job], replies: list[Answer]) -> Throttled | None:
        """Take every answer before any trouble is told, so that what was written is known."""
        throttled: Throttled | None = None
        again: list[_Job] = []
        troubles: list[SyncError] = []
        for job, reply in zip(batch, replies, strict=False):
            self._unanswered.discard(job.position)
            step = decide(reply)
            if step is Step.LEAVE_ALONE:
                throttled = throttled or self._throttled(reply)
                again.append(job)
                continue
            try:
                result = self._judged(job, reply, step)
            except SyncError as error:
                troubles.append(error)
                continue
            if result is None:
                again.append(job)
            else:
                self._results[job.position] = result
        if troubles:
            raise gravest(troubles)
        if again:
            self._batches.appendleft(again)
        return throttled

    def _throttled(self, reply: Answer) -> Throttled:
        return Throttled("F&O asked to be left alone.", delay=self._http.shut_gate(reply.headers),
                         where=self._http.base, details=reply.details())  # fmt: skip

    def _judged(self, job: _Job, reply: Answer, step: Step) -> Result | None:
        """The result of one record, or None when it is to be sent again."""
        name, base = self._entity.set, self._http.base
        if reply.ok:
            return Written(columns_of(_row(reply)))
        if step is Step.SIGN_IN:
            raise self._http.sign_in_refused(reply)
        if step is Step.NO_RIGHT:
            return self._without_right(reply)
        if reply.status == 404:
            if job.write.kind == "update":
                return Missing()
            raise wrong_address(self._http.words, base, f"POST {name}", reply)
        if reply.status in (408, 502, 504):
            raise self._unsure(f"one change set was answered {reply.status}", reply)
        if is_update_conflict(reply):
            job.tries += 1
            if job.tries < _TRIES:
                return None
        return self._refused(job, reply)

    def _without_right(self, reply: Answer) -> Refused:
        """The record's own trouble as long as others go through (record-level security, say)."""
        error = no_right(self._http.words, self._http.base, self._entity.set, reply)
        self._denied.append(error)
        return Refused(f"{error.what} {error.remedy}", details=error.details)

    def _refused(self, job: _Job, reply: Answer) -> Refused:
        return refusal(reply, {**job.write.key, **job.write.values}, {})

    def _refused_whole(self, batch: list[_Job], answer: Answer) -> None:
        """No change set ran. Halve, unless the record is alone or the address is wrong."""
        if answer.ok:
            raise self._unsure("a batch was answered by something that is no batch", answer)
        if answer.status in (404, 405):
            raise wrong_address(self._http.words, self._http.base, "POST $batch", answer)
        if len(batch) == 1:
            self._results[batch[0].position] = self._refused(batch[0], answer)
            self._refused_alone += 1
            if self._refused_alone == self._records > 1:
                raise refused_batches(self._http.words, self._http.base, answer)
            return
        middle = len(batch) // 2
        self._batches.extendleft((batch[middle:], batch[:middle]))

    def _waited(self, error: Throttled) -> bool:
        """Wait a short pause out when the call is half done; a long one, or an untouched call, is the caller's."""
        if not (self._written or self._unanswered) or error.delay > self._patience:
            return False
        self._patience -= error.delay
        self._sleep(error.delay)
        return True

    def _stop(self, error: SyncError) -> None:
        """Send nothing more: `error` is raised when nothing was written, else it is told of each record left."""
        if isinstance(error, Unsure):
            raise error
        if self._unanswered:  # a change set without an answer may have run
            raise half_done(error)
        if not self._written:
            raise error
        for position in range(self._records):
            self._results.setdefault(position, Postponed(error))

    @property
    def _written(self) -> bool:
        return any(isinstance(result, Written) for result in self._results.values())

    def _unsure(self, what: str, answer: Answer) -> Unsure:
        return Unsure(f"It is not known what F&O wrote: {what}.", delay=AGAIN_SECONDS, where=self._http.base,
                      details=answer.details())  # fmt: skip


def _one(part: tuple[Answer, ...], batch: Answer) -> Answer:
    """The answer that decides for a change set of one record, with the ids of the request it came in."""
    if not part:
        raise Unsure("It is not known what F&O wrote: a change set has no answer.", delay=AGAIN_SECONDS,
                     details=batch.details())  # fmt: skip
    decisive = next((answer for answer in part if not answer.ok), part[0])
    # A part has no date of its own; against it an expired token is told from a refused one.
    outer = {name: batch.headers[name] for name in ("ms-dyn-aid", "date") if name in batch.headers}
    headers = {**outer, **decisive.headers}
    return Answer(decisive.status, headers, decisive.body, batch.request_id)


def _row(reply: Answer) -> dict[str, object]:
    """The row in the answer to a create; an update has none."""
    if not reply.body:
        return {}
    try:
        document = reply.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
