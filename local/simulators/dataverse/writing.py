"""Create, update and delete of rows: from a payload to what is stored, with the rows that hang on it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import uuid4

from local.simulators.dataverse import errors
from local.simulators.dataverse.duplicates import Duplicates
from local.simulators.dataverse.keys import Keys, Place
from local.simulators.dataverse.payloads import Content, Payloads, Write, point
from local.simulators.dataverse.privileges import Privileges
from local.simulators.dataverse.rules import Rules
from local.simulators.dataverse.schema import Lookup, Table
from local.simulators.dataverse.store import Row, Store
from local.simulators.dataverse.values import time_text

__all__ = ["Write", "Writer"]

_NOWHERE: Mapping[str, Any] = {}


class Writer:
    """Writes rows; every method needs an open transaction of the store and raises `errors.Refusal`."""

    def __init__(self, store: Store, rules: Rules, keys: Keys, privileges: Privileges, duplicates: Duplicates) -> None:
        self._store = store
        self._rules = rules
        self._keys = keys
        self._privileges = privileges
        self._duplicates = duplicates
        self.payloads = Payloads(store, keys, privileges)

    def create(
        self, table: Table, payload: Mapping[str, Any], write: Write, place: Place | None = None, *, deep: bool = True
    ) -> str:
        """Store a new row and return its id: that of `place`, else the one in the payload, else a new one.

        The values of an alternate key in the address fill what the payload leaves out (wire.md 1.3). `deep`: rows
        that are nested in the payload are made as well.
        """
        content = self.payloads.content(table, payload, write)
        if not deep:
            _refuse_nested(content, table)
        return self._create(table, content, write, place)

    def update(
        self, table: Table, row_id: str, payload: Mapping[str, Any], write: Write, key: Mapping[str, Any] = _NOWHERE
    ) -> None:
        """Change the columns in the payload; an unchanged value is a change as well (wire.md 1.2).

        `key` holds the columns that addressed the row: what the payload says of them is ignored (wire.md 1.3).
        """
        self._privileges.check(table, "write")
        old = self._existing(table, row_id)
        content = self.payloads.content(table, payload, write)
        _refuse_nested(content, table)
        values = content.values
        if values.pop(table.key, row_id) != row_id:
            raise errors.bad_argument(f"The value of '{table.key}' in the payload is not the id in the address.")
        row = dict(old)
        for name, value in values.items():
            if name in table.create_only or name in key:
                continue
            if value is None:
                _guard_empty(table, name)
                row.pop(name, None)
            else:
                row[name] = value
        self._finish(table, row, old, write, values)

    def delete(self, table: Table, row_id: str, write: Write) -> None:
        """Delete a row and do to the rows that refer to it what their lookups say."""
        self._privileges.check(table, "delete")
        row = self._existing(table, row_id)
        self._rules.guard_delete(table, row)
        self._delete(table, row_id, write)
        self._rules.deleted(table, row, time_text(write.now))

    def refer(self, table: Table, row_id: str, lookup: Lookup, target: tuple[str, str] | None, write: Write) -> None:
        """Point one lookup of a row to the row of an entity set, or to nothing."""
        self._privileges.check(table, "append")
        old = self._existing(table, row_id)
        if lookup.readonly:
            raise errors.bad_argument(f"The lookup '{lookup.attribute}' of {table.logical} cannot be written.")
        values: Row = {}
        entity_set, target_id = target or ("", None)
        if target_id is None:
            _guard_empty(table, lookup.column)
        point(lookup, entity_set, target_id, values)
        row = {**old, **values}
        self._finish(table, {name: value for name, value in row.items() if value is not None}, old, write, values)

    def _create(self, table: Table, content: Content, write: Write, place: Place | None) -> str:
        self._privileges.check(table, "create")
        now = time_text(write.now)
        row = self._rules.first_values(table, now)
        values = content.values
        if place is not None and place.key:
            values = {**place.key, **values}
        in_payload = values.pop(table.key, None)
        row_id: str = (place and place.row_id) or in_payload or str(uuid4())
        if row_id in self._store.rows(table.entity_set).by_id:
            raise errors.duplicate_key()
        for navigation, nested in content.single.items():
            self._nest(table, navigation, nested, write, values)
        row |= {name: value for name, value in values.items() if value is not None and name not in table.update_only}
        if "overriddencreatedon" in row:
            # The given moment becomes the row's creation; the real one is remembered in its place.
            row["createdon"], row["overriddencreatedon"] = row["overriddencreatedon"], now
        row[table.key] = row_id
        self._finish(table, row, None, write, values)
        if content.many or content.tied:
            self._hang(table, row_id, content, write)
        return row_id

    def _nest(self, table: Table, navigation: str, nested: Mapping[str, Any], write: Write, values: Row) -> None:
        """Make the row that a new row refers to."""
        lookup, first = table.navigations[navigation]
        target = self._store.tables.get(first)
        if target is None or len(lookup.leads_to(navigation)) > 1:
            raise errors.not_implemented(f"A row nested under '{navigation}' is not offered by this simulator.")
        point(lookup, target.entity_set, self.create(target, nested, write), values)

    def _hang(self, table: Table, row_id: str, content: Content, write: Write) -> None:
        """Make the rows that refer to a new row, and tie to it those that exist."""
        here = table.entity_set, row_id
        for name, rows in content.many.items():
            collection = table.collections[name]
            other = self._store.tables[collection.entity_set]
            for nested in rows:
                child = self.payloads.content(other, nested, write)
                point(collection.lookup, *here, child.values)
                self._create(other, child, write, None)
        for name, urls in content.tied.items():
            collection = table.collections[name]
            for url in urls:
                other, child_id = self.payloads.row_at((collection.entity_set,), name, url, write)
                self.refer(other, child_id, collection.lookup, here, write)

    def _delete(self, table: Table, row_id: str, write: Write) -> None:
        for other, lookup in _referring(self._store.tables, table.entity_set):
            self._release(table, row_id, other, lookup, write)
        self._store.remove(table.entity_set, row_id)

    def _release(self, table: Table, row_id: str, other: Table, lookup: Lookup, write: Write) -> None:
        if lookup.on_delete == "keep":
            return
        for referring in self._store.rows(other.entity_set).refers(lookup.column, row_id):
            if lookup.on_delete == "restrict":
                raise errors.still_referred_to(table.logical)
            if lookup.on_delete == "cascade":
                self._delete(other, referring, write)
            else:
                old = self._store.rows(other.entity_set).by_id[referring]
                kept = {name: value for name, value in old.items() if name.partition("@")[0] != lookup.column}
                self._finish(other, kept, old, write, None)

    def _existing(self, table: Table, row_id: str) -> Row:
        row = self._store.rows(table.entity_set).by_id.get(row_id)
        if row is None:
            raise errors.no_such_row(table.logical, row_id)
        return row

    def _finish(self, table: Table, row: Row, old: Row | None, write: Write, named: Collection[str] | None) -> None:
        """Store a row. `named`: the columns that a caller gave values for, None when the server itself writes."""
        now = time_text(write.now)
        self._rules.complete(table, row, old, named)
        row["modifiedon"] = now
        if "_modifiedby_value" in table.columns:
            row["_modifiedby_value"] = self._rules.world.caller.user_id
        if self._keys.of(table):
            self._keys.check(table, row)
        if write.detect_duplicates:
            self._duplicates.check(table, row)
        self._store.put(table.entity_set, row)
        self._rules.written(table, row, old, now)


def _referring(tables: Mapping[str, Table], entity_set: str) -> Iterator[tuple[Table, Lookup]]:
    """Every lookup that can point to a row of this entity set, with its table."""
    for other in tables.values():
        for lookup in other.lookups.values():
            if entity_set in lookup.sets:
                yield other, lookup


def _guard_empty(table: Table, name: str) -> None:
    if name in table.never_empty:
        raise errors.required_missing(table.columns[name].attribute, table.logical)


def _refuse_nested(content: Content, table: Table) -> None:
    """Rows nested in a payload are made on a create by POST alone (wire.md 1.2)."""
    for name in (*content.single, *content.many, *content.tied):
        raise errors.bad_payload(
            table.entity_set,
            f"Microsoft.OData.ODataException: Deep operations are supported on create only ('{name}').",
        )
