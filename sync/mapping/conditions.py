"""When rows, filters and tests hold: what settings are, and which columns the live systems have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.mapping.settings import SettingValues
from sync.mapping.values import key_text
from sync.mapping.words import Condition, OnlyIf
from sync.model import System

SYSTEMS: Mapping[System, str] = {"sales": "Sales", "finops": "F&O"}
"""How people are told of the systems."""

_MISSING_TABLE: Mapping[System, str] = {
    "sales": "Check the entity set's name (case counts), and that the solution which brings it is installed.",
    "finops": "Check the entity's public collection name (case counts), and that it is public in this version of F&O.",
}
_MISSING_COLUMN = "Name a column that is there, bring {column} back, or take the line out (a row: enabled: false)."

type Columns = Mapping[str, frozenset[str]]
"""Entity set to the names of its columns, as mapping files write them: those of Sales are logical names."""

type LiveColumns = Mapping[System, Columns]
"""The columns that the tables of both systems really have. A set that a system is not said to have is lacking; of a
system that is not in it nothing is known."""


@dataclass(frozen=True)
class KnownColumns:
    """Which columns both systems have. Of a system that is not known (none is, offline) every column that is read or
    written is taken as there, and of the optional ones of Sales some."""

    live: LiveColumns = field(default_factory=dict)
    optional: frozenset[str] = frozenset()

    def has(self, system: System, table: str, column: str) -> bool:
        """Whether a column can be read and written."""
        return system not in self.live or column in self.live[system].get(table, ())

    def has_table(self, system: System, table: str) -> bool:
        """Whether there is such a table."""
        return system not in self.live or table in self.live[system]

    def why_not(self, system: System, table: str, column: str) -> str:
        """That it is lacking, as a sentence without its end."""
        if not self.has_table(system, table):
            return f"{SYSTEMS[system]} has no table {table}"
        return f"{table if system == 'sales' else f'{table} of F&O'} has no column {column}"

    def remedy(self, system: System, table: str, column: str) -> str:
        """What helps when it is lacking."""
        if not self.has_table(system, table):
            return _MISSING_TABLE[system]
        names = self.live.get(system, {}).get(table, ())
        spelt = next((each for each in names if each.casefold() == column.casefold()), None)
        return f"Write {spelt}: case counts." if spelt else _MISSING_COLUMN.format(column=column)

    def exists(self, table: str, column: str) -> bool:
        """What a condition is told about a column of Sales that may be lacking."""
        return self.has("sales", table, column) if "sales" in self.live else column in self.optional


class Conditions:
    """Judges conditions of one file; `found` notes which optional columns it asked for and whether they exist."""

    def __init__(self, settings: SettingValues, columns: KnownColumns, table: str) -> None:
        self.settings = settings
        self.columns = columns
        self.table = table
        self.found: dict[str, bool] = {}

    def hold(self, only_if: OnlyIf | None) -> bool:
        """Whether all conditions are met; no condition always is."""
        judged = [self._holds(condition) for condition in listed(only_if)]  # every one is noted
        return all(judged)

    def _holds(self, condition: Condition) -> bool:
        if condition.column is not None:
            there = self.columns.exists(self.table, condition.column)
            self.found[condition.column] = there
            return there is condition.exists
        text = self.settings.text(condition.setting or "")
        return (
            bool(text) is condition.set if condition.set is not None else text.casefold() in condition_texts(condition)
        )


def listed(only_if: OnlyIf | None) -> tuple[Condition, ...]:
    """The conditions of an `only_if`."""
    if only_if is None:
        return ()
    return only_if if isinstance(only_if, tuple) else (only_if,)


def condition_texts(condition: Condition) -> set[str]:
    """The values of a condition as texts without case."""
    values = condition.is_ if isinstance(condition.is_, tuple) else (condition.is_,)
    return {key_text(value).casefold() for value in values if value is not None}


def exclude(first: OnlyIf | None, second: OnlyIf | None) -> bool:
    """Whether the two can never hold at once, whatever the settings and columns are."""
    return any(_contradict(one, other) for one in listed(first) for other in listed(second))


def _contradict(one: Condition, other: Condition) -> bool:
    if one.column is not None or other.column is not None:
        return one.column == other.column and one.exists is not other.exists
    if one.setting != other.setting:
        return False
    if one.set is None and other.set is None:
        return not condition_texts(one) & condition_texts(other)
    filled = [_filled(condition) for condition in (one, other)]
    return None not in filled and filled[0] is not filled[1]


def _filled(condition: Condition) -> bool | None:
    """Whether the condition asks for a value (true), for none (false), or for either."""
    if condition.set is not None:
        return condition.set
    blanks = {not text for text in condition_texts(condition)}
    return None if len(blanks) != 1 else not blanks.pop()
