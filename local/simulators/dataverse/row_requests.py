"""Requests for one row: create, read, update, upsert, delete, with their conditions (wire.md 1.2 and 1.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from local.simulators.dataverse import errors
from local.simulators.dataverse.calls import Call, Reply, json_reply, only
from local.simulators.dataverse.keys import Place
from local.simulators.dataverse.organisation import Organisation
from local.simulators.dataverse.reading import read_row
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.shaping import etag
from local.simulators.dataverse.store import Row


class RowRequests:
    """Answers requests for single rows of an organisation; every method raises `errors.Refusal`."""

    def __init__(self, organisation: Organisation) -> None:
        self._org = organisation

    def answer(self, call: Call, table: Table, place: Place) -> Reply:
        """The answer to a request for the row at a place."""
        methods: Mapping[str, Callable[[Call, Table, Place], Reply]] = {
            "GET": self._get,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }
        only(call, *methods)
        return methods[call.method](call, table, place)

    def create(self, call: Call, table: Table) -> Reply:
        """The answer to a POST to the table."""
        with self._org.store.transaction():
            row_id = self._org.writer.create(table, call.payload(table.entity_set), self._org.write(call))
            return self._written(call, table, f"{table.entity_set}({row_id})", row_id, created=True)

    def existing(self, table: Table, place: Place) -> Row:
        """The row at a place, which must be there."""
        row = self._row(table, place)
        if row is None:
            raise self._org.keys.missing(table, place)
        return row

    def _row(self, table: Table, place: Place) -> Row | None:
        return self._org.store.rows(table.entity_set).by_id.get(place.row_id or "")

    def _get(self, call: Call, table: Table, place: Place) -> Reply:
        read = self._org.read(call, table)
        row = self.existing(table, place)
        page = read_row(self._org.store, read, row[table.key])
        self._org.control.counters.did(reads=1)
        version = page.body["@odata.etag"]
        cachable = not call.prefer.annotations and read.options.get("$expand") is None
        if cachable and call.headers.get("if-none-match") == version:
            return Reply(304, headers={"ETag": version})
        return json_reply(page.body, headers={"ETag": version, **page.headers})

    def _patch(self, call: Call, table: Table, place: Place) -> Reply:
        """Update, or create at this place when no row is there and no condition forbids it."""
        payload = call.payload(table.entity_set)
        row = self._row(table, place)
        self._check_conditions(call, table, place, row)
        if row is not None and call.headers.get("if-none-match") == "*":
            raise errors.duplicate_row()
        writer, write = self._org.writer, self._org.write(call)
        with self._org.store.transaction():
            if row is None:
                row_id = writer.create(table, payload, write, place, deep=False)
            else:
                row_id = row[table.key]
                writer.update(table, row_id, payload, write, place.key)
            # An alternate key in the address is echoed, not the id (wire.md 1.3).
            entity = f"{table.entity_set}({place.written if place.key else row_id})"
            return self._written(call, table, entity, row_id, created=row is None)

    def _delete(self, call: Call, table: Table, place: Place) -> Reply:
        self._check_conditions(call, table, place, self._row(table, place))
        row = self.existing(table, place)
        with self._org.store.transaction():
            self._org.writer.delete(table, row[table.key], self._org.write(call))
        return Reply(204)

    def _written(self, call: Call, table: Table, entity: str, row_id: str, *, created: bool) -> Reply:
        address = call.base + entity
        switch = self._org.control.switch
        if not call.prefer.return_row:
            named = created or switch("entity_id_on_update")
            headers = {"OData-EntityId": address, "Location": address} if named else {}
            return Reply(204, headers=headers, entity=entity)
        page = read_row(self._org.store, self._org.read(call, table), row_id)
        told = created or switch("preference_on_update")
        applied = call.prefer.applied(row=True) if told else {}
        reply = json_reply(
            page.body, 201 if created else 200, {**page.headers, **applied, "ETag": page.body["@odata.etag"]}
        )
        return Reply(reply.status, reply.body, reply.headers, entity)

    def _check_conditions(self, call: Call, table: Table, place: Place, row: Row | None) -> None:
        wanted = call.headers.get("if-match")
        if wanted is None:
            return
        if row is None:
            raise errors.condition_not_met(self._org.keys.missing(table, place))
        if wanted not in ("*", etag(row)):
            raise errors.stale_version()
