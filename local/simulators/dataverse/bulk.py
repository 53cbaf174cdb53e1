"""CreateMultiple, UpdateMultiple, UpsertMultiple (wire.md 1.9): one transaction, all or nothing, one error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.simulators.dataverse import addresses, errors
from local.simulators.dataverse.keys import Keys, Place
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.store import Store
from local.simulators.dataverse.writing import Write, Writer
from local.simulators.odata.filter_values import guid_text

PREFIX = "Microsoft.Dynamics.CRM."
MESSAGES = frozenset({"CreateMultiple", "UpdateMultiple", "UpsertMultiple"})

type Targets = list[Mapping[str, Any]]


class Bulk:
    """The bulk messages; every method raises `errors.Refusal` and then nothing was written."""

    def __init__(self, store: Store, writer: Writer, keys: Keys) -> None:
        self._store = store
        self._writer = writer
        self._keys = keys
        self._messages: Mapping[str, Callable[[Table, Targets, Write], dict[str, Any] | None]] = {
            "CreateMultiple": self._create,
            "UpdateMultiple": self._update,
            "UpsertMultiple": self._upsert,
        }

    def run(self, table: Table, name: str, payload: Mapping[str, Any], write: Write) -> dict[str, Any] | None:
        """The body of the answer, or None where there is none. Tables without bulk messages answer 404."""
        message = self._messages.get(name.removeprefix(PREFIX))
        if message is None or not name.startswith(PREFIX):
            raise errors.no_such_segment(name)
        if not table.bulk:
            raise errors.no_bulk_message(name)
        targets = self._targets(table, payload)
        with self._store.transaction():
            return message(table, targets, write)

    def _create(self, table: Table, targets: Targets, write: Write) -> dict[str, Any]:
        return {"Ids": [self._writer.create(table, target, write, deep=False) for target in targets]}

    def _update(self, table: Table, targets: Targets, write: Write) -> None:
        existing, seen = self._store.rows(table.entity_set).by_id, set()
        for target in targets:
            if "@odata.id" in target or table.key not in target:
                raise errors.bad_argument(f"UpdateMultiple needs the column '{table.key}' in every target.")
            row_id = _guid(table, target[table.key])
            if row_id not in existing:
                raise errors.Refusal(404, "0x80040217", f"{table.schema} With Ids = {row_id} Do Not Exist")
            if row_id not in seen:  # the first of several targets for one row is applied, the others are ignored
                self._writer.update(table, row_id, target, write)
            seen.add(row_id)

    def _upsert(self, table: Table, targets: Targets, write: Write) -> None:
        existing = self._store.rows(table.entity_set).by_id
        seen: set[object] = set()
        for target in targets:
            place = self._place(table, target)
            # Before a row is made its key stands for it; texts of keys are compared without case.
            same = place.row_id or tuple(sorted((name, str(value).casefold()) for name, value in place.key.items()))
            if same in seen:
                raise errors.duplicate_target()
            seen.add(same)
            if place.row_id in existing:
                self._writer.update(table, place.row_id, target, write, place.key)
            elif not place.key.keys().isdisjoint(target):
                raise errors.Refusal(400, "0x80040216", "An unexpected error occurred.")
            else:
                seen.add(self._writer.create(table, target, write, place, deep=False))

    def _place(self, table: Table, target: Mapping[str, Any]) -> Place:
        written = target.get("@odata.id")
        if written is None:
            row_id = _guid(table, target.get(table.key))
            return Place(row_id, row_id)
        address = addresses.split(str(written).removeprefix("/"))
        if address.name != table.entity_set or address.key is None or address.rest:
            raise errors.bad_argument(f"The '@odata.id' '{written}' names no row of {table.entity_set}.")
        return self._keys.locate(table, address.key)

    def _targets(self, table: Table, payload: Mapping[str, Any]) -> Targets:
        targets = payload.get("Targets")
        if not isinstance(targets, list) or not targets:
            raise errors.bad_payload(table.entity_set, "The parameter 'Targets' is missing or empty.")
        wanted = (PREFIX + table.logical, f"#{PREFIX}{table.logical}")
        for place, target in enumerate(targets):
            if not isinstance(target, dict) or target.get("@odata.type") not in wanted:
                raise errors.untyped_target(table.entity_set, place, PREFIX + table.logical)
        return targets


def _guid(table: Table, value: Any) -> str:
    try:
        return guid_text(value)
    except (ValueError, TypeError) as problem:
        raise errors.unreadable_value(table.entity_set, table.key, value, "Edm.Guid") from problem
