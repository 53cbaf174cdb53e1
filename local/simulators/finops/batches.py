"""`$batch` on F&O: change sets that are all or nothing, and what a failed one looks like (wire.md 2.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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

    def run(self, body: bytes, headers: Mapping[str, str], base: str) -> Answer:
        """The answer to a whole batch. Raises Refusal (400) for one that cannot be read or is too large."""
        content_type = headers.get("content-type", "")
        try:
            parts = batch.parse(body, content_type, strict_crlf=self._world.switch("strict_crlf"))
        except BatchError as problem:
            raise unreadable(str(problem)) from problem
        number = sum(len(part.operations) if isinstance(part, ChangeSet) else 1 for part in parts)
        if number > LIMIT:
            raise unreadable(
                f"The batch holds {number} operations; at most {LIMIT} are allowed. Send it in several requests."
            )
        if self._world.switch("outside_change_sets") == "refused" and any(map(_writes_alone, parts)):
            raise unreadable("The batch holds a write outside of a change set. Put every write into a change set.")
        self.operations += number
        boundary = f"batchresponse_{uuid4()}"
        told = {"Content-Type": batch.content_type(boundary), "OData-Version": "4.0"}
        return Answer(200, told, batch.write(self._answers(parts, base, self._goes_on(headers)), boundary))

    def _goes_on(self, headers: Mapping[str, str]) -> tuple[bool, bool]:
        """Whether the batch goes on after a failed change set, and after another failed operation."""
        if self._world.switch("continue_on_error") == "honoured":
            asked = "odata.continue-on-error" in headers.get("prefer", "").lower()
            return asked, asked
        switch = self._world.switch
        return switch("after_failed_change_set") == "run", switch("after_failed_operation") == "run"

    def _answers(
        self, parts: Sequence[Operation | ChangeSet], base: str, goes_on: tuple[bool, bool]
    ) -> list[Answer | ChangeSetAnswer]:
        answers: list[Answer | ChangeSetAnswer] = []
        after_change_set, after_operation = goes_on
        for part in parts:
            if isinstance(part, ChangeSet):
                (answer, failed), on = self._change_set(part, base), after_change_set
            else:
                (answer, failed), on = self._alone(part, base), after_operation
            answers.append(answer)
            if failed and not on:
                break
        return answers

    def _change_set(self, change_set: ChangeSet, base: str) -> tuple[Answer | ChangeSetAnswer, bool]:
        made: dict[str, str] = {}
        try:
            with self._world.store.transaction():
                return ChangeSetAnswer(tuple(self._inside(one, base, made) for one in change_set.operations)), False
        except _ChangeSetFailed as failure:
            status = 500 if self._world.switch("change_set_error_status") == "500" else None
            answer = refused(failure.refusal, status)
            first = change_set.operations[0].content_id
            return ChangeSetAnswer((Answer(answer.status, answer.headers, answer.body, first),)), True

    def _inside(self, operation: Operation, base: str, made: dict[str, str]) -> Answer:
        """One operation of a change set; `made` holds the addresses behind the Content-IDs of those before it."""
        try:
            if operation.url.startswith("$"):
                operation = replace(operation, url=_referred(operation.url, made))
            answer = self._perform(operation, base)
        except Refusal as refusal:
            raise _ChangeSetFailed(refusal) from refusal
        if operation.content_id is not None:
            made[operation.content_id] = answer.headers.get("Location", operation.url)
        return answer

    def _alone(self, operation: Operation, base: str) -> tuple[Answer | ChangeSetAnswer, bool]:
        try:
            return self._perform(operation, base), False
        except Refusal as refusal:
            answer = refused(refusal)
            return Answer(answer.status, answer.headers, answer.body, operation.content_id), True

    def _perform(self, operation: Operation, base: str) -> Answer:
        path, query = addresses.split(operation.url, accept_slash=self._world.switch("encoded_slash") == "accepted")
        answer = self._service.perform(Call(operation.method, path, query, operation.headers, operation.body, base))
        return Answer(answer.status, answer.headers, answer.body, operation.content_id)


def _writes_alone(part: Operation | ChangeSet) -> bool:
    return isinstance(part, Operation) and part.method != "GET"


def _referred(url: str, made: Mapping[str, str]) -> str:
    """The address that `$<Content-ID>` stands for (wire.md 1.8)."""
    name, slash, rest = url[1:].partition("/")
    if name not in made:
        raise unreadable(f"Content-ID Reference: '${name}' does not exist in the batch context.")
    return f"{made[name]}{slash}{rest}"
