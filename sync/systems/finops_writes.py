"""Many records into one F&O entity: `$batch`, one change set a record, so that a bad one harms no other.

A document and its lines are one change set, so that F&O never holds a part of them; a batch holds as many documents as
its operations allow, and always one.

Rules of wire.md 2.5 and 2.6. What batches of both systems have in common is in `batch_writing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sync.model import EntityRef, Scalar
from sync.ports import LineWrite, Missing, Refused, Result, Write, Written
from sync.systems.answers import Answer
from sync.systems.batch_writing import BatchWriting, Job
from sync.systems.deadline import Deadline
from sync.systems.decisions import Step
from sync.systems.finops_terms import Terms
from sync.systems.http import HttpClient
from sync.systems.infolog import is_update_conflict, refusal
from sync.systems.jsontext import write_json
from sync.systems.multipart import ChangeSet, Operation
from sync.systems.odata import columns_of
from sync.systems.trouble import wrong_address


class Writing(BatchWriting):
    """One call of `FinOpsSystem.write`; `size` is of operations."""

    def __init__(
        self,
        http: HttpClient,
        root: str,
        entity: EntityRef,
        terms: Callable[[EntityRef], Terms],
        size: int,
        sleep: Callable[[float], None],
        until: Deadline | None,
    ) -> None:
        super().__init__(http, root, entity, size=size, sleep=sleep, until=until)
        self._terms = terms
        terms(entity)  # raises at once what the mapping has wrong

    def _cut(self, jobs: Sequence[Job]) -> Iterator[list[Job]]:
        call: list[Job] = []
        operations = 0
        for job in jobs:
            more = len(_parts(job.write))
            if call and operations + more > self._size:
                yield call
                call, operations = [], 0
            call.append(job)
            operations += more
        if call:
            yield call

    def _item(self, job: Job) -> ChangeSet:
        write = job.write
        return ChangeSet(tuple(self._operation(part, write.of or self._entity) if isinstance(part, LineWrite)
                               else self._operation(part, self._entity) for part in _parts(write)))  # fmt: skip

    def _operation(self, write: Write | LineWrite, entity: EntityRef) -> Operation:
        if write.kind == "create":
            return Operation("POST", f"{self._root}/{entity.set}", write_json({**write.key, **write.values}))
        # The company stands in the key, and the row is looked for in every company (wire.md 2.3).
        url = f"{self._root}/{self._terms(entity).address(entity.set, write.key)}?cross-company=true"
        if write.kind == "delete":
            return Operation("DELETE", url)
        return Operation("PATCH", url, write_json(write.values))

    def _taken(self, job: Job, replies: Sequence[Answer]) -> Written:
        parts = _parts(job.write)
        if len(replies) != len(parts):
            raise self._unsure(f"{len(parts)} writes of one change set got {len(replies)} answers", replies[0])
        rows = [columns_of(_row(reply)) for reply in replies]
        lines = len(job.write.lines)
        return Written(rows[0] if len(rows) > lines else {}, tuple(rows[len(rows) - lines :]))

    def _failed(self, job: Job, reply: Answer, step: Step) -> Result | None:  # noqa: ARG002
        if reply.status == 404:
            if job.write.kind == "update":
                return Missing()
            raise wrong_address(self._http.words, self._http.base, f"POST {self._entity.set}", reply)
        if reply.status in (408, 502, 504):
            raise self._unsure(f"one change set was answered {reply.status}", reply)
        if is_update_conflict(reply) and self._may_go_again(job):
            return None
        return self._refused(job, reply)

    def _refused(self, job: Job, reply: Answer) -> Refused:
        return refusal(reply, _values(job.write), {})


def _parts(write: Write) -> tuple[Write | LineWrite, ...]:
    """The writes of a change set: the record, unless nothing of it is to be said, and its lines."""
    return write.lines if write.lines and write.kind == "update" and not write.values else (write, *write.lines)


def _values(write: Write) -> dict[str, Scalar | None]:
    """Every value that is sent; where a name comes again, the later ones are told apart."""
    values = {**write.key, **write.values}
    for number, line in enumerate(write.lines):
        for name, value in (*line.key.items(), *line.values.items()):
            values[f"{name} {number}" if name in values else name] = value
    return values


def _row(reply: Answer) -> dict[str, object]:
    """The row in the answer to a create; an update has none."""
    if not reply.body:
        return {}
    try:
        document = reply.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
