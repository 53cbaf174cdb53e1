"""Create, update and delete of rows: from a payload to what is stored.

A column that is read-only, or fixed after the create, may stand in a payload and is ignored, as the platform does:
what a client wrote there is lost without a word, and shows when the row is read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from local.simulators.dataverse import addresses, errors, rules
from local.simulators.dataverse.schema import Lookup, Table
from local.simulators.dataverse.store import Row, Store
from local.simulators.dataverse.values import readers, time_text

_BIND = "@odata.bind"


@dataclass(frozen=True, slots=True)
class Write:
    """What every write of one request shares. `references`: Content-ID to the address of the row it made."""

    now: datetime
    references: Mapping[str, str] = field(default_factory=dict)


class Writer:
    """Writes rows; every method needs an open transaction of the store and raises `errors.Refusal`."""

    def __init__(self, store: Store, caller: rules.Caller) -> None:
        self._store = store
        self._caller = caller

    def create(self, table: Table, payload: Mapping[str, Any], write: Write, row_id: str | None = None) -> str:
        """Store a new row and return its id: `row_id`, else the one in the payload, else a new one."""
        now = time_text(write.now)
        row = rules.first_values(table, self._caller, now)
        values = self._values(table, payload, write)
        in_payload = values.pop(table.key, None)
        row_id = row_id or in_payload or str(uuid4())
        if row_id in self._store.rows(table.entity_set).by_id:
            raise errors.duplicate_key()
        row |= {name: value for name, value in values.items() if value is not None}
        if "overriddencreatedon" in row:
            # The given moment becomes the row's creation; the real one is remembered in its place.
            row["createdon"], row["overriddencreatedon"] = row["overriddencreatedon"], now
        row[table.key] = row_id
        self._finish(table, row, None, now)
        return row_id

    def update(self, table: Table, row_id: str, payload: Mapping[str, Any], write: Write) -> None:
        """Change the columns in the payload; an unchanged value is a change as well (wire.md 1.2)."""
        old = self._existing(table, row_id)
        values = self._values(table, payload, write)
        if values.pop(table.key, row_id) != row_id:
            raise errors.bad_argument(f"The value of '{table.key}' in the payload is not the id in the address.")
        row = dict(old)
        for name, value in values.items():
            if name in table.create_only:
                continue
            if value is None:
                row.pop(name, None)
            else:
                row[name] = value
        self._finish(table, row, old, time_text(write.now))

    def delete(self, table: Table, row_id: str, write: Write) -> None:
        """Delete a row and do to the rows that refer to it what their lookups say."""
        self._existing(table, row_id)
        for other in self._store.tables.values():
            for lookup in other.lookups.values():
                if table.entity_set in lookup.targets.values():
                    self._release(table, row_id, other, lookup, write)
        self._store.remove(table.entity_set, row_id)

    def _release(self, table: Table, row_id: str, other: Table, lookup: Lookup, write: Write) -> None:
        if lookup.on_delete == "keep":
            return
        for referring in self._store.rows(other.entity_set).refers(lookup.column, row_id):
            if lookup.on_delete == "restrict":
                raise errors.still_referred_to(table.logical)
            if lookup.on_delete == "cascade":
                self.delete(other, referring, write)
            else:
                row = dict(self._store.rows(other.entity_set).by_id[referring])
                del row[lookup.column]
                self._finish(other, row, None, time_text(write.now))

    def _existing(self, table: Table, row_id: str) -> Row:
        row = self._store.rows(table.entity_set).by_id.get(row_id)
        if row is None:
            raise errors.no_such_row(table.logical, row_id)
        return row

    def _finish(self, table: Table, row: Row, old: Row | None, now: str) -> None:
        rules.complete(table, row, old, self._store)
        row["modifiedon"] = now
        if "_modifiedby_value" in table.columns:
            row["_modifiedby_value"] = self._caller.user_id
        self._store.put(table.entity_set, row)

    def _values(self, table: Table, payload: Mapping[str, Any], write: Write) -> Row:
        """Column to value (None: clear it) for everything in a payload that is not ignored."""
        read = readers(table.entity_set)
        values: Row = {}
        for name, value in payload.items():
            reader = read.get(name)
            if reader is None:
                self._special(table, name, value, write, values)
            elif not table.columns[name].readonly:
                values[name] = reader(value)
        return values

    def _special(self, table: Table, name: str, value: Any, write: Write, values: Row) -> None:
        bare, at, annotation = name.partition("@")
        if name.endswith(_BIND):
            if bare not in table.navigations:
                raise errors.undeclared_property(table.entity_set, bare)
            self._bind(table, bare, value, write, values)
        elif name in table.navigations and (value is None or (isinstance(value, dict) and [*value] == ["@odata.id"])):
            self._bind(table, name, value and value["@odata.id"], write, values)
        elif name in table.columns:
            raise errors.bad_payload(
                table.entity_set,
                "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead.",
            )
        elif not (at and (not bare or bare in table.columns) and annotation):
            raise errors.invalid_property(name, table.logical)

    def _bind(self, table: Table, navigation: str, value: Any, write: Write, values: Row) -> None:
        lookup, target_set = table.navigations[navigation]
        if lookup.readonly:
            return
        if not isinstance(value, str | None):
            raise errors.bad_url_value(value, navigation)
        values[lookup.column] = value and self._target(navigation, target_set, value, write)
        if lookup.polymorphic:
            values[f"{lookup.column}@set"] = value and target_set

    def _target(self, navigation: str, target_set: str, url: str, write: Write) -> str:
        """The id of the row that a bind names; it must exist."""
        address = addresses.split(_below_root(addresses.resolve_reference(url, write.references)))
        if address.name != target_set or address.key is None or address.rest:
            raise errors.bad_url_value(url, navigation)
        target = self._store.tables[target_set]
        row_id = addresses.row_id(target, address.key)
        if row_id not in self._store.rows(target_set).by_id:
            raise errors.no_such_row(target.logical, row_id)
        return row_id


def _below_root(url: str) -> str:
    """The path of a row without the address of the service, which may be left out, as may the first slash."""
    return url.partition("/api/data/v9.2/")[2] or url.removeprefix("/")
