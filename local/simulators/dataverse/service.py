"""From a request to what answers it: the addresses of the Web API below `/api/data/v9.2/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID, uuid5

from local.simulators.dataverse import addresses, errors, query
from local.simulators.dataverse.addresses import Address
from local.simulators.dataverse.batches import Batches
from local.simulators.dataverse.bulk import Bulk
from local.simulators.dataverse.calls import Call, Reply, json_reply, refused
from local.simulators.dataverse.metadata import Metadata
from local.simulators.dataverse.reading import Read, count, read_page, read_row
from local.simulators.dataverse.rules import Caller
from local.simulators.dataverse.schema import Table, load_tables
from local.simulators.dataverse.shaping import etag
from local.simulators.dataverse.store import Row, Store
from local.simulators.dataverse.tracking import Tracking
from local.simulators.dataverse.values import time_text
from local.simulators.dataverse.writing import Write, Writer
from local.simulators.odata.control import Control

SERVICE_ROOT = "/api/data/v9.2/"
SWITCHES: Mapping[str, Any] = {
    "no_read": [],
    "no_write": [],
    "delta_token_days": 7,
    "change_set_error": "plain",
}
"""Entity sets that may not be read, not be written; days that a delta token lives; how a failed change set is told:
`plain` or `wrapped` (wire.md 1.8 leaves both open)."""
_LONGEST_URL = 32_768
_NAMES = UUID("6f1d1f60-9d0c-4f5e-8f5a-2b6f6d7b1c11")
_ROWS_FROM_THE_START: Mapping[str, Row] = {
    "organizations": {"name": "Simulated organisation"},
    "businessunits": {"name": "Simulated organisation", "isdisabled": False},
    "systemusers": {"firstname": "Simulated", "lastname": "Application", "fullname": "Simulated Application"},
}


class Service:
    """The simulated organisation and everything that can be asked of it."""

    def __init__(self, *, page_limit: int, organization_id: str | None = None) -> None:
        """`page_limit` is the most rows of a page; `organization_id` tells one organisation from another."""
        organization = organization_id or str(uuid5(_NAMES, "organization"))
        self.caller = Caller(str(uuid5(_NAMES, "user")), str(uuid5(_NAMES, "business unit")), organization)
        self.control = Control(
            service_root=SERVICE_ROOT,
            error_body=errors.error_body,
            rows=self.stored_rows,
            switches=SWITCHES,
            allowed={"no_read": load_tables(), "no_write": load_tables(), "change_set_error": ("plain", "wrapped")},
        )
        self.store = Store(load_tables(), lambda changed: self.control.counters.did(writes=changed))
        self.tracking = Tracking(self.store)
        self._writer = Writer(self.store, self.caller)
        self._bulk = Bulk(self.store, self._writer)
        self._metadata = Metadata(self.store.tables)
        self._batches = Batches(self.store, self.handle, lambda parts: self.control.counters.did(operations=parts))
        self._page_limit = page_limit
        self._found()

    def stored_rows(self, entity_set: str) -> Iterator[Row] | None:
        """All rows of a table with all columns, or None when there is no such table."""
        if entity_set not in self.store.tables:
            return None
        columns = self.store.tables[entity_set].columns
        return ({name: row.get(name) for name in columns} for row in self.store.rows(entity_set).after(None))

    def handle(self, call: Call) -> Reply:
        """The answer to a request; a refusal is an answer too."""
        try:
            if len(call.path) + len(call.query) > _LONGEST_URL and not call.in_batch:
                raise errors.Refusal(414, "", f"A URL holds at most {_LONGEST_URL} characters.")
            return self._dispatch(call)
        except errors.Refusal as problem:
            return refused(problem)

    def _dispatch(self, call: Call) -> Reply:
        address = addresses.split(call.path)
        match address.name:
            case "$batch":
                _only(call, "POST")
                return self._batches.run(call, self.control.switch("change_set_error"))
            case "$metadata":
                _only(call, "GET")
                return self._metadata.document()
            case "WhoAmI":
                _only(call, "GET")
                return self._who_am_i(call)
            case "EntityDefinitions":
                _only(call, "GET")
                return self._metadata.definitions(call, address)
        table = self.store.tables.get(address.name)
        if table is None:
            raise errors.no_such_segment(address.name)
        self._check_privilege(table, "read" if call.method == "GET" else "write")
        if address.key is None:
            return self._set(call, table, address)
        row_id = addresses.row_id(table, address.key)
        return self._property(call, table, row_id, address.rest) if address.rest else self._row(call, table, row_id)

    def _set(self, call: Call, table: Table, address: Address) -> Reply:
        if address.rest == "$count":
            _only(call, "GET")
            return self._count(call, table)
        if address.rest:
            _only(call, "POST")
            answer = self._bulk.run(table, address.rest, call.payload(table.entity_set), self._write(call))
            if answer is None:
                return Reply(204)
            return json_reply({"@odata.context": f"{call.base}$metadata#{address.rest}Response", **answer})
        _only(call, "GET", "POST")
        if call.method == "POST":
            return self._create(call, table)
        read = self._read(call, table)
        token = read.options.get("$skiptoken") or ""
        if read.prefer.track_changes or read.options.get("$deltatoken") is not None or 'istracking="True"' in token:
            page = self.tracking.read(read, self.control.now(), self.control.switch("delta_token_days"))
        else:
            page = read_page(self.store, read)
        return json_reply(page.body, headers=page.headers)

    def _count(self, call: Call, table: Table) -> Reply:
        read = self._read(call, table)
        if read.options.get("$deltatoken") is not None:
            number = self.tracking.count(read, self.control.now(), self.control.switch("delta_token_days"))
        else:
            number = count(self.store, table, query.condition(table, read.options.get("$filter")))
        return Reply(200, str(number).encode(), {"Content-Type": "text/plain"})

    def _row(self, call: Call, table: Table, row_id: str) -> Reply:
        methods: Mapping[str, Callable[[Call, Table, str], Reply]] = {
            "GET": self._get,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }
        _only(call, *methods)
        return methods[call.method](call, table, row_id)

    def _get(self, call: Call, table: Table, row_id: str) -> Reply:
        page = read_row(self.store, self._read(call, table), row_id)
        version = page.body["@odata.etag"]
        if call.headers.get("if-none-match") == version and not call.prefer.annotations:
            return Reply(304)
        return json_reply(page.body, headers={"ETag": version, **page.headers})

    def _create(self, call: Call, table: Table) -> Reply:
        with self.store.transaction():
            row_id = self._writer.create(table, call.payload(table.entity_set), self._write(call))
            return self._written(call, table, row_id, created=True)

    def _patch(self, call: Call, table: Table, row_id: str) -> Reply:
        """Update, or create under this id when the row is missing and no condition forbids it (wire.md 1.3)."""
        payload = call.payload(table.entity_set)
        row = self.store.rows(table.entity_set).by_id.get(row_id)
        self._check_conditions(call, table, row_id, row)
        if row is not None and call.headers.get("if-none-match") == "*":
            raise errors.duplicate_row()
        with self.store.transaction():
            if row is None:
                self._writer.create(table, payload, self._write(call), row_id)
            else:
                self._writer.update(table, row_id, payload, self._write(call))
            return self._written(call, table, row_id, created=row is None)

    def _delete(self, call: Call, table: Table, row_id: str) -> Reply:
        self._check_conditions(call, table, row_id, self.store.rows(table.entity_set).by_id.get(row_id))
        with self.store.transaction():
            self._writer.delete(table, row_id, self._write(call))
        return Reply(204)

    def _property(self, call: Call, table: Table, row_id: str, name: str) -> Reply:
        """One column of a row (wire.md 1.2)."""
        _only(call, "GET", "PUT", "DELETE")
        if name not in table.columns:
            raise errors.no_such_segment(name)
        row = self.store.rows(table.entity_set).by_id.get(row_id)
        if row is None:
            raise errors.no_such_row(table.logical, row_id)
        if call.method == "GET":
            context = f"{call.base}$metadata#{table.entity_set}({row_id})/{name}"
            return json_reply({"@odata.context": context, "value": row.get(name)})
        value = call.payload(table.entity_set).get("value") if call.method == "PUT" else None
        with self.store.transaction():
            self._writer.update(table, row_id, {name: value}, self._write(call))
        return Reply(204)

    def _written(self, call: Call, table: Table, row_id: str, *, created: bool) -> Reply:
        entity = f"{table.entity_set}({row_id})"
        if not call.prefer.return_row:
            address = call.base + entity
            return Reply(204, headers={"OData-EntityId": address, "Location": address}, entity=entity)
        page = read_row(self.store, self._read(call, table), row_id)
        headers = {**page.headers, **call.prefer.applied(row=True), "ETag": page.body["@odata.etag"]}
        reply = json_reply(page.body, 201 if created else 200, headers)
        return Reply(reply.status, reply.body, reply.headers, entity)

    def _who_am_i(self, call: Call) -> Reply:
        who = {
            "@odata.context": f"{call.base}$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
            "BusinessUnitId": self.caller.business_unit_id,
            "UserId": self.caller.user_id,
            "OrganizationId": self.caller.organization_id,
        }
        return json_reply(who, headers={"x-ms-dop-hint": "4"})

    def _read(self, call: Call, table: Table) -> Read:
        return Read(table, query.options(call.query), call.prefer, call.base, self._page_limit, call.repeat)

    def _write(self, call: Call) -> Write:
        return Write(self.control.now(), call.references)

    def _check_conditions(self, call: Call, table: Table, row_id: str, row: Row | None) -> None:
        wanted = call.headers.get("if-match")
        if wanted is None:
            return
        if row is None:
            raise errors.no_such_row(table.logical, row_id)
        if wanted not in ("*", etag(row)):
            raise errors.stale_version()

    def _check_privilege(self, table: Table, privilege: str) -> None:
        if table.entity_set in self.control.switch(f"no_{privilege}"):
            raise errors.no_privilege(privilege.capitalize(), table.logical, self.caller.user_id)

    def _found(self) -> None:
        """The rows that an organisation has from its first day."""
        ids = dict(zip(_ROWS_FROM_THE_START, (self.caller.organization_id, self.caller.business_unit_id,
                                              self.caller.user_id), strict=True))  # fmt: skip
        now = time_text(self.control.now())
        with self.store.transaction():
            for entity_set, values in _ROWS_FROM_THE_START.items():
                key = self.store.tables[entity_set].key
                self.store.put(entity_set, {**values, key: ids[entity_set], "createdon": now, "modifiedon": now})
            user = self.store.rows("systemusers").by_id[self.caller.user_id]
            user["_businessunitid_value"] = self.caller.business_unit_id
        self.control.counters.reset()


def _only(call: Call, *methods: str) -> None:
    if call.method not in methods:
        raise errors.Refusal(
            405, "", f"The requested resource does not support http method '{call.method}'.",
            {"Allow": ", ".join(methods)},
        )  # fmt: skip
