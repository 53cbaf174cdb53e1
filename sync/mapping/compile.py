"""Compiling a mapping file into plans, one for each direction."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from sync.keys import chosen_key, key_text
from sync.mapping.around import places
from sync.mapping.conditions import KnownColumns, LiveColumns
from sync.mapping.definition import definition
from sync.mapping.documents import LinesCompiler, LinesLayout, compared_with_header, header_names, lines_of, told_by
from sync.mapping.filters import adopt_check, filter_columns, filter_test, uses_of
from sync.mapping.job import BlockStep, RowStep
from sync.mapping.layout import Layout
from sync.mapping.load import LoadedMapping
from sync.mapping.parts import TABLE_OF, AdoptCheck, Asked, Parts, WriteStep
from sync.mapping.plan import COMPANY, Plan
from sync.mapping.problems import MappingProblems
from sync.mapping.resolving import merged, references_of
from sync.mapping.row_schema import Row
from sync.mapping.rows import block_step, derived, fixed_key_step, linked_step, row_step
from sync.mapping.settings import SettingValues, resolve
from sync.mapping.side import lookup_name, when_of
from sync.mapping.terms import Allocation, OnDeactivate, Recovery, ReferenceSet, RevisionRule, Trigger
from sync.mapping.values import ValueMap
from sync.mapping.words import FromSetting
from sync.mapping.writes import write_step
from sync.model import EntityRef, Flow, Scalar, System, Values

__all__ = ["LiveColumns", "compile_file", "compile_plans"]


def compile_plans(
    loaded: LoadedMapping, maps: Mapping[str, ValueMap], settings: Mapping[str, str], live: LiveColumns | None = None
) -> list[Plan]:
    """The plans of a mapping file. Raises MappingProblems when a setting has a value that the file does not allow, or
    a system lacks a column that the flow cannot do without.

    `settings` are dotted lower-case names with their texts; those that the file does not declare are ignored, those
    that are missing have the declared initial value. `live` has the columns of the file's tables as they are
    (`LoadedMapping.tables`); without it columns that conditions ask for are taken as lacking, all others as there.
    """
    return compile_file(loaded, maps, settings, KnownColumns(live or {}))


def compile_file(
    loaded: LoadedMapping, maps: Mapping[str, ValueMap], settings: Mapping[str, str], columns: KnownColumns
) -> list[Plan]:
    """The same for given columns."""
    values, problems = resolve(loaded.settings, settings, maps)
    if problems:
        raise MappingProblems(loaded.name, problems)
    direction = loaded.file.direction
    targets: list[System] = [target for target in ("finops", "sales") if direction in ("both", f"to_{target}")]
    plans = []
    problems = []
    for target in targets:
        known = SettingValues(values)
        layout = Layout(loaded, maps, known, columns, target)
        inside = lines_of(loaded)
        lines = LinesLayout(inside, maps, known, columns, target) if inside is not None else None
        problems += [*layout.problems, *(lines.problems if lines is not None else ())]
        if not problems:
            plans.append(_Compiler(layout, lines).plan())
    if problems:
        raise MappingProblems(loaded.name, problems)
    return plans


class _Compiler:
    """One mapping file in one direction."""

    def __init__(self, layout: Layout, lines: LinesLayout | None) -> None:
        self.layout = layout
        part = layout.file.lines
        self.lines = LinesCompiler(part, lines) if part is not None and lines is not None else None
        if self.lines is not None:
            asked = layout.side.remembered | header_names(layout.file)
            layout.side = dataclasses.replace(layout.side, remembered=asked)
        self.file = layout.file
        self.side = layout.side
        self.source, self.target = layout.source, layout.target
        self.to_finops = self.target.system == "finops"
        keys = [(column, row) for column in self.target.key if (row := layout.key_row(column)) is not None]
        keys.sort(key=lambda pair: pair[0] != COMPANY)
        self.key_rows = dict(keys)
        ranked = sorted((row.match, self.side.column_of(row)) for row in layout.rows if row.match is not None)
        # A key of F&O is natural by itself.
        self.natural = () if self.key_rows else tuple(column for _, column in ranked)
        self.filters = [test for test in self.file.only if layout.conditions.hold(test.only_if)]

    def plan(self) -> Plan:
        file = self.file
        number_column, number, rule = self._number()
        plan = Plan(
            flow=Flow(
                f"{self.layout.loaded.name}_to_{self.target.system}", self.layout.loaded.name, self.source, self.target
            ),
            definition="",
            columns=self._columns(number_column),
            target_columns=self._target_columns(),
            references=self._references(),
            gives=file.gives,
            gives_source=file.gives_source,
            number_column=number_column,
            feed=file.sales.feed if self.to_finops else self.layout.finops.feed,
            modified_on=file.sales.modified_on if self.to_finops else "",
            duplicates=file.duplicates if number_column else None,
            allocate=self._allocation(number_column),
            on_deactivate=self._on_deactivate(),
            company=self._company(),
            natural=self.natural,
            reads_target=self._reads_target(),
            refers_to=frozenset(mapping for asked in self._asked() for mapping in asked.mappings.values()),
            refers_to_targets=frozenset(
                mapping for asked in self._asked() if asked.by_target for mapping in asked.mappings.values()
            ),
            watches=self._watches(),
            uses=tuple(dict.fromkeys(use for test in self.filters for use in uses_of(test))),
            triggers=self._triggers(),
            recovery=self._recovery(),
            when_refused=(self.layout.finops.when_refused or "") if self.to_finops else "",
            refusals=frozenset({"target-refused", *(step.refused for step, _ in self.layout.writes)}),
            lacking=(*self.layout.lacking, *(self.lines.layout.lacking if self.lines is not None else ())),
            lines=self.lines.where() if self.lines is not None else None,
            revisions=RevisionRule(file.revisions.sales, file.revisions.older) if file.revisions else None,
            parts=self._parts(number, rule),
        )
        layout = self.layout
        lacking = [f"{each.row}: {each.column}" for each in sorted(layout.lacking, key=lambda each: each.blank)]
        lines = self.lines.layout if self.lines is not None else None
        return dataclasses.replace(
            plan,
            definition=definition(
                layout.loaded,
                self.side,
                layout.entries,
                layout.writes,
                lacking,
                lines.entries if lines is not None else (),
                lines.conditions.found if lines is not None else {},
            ),
        )

    def _parts(self, number: str, rule: Row | None) -> Parts:
        rows, update_rows = self._rows()
        natural = tuple((column, row_step(self._row(column), self.side)) for column in self.natural)
        made = rule is not None and not self._plain(rule)
        return Parts(
            filters=tuple(
                filter_test(test, self.source.system, replaced_by=self.layout.successor_column(test))
                for test in self.filters
            ),
            key=tuple((column, row_step(row, self.side)) for column, row in self.key_rows.items()),
            natural=natural,
            chosen=None if self.key_rows else _chosen(self.source, self.target.set),
            rows=rows,
            update_rows=update_rows,
            writes=self._writes(),
            adopt=self._adopt(),
            also_match=self._also_match(),
            key_warnings=tuple((c, row.warn_if_changed) for c, row in self.key_rows.items() if row.warn_if_changed),
            number=number,
            rule=rule.id if rule is not None and self._has_rivals(rule) else "",
            derived_number=derived(row_step(rule, self.side)) if rule is not None and made else None,
            asked=self._asked(),
            lines=self.lines.step(header_names(self.file)) if self.lines is not None else None,
        )

    def _rows(self) -> tuple[tuple[RowStep | BlockStep, ...], tuple[RowStep | BlockStep, ...]]:
        """The steps for records without a link, and for those with one."""
        rows: list[RowStep | BlockStep] = []
        update_rows: list[RowStep | BlockStep] = []
        for block, inner in self.layout.entries:
            row, column = inner[0], self.side.column_of(inner[0])
            if block is not None:
                rows.append(block_step(block, inner, self.side))
                sent = [row for row in inner if when_of(row) != "create"]
                update_rows += [block_step(block, sent, self.side)] if sent else []
                continue
            if column in self.side.key:
                fixed = [fixed_key_step(row, self.side)] if row.fixed is not None else []
                rows += fixed
                update_rows += fixed
                continue
            rows.append(_known(column) if column in self.natural else row_step(row, self.side))
            linked = linked_step(row, self.side)
            update_rows += [linked] if linked is not None else []
        return tuple(rows), tuple(update_rows)

    def _writes(self) -> tuple[WriteStep, ...]:
        found = []
        for step, rows in self.layout.writes:
            entity, side = self.target, dataclasses.replace(self.side, prefix=f"{step.step}.")
            if step.table is not None:
                binds = self.layout.children[step.step]
                entity = EntityRef("sales", step.table, (step.id or "",), tuple(binds.values()))
                side = dataclasses.replace(side, binds=binds, key=frozenset(entity.key))
            found.append(write_step(step, tuple(rows), side, entity))
        return tuple(found)

    def _number(self) -> tuple[str, str, Row | None]:
        """The source column of the number ("" where it is made), and the column and row of the key that hold it."""
        column = (self.file.sales.number if self.to_finops else self.layout.finops.number) or ""
        rows = {**self.key_rows, **{name: self._row(name) for name in self.natural}}
        if column:
            name = next((name for name, row in rows.items() if column in self.side.sources_of(row)), "")
            return column, name, rows.get(name)
        name = self.layout.finops.number or ""
        found = rows.get(name)
        if found is None:
            return "", "", None
        return self.side.sources_of(found)[0] if self._plain(found) else "", name, found

    def _has_rivals(self, row: Row) -> bool:
        """Whether other rows of the file make the same column, under other conditions."""
        column = self.side.column_of(row)
        return sum(self.side.column_of(place.row) == column for place in places(self.file) if not place.line) > 1

    def _plain(self, row: Row) -> bool:
        """Whether the row copies one column."""
        made = (row.lookup, row.reference, row.values, row.transform, row.prefix, row.combine, row.join)
        return len(self.side.sources_of(row)) == 1 and not any(made)

    def _row(self, column: str) -> Row:
        return next(row for row in self.layout.rows if self.side.column_of(row) == column)

    def _adopt(self) -> tuple[AdoptCheck, ...]:
        found = []
        for test in self.file.adopt:
            column = (test.finops if self.to_finops else test.sales) or ""
            if not column or not self.layout.conditions.hold(test.only_if):
                continue
            row = self.layout.key_row(column)
            field = self.side.field_of(row) if row is not None else column
            found.append(adopt_check(test, self.target.system, field, row.max if row is not None else None))
        return tuple(found)

    def _also_match(self) -> tuple[Mapping[str, str], ...]:
        company = {COMPANY: COMPANY} if COMPANY in self.target.key else {}
        mapped = {self.side.column_of(row) for row in self.layout.rows}
        return tuple(
            {**company, **search.by} for search in self.layout.searches if mapped.issuperset(search.by.values())
        )

    def _recovery(self) -> Recovery | None:
        """By the columns that rows hold for here; None when every row of the app has the same in all of them."""
        rows = {self.side.column_of(row): row for row in self.layout.rows}
        named = [column for column in self.file.recover_by if column in rows]
        constants = tuple(c for c in named if rows[c].constant is not None or rows[c].setting is not None)
        columns = tuple(column for column in named if column not in constants)
        return Recovery(columns, constants) if columns else None

    def _columns(self, number_column: str) -> tuple[str, ...]:
        columns = {column for row in self.layout.all_rows for column in self.layout.read_columns(row)}
        columns.update(
            asked.column + TABLE_OF
            for asked in self._asked()
            if asked.column is not None and not asked.line and "" not in asked.mappings
        )
        columns.update((*self.source.key, *self.file.gives_source))
        columns.update(rule.sales for rule in (self.file.revisions,) if rule is not None)
        columns.update(name for block, _ in self.layout.entries if block is not None for name in told_by(block))
        columns.update(compared_with_header(self.file))
        columns.update(column for test in self.filters for column in filter_columns(test, self.source.system))
        successors = (self.layout.successor_column(test) for test in self.filters)
        columns.update(lookup_name(column) for column in successors if column)
        return tuple(sorted(columns | ({number_column} if number_column else set())))

    def _target_columns(self) -> tuple[str, ...]:
        columns = {self.side.field_of(row) for row in self.layout.rows if row.remember is None}
        columns |= {*self.target.key, *self.file.gives}
        for step, rows in self.layout.writes:
            columns.update(self.side.field_of(row) for row in rows if step.table is None)
            columns.update(step.only_when)
        for test in self.file.adopt:
            column = test.finops if self.to_finops else test.sales
            if column is not None and self.layout.conditions.hold(test.only_if):
                bind = self.side.binds.get(column)
                columns.add(bind.column if bind is not None else column)
        return tuple(sorted(columns))

    def _references(self) -> tuple[ReferenceSet, ...]:
        rows = [(row, self.side) for row in self.layout.all_rows]
        if self.lines is not None:
            rows += [(row, self.lines.layout.side) for row in self.lines.layout.rows]
        return merged([wanted for row, side in rows for wanted in references_of(row, side)])

    def _asked(self) -> tuple[Asked, ...]:
        own = [Asked(None, {"": test.link_of}) for test in self.filters if test.link_of is not None]
        rows = [
            Asked(column, row.reference.by_table, row.reference.by_target or "")
            for row in self.layout.all_rows
            if row.reference is not None
            for column in self.side.sources_of(row)
        ]
        found: list[Asked] = []
        for asked in (*own, *rows, *(self.lines.asked() if self.lines is not None else ())):
            if asked not in found:
                found.append(asked)
        return tuple(found)

    def _watches(self) -> frozenset[str]:
        filters = [test.link_of for test in self.filters if test.link_of is not None]
        rows = [
            mapping
            for row in self.layout.all_rows
            if row.reference and row.reference.decides
            for mapping in row.reference.by_table.values()
        ]
        return frozenset((*filters, *rows))

    def _triggers(self) -> tuple[Trigger, ...]:
        held = (rows for rows in self.file.triggers if self.to_finops and self.layout.conditions.hold(rows.only_if))
        return tuple(Trigger(rows.table, rows.id, rows.column) for rows in held)

    def _reads_target(self) -> bool:
        """Whether a linked record is judged by what its row in the target holds, too."""
        rows = any(row.own or (row.fixed is not None and row.reference is None) for row in self.layout.all_rows)
        steps = any(step.keep or step.only_when for step, _ in self.layout.writes)
        return rows or steps or any(test.always for test in self._adopt())

    def _company(self) -> str:
        setting: FromSetting | None = None if self.to_finops else self.layout.finops.company
        return self.side.settings.text(setting.setting).lower() if setting is not None else ""

    def _allocation(self, number_column: str) -> Allocation | None:
        rule = self.file.allocate
        if rule is None or not self.to_finops or not self.layout.conditions.hold(rule.only_if):
            return None
        counter = f"{self.file.sales.table}.{number_column}"
        return Allocation(number_column, counter, rule.first, rule.prefix, rule.digits, rule.suffix)

    def _on_deactivate(self) -> OnDeactivate | None:
        rule = self.file.on_deactivate
        if rule is None:
            return None
        gone = rule.gone or ""
        if not self.layout.deactivates:
            return OnDeactivate(rule.reason or "", gone=gone)
        return OnDeactivate(rule.reason or "", dict(rule.hold), dict(rule.release) or None, gone, rule.when_gone)


def _chosen(source: EntityRef, set_: str) -> Callable[[Values], Scalar]:
    """The key of a new row, the same for one source record in every process (design: F&O ignores case in keys)."""

    def chosen(values: Values) -> Scalar:
        key = {column: values.get(column) or "" for column in source.key}
        return chosen_key(set_, key_text(key))

    return chosen


def _known(column: str) -> RowStep:
    """A row that the record was identified by need not run once more."""
    return lambda _, job: job.natural[column]
