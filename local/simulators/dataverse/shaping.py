"""How a stored row looks in an answer: ETag, the selected columns, the key, annotations where asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from local.simulators.dataverse.expanding import Expander, Member
from local.simulators.dataverse.formatted import Currency, formatted
from local.simulators.dataverse.privileges import Privileges
from local.simulators.dataverse.query import Preferences, annotation
from local.simulators.dataverse.schema import Lookup, Table
from local.simulators.dataverse.store import Row, Store

type Shape = Callable[[Row], dict[str, Any]]

_CURRENCY = "_transactioncurrencyid_value"


def etag(row: Row) -> str:
    return f'W/"{row["versionnumber"]}"'


def expander(prefer: Preferences, store: Store, privileges: Privileges) -> Expander:
    """What gives rows their expanded members."""
    return Expander(store, privileges, lambda table, names, more: shape(table, names, prefer, store, more))


def shape(
    table: Table,
    names: tuple[str, ...] | None,
    prefer: Preferences,
    store: Store,
    expanded: Sequence[tuple[str, Member]] = (),
) -> Shape:
    """A function from a row to its JSON form. A selected money column brings the currency with it (wire.md 1.5)."""
    columns = list(table.columns if names is None else names)
    if _CURRENCY in table.columns and any(table.columns[name].kind == "money" for name in columns):
        columns.append(_CURRENCY)
    columns = list(dict.fromkeys([*columns, table.key]))

    def plain(row: Row) -> dict[str, Any]:
        get = row.get
        return {"@odata.etag": f'W/"{row["versionnumber"]}"', **{name: get(name) for name in columns}}

    if not prefer.annotations and not expanded:
        return plain

    def full(row: Row) -> dict[str, Any]:
        shaped = plain(row)
        if prefer.annotations:
            shaped = _annotated(shaped, row, table, prefer, store)
        return {**shaped, **{name: member(row) for name, member in expanded}}

    return full


def _annotated(shaped: dict[str, Any], row: Row, table: Table, prefer: Preferences, store: Store) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, value in shaped.items():
        if name in table.columns and value is not None:
            for short, fact in _facts(table, name, row, store).items():
                if short in prefer.annotations and fact is not None:
                    told[f"{name}@{annotation(short)}"] = fact
        told[name] = value
    return told


def _facts(table: Table, name: str, row: Row, store: Store) -> dict[str, Any]:
    """The annotations of one value by their short names."""
    column = table.columns[name]
    if column.kind != "lookup":
        return {"formatted": formatted(column, row[name], _currency(name, row, store))}
    navigation, entity_set = target_of(store, table.lookups[column.attribute], row)
    target = store.tables.get(entity_set)
    if target is None:
        return {"navigation": navigation}
    found = store.rows(entity_set).by_id.get(row[name])
    return {"table": target.logical, "navigation": navigation, "formatted": found and found.get(target.name)}


def target_of(store: Store, lookup: Lookup, row: Row) -> tuple[str, str]:
    """The navigation property and the entity set that a filled lookup of a row points through and to."""
    stored = row.get(f"{lookup.column}@set")
    pairs = [(navigation, name) for navigation in lookup.targets for name in lookup.leads_to(navigation)]
    for pair in pairs:
        if stored == pair[1] or (stored is None and row[lookup.column] in _ids(store, pair[1])):
            return pair
    return pairs[0]


def _ids(store: Store, entity_set: str) -> Any:
    return store.rows(entity_set).by_id if entity_set in store.tables else ()


def _currency(name: str, row: Row, store: Store) -> Currency:
    """The currency of an amount: that of the row, for amounts in the base currency that of the organisation."""
    currency_id = row.get(_CURRENCY, "")
    if name.endswith("_base"):
        organization = next(store.rows("organizations").after(None), {})
        currency_id = organization.get("_basecurrencyid_value", currency_id)
    currency = store.rows("transactioncurrencies").by_id.get(currency_id, {})
    return Currency(currency.get("currencysymbol") or "$", currency.get("currencyprecision", 2))
