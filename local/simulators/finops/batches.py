"""`$batch` on F&O: change sets that are all or nothing, and what a failed one looks like (wire.md 2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from local.simulators.finops import addresses
from local.simulators.finops.errors import Refusal, unreadable
from local.simulators.finops.service import Call, Service, refused
from local.simulators.finops.world import World
from local.simulators.odata import batch
from local.simulators.odata.batch import Answer, BatchError, ChangeSet, ChangeSetAnswer, Operation

LIMIT = 5000


class _ChangeSetFailed(Exception):
    """Carries the refusal of one operation out of the transaction of its change set."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Batches:
    """Runs batches against a service."""

    def __init__(self, world: World, service: Service) -> None:
        self._world = world
        self._service = service
        self.operations = 0
        """Operations in the batches that were run, all in all."""

    def run(self, body: bytes, content_type: str, base: str) -> Answer:
        """The answer to a whole batch. Raises Refusal (400) for one that cannot be read or is too large."""
        try:
            parts = batch.parse(body, content_type, strict_crlf=self._world.switch("strict_crlf"))
        except BatchError as problem:
            raise unreadable(str(problem)) from problem
        number = sum(len(part.operations) if isinstance(part, ChangeSet) else 1 for part in parts)
        if number > LIMIT:
            raise unreadable(
                f"The batch holds {number} operations; at most {LIMIT} are allowed. Send it in several requests."
            )
        self.operations += number
        boundary = f"batchresponse_{uuid4()}"
        headers = {"Content-Type": batch.content_type(boundary), "OData-Version": "4.0"}
        return Answer(200, headers, batch.write(self._answers(parts, base), boundary))

    def _answers(self, parts: Sequence[Operation | ChangeSet], base: str) -> list[Answer | ChangeSetAnswer]:
        answers: list[Answer | ChangeSetAnswer] = []
        for part in parts:
            if isinstance(part, ChangeSet):
                switch = "after_failed_change_set"
                answer, failed = self._change_set(part, base)
            else:
                switch = "after_failed_operation"
                answer, failed = self._alone(part, base)
            answers.append(answer)
            if failed and self._world.switch(switch) == "stop":
                break
        return answers

    def _change_set(self, change_set: ChangeSet, base: str) -> tuple[Answer | ChangeSetAnswer, bool]:
        try:
            with self._world.store.transaction():
                return ChangeSetAnswer(tuple(self._inside(one, base) for one in change_set.operations)), False
        except _ChangeSetFailed as failure:
            status = 500 if self._world.switch("change_set_error_status") == "500" else None
            answer = refused(failure.refusal, status)
            first = change_set.operations[0].content_id
            return ChangeSetAnswer((Answer(answer.status, answer.headers, answer.body, first),)), True

    def _inside(self, operation: Operation, base: str) -> Answer:
        try:
            return self._perform(operation, base)
        except Refusal as refusal:
            raise _ChangeSetFailed(refusal) from refusal

    def _alone(self, operation: Operation, base: str) -> tuple[Answer | ChangeSetAnswer, bool]:
        try:
            return self._perform(operation, base), False
        except Refusal as refusal:
            answer = refused(refusal)
            return Answer(answer.status, answer.headers, answer.body, operation.content_id), True

    def _perform(self, operation: Operation, base: str) -> Answer:
        path, query = addresses.split(operation.url)
        answer = self._service.perform(Call(operation.method, path, query, operation.headers, operation.body, base))
        return Answer(answer.status, answer.headers, answer.body, operation.content_id)
