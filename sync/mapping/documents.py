"""The lines of documents: a part of a mapping file that is laid out and compiled like a file of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from sync.errors import DataError, NotReady
from sync.mapping.around import HEADER
from sync.mapping.job import BlockStep, Job, RowStep
from sync.mapping.layout import Layout
from sync.mapping.lines_schema import DocumentLines, LineAmount, LineTest
from sync.mapping.load import LoadedMapping
from sync.mapping.parts import Asked, LinesStep
from sync.mapping.problems import Problem
from sync.mapping.row_schema import Block, Row
from sync.mapping.rows import block_step, row_step
from sync.mapping.schema import FinopsEntity, MappingFile, SalesTable
from sync.mapping.side import asked_of, lookup_name
from sync.mapping.terms import Field, LineMapped, Lines
from sync.model import EntityRef, Record, Scalar, Values

type Step = RowStep | BlockStep


def lines_of(loaded: LoadedMapping) -> LoadedMapping | None:
    """The lines as a file of their own, whose places are those inside the whole file; None where there are none."""
    lines = loaded.file.lines
    if lines is None:
        return None
    file = MappingFile.model_construct(
        entity=loaded.file.entity,
        title=loaded.file.title,
        sales=SalesTable(table=lines.sales.table, id=lines.sales.id),
        finops=FinopsEntity(entity=lines.finops.entity, key=lines.finops.key, number=lines.finops.number),
        direction=loaded.file.direction,
        fields=lines.fields,
        examples=(),
    )
    document = dataclasses.replace(loaded.document, inside=(*loaded.document.inside, "lines"))
    return dataclasses.replace(loaded, file=file, document=document)


class LinesLayout(Layout):
    """The rows of lines that hold. Their key is the document's, and a number that the engine gives."""

    def _keyless(self) -> Iterator[Problem]:
        return iter(())


def header_names(file: MappingFile) -> frozenset[str]:
    """The document's columns whose values its lines ask for."""
    entries = file.lines.fields if file.lines is not None else ()
    rows = [row for entry in entries for row in (entry.rows if isinstance(entry, Block) else (entry,))]
    return frozenset(name.removeprefix(HEADER) for row in rows for name in asked_of(row) if name.startswith(HEADER))


def compared_with_header(file: MappingFile) -> frozenset[str]:
    """The document's source columns that those of its lines are compared with."""
    entries = file.lines.fields if file.lines is not None else ()
    return frozenset(name for entry in entries if isinstance(entry, Block) for name in entry.unless_same)


class LinesCompiler:
    """The lines of one file in one direction, under the settings and columns of an installation."""

    def __init__(self, lines: DocumentLines, layout: Layout) -> None:
        self.lines = lines
        self.layout = layout
        if lines.amount is not None:  # no row asks for the places, amounts do
            asked = layout.side.remembered | {lines.amount.places}
            layout.side = dataclasses.replace(layout.side, remembered=asked)
        self.tests = [test for test in lines.only if layout.conditions.hold(test.only_if)]

    def where(self) -> Lines:
        """Where they are read and written."""
        lines, layout = self.lines, self.layout
        setting = lines.remove
        mapped = {layout.side.column_of(row) for row in layout.rows if row.remember is None}
        return Lines(
            source=EntityRef("sales", lines.sales.table, (lines.sales.id,)),
            parent=lookup_name(lines.sales.parent),
            columns=self._columns(),
            order=tuple(name for name in (lines.sales.sequence, *lines.sales.order, lines.sales.id) if name),
            target=EntityRef("finops", lines.finops.entity, lines.finops.key),
            number=lines.finops.number,
            there=tuple(sorted(mapped)),
            amount=lines.amount.finops if lines.amount is not None else "",
            differs=lines.amount.warning if lines.amount is not None else "",
            another=tuple(lines.another),
            remove=setting is None or layout.side.settings.text(setting).lower() != "false",
        )

    def asked(self) -> tuple[Asked, ...]:
        """The links that the rows ask for."""
        return tuple(
            Asked(column, row.reference.by_table, row.reference.by_target or "", line=True)
            for row in self.layout.rows
            if row.reference is not None
            for column in self.layout.side.sources_of(row)
        )

    def step(self, header: frozenset[str]) -> LinesStep:
        """What makes the lines of a document; `header` are the document's columns that they ask for."""
        steps = [self._step(block, rows) for block, rows in self.layout.entries]
        first = [_line_test(test) for test in self.tests if not test.last]
        last = [_line_test(test) for test in self.tests if test.last]
        sequence, another, alike = self.lines.sales.sequence, self.lines.another, self.lines.alike
        amount = self.lines.amount

        def made(record: Record, key: Mapping[str, Scalar], job: Job) -> tuple[LineMapped, ...]:
            for test in first:
                test(record.lines)
            known = {f"{HEADER}{name}": job.known.get(name, key.get(name)) for name in header}
            jobs = [_job_of(job, known, record.values) for _ in record.lines]
            fields = _fields(record.lines, jobs, steps)
            for test in last:
                test(record.lines)
            for each in jobs:
                job.warnings |= each.warnings
                job.hopes |= each.hopes
            return tuple(
                LineMapped(
                    line.id, _sequence(line, sequence), tuple(found), another, alike, *_amount(line, each, amount)
                )
                for line, each, found in zip(record.lines, jobs, fields, strict=True)
            )

        return made

    def _columns(self) -> tuple[str, ...]:
        sales, layout = self.lines.sales, self.layout
        columns = {column for row in layout.rows for column in layout.read_columns(row)}
        columns.update(_read_as(test) for test in self.tests)
        columns.update(name for block, _ in layout.entries if block is not None for name in told_by(block))
        columns.update(name for name in (sales.id, sales.sequence, *sales.order) if name)
        if (amount := self.lines.amount) is not None:
            columns.update(name for name in (amount.sales, amount.less) if name)
        return tuple(sorted(columns))

    def _step(self, block: Block | None, rows: Sequence[Row]) -> Step:
        side = self.layout.side
        return row_step(rows[0], side) if block is None else block_step(block, rows, side)


def told_by(block: Block) -> tuple[str, ...]:
    """The source columns that keep a block back."""
    return tuple(name for name in (block.unless, *block.unless_same) if name)


def _job_of(document: Job, known: Mapping[str, Scalar | None], values: Values) -> Job:
    """One line on its way through the rows: what is kept belongs to the document."""
    job = Job(document.facts, linked=document.linked, kept=document.kept, header=values)
    job.keeps = document.keeps
    job.company = document.company
    job.known = dict(known)
    return job


def _fields(lines: Sequence[Record], jobs: Sequence[Job], steps: Sequence[Step]) -> list[list[Field]]:
    """The fields of every line. Raises what the first step says that a line does not pass, of all that fail so."""
    fields: list[list[Field]] = [[] for _ in lines]
    for step in steps:
        failed: list[tuple[Record, DataError | NotReady]] = []
        for line, job, found in zip(lines, jobs, fields, strict=True):
            try:
                made = step(line.values, job)
            except (DataError, NotReady) as error:
                failed.append((line, error))
                continue
            if isinstance(made, Field):
                found.append(made)
            elif isinstance(made, tuple):
                found += made
        if failed:
            raise _of_all(failed, lines)
    return fields


def _of_all(failed: Sequence[tuple[Record, DataError | NotReady]], lines: Sequence[Record]) -> DataError | NotReady:
    """One error for the lines that fail as the first of them does."""
    first = next((error for _, error in failed if isinstance(error, DataError)), failed[0][1])
    alike = [(line, error) for line, error in failed if type(error) is type(first) and error.code == first.code]
    what = f"{_named([line for line, _ in alike], lines)}: {first.what}"
    if isinstance(first, DataError):
        return DataError(
            first.code,
            what,
            column=first.column,
            retryable=first.retryable,
            where=first.where,
            remedy=first.remedy,
            details=first.details,
        )
    names = list(dict.fromkeys(error.awaits for _, error in alike if isinstance(error, NotReady)))
    return NotReady(first.code, what, awaits=names[0], others=tuple(names[1:]), where=first.where, remedy=first.remedy)


def _line_test(test: LineTest) -> Callable[[Sequence[Record]], None]:
    """Refuses a document whose lines do not all pass."""
    column = _read_as(test)
    given = test.is_ if isinstance(test.is_, tuple) else (test.is_,)
    allowed = frozenset(given)

    def check(lines: Sequence[Record]) -> None:
        failed = [
            line
            for line in lines
            if (line.values.get(column) in (None, "") if test.filled else line.values.get(column) not in allowed)
        ]
        if failed:
            what = f"{_named(failed, lines)} {test.title}."
            raise DataError(test.else_, what, column=test.sales, remedy="Mend the lines in Sales.")

    return check


def _read_as(test: LineTest) -> str:
    return lookup_name(test.sales) if test.lookup else test.sales


def _named(failed: Sequence[Record], lines: Sequence[Record]) -> str:
    """Lines by their places as people see them in the document, the first being 1."""
    ids = {line.id for line in failed}
    places = [str(place) for place, line in enumerate(lines, 1) if line.id in ids]
    shown = ", ".join(places[:_SHOWN]) + (", ..." if len(places) > _SHOWN else "")
    return f"{'Line' if len(places) == 1 else 'Lines'} {shown}"


_SHOWN = 20


def _amount(line: Record, job: Job, rule: LineAmount | None) -> tuple[Decimal | None, Decimal]:
    """What the target must come to, and one unit of the currency's last place."""
    value = line.values.get(rule.sales) if rule is not None else None
    if rule is None or value is None:
        return None, Decimal(0)
    less = line.values.get(rule.less) if rule.less is not None else None
    places = job.known.get(rule.places)
    return Decimal(value) - Decimal(less or 0), Decimal(1).scaleb(-int(places or 0))


def _sequence(line: Record, column: str | None) -> int | None:
    """The place of a line, where it has one."""
    value = line.values.get(column) if column is not None else None
    return int(value) if isinstance(value, int | Decimal) else None
