"""The tests that filters are made of, and the `CompiledFilter` that they end in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.simulators.odata.filter_values import Kind

type Row = Mapping[str, Any]
type Test = Callable[[Row], bool]
type Getter = Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class CompiledFilter:
    """A test of one row.

    `equals` says, when known, that every row that passes has one of these values in this column, so that a table may
    ask an index first. The values are in the form of `filter_values.kind_of(type).key`: texts folded, Guids lower case.
    """

    test: Test
    equals: tuple[str, frozenset[Any]] | None = None

    def __call__(self, row: Row) -> bool:
        return self.test(row)


@dataclass(frozen=True, slots=True)
class SetTest:
    """The column's value is one of `values` (in the form of `key`)."""

    get: Getter
    key: Callable[[Any], Any]
    values: frozenset[Any]

    def __call__(self, row: Row) -> bool:
        value = self.get(row)
        return value is not None and self.key(value) in self.values


def both(parts: list[CompiledFilter]) -> CompiledFilter:
    tests = [part.test for part in parts]
    known = [part.equals for part in parts if part.equals]
    fewest = min(known, key=lambda found: len(found[1]), default=None)
    return CompiledFilter(lambda row: all(test(row) for test in tests), fewest)


def either(parts: list[CompiledFilter]) -> CompiledFilter:
    tests = [part.test for part in parts]
    known = [part.equals for part in parts if part.equals]
    columns = {column for column, _ in known}
    if len(known) < len(parts) or len(columns) > 1:
        return CompiledFilter(lambda row: any(test(row) for test in tests))
    equals = columns.pop(), frozenset[Any]().union(*(values for _, values in known))
    first = tests[0]
    if isinstance(first, SetTest) and all(isinstance(test, SetTest) for test in tests):
        return CompiledFilter(SetTest(first.get, first.key, equals[1]), equals)
    return CompiledFilter(lambda row: any(test(row) for test in tests), equals)


def one_of(column: str, kind: Kind, values: Iterable[Any]) -> CompiledFilter:
    accepted = frozenset(values)
    return CompiledFilter(SetTest(getter(column), kind.key, accepted), (column, accepted))


def same(left: Getter, right: Getter, kind: Kind) -> Test:
    def test(row: Row) -> bool:
        one, other = left(row), right(row)
        if one is None or other is None:
            return one is other
        return bool(kind.key(one) == kind.key(other))

    return test


def ordering(left: Getter, right: Getter, kind: Kind, holds: Callable[[Any, Any], bool]) -> Test:
    def test(row: Row) -> bool:
        one, other = left(row), right(row)
        return one is not None and other is not None and holds(kind.rank(one), kind.rank(other))

    return test


def wildcard(get: Getter, written: str) -> Test:
    pattern = re.compile(".*".join(map(re.escape, written.split("*"))), re.IGNORECASE | re.DOTALL)
    return lambda row: (value := get(row)) is not None and pattern.fullmatch(value) is not None


def getter(column: str) -> Getter:
    return lambda row: row.get(column)
