"""Writes behind the first one (flows.md 2.3), compiled."""

from __future__ import annotations

from sync.errors import DataError, NotReady
from sync.mapping.job import Job
from sync.mapping.parts import WriteStep
from sync.mapping.rows import row_step
from sync.mapping.schema import Row, Step
from sync.mapping.side import Side
from sync.mapping.terms import Field, StepMapped
from sync.model import EntityRef, Scalar, Values


def write_step(step: Step, rows: tuple[Row, ...], side: Side, entity: EntityRef) -> WriteStep:
    """The step that makes one more write: its rows, or what keeps it from being done."""
    runs = tuple(row_step(row, side) for row in rows)
    match = tuple(side.field_of(row) for column in step.match or () for row in rows if side.column_of(row) == column)
    only_when = {column: _values(value) for column, value in step.only_when.items()}

    def mapped(fields: tuple[Field, ...], trouble: DataError | NotReady | None = None) -> StepMapped:
        return StepMapped(
            name=step.step,
            entity=entity,
            own=step.table is None,
            fields=fields,
            match=match,
            only_when=only_when,
            keep=step.keep,
            refused=step.refused,
            replaced=step.replaced or "",
            trouble=trouble,
        )

    def write(values: Values, job: Job) -> StepMapped:
        try:
            found = tuple(run(values, job) for run in runs)
        except (DataError, NotReady) as error:
            job.troubles[step.step] = error
            return mapped((), error)
        return mapped(tuple(field for field in found if isinstance(field, Field)))

    return write


def _values(value: object) -> frozenset[Scalar | None]:
    return frozenset(value) if isinstance(value, tuple) else frozenset((value,))  # type: ignore[arg-type]
