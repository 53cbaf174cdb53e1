"""From the JSON of a row to what is stored: columns, binds, nested rows (wire.md 1.2 and 1.5).

A column that is read-only may stand in a payload and is ignored, as the platform does: what a client wrote there is
lost without a word, and shows when the row is read again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.simulators.dataverse import addresses, errors
from local.simulators.dataverse.keys import Keys
from local.simulators.dataverse.privileges import Privileges
from local.simulators.dataverse.schema import Lookup, Table
from local.simulators.dataverse.store import Row, Store
from local.simulators.dataverse.values import readers

_BIND = "@odata.bind"
_SERVICE_ROOT = "/api/data/v9.2/"


@dataclass(frozen=True, slots=True)
class Write:
    """What every write of one request shares. `references`: Content-ID to the address of the row it made."""

    now: datetime
    references: Mapping[str, str] = field(default_factory=dict)
    detect_duplicates: bool = False


@dataclass(slots=True)
class Content:
    """What a payload says: column to value (None clears it), rows to be made with it, rows to be tied to it."""

    values: Row = field(default_factory=dict)
    single: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Nested rows that the new row refers to, by navigation property."""
    many: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    """Nested rows that refer to the new row, by collection."""
    tied: dict[str, list[str]] = field(default_factory=dict)
    """Addresses of rows that shall refer to the new row, by collection."""


class Payloads:
    """Reads payloads; every method raises `errors.Refusal`."""

    def __init__(self, store: Store, keys: Keys, privileges: Privileges) -> None:
        self._store = store
        self._keys = keys
        self._privileges = privileges

    def content(self, table: Table, payload: Mapping[str, Any], write: Write) -> Content:
        """Everything in a payload that is not ignored."""
        read = readers(table)
        content = Content()
        values = content.values
        for name, value in payload.items():
            reader = read.get(name)
            if reader is None:
                self._special(table, name, value, write, content)
            elif not table.columns[name].readonly:
                values[name] = reader(value)
        return content

    def row_at(self, sets: Collection[str], name: str, url: Any, write: Write) -> tuple[Table, str]:
        """The table and the id of the row that a URL in a payload names; it must exist, in one of these entity sets.

        `name` is the property that is told in refusals.
        """
        if not isinstance(url, str):
            raise errors.bad_url_value(url, name)
        path = _below_root(addresses.resolve_reference(url, write.references))
        try:
            address = addresses.split(path)
        except errors.Refusal as problem:
            raise errors.bad_url_value(url, name) from problem
        if address.name not in sets or address.name not in self._store.tables or address.key is None or address.rest:
            raise errors.bad_url_value(url, name)
        table = self._store.tables[address.name]
        place = self._keys.locate(table, address.key)
        if place.row_id is None or place.row_id not in self._store.rows(table.entity_set).by_id:
            raise errors.not_there(self._keys.missing(table, place))
        return table, place.row_id

    def bind(self, table: Table, navigation: str, url: Any, write: Write, values: Row) -> None:
        """Point a lookup to the row at `url`, or with None to nothing; one of several targets empties the others."""
        lookup, _ = table.navigations[navigation]
        if lookup.readonly:
            return
        if url is None:
            point(lookup, "", None, values)
            return
        target, row_id = self.row_at(lookup.leads_to(navigation), navigation, url, write)
        point(lookup, target.entity_set, row_id, values)
        self._privileges.check(table, "append")
        self._privileges.check(target, "append_to")

    def _special(self, table: Table, name: str, value: Any, write: Write, content: Content) -> None:
        bare, at, annotation = name.partition("@")
        if name.endswith(_BIND):
            self._bound(table, bare, value, write, content)
        elif name in table.navigations:
            if value is None or (isinstance(value, dict) and [*value] == ["@odata.id"]):
                self.bind(table, name, value and value["@odata.id"], write, content.values)
            elif isinstance(value, dict):
                content.single[name] = value
            else:
                raise errors.bad_payload(table.entity_set, f"The value of '{name}' is no object.")
        elif name in table.collections:
            content.many[name] = [dict(row) for row in _list(table, name, value, dict)]
        elif name in table.columns:
            raise errors.bad_payload(
                table.entity_set,
                "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead.",
            )
        elif not (at and (not bare or bare in table.columns or bare in table.navigations) and annotation):
            raise errors.invalid_property(name, table.logical)

    def _bound(self, table: Table, bare: str, value: Any, write: Write, content: Content) -> None:
        if bare in table.navigations:
            self.bind(table, bare, value, write, content.values)
        elif bare in table.collections:
            content.tied[bare] = [str(url) for url in _list(table, bare, value, str)]
        else:
            raise errors.undeclared_property(table.entity_set, bare)


def point(lookup: Lookup, target_set: str, row_id: str | None, values: Row) -> None:
    """Let a lookup in `values` point to a row, or to nothing."""
    values[lookup.column] = row_id
    if lookup.polymorphic:
        values[f"{lookup.column}@set"] = target_set if row_id else None


def _list(table: Table, name: str, value: Any, of: type) -> Iterable[Any]:
    if not isinstance(value, list) or not all(isinstance(one, of) for one in value):
        raise errors.bad_payload(table.entity_set, f"The value of '{name}' is no list of what it needs.")
    return value


def _below_root(url: str) -> str:
    """The path of a row without the address of the service, which may be left out, as may the first slash."""
    return url.partition(_SERVICE_ROOT)[2] or url.removeprefix("/")
