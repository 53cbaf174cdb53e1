"""Many records into one F&O entity: `$batch`, one change set a record, so that a bad one harms no other.

Rules of wire.md 2.5 and 2.6. What batches of both systems have in common is in `batch_writing`.
"""

from __future__ import annotations

from collections.abc import Callable

from sync.model import EntityRef
from sync.ports import Missing, Refused, Result, Written
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
        super().__init__(http, root, entity, size=size, sleep=sleep, until=until)
        self._terms = terms

    def _item(self, job: Job) -> ChangeSet:
        write = job.write
        if write.kind == "create":
            url = f"{self._root}/{self._entity.set}"
            return ChangeSet((Operation("POST", url, write_json({**write.key, **write.values})),))
        # The company stands in the key, and the row is looked for in every company (wire.md 2.3).
        url = f"{self._root}/{self._terms.address(self._entity.set, write.key)}?cross-company=true"
        return ChangeSet((Operation("PATCH", url, write_json(write.values)),))

    def _taken(self, job: Job, reply: Answer) -> Written:  # noqa: ARG002
        return Written(columns_of(_row(reply)))

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
        return refusal(reply, {**job.write.key, **job.write.values}, {})


def _row(reply: Answer) -> dict[str, object]:
    """The row in the answer to a create; an update has none."""
    if not reply.body:
        return {}
    try:
        document = reply.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
