"""Compiling a mapping file into plans, one for each direction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sync.mapping.job import BlockStep, RowStep
from sync.mapping.load import LoadedMapping
from sync.mapping.parts import AdoptCheck, FilterTest, Parts
from sync.mapping.plan import COMPANY, Plan
from sync.mapping.problems import MappingProblems, Problem
from sync.mapping.rows import Side, block_step, row_step, when_of
from sync.mapping.schema import AdoptTest, Block, Row
from sync.mapping.settings import SettingValues, app_setting, resolve
from sync.mapping.terms import Allocation, Facts, Mapped, OnDeactivate, ReferenceSet
from sync.mapping.text import clean, same_name, width
from sync.mapping.values import ValueMap
from sync.model import EntityRef, Flow, Record, Scalar, System, Values

LANGUAGE = 1
"""Raised when the same file comes to mean something else, so that all records are judged again."""


type LiveColumns = Mapping[str, frozenset[str]]
"""The columns that Sales tables really have: entity set to logical names."""


def compile_plans(
    loaded: LoadedMapping,
    maps: Mapping[str, ValueMap],
    settings: Mapping[str, str],
    live: LiveColumns | None = None,  # noqa: ARG001
) -> list[Plan]:
    """The plans of a mapping file. Raises MappingProblems when a setting has a value that the file does not allow.

    `settings` are dotted lower-case names with their texts; those that the file does not declare are ignored, those
    that are missing have the declared initial value.
    """
    values, problems = resolve(loaded.settings, settings, maps)
    if problems:
        raise MappingProblems(loaded.name, problems)
    file = loaded.file
    targets: list[System] = [target for target in ("finops", "sales") if file.direction in ("both", f"to_{target}")]
    compilers = [_Compiler(loaded, maps, SettingValues(values), target) for target in targets]
    problems = [problem for compiler in compilers for problem in compiler.too_long_settings()]
    if problems:
        raise MappingProblems(loaded.name, problems)
    return [compiler.plan() for compiler in compilers]


class _Compiler:
    """One mapping file in one direction."""

    def __init__(
        self, loaded: LoadedMapping, maps: Mapping[str, ValueMap], settings: SettingValues, target: System
    ) -> None:
        file = loaded.file
        self.loaded = loaded
        self.file = file
        self.settings = settings
        sales = EntityRef("sales", file.sales.table, (file.sales.id,))
        finops = EntityRef("finops", file.finops.entity, file.finops.key)
        self.target = finops if target == "finops" else sales
        self.source = sales if target == "finops" else finops
        self.side = Side(
            source=self.source.system,
            target=target,
            key=frozenset(self.target.key),
            maps=maps,
            settings=settings,
            transforms=loaded.transforms,
        )
        self.entries = [entry for entry in (self._active(entry) for entry in file.fields) if entry]
        self.filtered: set[str] = set()
        self.rows = [row for block, rows in self.entries for row in rows]

    def too_long_settings(self) -> list[Problem]:
        """Settings whose value is longer than the column they are sent to."""
        problems = []
        for row in self.rows:
            value = self.settings.text(row.setting) if row.setting else ""
            if row.setting and row.max is not None and width(value) > row.max:
                what = f'"{value}" is longer than the {row.max} characters of {self.side.column_of(row)}'
                place = f"setting {row.setting} ({app_setting(row.setting)})"
                problems.append(Problem(place, 0, 0, what, "Shorten it."))
        return problems

    def _active(self, entry: Row | Block) -> tuple[Block | None, list[Row]] | None:
        block = entry if isinstance(entry, Block) else None
        rows = [row for row in (entry.rows if isinstance(entry, Block) else (entry,)) if self.side.holds(row)]
        return (block, rows) if rows else None

    def plan(self) -> Plan:
        file, to_finops = self.file, self.target.system == "finops"
        parts = self._parts()
        allocate, on_deactivate = self._allocation(), self._on_deactivate()
        return Plan(
            flow=Flow(f"{self.loaded.name}_to_{self.target.system}", self.loaded.name, self.source, self.target),
            columns=self._columns(),
            target_columns=self._target_columns(),
            references=self._references(),
            gives=file.gives,
            number_column=self._number(),
            feed=file.sales.feed if to_finops else file.finops.feed,
            modified_on=file.sales.modified_on if to_finops else "",
            duplicates=file.duplicates,
            allocate=allocate,
            on_deactivate=on_deactivate,
            parts=parts,
            definition=self._definition(),
        )

    def _parts(self) -> Parts:
        key_rows = {self.side.column_of(row): row for row in self.rows if self.side.column_of(row) in self.side.key}
        all_steps: list[RowStep | BlockStep] = []
        update_steps: list[RowStep | BlockStep] = []
        for block, rows in self.entries:
            if block is None and self.side.column_of(rows[0]) in self.side.key:
                continue
            all_steps.append(self._step(block, rows))
            sent = [row for row in rows if when_of(row) != "create"]
            if sent:
                update_steps.append(self._step(block, sent))
        key = [column for column in self.target.key if column in key_rows]
        key.sort(key=lambda column: column != COMPANY)
        return Parts(
            filters=self._filters(),
            key=tuple((column, row_step(key_rows[column], self.side)) for column in key),
            rows=tuple(all_steps),
            update_rows=tuple(update_steps),
            adopt=self._adopt(),
            key_warnings=tuple(
                (column, warning) for column in key if (warning := key_rows[column].warn_if_changed) is not None
            ),
            natural=(),
            chosen=None,
            writes=(),
            also_match=(),
            number=(number := next((c for c in key if self._number() in self.side.sources_of(key_rows[c])), "")),
            rule=key_rows[number].id if number else "",
            derived_number=None,
            asked=(),
        )

    def _step(self, block: Block | None, rows: list[Row]) -> RowStep | BlockStep:
        return row_step(rows[0], self.side) if block is None else block_step(block, rows, self.side)

    def _number(self) -> str:
        number = self.file.sales.number if self.source.system == "sales" else self.file.finops.number
        return number or ""

    def _filters(self) -> tuple[FilterTest, ...]:
        found = []
        for test in self.file.only:
            column = test.sales if self.source.system == "sales" else test.finops
            if column is not None and self.settings.holds(test.only_if):
                passes = test.is_ if isinstance(test.is_, tuple) else (test.is_,)
                found.append(FilterTest(_one_of(column, frozenset(passes)), test.else_, "refuse"))
                self.filtered.add(column)
        return tuple(found)

    def _adopt(self) -> tuple[AdoptCheck, ...]:
        limits = {self.side.column_of(row): row.max for row in self.rows}
        return tuple(
            _adopt_check(test, limits.get(test.finops)) for test in self.file.adopt if self.settings.holds(test.only_if)
        )

    def _columns(self) -> tuple[str, ...]:
        columns = {column for row in self.rows for column in self.side.sources_of(row)}
        columns.update(self.source.key)
        columns.update(self.filtered)
        return tuple(sorted(columns | ({self._number()} if self._number() else set())))

    def _target_columns(self) -> tuple[str, ...]:
        columns = {self.side.column_of(row) for row in self.rows} | set(self.target.key) | set(self.file.gives)
        columns.update(test.finops for test in self.file.adopt if self.settings.holds(test.only_if))
        return tuple(sorted(columns))

    def _references(self) -> tuple[ReferenceSet, ...]:
        wanted: dict[tuple[System, str, str], set[str]] = {}
        for row in self.rows:
            if row.lookup and self.side.sources_of(row):
                wanted.setdefault((self.source.system, row.lookup.set, row.lookup.key), set()).add(row.lookup.give)
            if row.exists:
                columns = wanted.setdefault((self.target.system, row.exists.set, row.exists.column), set())
                columns.update({COMPANY} if row.exists.by_company else ())
        return tuple(ReferenceSet(*place, tuple(sorted(columns))) for place, columns in sorted(wanted.items()))

    def _allocation(self) -> Allocation | None:
        rule = self.file.allocate
        if rule is None or self.source.system != "sales" or not self.settings.holds(rule.only_if):
            return None
        counter = f"{self.file.sales.table}.{self._number()}"
        return Allocation(self._number(), counter, rule.first, rule.prefix, rule.digits, rule.suffix)

    def _on_deactivate(self) -> OnDeactivate | None:
        rule = self.file.on_deactivate
        if rule is None:
            return None
        if not self.settings.holds(rule.only_if):
            return OnDeactivate(rule.reason)
        return OnDeactivate(rule.reason, dict(rule.hold), dict(rule.release))

    def _definition(self) -> str:
        """A hash over all that decides what is written; call it last, when every setting has been read."""
        file = self.file.model_dump(
            mode="json",
            exclude_defaults=True,
            by_alias=True,
            exclude={"title", "settings", "examples", "example_defaults", "fields"},
        )
        content: dict[str, Any] = {
            "language": LANGUAGE,
            "target": self.target.system,
            "file": file,
            "fields": [
                {"block": block and [block.block, list(block.sent_when)], "rows": [_content(row) for row in rows]}
                for block, rows in self.entries
            ],
            "values": {name: self.side.maps[name].content for name in sorted(_map_names(self.rows))},
            "settings": self.settings.content(),
            "transforms": self.loaded.transforms.source if any(_is_transformed(row) for row in self.rows) else "",
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _content(row: Row) -> dict[str, Any]:
    return row.model_dump(mode="json", exclude_defaults=True, by_alias=True, exclude={"enabled"})


def _map_names(rows: Iterable[Row]) -> set[str]:
    return {row.values for row in rows if isinstance(row.values, str)}


def _is_transformed(row: Row) -> bool:
    return bool(row.transform or row.combine)


def _one_of(column: str, passes: frozenset[Scalar | None]) -> Callable[[Record, Facts], bool]:
    return lambda record, _: record.values.get(column) in passes


def _adopt_check(test: AdoptTest, limit: int | None) -> AdoptCheck:
    def passes(mapped: Mapped | None, target: Values) -> bool:
        theirs = clean(str(target.get(test.finops) or ""))
        if test.never or (test.is_ is not None and theirs.casefold() != str(test.is_).casefold()):
            return False
        if test.same_name:
            fields = mapped.fields if mapped else ()
            ours = next((field.value for field in fields if field.name == test.finops), None)
            return same_name(str(ours or ""), theirs, limit)
        return True

    return AdoptCheck(passes, test.else_, test.finops, always=False)
