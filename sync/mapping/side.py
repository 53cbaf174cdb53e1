"""Where the rows of a flow read and write, and what they may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.mapping.conditions import Conditions
from sync.mapping.row_schema import Otherwise, Row
from sync.mapping.settings import SettingValues
from sync.mapping.terms import When
from sync.mapping.transforms import Transforms
from sync.mapping.values import ValueMap, inline_map
from sync.mapping.words import FromRow, FromSetting
from sync.model import Bind, Scalar, System


@dataclass(frozen=True)
class Side:
    """What the rows of one table have in common.

    `key` are the columns of the target's key, `source_id` is the source's key column where it has one only. `binds` are
    the lookups that rows of this table write, `main_binds` those of the record's own table, by column. `found_by` says
    for each resolved column in which set its rows are, and by which name. `remembered` are the names of values that
    other rows ask for; `sourceless` are the ids of rows whose value cannot be looked up here, which is as if it were
    blank; `prefix` stands before a column's own.
    """

    source: System
    target: System
    key: frozenset[str]
    source_id: str
    maps: Mapping[str, ValueMap]
    conditions: Conditions
    transforms: Transforms
    binds: Mapping[str, Bind] = field(default_factory=dict)
    main_binds: Mapping[str, Bind] = field(default_factory=dict)
    found_by: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    remembered: frozenset[str] = frozenset()
    sourceless: frozenset[str] = frozenset()
    prefix: str = ""

    @property
    def settings(self) -> SettingValues:
        return self.conditions.settings

    def holds(self, row: Row) -> bool:
        """Whether a row is on, for this direction, and under its conditions."""
        direction = row.direction in ("both", f"to_{self.target}")
        return row.enabled and direction and bool(self.column_of(row)) and self.conditions.hold(row.only_if)

    def column_of(self, row: Row) -> str:
        """The target column of a row, "" when it has none in this direction."""
        name = (row.finops if self.target == "finops" else row.sales) if row.remember is None else row.remember
        return name if isinstance(name, str) else ""

    def field_of(self, row: Row) -> str:
        """The name of the field that a row gives: its column, a lookup as it is read."""
        column = self.column_of(row)
        return self.binds[column].column if column in self.binds else column

    def names_of(self, row: Row) -> tuple[str, ...]:
        """The source columns of a row as the file names them; one that a setting names by its value."""
        names = row.sales if self.source == "sales" else row.finops
        if row.constant is not None or row.setting is not None or self.always(row) is not None or names is None:
            return ()
        if row.id in self.sourceless:
            return ()
        if isinstance(names, FromSetting):
            return (self.settings.text(names.setting),)
        return (names,) if isinstance(names, str) else names

    def sources_of(self, row: Row) -> tuple[str, ...]:
        """The source columns that a row reads, as selected: a lookup is `_x_value`."""
        names = self.names_of(row)
        if self.source != "sales":
            return names
        if row.lookup is not None and row.lookup.of is not None:
            return tuple(lookup_name(name) if name == row.lookup.of else _selected(name) for name in names)
        if row.lookup or row.reference:
            return tuple(name if name == self.source_id else lookup_name(name) for name in names)
        return tuple(map(_selected, names))

    def values_of(self, row: Row) -> ValueMap | None:
        """The value map of a row."""
        if row.values is None:
            return None
        return self.maps[row.values] if isinstance(row.values, str) else inline_map(row.id, row.values)

    def always(self, row: Row) -> FromSetting | None:
        """The setting that an empty value map leads to, whatever the record says.

        As long as no business unit has a company of its own, say, business units need not be looked up.
        """
        table = self.values_of(row)
        if table is None or not table.empty or not isinstance(row.otherwise, Otherwise):
            return None
        default = row.default
        same = isinstance(default, FromSetting) and default.setting == row.otherwise.setting
        return default if same and isinstance(default, FromSetting) else None


NAME_OF = "@name"
"""Stands behind a lookup in a mapping file: the name of the row that it leads to."""

FORMATTED = "@formatted"
"""The same, behind a column as it is read."""


def when_of(row: Row) -> When:
    """When the row is sent."""
    return "create" if row.only_on_create else row.when


def minds_blank(row: Row) -> bool:
    """Whether a row says what a blank becomes: it holds without its source column, too, which is taken as blank."""
    return row.default is not None or bool(row.or_else) or row.required is not None or row.block_required is not None


def _selected(name: str) -> str:
    """A source column as it is selected: the name that a lookup shows is an annotation of it."""
    return f"{lookup_name(name.removesuffix(NAME_OF))}{FORMATTED}" if name.endswith(NAME_OF) else name


def lookup_name(column: str) -> str:
    """A lookup column as it is read."""
    return f"_{column}_value"


def clear_of(row: Row, target: System) -> tuple[bool, Scalar | None]:
    """Whether an update empties the column when the value became blank, and with what (flows.md 1.5)."""
    given = row.default is not None or bool(row.or_else) or row.constant is not None or row.setting is not None
    if when_of(row) == "create" or given or row.clear_when_empty is False or row.type == "yes_no":
        return False, None
    if target == "sales":
        return True, None
    if row.clear_when_empty is not None:
        return True, row.clear_when_empty
    return True, "" if row.type == "text" else 0


def asked_of(row: Row) -> tuple[str, ...]:
    """The names of the values of other rows that a row needs."""
    within = row.resolve.within.values() if row.resolve else ()
    others = (each.same_as for each in row.or_else if isinstance(each, FromRow))
    return tuple(name for name in (row.within, row.same_as, row.unless_clear, *within, *others) if name)
