"""One flow beside what the live systems say of its tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sync.live.findings import Finding, Severity
from sync.live.ports import Column, Table
from sync.mapping.around import places
from sync.mapping.conditions import Columns, KnownColumns, LiveColumns, listed
from sync.mapping.documents import LinesLayout
from sync.mapping.layout import Layout
from sync.mapping.load import LoadedMapping
from sync.mapping.problems import Problem
from sync.mapping.row_schema import Row
from sync.mapping.schema import MappingFile, Step
from sync.mapping.settings import SettingValues
from sync.mapping.side import NAME_OF, Side
from sync.mapping.values import ValueMap
from sync.mapping.yaml_text import Path
from sync.model import System

type LiveTables = Mapping[tuple[System, str], Table | None]
"""Tables by system and entity set. What could not be read is not in it; None is what a system does not have."""


@dataclass(frozen=True)
class PlacedRow:
    """A row that holds, where it stands, and the entity set that it writes to."""

    row: Row
    path: Path
    set: str
    side: Side
    step: Step | None = None


class LiveFlow:
    """A mapping file in one direction, or the lines of one (`of_lines`).

    `layout` has the rows that hold here, those of lacking columns among them; `paths` the places of all rows by id.
    """

    def __init__(
        self,
        loaded: LoadedMapping,
        maps: Mapping[str, ValueMap],
        settings: Mapping[str, str],
        target: System,
        tables: LiveTables,
        *,
        of_lines: bool = False,
    ) -> None:
        self.of_lines = of_lines
        self.loaded, self.file = loaded, loaded.file
        self.name = f"{loaded.name}_to_{target}"
        self._maps, self._settings, self._target = maps, settings, target
        self._tables = tables
        optional = conditional_columns(self.file)
        there = frozenset(name for name in optional if self.column("sales", self.file.sales.table, name) is not None)
        self.layout = self._layout(KnownColumns(optional=there))
        self.paths: Mapping[str, Path] = {place.row.id: place.path for place in places(self.file)}

    @property
    def source(self) -> System:
        return self.layout.source.system

    @property
    def target(self) -> System:
        return self.layout.target.system

    def live_columns(self) -> LiveColumns:
        """The columns of the tables of both systems; a system that could not be read is not in it."""
        systems: tuple[System, ...] = ("sales", "finops")
        return {
            system: self._columns_of(system) for system in systems if any(each == system for each, _ in self._tables)
        }

    def live_layout(self) -> Layout:
        """The rows as the flow itself has them, with what a system lacks taken out, or told in its `problems`."""
        return self._layout(KnownColumns(self.live_columns()))

    def with_all_columns(self) -> Layout:
        """The rows that would hold if Sales had every column that conditions ask for."""
        return self._layout(KnownColumns(optional=conditional_columns(self.file)))

    @cached_property
    def rows(self) -> tuple[PlacedRow, ...]:
        """Every row that holds, in the order of the file; those of steps only where the file makes a plan at all."""
        layout, target = self.layout, self.layout.target.set
        sent = [row for row in layout.rows if row.remember is None]
        found = [PlacedRow(row, self.paths[row.id], target, layout.side) for row in sent]
        for step, rows in layout.writes if not layout.problems else ():
            side = self._step_side(step)
            found += [PlacedRow(row, self.paths[row.id], step.table or target, side, step) for row in rows]
        return tuple(found)

    def table(self, system: System, set: str) -> Table | None:
        """A table, or None when it is not there or was not read."""
        return self._tables.get((system, set))

    def column(self, system: System, set: str, name: str) -> Column | None:
        """A column by the name that mapping files use: a lookup of Sales by its attribute."""
        table = self.table(system, set)
        return None if table is None else table.columns.get(name) or table.columns.get(f"_{name}_value")

    def sources(self, placed: PlacedRow) -> Iterator[Column]:
        """The source columns of a row that are there."""
        for name in placed.side.names_of(placed.row):
            column = self.column(self.source, self.layout.source.set, name.removesuffix(NAME_OF))
            if column is not None:
                yield column

    def target_column(self, placed: PlacedRow) -> Column | None:
        """The target column of a row, if it is there."""
        return self.column(self.target, placed.set, placed.side.column_of(placed.row))

    def wanted(self) -> Iterator[tuple[System, str]]:
        """Every entity set that the flow reads or writes."""
        file, layout = self.file, self.layout
        yield "sales", file.sales.table
        yield "finops", layout.finops.entity
        for placed in self.rows:
            row = placed.row
            if row.lookup is not None and placed.side.sources_of(row):
                yield self.source, row.lookup.set
            if row.exists is not None:
                yield self.target, row.exists.set
            if row.resolve is not None:
                yield self.target, row.resolve.set
        for step, _ in layout.writes:
            if step.table is not None:
                yield "sales", step.table
        for test in file.only:
            if layout.conditions.hold(test.only_if):
                yield from (("sales", rows.table) for rows in test.referred_by or ())
        for trigger in file.triggers:
            if self.target == "finops" and layout.conditions.hold(trigger.only_if):
                yield "sales", trigger.table

    def found(self, severity: Severity, path: Path, what: str, remedy: str, *, key: bool = False) -> Finding:
        """A finding about this flow, at a place of its file."""
        return Finding(self.name, severity, self.loaded.document.problem(path, what, remedy, key=key))

    def elsewhere(self, severity: Severity, place: str, what: str, remedy: str) -> Finding:
        """A finding about this flow, to be mended elsewhere."""
        return Finding(self.name, severity, Problem(place, 0, 0, what, remedy))

    def _columns_of(self, system: System) -> Columns:
        return {
            name: frozenset(attribute(column) if system == "sales" else column for column in table.columns)
            for (each, name), table in self._tables.items()
            if each == system and table is not None
        }

    def _layout(self, columns: KnownColumns) -> Layout:
        kind = LinesLayout if self.of_lines else Layout
        return kind(self.loaded, self._maps, SettingValues(self._settings), columns, self._target)

    def _step_side(self, step: Step) -> Side:
        side = dataclasses.replace(self.layout.side, prefix=f"{step.step}.")
        if step.table is None:
            return side
        return dataclasses.replace(side, binds=self.layout.children[step.step], key=frozenset((step.id or "",)))


def conditional_columns(file: MappingFile) -> frozenset[str]:
    """The columns that conditions of a file ask for."""
    given = [place.row.only_if for place in places(file)]
    for parts in (file.only, file.adopt, file.also_match, file.triggers, file.steps, file.finops_instead):
        given += [part.only_if for part in parts]
    found = [condition.column for only_if in given for condition in listed(only_if)]
    return frozenset(name for name in found if name is not None)


def attribute(column: str) -> str:
    """The name of a column in mapping files: `primarycontactid` for `_primarycontactid_value`."""
    return column[1 : -len("_value")] if column.startswith("_") and column.endswith("_value") else column
