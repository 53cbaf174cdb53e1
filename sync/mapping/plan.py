"""A compiled mapping in one direction: pure, made once, fast on every record.

The engine calls, in this order: `verdict`, `identify` (company, number), then, after it has looked for duplicates and
for a row of the target, `map`; `also_match` and `adopt` for a record that may exist in the target without a link,
`key_warnings` for one that is linked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sync.errors import DataError, NotReady
from sync.keys import key_text
from sync.mapping.job import NOTHING_KEPT, BlockStep, Job, RowStep
from sync.mapping.parts import Parts
from sync.mapping.terms import (
    BY_TARGET,
    COMPANY,
    Allocation,
    Facts,
    Field,
    Fixed,
    Identity,
    Lack,
    LineMapped,
    Lines,
    Mapped,
    OnDeactivate,
    Recovery,
    ReferenceSet,
    RevisionRule,
    StepMapped,
    Tables,
    Trigger,
    UnknownId,
    Verdict,
    When,
    says_who_replaced,
)
from sync.mapping.text import clean
from sync.model import Flow, Record, Scalar, Use, Values

__all__ = [
    "BY_TARGET",
    "COMPANY",
    "Allocation",
    "Facts",
    "Field",
    "Fixed",
    "Identity",
    "Lack",
    "LineMapped",
    "Lines",
    "Mapped",
    "OnDeactivate",
    "Plan",
    "ReferenceSet",
    "RevisionRule",
    "StepMapped",
    "Tables",
    "Trigger",
    "UnknownId",
    "Verdict",
    "When",
    "says_who_replaced",
]

REVISION = "*revision"
"""Under this name a link's `gives` keeps which revision it stands for."""
_PASSES = Verdict()


@dataclass(frozen=True)
class Plan:
    """Everything the engine needs to know about a flow's mapping.

    `definition` is a hash over what decides the payloads: rows, filters, value maps, the settings they read, and which
    optional columns exist; it changes neither with comments nor with examples. `columns` are the source columns to
    select (lookups as `_x_value`; `_x_value@lookuplogicalname` is the table that one points to), `target_columns` those
    to read of an existing target record, both sorted. `company` is the one that a source read whole is read for, in
    lower case ("" where it has none). `duplicates` is the code for records that share their number with another one
    that passes the filters (R1), None when that may be. `allocate` is None unless numbers are given to records without
    one. `natural` names the target columns of `Identity.search` where the key is chosen by the app, and is empty where
    records are looked for by their key.

    `gives_source` are source columns whose values the link keeps for other flows, as `gives` are columns of the target.
    `reads_target`: the target's rows of linked records are read before mapping, too. `refers_to` names the mappings
    whose links the rows and filters read, `refers_to_targets` those whose links are asked for by their counterparts,
    `watches` those that decide whether and how a record is created. `uses` are asked for by filters, `triggers` raise
    changes of this flow's records. `recovery` tells how the row of a create is known again that was never remembered.
    `when_refused` is told besides when a new record is refused, `refusals` are the codes by which the target's refusals
    are told. `lacking` are the rows that are off, or read a blank,
    because the live systems lack a column. `lines` is there where the records are documents, `revisions` where one
    record follows another.
    """

    flow: Flow
    definition: str
    columns: tuple[str, ...]
    target_columns: tuple[str, ...]
    references: tuple[ReferenceSet, ...]
    gives: tuple[str, ...]
    gives_source: tuple[str, ...]
    number_column: str
    feed: str
    modified_on: str
    duplicates: str | None
    allocate: Allocation | None
    on_deactivate: OnDeactivate | None
    company: str = ""
    natural: tuple[str, ...] = ()
    reads_target: bool = False
    refers_to: frozenset[str] = frozenset()
    refers_to_targets: frozenset[str] = frozenset()
    watches: frozenset[str] = frozenset()
    uses: tuple[Use, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    recovery: Recovery | None = None
    when_refused: str = ""
    refusals: frozenset[str] = frozenset({"target-refused"})
    lacking: tuple[Lack, ...] = ()
    lines: Lines | None = None
    revisions: RevisionRule | None = None
    parts: Parts = field(kw_only=True, repr=False, compare=False)

    def verdict(self, record: Record, facts: Facts, *, linked: bool) -> Verdict:
        """What the filters say, the first that refuses giving the reason. For a linked record those that let it pass
        are not judged, and those that only warn give their code as a warning."""
        warnings: tuple[str, ...] = ()
        for test in self.parts.filters:
            if (linked and test.linked == "pass") or test.passes(record, facts):
                continue
            if not test.warns and (not linked or test.linked == "refuse"):
                successor = record.values.get(test.replaced_by) if test.replaced_by else None
                return Verdict(test.code, warnings, str(successor or "").lower())
            warnings += (test.code,)
        return Verdict(None, warnings) if warnings else _PASSES

    def number(self, record: Record) -> str:
        """The number people know the record by, cleaned; "" when it has none."""
        if self.number_column:
            value = record.values.get(self.number_column)
            return clean(str(value)) if value is not None else ""
        return self.parts.derived_number(record.values) if self.parts.derived_number else ""

    def identify(self, record: Record, facts: Facts, link: Mapping[str, Scalar] | None = None) -> Identity:
        """Company and number, judged in this order (R5): raises DataError or NotReady for the first that is wrong.

        With `link`, the target key of a linked record, nothing is refused: that key stays whatever the source says now
        (flows.md 1.1, AE12, AE21), and `company` is the link's. A part that could not be a key is then "".
        """
        return self._identify(record, Job(facts), link)

    def map(
        self,
        record: Record,
        facts: Facts,
        link: Mapping[str, Scalar] | None = None,
        target: Values | None = None,
        kept: Mapping[str, str] = NOTHING_KEPT,
    ) -> Mapped:
        """What the record becomes. Raises DataError or NotReady for the first thing that applies: company, number, an
        existing row of the target that no record may be written to, then the rows in the order of the file (R5), then,
        for a record that the target does not have yet, those of the writes behind the first (flows.md 2.3), then the
        lines of a document (6.3).

        With `link`, rows that are sent on create only are neither judged nor in the result, but for those whose value
        must stay (`Field.fixed`). `target` is the existing row, linked or found: rows that keep the target's own value
        take it from there, and what cannot be done behind the first write is in `StepMapped.trouble`. `kept` is what
        the link `gives`: what was computed once is taken from there.
        """
        job = Job(facts, target, linked=link is not None, kept=kept)
        identity = self._identify(record, job, link)
        if target is not None:
            self._refuse(target, linked=link is not None)
        values, parts = record.values, self.parts
        try:
            fields = _fields(parts.rows if link is None else parts.update_rows, values, job)
        except NotReady as error:
            error.others = (*error.others, *self._awaited_by_lines(record, identity.key, job))
            raise
        steps = tuple(write(values, job) for write in parts.writes)
        if link is None and target is None:
            for each in steps:
                if each.trouble is not None:
                    raise each.trouble
        lines = parts.lines(record, identity.key, job) if parts.lines is not None else ()
        if self.revisions is not None:
            job.keeps[REVISION] = str(self.revisions.of(values))
        return Mapped(
            identity.key,
            identity.number,
            tuple(fields),
            tuple(job.warnings),
            identity.company,
            tuple(job.hopes),
            steps,
            lines,
            job.keeps,
        )

    def adopt(self, mapped: Mapped, target: Values, *, linked: bool = False) -> str | None:
        """None when the existing target record may be adopted, else the reason code of the first test that fails.

        With `linked`, only the tests that a linked record's row must pass, too.
        """
        for test in self.parts.adopt:
            if (test.always or not linked) and not test.passes(mapped, target):
                return test.code
        return None

    def refuse_another(self, mapped: Mapped, target: Values) -> None:
        """Raises DataError for the first test that an existing target record does not pass."""
        for test in self.parts.adopt:
            if not test.passes(mapped, target):
                what = f"{self.flow.target.set} has a row for this record whose {test.column} is that of another one."
                if test.title:
                    what = f"{self.flow.target.set} has a row for this record that cannot be its own: {test.title}."
                remedy = test.remedy or "Compare the two: mend that row, or give this record another number."
                raise DataError(test.code, what, column=test.column, retryable=True, remedy=remedy)

    def also_match(self, mapped: Mapped) -> tuple[Mapping[str, Scalar], ...]:
        """Further searches for a record that was not found by its key, in order: target columns and their values.

        One with a value that is blank is left out.
        """
        if not self.parts.also_match:
            return ()
        known: dict[str, Scalar | None] = {**{field.name: field.value for field in mapped.fields}, **mapped.key}
        found = []
        for by in self.parts.also_match:
            wanted = {column: value for column, ours in by.items() if (value := known.get(ours)) not in (None, "")}
            if len(wanted) == len(by):
                found.append(wanted)
        return tuple(found)

    def key_warnings(self, mapped: Mapped, linked_key: Mapping[str, Scalar], rule: str = "") -> tuple[str, ...]:
        """Warnings for a linked record that would now get another key; the key stays (flows.md 1.1, AE12, AE21).

        `rule` is the row that made the number when the record was linked: a number that another row makes now is no
        change of the record (flows.md 1.3).
        """
        renumbered = self.parts.number if rule and rule != self.parts.rule else ""
        return tuple(
            warning
            for column, warning in self.parts.key_warnings
            if column != renumbered
            and str(mapped.key.get(column, "")).casefold() != str(linked_key.get(column, "")).casefold()
        )

    def links_asked(self, record: Record) -> tuple[tuple[str, str], ...]:
        """Mapping and id of every link that `verdict`, `identify` and `map` may ask for."""
        return tuple(dict.fromkeys(self._asked(record, by_target=False)))

    def owners_asked(self, record: Record) -> tuple[tuple[str, str], ...]:
        """Mapping and target key (`key_text`) of every link that they may ask for by its counterpart."""
        return tuple(dict.fromkeys(self._asked(record, by_target=True)))

    def _asked(self, record: Record, *, by_target: bool) -> Iterator[tuple[str, str]]:
        for asked in self.parts.asked:
            for row in record.lines if asked.line else (record,):
                id = str((row.id if asked.column is None else row.values.get(asked.column)) or "").lower()
                mapping = asked.mapping(row.values)
                if id and mapping and bool(asked.by_target) is by_target:
                    yield mapping, key_text({asked.by_target: id}) if by_target else id

    def _awaited_by_lines(self, record: Record, key: Mapping[str, Scalar], job: Job) -> tuple[str, ...]:
        """What the lines of a document wait for, whose head waits: who looks at it sees all that is missing."""
        try:
            if self.parts.lines is not None:
                self.parts.lines(record, key, job)
        except NotReady as error:
            return (error.awaits, *error.others)
        except DataError:  # told when the head is there
            pass
        return ()

    def _refuse(self, target: Values, *, linked: bool) -> None:
        """A row that is another thing, or closed, need not have what the rows of the file ask for."""
        for test in self.parts.adopt:
            if test.always and not test.passes(None, target):
                why = test.title or f"{test.column} says so"
                what = f"The row of {self.flow.target.set} may not be written to: {why}."
                remedy = "Mend that row." if linked else "Mend that row, or give this record another number."
                raise DataError(test.code, what, column=test.column, retryable=True, remedy=test.remedy or remedy)

    def _identify(self, record: Record, job: Job, link: Mapping[str, Scalar] | None) -> Identity:
        key: dict[str, Scalar] = {}
        job.company = self.company if link is None else str(link.get(COMPANY, self.company))
        for column, step in self.parts.key:
            value = self._part(step, record, job, link)
            key[column] = "" if value is None else value
            if column == COMPANY and link is None:
                job.company = str(key[column])
        natural: dict[str, Scalar] = {}
        for name, step in self.parts.natural:
            value = self._part(step, record, job, link, name)
            natural[name] = "" if value is None else value
        own = self.flow.target.key[0]
        if self.parts.chosen is not None:
            key = {own: self.parts.chosen(record.values)} if link is None else dict(link)
            job.own = key[own] if link is not None or job.target is None else job.target.get(own)
        number = {**key, **natural}[self.parts.number] if self.parts.number else self.number(record)
        return Identity(key, job.company, str(number), natural or key, self.parts.rule)

    @staticmethod
    def _part(
        step: RowStep, record: Record, job: Job, link: Mapping[str, Scalar] | None, natural: str = ""
    ) -> Scalar | None:
        try:
            found = step(record.values, job)
        except (DataError, NotReady):
            if link is None:
                raise
            return None
        if natural:
            job.natural[natural] = found
        return found.value if isinstance(found, Field) else None


def _fields(rows: Sequence[RowStep | BlockStep], values: Values, job: Job) -> list[Field]:
    """What the rows make of a record, in their order."""
    fields: list[Field] = []
    for row in rows:
        found = row(values, job)
        if isinstance(found, Field):
            fields.append(found)
        elif isinstance(found, tuple):
            fields += found
    return fields
