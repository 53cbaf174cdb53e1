"""Values of the app's own written back to many Sales records: `$batch`, each under the version that was read.

Rules of wire.md 1.8 and 1.12. The version keeps a value from being written twice, or over somebody else's change.
"""

from __future__ import annotations

from collections.abc import Sequence

from sync.errors import DataError
from sync.model import Record, Values
from sync.ports import Missing, Postponed, Refused, Result, Write
from sync.systems.answers import Answer
from sync.systems.batch_writing import Job
from sync.systems.decisions import Step
from sync.systems.sales_writes import SalesWriting
from sync.systems.trouble import half_done

_DUPLICATE = {"0x80040237", "0x80060892", "0x80040333"}
"""A 412 that is about other records, not about the version (wire.md 1.12)."""


class Assigning(SalesWriting):
    """One call of `SalesSystem.assign`."""

    _versions: Sequence[str] = ()

    def assign(self, assignments: Sequence[tuple[Record, Values]]) -> list[bool | DataError]:
        """See `SalesSystem.assign`."""
        self._versions = [record.version for record, _ in assignments]
        key = self._entity.key[0]
        results = self.run([Write("update", {key: record.id}, values) for record, values in assignments])
        return [_told(values, result) for (_, values), result in zip(assignments, results, strict=True)]

    def _message(self, write: Write) -> str:  # noqa: ARG002
        """None: bulk messages know no versions."""
        return ""

    def _version(self, job: Job) -> str:
        return self._versions[job.position]

    def _failed(self, job: Job, reply: Answer, step: Step) -> Result | None:
        if reply.status == 412 and reply.error().code not in _DUPLICATE:
            return Missing()
        return super()._failed(job, reply, step)


def _told(values: Values, result: Result) -> bool | DataError:
    """True when written, False when the record has changed or gone since, else what Sales says of it."""
    if isinstance(result, Postponed):
        raise half_done(result.error)
    if isinstance(result, Refused):
        return DataError(
            "target-refused",
            f"Sales refused {', '.join(values)}: {result.text}",
            column=result.column or next(iter(values), ""),
            retryable=True,
            remedy="Mend the record in Sales, or enter the value there; it is tried again with growing pauses.",
            details=result.details,
        )
    return not isinstance(result, Missing)
