"""A compiled mapping in one direction: pure, made once, fast on every record.

The engine calls, in this order: `skip`, `identify` (company, number), then, after it has looked for duplicates, `map`;
`adopt` for a record that exists in the target without a link, `key_warnings` for one that is linked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sync.errors import DataError, NotReady
from sync.mapping.stages import Job, LeftOut
from sync.mapping.terms import (
    Allocation,
    Facts,
    Field,
    Identity,
    Mapped,
    OnDeactivate,
    ReferenceSet,
    UnknownId,
    When,
)
from sync.mapping.text import clean
from sync.model import Flow, Record, Scalar, Values

__all__ = [
    "Allocation",
    "Facts",
    "Field",
    "Identity",
    "Mapped",
    "OnDeactivate",
    "Plan",
    "ReferenceSet",
    "UnknownId",
    "When",
]

COMPANY = "dataAreaId"
"""The key property of F&O that names the company."""

type FilterTest = tuple[str, frozenset[Scalar | None], str]
"""A source column, the values that pass, and the reason code of the others."""
type RowStep = Callable[[Values, Job], Field | LeftOut]
type BlockStep = Callable[[Values, Job], tuple[Field, ...]]
type AdoptCheck = Callable[[Mapped, Values], str | None]


@dataclass(frozen=True)
class Steps:
    """The compiled parts of a plan; `rows` has a step for each row or block, in the order of the file."""

    filters: tuple[FilterTest, ...]
    key: tuple[tuple[str, RowStep], ...]
    rows: tuple[RowStep | BlockStep, ...]
    update_rows: tuple[RowStep | BlockStep, ...]
    adopt: tuple[AdoptCheck, ...]
    key_warnings: tuple[tuple[str, str], ...]
    number: str


@dataclass(frozen=True)
class Plan:
    """Everything the engine needs to know about a flow's mapping.

    `definition` is a hash over what decides the payloads: rows, filters, value maps, and the settings they read; it
    changes neither with comments nor with examples. `columns` are the source columns to select (lookups as
    `_x_value`), `target_columns` those to read of an existing target record, both sorted. `match` names the target
    columns by which a record without a link is looked for, the first one first. `duplicates` is the code for records
    that share their number with another one that passes the filters (R1), None when that may be. `allocate` is None
    unless numbers are given to records without one.
    """

    flow: Flow
    definition: str
    columns: tuple[str, ...]
    target_columns: tuple[str, ...]
    references: tuple[ReferenceSet, ...]
    gives: tuple[str, ...]
    number_column: str
    feed: str
    modified_on: str
    match: tuple[str, ...]
    duplicates: str | None
    allocate: Allocation | None
    on_deactivate: OnDeactivate | None
    steps: Steps = field(repr=False, compare=False)

    def skip(self, record: Record) -> str | None:
        """The reason code of the first filter that refuses the record, or None."""
        for column, passes, code in self.steps.filters:
            if record.values.get(column) not in passes:
                return code
        return None

    def number(self, record: Record) -> str:
        """The number people know the record by, cleaned; "" when it has none."""
        value = record.values.get(self.number_column) if self.number_column else None
        return clean(str(value)) if value is not None else ""

    def identify(self, record: Record, facts: Facts, link: Mapping[str, Scalar] | None = None) -> Identity:
        """Company and number, judged in this order (R5): raises DataError or NotReady for the first that is wrong.

        With `link`, the target key of a linked record, nothing is refused: that key stays whatever the source says now
        (flows.md 1.1, AE12, AE21), and `company` is the link's. A part that could not be a key is then "".
        """
        return self._identify(record, Job(facts), link)

    def map(self, record: Record, facts: Facts, link: Mapping[str, Scalar] | None = None) -> Mapped:
        """What the record becomes. Raises DataError or NotReady for the first thing that applies: company, number,
        then the rows in the order of the file (R5).

        With `link`, rows that are sent on create only are not judged and not in the result.
        """
        job = Job(facts)
        identity = self._identify(record, job, link)
        values = record.values
        fields: list[Field] = []
        for step in self.steps.rows if link is None else self.steps.update_rows:
            found = step(values, job)
            if isinstance(found, Field):
                fields.append(found)
            elif isinstance(found, tuple):
                fields += found
        return Mapped(identity.key, identity.number, tuple(fields), tuple(job.warnings), identity.company)

    def adopt(self, mapped: Mapped, target: Values) -> str | None:
        """None when the existing target record may be adopted, else the reason code of the first test that fails."""
        for check in self.steps.adopt:
            code = check(mapped, target)
            if code is not None:
                return code
        return None

    def key_warnings(self, mapped: Mapped, linked_key: Mapping[str, Scalar]) -> tuple[str, ...]:
        """Warnings for a linked record that would now get another key; the key stays (flows.md 1.1, AE12, AE21)."""
        return tuple(
            warning
            for column, warning in self.steps.key_warnings
            if str(mapped.key.get(column, "")).casefold() != str(linked_key.get(column, "")).casefold()
        )

    def _identify(self, record: Record, job: Job, link: Mapping[str, Scalar] | None) -> Identity:
        key: dict[str, Scalar] = {}
        if link is not None:
            job.company = str(link.get(COMPANY, ""))
        for column, step in self.steps.key:
            try:
                found = step(record.values, job)
                value = found.value if isinstance(found, Field) else None
            except (DataError, NotReady):
                if link is None:
                    raise
                value = None
            key[column] = "" if value is None else value
            if column == COMPANY and link is None:
                job.company = str(key[column])
        number = key[self.steps.number] if self.steps.number else self.number(record)
        return Identity(key, job.company, str(number))
