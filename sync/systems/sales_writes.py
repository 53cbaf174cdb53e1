"""Many records into one Sales table: bulk messages where the table has them, `$batch` where it has none.

Rules of wire.md 1.2, 1.5, 1.8, 1.9 and 1.12. A bulk call is one transaction with one error for all: when it is refused
nothing was written, and its records are sent once more by `$batch`, where each is answered for itself. What is too much
for one call is halved. A change of state goes by `$batch` at once: it is a message of its own, and what bulk messages
make of it is not documented. What batches of both systems have in common is in `batch_writing`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from sync.errors import Throttled, Transient, Unsure
from sync.model import EntityRef, Scalar
from sync.ports import Missing, Postponed, Refused, Result, Write, Written
from sync.systems import odata
from sync.systems.answers import Answer
from sync.systems.batch_writing import BatchWriting, Job
from sync.systems.deadline import Deadline
from sync.systems.decisions import Step, decide
from sync.systems.http import HttpClient
from sync.systems.jsontext import write_json
from sync.systems.multipart import Operation
from sync.systems.redaction import mask, redact
from sync.systems.sales_tables import CREATE, UPDATE, SalesTables
from sync.systems.trouble import AGAIN_SECONDS, wrong_address

_BYTES = 4_000_000
"""Of the records of one request; bulk calls fail at 116 MB (wire.md 1.9), and gateways may take less."""
_STATE = frozenset({"statecode", "statuscode"})
_NARROWED = frozenset({Step.AGAIN, Step.FEWER, Step.NO_RIGHT, Step.WRONG_ADDRESS})
"""Refusals of a bulk call that its records are asked about one by one: a right, too, may be that of one record."""
_LONGEST = 500
_QUOTED = re.compile(r"'(\w+)'")


class SalesWriting(BatchWriting):
    """One call of `SalesSystem.write`."""

    preferences: Mapping[str, str] = {"Prefer": "odata.continue-on-error"}

    def __init__(
        self,
        http: HttpClient,
        root: str,
        entity: EntityRef,
        tables: SalesTables,
        sleep: Callable[[float], None],
        until: Deadline | None,
    ) -> None:
        super().__init__(http, root, entity, size=tables.size(entity.set), sleep=sleep, until=until)
        self._tables = tables
        self._binds = {bind.column: bind for bind in entity.binds}
        self._bodies: dict[int, bytes] = {}
        self._bulk: set[int] = set()
        self.unclear: set[int] = set()
        """The updates that were refused for a row that is not there: their own, or one that they refer to."""

    def _cut(self, jobs: Sequence[Job]) -> Iterator[list[Job]]:
        self._bodies = {job.position: write_json(self._content(job.write)) for job in jobs}
        wanted = {self._message(job.write) for job in jobs} - {""}
        several = len(jobs) > 1 and self._size > 1
        there = self._tables.messages(self._entity.set, self._until) if wanted and several else frozenset()
        groups: dict[tuple[str, int], list[Job]] = defaultdict(list)
        seen: dict[str, int] = defaultdict(int)
        for job in jobs:
            message = self._message(job.write)
            if message not in there:
                groups["", 0].append(job)
                continue
            # Of two rows with one key in a call the second is ignored without a word.
            key = self._id(job).casefold()
            groups[message, seen[key]].append(job)
            seen[key] += 1
        for (message, _), members in groups.items():
            sized = [(job, self._bodies[job.position]) for job in members]
            for pack in odata.packs(sized, room=_BYTES, between=1, most=self._size):
                if message and len(pack) > 1:
                    self._bulk.update(job.position for job in pack)
                yield pack

    def _content(self, write: Write) -> dict[str, Scalar | None]:
        """The values as Sales takes them: lookups are bound, null empties a column or a lookup (wire.md 1.5)."""
        values = {**write.key, **write.values} if write.kind == "create" else write.values
        content: dict[str, Scalar | None] = {}
        for name, value in values.items():
            bind = self._binds.get(name)
            if bind is None:
                content[name] = value
            else:
                content[f"{bind.navigation}@odata.bind"] = None if value is None else f"/{bind.set}({value})"
        return content

    def _send(self, call: list[Job]) -> Throttled | None:
        try:
            if call[0].position in self._bulk and len(call) > 1:
                self._send_bulk(call)
                return None
            return super()._send(call)
        except Unsure:  # there may have been too many for the time that a gateway gives them
            self._tables.too_many(self._entity.set, len(call))
            raise

    def _take(self, call: list[Job], parts: list[tuple[Answer, ...]]) -> Throttled | None:
        self._tables.went_well(self._entity.set, len(parts))
        return super()._take(call, parts)

    def _refused_whole(self, call: list[Job], answer: Answer) -> None:
        if _is_too_much(answer):
            self._tables.too_many(self._entity.set, len(call))
        super()._refused_whole(call, answer)

    def _send_bulk(self, call: list[Job]) -> None:
        answer = self._http.send(
            "POST",
            f"{self._root}/{self._entity.set}/Microsoft.Dynamics.CRM.{self._message(call[0].write)}",
            about=self._entity.set,
            writes=True,
            headers={"Content-Type": "application/json; charset=utf-8"},
            body=b'{"Targets":[' + b",".join(self._target(job) for job in call) + b"]}",
            until=self._until,
            leave=_NARROWED,
        )
        if answer.ok:
            self._took_bulk(call, answer)
        elif _is_too_much(answer):
            self._tables.too_many(self._entity.set, len(call))
            self._halve(call)
        else:
            if answer.status in (404, 405) or decide(answer) is Step.WRONG_ADDRESS:
                self._tables.ask_again(self._entity.set)
            self._bulk.difference_update(job.position for job in call)
            self._calls.appendleft(call)

    def _took_bulk(self, call: list[Job], answer: Answer) -> None:
        """All were written. A create names the rows that it made, in the order of the records."""
        ids = _ids(answer) if call[0].write.kind == "create" else [self._id(job) for job in call]
        if len(ids) != len(call):
            raise self._unsure(f"{len(call)} creates were answered with {len(ids)} ids", answer)
        for job, id in zip(call, ids, strict=True):
            self._results[job.position] = Written({self._entity.key[0]: id} if job.write.kind == "create" else {})
        self._tables.went_well(self._entity.set, len(call))

    def _message(self, write: Write) -> str:
        """The bulk message that may take a write, "" when none may."""
        if write.kind == "create":
            return CREATE
        return "" if write.values.keys() & _STATE else UPDATE

    def _target(self, job: Job) -> bytes:
        """A record of a bulk call, which says its type and its key."""
        head: dict[str, Scalar] = {"@odata.type": f"Microsoft.Dynamics.CRM.{self._tables.name(self._entity.set)}"}
        if job.write.kind == "update":
            head |= job.write.key
        body = self._bodies[job.position]
        return write_json(head)[:-1] + (b"," + body[1:] if len(body) > 2 else b"}")

    def _item(self, job: Job) -> Operation:
        url = f"{self._root}/{self._entity.set}"
        if job.write.kind == "create":
            return Operation("POST", url, self._bodies[job.position])
        headers = {"If-Match": self._version(job)}
        return Operation("PATCH", f"{url}({self._id(job)})", self._bodies[job.position], headers)

    def _version(self, job: Job) -> str:  # noqa: ARG002
        """The version that the row must have: any, so that an update never makes a row."""
        return "*"

    def _taken(self, job: Job, replies: Sequence[Answer]) -> Written:  # noqa: ARG002
        return Written(dict(job.write.key) if job.write.kind == "create" else {})

    def _failed(self, job: Job, reply: Answer, step: Step) -> Result | None:
        http = self._http
        if step in (Step.AGAIN, Step.FEWER):
            if self._may_go_again(job):
                return None
            return Postponed(Transient(f"{http.words.name} was busy with the same row.", delay=AGAIN_SECONDS,
                                       where=http.base, details=reply.details()))  # fmt: skip
        if step is Step.UNKNOWN:
            raise self._unsure(f"one record was answered {reply.status}", reply)
        if step is Step.WRONG_ADDRESS:
            raise wrong_address(http.words, http.base, f"{job.write.kind} {self._entity.set}", reply)
        if reply.status == 404 and job.write.kind == "update":
            if not job.write.values.keys() & self._binds.keys():
                return Missing()
            self.unclear.add(job.position)
        return self._refused(job, reply)

    def _refused(self, job: Job, reply: Answer) -> Refused:
        """What people have entered is `…` in its text; `column` is one of the record's that the text names."""
        values = {**job.write.key, **job.write.values}
        message = reply.error().message
        text = redact(mask(message, values)) or f"The answer was {reply.status}, without a reason."
        if len(text) > _LONGEST:
            text = text[: _LONGEST - 1] + "…"
        named = {column.removeprefix("_").removesuffix("_value"): column for column in values}
        named |= {bind.navigation: column for column, bind in self._binds.items() if column in values}
        column = next((named[word] for word in _QUOTED.findall(message) if word in named), "")
        return Refused(text, column, reply.details())

    def _id(self, job: Job) -> str:
        return str(job.write.key[self._entity.key[0]])


def _is_too_much(answer: Answer) -> bool:
    return answer.status == 413 or decide(answer) is Step.FEWER


def _ids(answer: Answer) -> list[str]:
    try:
        document = answer.json()
    except ValueError:
        return []
    ids = document.get("Ids") if isinstance(document, dict) else None
    return [str(id) for id in ids] if isinstance(ids, list) else []
