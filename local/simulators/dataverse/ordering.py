"""`$orderby` (wire.md 1.6): by columns, and by a lookup through the name of the row that it points to.

Choices are ordered by their numbers, as the Web API does it. Rows without a value come first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.simulators.dataverse import errors
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.store import Row, Store
from local.simulators.odata.filter_values import kind_of

type Rank = Callable[[Row], Any]


def columns_of(text: str) -> list[str]:
    """The names in a `$orderby`."""
    return [part.split()[0] for part in text.split(",") if part.strip()]


def order(store: Store, table: Table, text: str) -> Callable[[list[Row]], list[Row]]:
    """The function that orders rows by a `$orderby`. Raises `errors.Refusal`."""
    steps: list[tuple[Rank, bool]] = []
    for part in text.split(","):
        name, *direction = part.split() or [""]
        if name not in table.columns:
            raise errors.no_such_property(name, table.logical)
        if direction not in ([], ["asc"], ["desc"]):
            raise errors.bad_argument(f"syntax error in $orderby near {part.strip()!r}: a column, then asc or desc.")
        steps.append((_rank(store, table, name), direction == ["desc"]))

    def ordered(rows: list[Row]) -> list[Row]:
        for key, descending in reversed(steps):
            rows = sorted(rows, key=key, reverse=descending)
        return rows

    return ordered


def _rank(store: Store, table: Table, name: str) -> Rank:
    column = table.columns[name]
    if column.kind == "lookup":
        return _rank_of_name(store, table, name)
    rank = kind_of(column.edm, case_insensitive_text=True).rank

    def of(row: Row) -> Any:
        value = row.get(name)
        return (0,) if value is None else (1, rank(value))

    return of


def _rank_of_name(store: Store, table: Table, name: str) -> Rank:
    sets = [one for one in table.lookups[table.columns[name].attribute].sets if one in store.tables]

    def of(row: Row) -> Any:
        row_id = row.get(name)
        for target in sets:
            found = store.rows(target).by_id.get(row_id or "")
            if found is not None:
                return 1, (found.get(store.tables[target].name) or "").casefold()
        return (0,)

    return of
