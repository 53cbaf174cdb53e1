"""Duplicate detection on request (wire.md 1.11): rules say which columns make two rows of a table duplicates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from local.simulators.dataverse import errors
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.store import Row, Store
from local.simulators.odata.filter_values import kind_of

_RULE = re.compile(r"\s*(\w+)\s*\(([\w\s,]+)\)\s*")


class Duplicates:
    """The published rules of the organisation, each written as `account(name)` or `contact(firstname,lastname)`."""

    def __init__(self, store: Store, rules: Callable[[], Iterable[str]]) -> None:
        self._store = store
        self._rules = rules

    def check(self, table: Table, row: Row) -> None:
        """Refuse a row that is a duplicate of another by one of the rules; empty columns match nothing."""
        for columns in self._columns(table):
            kinds = {name: kind_of(table.edm[name], case_insensitive_text=True).key for name in columns}
            wanted = {name: kinds[name](row[name]) for name in columns if row.get(name) is not None}
            if len(wanted) < len(columns):
                continue
            for other in self._store.rows(table.entity_set).with_values(columns[0], [wanted[columns[0]]]):
                same = all(
                    other.get(name) is not None and kinds[name](other[name]) == value for name, value in wanted.items()
                )
                if same and other[table.key] != row[table.key]:
                    raise errors.duplicates_found()

    def _columns(self, table: Table) -> Iterator[list[str]]:
        for rule in self._rules():
            found = _RULE.fullmatch(rule)
            if found and found[1] == table.logical:
                columns = [name.strip() for name in found[2].split(",")]
                if all(name in table.edm for name in columns):
                    yield columns
