"""Which rows of a mapping file hold in one direction, under the settings and columns of an installation."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping

from sync.mapping.around import places
from sync.mapping.conditions import Conditions, SalesColumns
from sync.mapping.filters import filter_columns
from sync.mapping.load import LoadedMapping
from sync.mapping.problems import Problem
from sync.mapping.resolving import found_by
from sync.mapping.row_schema import Block, Row
from sync.mapping.schema import FinopsEntity, MappingFile, Step
from sync.mapping.settings import SettingValues, app_setting
from sync.mapping.side import Side, asked_of, lookup_name, minds_blank
from sync.mapping.text import width
from sync.mapping.values import ValueMap
from sync.mapping.words import COLUMN, FromSetting
from sync.mapping.yaml_text import Path
from sync.model import Bind, EntityRef, System

type Entries = list[tuple[Block | None, list[Row]]]
type Writes = list[tuple[Step, list[Row]]]


class Layout:
    """The rows that hold, what they stand in, and what is wrong with them here.

    `dropped` has "<row id>: <column>" of rows that are off because Sales lacks a column, `blank` of those that hold all
    the same, with the column taken as blank.
    """

    def __init__(
        self,
        loaded: LoadedMapping,
        maps: Mapping[str, ValueMap],
        settings: SettingValues,
        columns: SalesColumns,
        target: System,
    ) -> None:
        file = loaded.file
        self.loaded, self.file, self.columns = loaded, file, columns
        self.conditions = Conditions(settings, columns, file.sales.table)
        self.finops = self._finops(file)
        sales = EntityRef("sales", file.sales.table, (file.sales.id,))
        finops = EntityRef("finops", self.finops.entity, self.finops.key, enums=self.finops.enums)
        self.source, self.target = (sales, finops) if target == "finops" else (finops, sales)
        self.side = Side(
            source=self.source.system,
            target=target,
            key=frozenset(self.target.key),
            source_id=self.source.key[0] if len(self.source.key) == 1 else "",
            maps=maps,
            conditions=self.conditions,
            transforms=loaded.transforms,
        )
        self.entries: Entries = [entry for entry in map(self._active, file.fields) if entry[1]]
        self.writes: Writes = [
            (step, rows)
            for step in (file.steps if target == "sales" else ())
            if self.conditions.hold(step.only_if) and (rows := [row for row in step.fields if self.side.holds(row)])
        ]
        self.dropped: list[str] = []
        self.blank: list[str] = []
        self.problems = [*self._bad_settings(), *self._keyless(), *self._lacking()]
        if not self.problems:
            self._drop()
            self._bind()

    @property
    def rows(self) -> list[Row]:
        """The rows of the record's own first write."""
        return [row for _, rows in self.entries for row in rows]

    @property
    def all_rows(self) -> list[Row]:
        """These, and those of the writes behind it."""
        return self.rows + [row for _, rows in self.writes for row in rows]

    def read_columns(self, row: Row) -> Iterator[str]:
        """The source columns of a row that are there, as selected."""
        for name, column in zip(self.side.names_of(row), self.side.sources_of(row), strict=True):
            if self.source.system == "finops" or self.columns.has(self.source.set, name):
                yield column

    def key_row(self, column: str) -> Row | None:
        """The row of a column."""
        return next((row for row in self.rows if self.side.column_of(row) == column), None)

    def _finops(self, file: MappingFile) -> FinopsEntity:
        return next((other for other in file.finops_instead if self.conditions.hold(other.only_if)), file.finops)

    def _active(self, entry: Row | Block) -> tuple[Block | None, list[Row]]:
        block = entry if isinstance(entry, Block) else None
        rows = entry.rows if isinstance(entry, Block) else (entry,)
        return block, [row for row in rows if self.side.holds(row)]

    def _bad_settings(self) -> Iterator[Problem]:
        """Settings whose value is longer than the column they are sent to, or should name a column and do not."""
        for row in self.all_rows:
            if row.setting and row.max is not None and width(self.side.settings.text(row.setting)) > row.max:
                value = self.side.settings.text(row.setting)
                what = f'"{value}" is longer than the {row.max} characters of {self.side.column_of(row)}'
                yield self._of_setting(row.setting, what, "Shorten it.")
            if isinstance(row.sales, FromSetting) and not re.match(COLUMN, self.side.settings.text(row.sales.setting)):
                value = self.side.settings.text(row.sales.setting)
                remedy = f"Set it to the logical name of a column of {self.file.sales.table}."
                yield self._of_setting(row.sales.setting, f'"{value}" is no column name', remedy)

    def _of_setting(self, name: str, what: str, remedy: str) -> Problem:
        return Problem(f"setting {name} ({app_setting(name)})", 0, 0, what, remedy)

    def _keyless(self) -> Iterator[Problem]:
        """Parts of an F&O key for which no row holds under these settings and columns."""
        for column in self.target.key if self.target.system == "finops" else ():
            if self.key_row(column) is None:
                what = f"no row holds for the key property {column} under the present settings"
                remedy = "Change the settings that its rows name in only_if, or let one row hold without any."
                yield self.loaded.document.problem(("finops", "key"), what, remedy)

    def _lacking(self) -> Iterator[Problem]:
        """Columns that Sales lacks and the flow cannot do without: of keys, numbers, filters and tests."""
        live, document = self.columns.live, self.loaded.document
        if live is None:
            return
        for path, table, column in self._needed():
            if table not in live:
                yield document.problem(path, f"Sales has no table {table}", "Name an entity set that exists.")
            elif column not in live[table]:
                remedy = f"Name a column that {table} has, or give the line an only_if with column: {column}."
                yield document.problem(path, f"{table} has no column {column}", remedy)

    def _needed(self) -> Iterator[tuple[Path, str, str]]:
        file, table, to_sales = self.file, self.file.sales.table, self.target.system == "sales"
        yield ("sales", "id"), table, file.sales.id
        if file.sales.number is not None:
            yield ("sales", "number"), table, file.sales.number
        for index, test in enumerate(file.only):
            if not to_sales and self.conditions.hold(test.only_if) and filter_columns(test, "sales"):
                yield ("only", index, "sales"), table, test.sales or ""
        for index, adopt in enumerate(file.adopt):
            if to_sales and adopt.sales is not None and self.conditions.hold(adopt.only_if):
                yield ("adopt", index, "sales"), table, adopt.sales
        paths = {place.row.id: place.path for place in places(file)}
        for row in self.rows:
            if row.match is not None or self.side.column_of(row) in self.side.key:
                yield from (((*paths[row.id], "sales"), table, column) for column in self._sales_names(row))
        for index, step in enumerate(file.steps if to_sales else ()):
            yield from ((("steps", index, "only_when"), table, column) for column in step.only_when)
            for key in ("id", "match"):
                names = getattr(step, key) or ()
                each = (names,) if isinstance(names, str) else names
                yield from ((("steps", index, key), step.table or table, column) for column in each)

    def _sales_names(self, row: Row) -> tuple[str, ...]:
        """The Sales columns of a row."""
        return (self.side.column_of(row),) if self.target.system == "sales" else self.side.names_of(row)

    def _drop(self) -> None:
        """Switch off the rows whose Sales column is lacking, and those that build on their values; a row that says what
        a blank becomes reads it as blank (F&O would refuse every record without a customer group, say)."""
        gone: set[str] = set()

        def stays(row: Row, table: str, prefix: str = "") -> bool:
            lacking = [name for name in self._sales_names(row) if not self.columns.has(table, name)]
            lacking += [name for name in asked_of(row) if name in gone]
            if lacking and self.target.system == "finops" and minds_blank(row):
                self.blank.append(f"{row.id}: {lacking[0]}")
                return True
            if lacking:
                gone.add(prefix + self.side.column_of(row))
                self.dropped.append(f"{row.id}: {lacking[0]}")
            return not lacking

        table = self.file.sales.table
        kept = [(block, [row for row in rows if stays(row, table)]) for block, rows in self.entries]
        self.entries = [(block, rows) for block, rows in kept if rows]
        writes = [
            (step, [row for row in rows if stays(row, step.table or table, f"{step.step}.")])
            for step, rows in self.writes
        ]
        self.writes = [(step, rows) for step, rows in writes if rows]

    def _bind(self) -> None:
        """Find out which columns are lookups of Sales, and which values other rows ask for."""
        sets: dict[str, str] = {}
        found: dict[str, tuple[str, str]] = {}
        main = self._binds(self.rows, "", sets, found)
        self.children: dict[str, dict[str, Bind]] = {}
        for step, rows in self.writes:
            binds = self._binds(rows, f"{step.step}.", sets, found)
            if step.table is None:
                main |= binds
            else:
                self.children[step.step] = binds
        self.side = dataclasses.replace(
            self.side,
            binds=main,
            main_binds=main,
            found_by=found,
            remembered=frozenset(name for row in self.all_rows for name in asked_of(row)),
        )
        self.target = dataclasses.replace(self.target, binds=tuple(main.values()))

    def _binds(
        self, rows: Iterable[Row], prefix: str, sets: dict[str, str], found: dict[str, tuple[str, str]]
    ) -> dict[str, Bind]:
        binds = {}
        for row in rows:
            column = self.side.column_of(row)
            if row.resolve is not None:
                found[prefix + column] = found_by(row.resolve)
                set_ = row.resolve.set
            else:
                set_ = self.file.sales.table if row.parent else sets.get(row.same_as or "", "")
            if set_ and self.target.system == "sales":
                sets[prefix + column] = set_
                binds[column] = Bind(lookup_name(column), row.bind_as or column, set_)
        return binds
