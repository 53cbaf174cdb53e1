"""Which rows of a mapping file hold in one direction, under the settings and columns of an installation."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sync.mapping.around import places
from sync.mapping.conditions import Conditions, KnownColumns
from sync.mapping.load import LoadedMapping
from sync.mapping.needs import Need, looked_up, of_file, own_sources, targets
from sync.mapping.problems import Problem
from sync.mapping.resolving import found_by
from sync.mapping.row_schema import Block, Row
from sync.mapping.schema import AlsoMatch, Filter, FinopsEntity, MappingFile, Step
from sync.mapping.settings import SettingValues, app_setting
from sync.mapping.side import NAME_OF, Side, asked_of, lookup_name, minds_blank
from sync.mapping.terms import Lack
from sync.mapping.text import width
from sync.mapping.values import ValueMap
from sync.mapping.words import COLUMN, FromSetting
from sync.mapping.yaml_text import Path
from sync.model import Bind, EntityRef, System

type Entries = list[tuple[Block | None, list[Row]]]
type Writes = list[tuple[Step, list[Row]]]


class Layout:
    """The rows that hold, what they stand in, and what is wrong with them here.

    `lacking` has the rows that are off because a system lacks a column, and those that hold all the same, with the
    column taken as blank; `searches` are the further ones that can be made, `deactivates` tells whether a deactivation
    writes. `paths` are the places of all rows by id.
    """

    def __init__(
        self,
        loaded: LoadedMapping,
        maps: Mapping[str, ValueMap],
        settings: SettingValues,
        columns: KnownColumns,
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
        self.paths: dict[str, Path] = {place.row.id: place.path for place in places(file)}
        self.lacking: list[Lack] = []
        self.searches: list[AlsoMatch] = []
        self.deactivates = False
        bad_settings = list(self._bad_settings())
        self.problems = [*bad_settings, *self._keyless(), *self._lacking()]
        if not bad_settings:
            self._drop()
            self._do_without()
        if not self.problems:
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
            if self.columns.has(self.source.system, self.source.set, name.removesuffix(NAME_OF)):
                yield column

    def successor_column(self, test: Filter) -> str | None:
        """The lookup with the record that has taken the place of one that a filter refuses, if it is there."""
        name = test.replaced_by
        there = name is not None and self.columns.has(self.source.system, self.source.set, name)
        return name if there else None

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
        """Tables and columns that the flow cannot do without, and that are lacking."""
        heads: dict[tuple[System, str], Path] = {
            ("sales", self.file.sales.table): ("sales", "table"),
            ("finops", self.finops.entity): ("finops", "entity"),
        }
        told = set()
        for need in self._needed():
            place, table, where = need.place, (need.system, need.set), (need.system, need.set, need.column)
            if self.columns.has(*where):
                continue
            if not self.columns.has_table(*table):
                if table in told:
                    continue
                told.add(table)
                place = heads.get(table, place)
            yield self.loaded.document.problem(place, self.columns.why_not(*where), self.columns.remedy(*where))

    def _needed(self) -> Iterator[Need]:
        """What says which record is meant and which row is whose, and what other flows wait for."""
        yield from of_file(self.file, self.finops, self.source, self.target, self.conditions)
        for row in self.rows:
            if self._tells_whose(row):
                sources = (*own_sources(row, self.side, self.source.set), *looked_up(row, self.side))
                for need in (*sources, *targets(row, self.side, self.target.set)):
                    yield dataclasses.replace(need, place=(*self.paths[row.id], *need.place))

    def _tells_whose(self, row: Row) -> bool:
        """Whether the row is of a key, or records are looked for by it."""
        return row.match is not None or self.side.column_of(row) in self.side.key

    def _first_lacking(self, needs: Iterable[Need]) -> Need | None:
        return next((need for need in needs if not self.columns.has(need.system, need.set, need.column)), None)

    def _drop(self) -> None:
        """Switch off the rows of which a column is lacking, and those that build on their values.

        A row that says what a blank becomes reads a lacking source as blank: F&O would refuse every record without a
        customer group, say.
        """
        gone: set[str] = set()
        sourceless: set[str] = set()

        def stays(row: Row, table: str, prefix: str = "") -> bool:
            sources = list(own_sources(row, self.side, self.source.set))
            there = [need for need in sources if self._first_lacking([need]) is None]
            not_looked_up = self._first_lacking(looked_up(row, self.side))
            target = self._first_lacking(targets(row, self.side, table))
            need = target or self._first_lacking(sources) or not_looked_up
            on = next((name for name in asked_of(row) if name in gone), None)
            if need is None and on is None:
                return True
            reads_blank = minds_blank(row) and target is None and (on is None or self.target.system == "finops")
            if not reads_blank:
                gone.add(prefix + self.side.column_of(row))
            elif not_looked_up is not None:
                sourceless.add(row.id)
            if prefix or not self._tells_whose(row):  # the others are problems
                always = not_looked_up is not None or not there
                self.lacking.append(self._lack(row.id, self.paths[row.id], need, on, blank=reads_blank, always=always))
            return reads_blank

        table = self.target.set
        kept = [(block, [row for row in rows if stays(row, table)]) for block, rows in self.entries]
        self.entries = [(block, rows) for block, rows in kept if rows]
        self.writes = [
            (step, stay)
            for step, rows in self.writes
            if (stay := [row for row in rows if stays(row, step.table or table, f"{step.step}.")])
            and self._is_found(step, stay, gone)
        ]
        self.side = dataclasses.replace(self.side, sourceless=frozenset(sourceless))

    def _is_found(self, step: Step, rows: Sequence[Row], gone: set[str]) -> bool:
        """Whether the row of a child table can be looked for; if not, the whole step is off."""
        on = next((column for column in step.match or () if f"{step.step}.{column}" in gone), None)
        if on is not None:
            gone.update(f"{step.step}.{self.side.column_of(row)}" for row in rows)
            self.lacking += [self._lack(row.id, self.paths[row.id], None, on) for row in rows]
        return on is None

    def _lack(
        self,
        row: str,
        path: Path,
        need: Need | None,
        on: str | None = None,
        *,
        blank: bool = False,
        always: bool = False,
    ) -> Lack:
        if need is None:
            return Lack(
                row, on or "", f"it builds on {on}, which is off", "It is on when that is.", path, blank, always
            )
        place = need.system, need.set, need.column
        return Lack(row, need.column, self.columns.why_not(*place), self.columns.remedy(*place), path, blank, always)

    def _do_without(self) -> None:
        """Leave out further searches, and what a deactivation writes, where a column of the target is lacking; and
        who has replaced a record, where that of the source is."""
        for index, test in enumerate(self.file.only):
            named = [test.replaced_by] if test.replaced_by and self.conditions.hold(test.only_if) else []
            need = self._first_lacking(Need((), self.source.system, self.source.set, name) for name in named)
            if need is not None:
                path: Path = ("only", index, "replaced_by")
                self.lacking.append(self._lack(f"replaced_by of only {index + 1}", path, need, blank=True))
        for index, search in enumerate(self.file.also_match):
            if self.conditions.hold(search.only_if):
                if need := self._first_lacking(self._in_target(search.by)):
                    self.lacking.append(self._lack(f"also_match {index + 1}", ("also_match", index), need))
                else:
                    self.searches.append(search)
        rule = self.file.on_deactivate
        if rule is not None and self.conditions.hold(rule.only_if):
            need = self._first_lacking(self._in_target((*rule.hold, *rule.release)))
            self.deactivates = need is None
            if need is not None:
                self.lacking.append(self._lack(rule.id, ("on_deactivate",), need))

    def _in_target(self, names: Iterable[str]) -> Iterator[Need]:
        return (Need((), self.target.system, self.target.set, name) for name in names)

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
