"""Many records into one table by `$batch`, each for itself: what is the same in both systems (wire.md 1.8, 2.5).

Answers belong to records by their position. What was not answered is sent again, for whether it ran is not known. A
right that some records lack and others do not is told for each record; a right that all lack is the set-up's. A batch
that is refused as a whole is halved until the record that the system cannot read is alone.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sync.errors import ConfigError, SyncError, Throttled, Transient, Unsure
from sync.model import EntityRef
from sync.ports import Postponed, Refused, Result, Write, Written
from sync.systems.answers import Answer
from sync.systems.deadline import Deadline
from sync.systems.decisions import Step, decide
from sync.systems.http import HttpClient
from sync.systems.multipart import ChangeSet, CutShort, Operation, content_type, read_batch, write_batch
from sync.systems.trouble import AGAIN_SECONDS, gravest, half_done, no_right, refused_batches, wrong_address

_TRIES = 3
"""A record that somebody else is changing at the same time is sent this often in all."""
_PATIENCE = 5.0
"""Seconds in all that a half-done call waits by itself when it is throttled."""
_OF_THE_BATCH = ("ms-dyn-aid", "date")
"""Headers that parts lack. Against the date an expired token is told from a refused one."""


@dataclass(slots=True)
class Job:
    """A record's write, and its place in the call."""

    position: int
    write: Write
    tries: int = 0


class BatchWriting(ABC):
    """One call of a system's `write`; a subclass says how a record is written and what its answer means."""

    preferences: Mapping[str, str] = {}
    """Further headers of a batch."""

    def __init__(
        self,
        http: HttpClient,
        root: str,
        entity: EntityRef,
        *,
        size: int,
        sleep: Callable[[float], None],
        until: Deadline | None,
    ) -> None:
        self._http = http
        self._root = root
        self._entity = entity
        self._size = size
        self._sleep = sleep
        self._until = until
        self._calls: deque[list[Job]] = deque()
        self._results: dict[int, Result] = {}
        self._unanswered: set[int] = set()
        self._denied: list[ConfigError] = []
        self._patience = _PATIENCE
        self._records = 0
        self._refused_alone = 0

    def run(self, writes: Sequence[Write]) -> list[Result]:
        """Results in the order of `writes`, which `ports.Writer.write` describes, as it does what is raised."""
        self._records = len(writes)
        self._calls.extend(self._cut([Job(position, write) for position, write in enumerate(writes)]))
        while self._calls:
            call = self._calls.popleft()
            try:
                throttled = self._send(call)
            except Throttled as error:
                throttled = error
                self._calls.appendleft(call)
            except (ConfigError, Transient) as error:
                self._stop(error)
                break
            if throttled and not self._waited(throttled):
                self._stop(throttled)
                break
        if len(self._denied) == self._records > 0:
            raise self._denied[0]
        results = [self._results[position] for position in range(len(writes))]
        if not self._written:
            for result in results:
                if isinstance(result, Postponed):
                    raise result.error
        return results

    @abstractmethod
    def _item(self, job: Job) -> Operation | ChangeSet:
        """How a record is written."""

    @abstractmethod
    def _failed(self, job: Job, reply: Answer, step: Step) -> Result | None:
        """What the refusal of a record means, unless it is about sign-in or rights; None when it is sent again."""

    @abstractmethod
    def _refused(self, job: Job, reply: Answer) -> Refused:
        """The refusal of a record, without its values."""

    def _taken(self, job: Job, replies: Sequence[Answer]) -> Written:  # noqa: ARG002
        """What the answers to a record's operations say when all of them were done. Raises Unsure."""
        return Written()

    def _cut(self, jobs: Sequence[Job]) -> Iterable[list[Job]]:
        """The records of each request."""
        return (list(jobs[start : start + self._size]) for start in range(0, len(jobs), self._size))

    def _send(self, call: list[Job]) -> Throttled | None:
        """Send one request, and take what was answered; what was not goes back to the front.

        Gives the throttling that parts met.
        """
        answer = self._post(call)
        if not answer.multipart:
            self._refused_whole(call, answer)
            return None
        try:
            parts = read_batch(answer.body, answer.headers["content-type"])
        except CutShort as error:
            raise self._unsure(f"the answer to a batch was cut short ({error})", answer) from None
        if not parts or len(parts) > len(call) or not all(parts):
            raise self._unsure(f"{len(call)} records got {len(parts)} answers", answer)
        if len(parts) < len(call):
            self._calls.appendleft(call[len(parts) :])
            self._unanswered.update(job.position for job in call[len(parts) :])
        return self._take(call, [_with_ids(part, answer) for part in parts])

    def _post(self, call: list[Job]) -> Answer:
        boundary = f"batch_{uuid.uuid4()}"
        return self._http.send(
            "POST",
            f"{self._root}/$batch",
            about=self._entity.set,
            writes=True,
            headers={
                "Content-Type": content_type(boundary),
                "Accept": "multipart/mixed, application/json",
                **self.preferences,
            },
            body=write_batch([self._item(job) for job in call], boundary),
            until=self._until,
            leave=(Step.FEWER,),
        )

    def _take(self, call: list[Job], parts: list[tuple[Answer, ...]]) -> Throttled | None:
        """Take every answer before any trouble is told, so that what was written is known."""
        throttled: Throttled | None = None
        again: list[Job] = []
        troubles: list[SyncError] = []
        for job, part in zip(call, parts, strict=False):
            self._unanswered.discard(job.position)
            reply = next((answer for answer in part if not answer.ok), part[0])
            step = decide(reply)
            if step is Step.LEAVE_ALONE:
                throttled = throttled or self._throttled(reply)
                again.append(job)
                continue
            try:
                result = self._taken(job, part) if reply.ok else self._not_taken(job, reply, step)
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
            self._calls.appendleft(again)
        return throttled

    def _not_taken(self, job: Job, reply: Answer, step: Step) -> Result | None:
        """The result of one record that failed, or None when it is to be sent again."""
        if step is Step.SIGN_IN:
            raise self._http.sign_in_refused(reply)
        if step is Step.NO_RIGHT:
            return self._without_right(reply)
        return self._failed(job, reply, step)

    def _may_go_again(self, job: Job) -> bool:
        """Whether a record that met somebody else's write is sent once more."""
        job.tries += 1
        return job.tries < _TRIES

    def _without_right(self, reply: Answer) -> Refused:
        """The record's own trouble as long as others go through (record-level security, say)."""
        error = no_right(self._http.words, self._http.base, self._entity.set, reply)
        self._denied.append(error)
        return Refused(f"{error.what} {error.remedy}", details=error.details)

    def _refused_whole(self, call: list[Job], answer: Answer) -> None:
        """Nothing of it ran. Halve, unless the record is alone or the address is wrong."""
        if answer.ok:
            raise self._unsure("a batch was answered by something that is no batch", answer)
        if answer.status in (404, 405):
            raise wrong_address(self._http.words, self._http.base, "POST $batch", answer)
        if len(call) > 1:
            self._halve(call)
            return
        self._results[call[0].position] = self._refused(call[0], answer)
        self._refused_alone += 1
        if self._refused_alone == self._records > 1:
            raise refused_batches(self._http.words, self._http.base, answer)

    def _halve(self, call: list[Job]) -> None:
        middle = len(call) // 2
        self._calls.extendleft((call[middle:], call[:middle]))

    def _throttled(self, reply: Answer) -> Throttled:
        return Throttled(f"{self._http.words.name} asked to be left alone.", delay=self._http.shut_gate(reply.headers),
                         where=self._http.base, details=reply.details())  # fmt: skip

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
        if self._unanswered:  # a record without an answer may have been written
            raise half_done(error)
        if not self._written:
            raise error
        for position in range(self._records):
            self._results.setdefault(position, Postponed(error))

    @property
    def _written(self) -> bool:
        return any(isinstance(result, Written) for result in self._results.values())

    def _unsure(self, what: str, answer: Answer) -> Unsure:
        return Unsure(f"It is not known what {self._http.words.name} wrote: {what}.", delay=AGAIN_SECONDS,
                      where=self._http.base, details=answer.details())  # fmt: skip


def _with_ids(part: tuple[Answer, ...], batch: Answer) -> tuple[Answer, ...]:
    """The answers to a record's operations, with the ids of the request they came in."""
    outer = {name: batch.headers[name] for name in _OF_THE_BATCH if name in batch.headers}
    return tuple(Answer(answer.status, {**outer, **answer.headers}, answer.body, batch.request_id) for answer in part)
