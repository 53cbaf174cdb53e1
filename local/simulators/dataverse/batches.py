"""`$batch` (wire.md 1.8): operations in their order, change sets with rollback, references by Content-ID."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from local.simulators.dataverse import addresses, errors
from local.simulators.dataverse.calls import Call, Reply, refused
from local.simulators.dataverse.store import Store
from local.simulators.odata import batch
from local.simulators.odata.batch import Answer, ChangeSet, ChangeSetAnswer, Operation
from local.simulators.odata.control import Control

_MOST_OPERATIONS = 1_000
_LONGEST_URL = 65_536
_LINE_ENDS = (
    "Error identified in Payload provided by the user for Entity :''  ---->  InnerException : "
    "System.ArgumentException: Stream was not readable."
)


class _ChangeSetFailedError(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Batches:
    """Runs batches; `handle` answers one operation and never raises."""

    def __init__(self, store: Store, handle: Callable[[Call], Reply], control: Control) -> None:
        self._store = store
        self._handle = handle
        self._control = control

    def run(self, call: Call) -> Reply:
        """The answer to a whole batch. Raises `errors.Refusal` when it cannot be read."""
        try:
            parts = batch.parse(call.body, call.headers.get("content-type", ""))
        except batch.BatchError as problem:
            if problem.code == "lf":
                return self._multipart(400, [_answer(refused(errors.Refusal(400, "0x80048d19", _LINE_ENDS)), None)])
            raise errors.bad_argument(str(problem)) from problem
        operations = sum(len(part.operations) if isinstance(part, ChangeSet) else 1 for part in parts)
        if operations > _MOST_OPERATIONS:
            raise errors.too_many_operations(_MOST_OPERATIONS, operations)
        self._control.counters.did(operations=operations)
        return self._run(call, parts)

    def _run(self, call: Call, parts: list[Operation | ChangeSet]) -> Reply:
        references: dict[str, str] = {}
        answers: list[Answer | ChangeSetAnswer] = []
        for part in parts:
            failed = False
            if isinstance(part, Operation):
                answer = self._operation(call, part, references)
                answers.append(answer)
                failed = answer.status >= 400
            else:
                made = dict(references)  # what a change set made is known to later parts only when it stays
                try:
                    with self._store.transaction():
                        answers.append(self._change_set(call, part, made))
                    references = made
                except _ChangeSetFailedError as problem:
                    wrapped = self._control.switch("change_set_error") == "wrapped"
                    answers.append(ChangeSetAnswer((problem.answer,)) if wrapped else problem.answer)
                    failed = True
            if failed and not call.prefer.continue_on_error:
                listed = answers if self._control.switch("stopped_batch") == "all" else answers[-1:]
                return self._multipart(400, listed)
        return self._multipart(200, answers)

    def _multipart(self, status: int, answers: list[Answer | ChangeSetAnswer]) -> Reply:
        return _multipart(status, answers, joined=self._control.switch("batch_reason") == "joined")

    def _change_set(self, call: Call, part: ChangeSet, references: dict[str, str]) -> ChangeSetAnswer:
        answers = []
        for operation in part.operations:
            answers.append(self._operation(call, operation, references))
            if answers[-1].status >= 400:
                raise _ChangeSetFailedError(answers[-1])
        return ChangeSetAnswer(tuple(answers))

    def _operation(self, call: Call, operation: Operation, references: dict[str, str]) -> Answer:
        try:
            path, _, query = self._target(call, operation.url, references).partition("?")
        except errors.Refusal as problem:
            return _answer(refused(problem), operation.content_id)
        inner = Call(
            operation.method, path, query, operation.headers, operation.body, call.base, references, in_batch=True
        )
        reply = self._handle(inner)
        if operation.content_id is not None and reply.entity is not None:
            references[operation.content_id] = reply.entity
        return _answer(reply, operation.content_id)

    def _target(self, call: Call, url: str, references: dict[str, str]) -> str:
        """The path and query below the service root. Raises `errors.Refusal`."""
        if len(url) > _LONGEST_URL:
            raise errors.bad_argument(f"A URL in a batch holds at most {_LONGEST_URL} characters.")
        resolved = addresses.resolve_reference(url, references)
        root = "/" + call.base.split("/", 3)[3]
        for prefix in (call.base, root):
            if resolved.startswith(prefix):
                return resolved[len(prefix) :]
        if "://" in resolved.partition("?")[0] or resolved.startswith("/"):
            raise errors.no_such_segment(resolved.partition("?")[0])
        return resolved


def _answer(reply: Reply, content_id: str | None) -> Answer:
    headers = {"OData-Version": "4.0", **reply.headers}
    if reply.status >= 400:
        headers = {"REQ_ID": str(uuid4()), **headers}
    return Answer(reply.status, headers, reply.body, content_id)


def _multipart(status: int, answers: list[Answer | ChangeSetAnswer], *, joined: bool) -> Reply:
    boundary = f"batchresponse_{uuid4()}"
    return Reply(
        status, batch.write(answers, boundary, joined_reasons=joined), {"Content-Type": batch.content_type(boundary)}
    )
