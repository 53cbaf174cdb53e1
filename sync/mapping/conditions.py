"""When rows, filters and tests hold: what settings are, and which optional columns the live system has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sync.mapping.settings import SettingValues
from sync.mapping.values import key_text
from sync.mapping.words import Condition, OnlyIf

type LiveColumns = Mapping[str, frozenset[str]]
"""The columns that Sales tables really have: entity set to logical names."""


@dataclass(frozen=True)
class SalesColumns:
    """Which columns Sales has. Offline (`live` None) every one that is read or written, of the optional ones some."""

    live: LiveColumns | None = None
    optional: frozenset[str] = frozenset()

    def has(self, table: str, column: str) -> bool:
        """Whether a column can be read and written."""
        return self.live is None or column in self.live.get(table, frozenset())

    def exists(self, table: str, column: str) -> bool:
        """What a condition is told about a column that may be lacking."""
        return column in self.optional if self.live is None else self.has(table, column)


class Conditions:
    """Judges conditions of one file; `found` notes which optional columns it asked for and whether they exist."""

    def __init__(self, settings: SettingValues, columns: SalesColumns, table: str) -> None:
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
