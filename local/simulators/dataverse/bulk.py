"""CreateMultiple, UpdateMultiple, UpsertMultiple (wire.md 1.9): one transaction, all or nothing, one error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.simulators.dataverse import addresses, errors
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.store import Store
from local.simulators.dataverse.writing import Write, Writer
from local.simulators.odata.filter_values import guid_text

PREFIX = "Microsoft.Dynamics.CRM."

type Targets = list[Mapping[str, Any]]


class Bulk:
    """The bulk messages; every method raises `errors.Refusal` and then nothing was written."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._messages: Mapping[str, Callable[[Table, Targets, Write], dict[str, Any] | None]] = {
            "CreateMultiple": self._create,
            "UpdateMultiple": self._update,
            "UpsertMultiple": self._upsert,
        }

    def run(self, table: Table, name: str, payload: Mapping[str, Any], write: Write) -> dict[str, Any] | None:
        """The body of the answer, or None where there is none. Tables without bulk messages answer 404."""
        message = self._messages.get(name.removeprefix(PREFIX))
        if message is None or not name.startswith(PREFIX) or not table.bulk:
            raise errors.no_such_segment(name)
        targets = self._targets(table, payload)
        with self._store.transaction():
            return message(table, targets, write)

    def _create(self, table: Table, targets: Targets, write: Write) -> dict[str, Any]:
        return {"Ids": [self._writer.create(table, target, write) for target in targets]}

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
        existing, seen = self._store.rows(table.entity_set).by_id, set()
        for target in targets:
            row_id = self._addressed(table, target)
            if row_id in seen:
                raise errors.duplicate_row()
            seen.add(row_id)
            if row_id in existing:
                self._writer.update(table, row_id, target, write)
            else:
                self._writer.create(table, target, write, row_id)

    def _addressed(self, table: Table, target: Mapping[str, Any]) -> str:
        written = target.get("@odata.id")
        if written is None:
            return _guid(table, target.get(table.key))
        address = addresses.split(str(written))
        if address.name != table.entity_set or address.key is None:
            raise errors.bad_argument(f"The '@odata.id' '{written}' names no row of {table.entity_set}.")
        return addresses.row_id(table, address.key)

    def _targets(self, table: Table, payload: Mapping[str, Any]) -> Targets:
        targets = payload.get("Targets")
        if not isinstance(targets, list) or not targets:
            raise errors.bad_payload(table.entity_set, "The parameter 'Targets' is missing or empty.")
        wanted = {PREFIX + table.logical, f"#{PREFIX}{table.logical}"}
        for place, target in enumerate(targets):
            if not isinstance(target, dict) or target.get("@odata.type") not in wanted:
                raise errors.bad_payload(
                    table.entity_set, f"Target {place} needs '@odata.type': '{PREFIX}{table.logical}'."
                )
        return targets


def _guid(table: Table, value: Any) -> str:
    try:
        return guid_text(value)
    except (ValueError, TypeError) as problem:
        raise errors.unreadable_value(table.entity_set, table.key, value, "Edm.Guid") from problem
