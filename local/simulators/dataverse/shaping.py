"""How a stored row looks in an answer: ETag, the selected columns, the key, annotations where asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.simulators.dataverse.query import Preferences, annotation
from local.simulators.dataverse.schema import Lookup, Table
from local.simulators.dataverse.store import Row, Store

type Shape = Callable[[Row], dict[str, Any]]

_CURRENCY = "_transactioncurrencyid_value"


def etag(row: Row) -> str:
    return f'W/"{row["versionnumber"]}"'


def shape(table: Table, names: tuple[str, ...] | None, prefer: Preferences, store: Store) -> Shape:
    """A function from a row to its JSON form. A selected money column brings the currency with it (wire.md 1.5)."""
    columns = list(table.columns if names is None else names)
    if any(table.columns[name].kind == "money" for name in columns) and _CURRENCY not in columns:
        columns.append(_CURRENCY)
    if table.key not in columns:
        columns.append(table.key)

    def plain(row: Row) -> dict[str, Any]:
        get = row.get
        return {"@odata.etag": f'W/"{row["versionnumber"]}"', **{name: get(name) for name in columns}}

    if not prefer.annotations:
        return plain
    return lambda row: _annotated(plain(row), row, table, prefer, store)


def _annotated(shaped: dict[str, Any], row: Row, table: Table, prefer: Preferences, store: Store) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, value in shaped.items():
        if name in table.columns and value is not None:
            for short, fact in _facts(table, name, row, store).items():
                if short in prefer.annotations:
                    told[f"{name}@{annotation(short)}"] = fact
        told[name] = value
    return told


def _facts(table: Table, name: str, row: Row, store: Store) -> dict[str, Any]:
    """The annotations of one value by their short names."""
    column = table.columns[name]
    if column.choices is not None:
        return {"formatted": column.choices[row[name]]}
    if column.kind != "lookup":
        return {}
    lookup = table.lookups[column.attribute]
    navigation, target_set = _target(lookup, row)
    target = store.tables[target_set]
    found = store.rows(target_set).by_id.get(row[name])
    facts = {"table": target.logical, "navigation": navigation}
    if found and target.name in found:
        facts["formatted"] = found[target.name]
    return facts


def _target(lookup: Lookup, row: Row) -> tuple[str, str]:
    stored = row.get(f"{lookup.column}@set")
    pairs = list(lookup.targets.items())
    return next((pair for pair in pairs if pair[1] == stored), pairs[0])
