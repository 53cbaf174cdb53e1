"""From a request to what answers it: the addresses of the Web API below `/api/data/v9.2/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from local.simulators.dataverse import addresses, errors, metadata
from local.simulators.dataverse.action_requests import ActionRequests
from local.simulators.dataverse.addresses import Address
from local.simulators.dataverse.batches import Batches
from local.simulators.dataverse.bulk import MESSAGES, PREFIX, Bulk
from local.simulators.dataverse.bulk_delete import BulkDelete
from local.simulators.dataverse.calls import Call, Reply, json_reply, only, refused
from local.simulators.dataverse.duplicates import Duplicates
from local.simulators.dataverse.keys import Keys
from local.simulators.dataverse.member_requests import MemberRequests
from local.simulators.dataverse.organisation import Organisation
from local.simulators.dataverse.privileges import Privileges
from local.simulators.dataverse.row_requests import RowRequests
from local.simulators.dataverse.rules import Caller, Rules, World
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.set_requests import SetRequests
from local.simulators.dataverse.store import Row, Store
from local.simulators.dataverse.switches import SWITCHES, allowed
from local.simulators.dataverse.tracking import Tracking
from local.simulators.dataverse.values import time_text
from local.simulators.dataverse.visible import Visible
from local.simulators.dataverse.writing import Writer
from local.simulators.odata.control import Control

__all__ = ["SERVICE_ROOT", "SWITCHES", "Service"]

SERVICE_ROOT = "/api/data/v9.2/"
_LONGEST_URL = 32_768
_NAMES = UUID("6f1d1f60-9d0c-4f5e-8f5a-2b6f6d7b1c11")
_ROWS_FROM_THE_START: Mapping[str, Row] = {
    "organizations": {"name": "Simulated organisation"},
    "businessunits": {"name": "Simulated organisation", "isdisabled": False},
    "systemusers": {"firstname": "Simulated", "lastname": "Application", "fullname": "Simulated Application"},
    "usersettingscollection": {"timezonecode": 92, "uilanguageid": 1033, "localeid": 1033},
}


class Service:
    """The simulated organisation and everything that can be asked of it."""

    def __init__(
        self,
        *,
        page_limit: int,
        organization_id: str | None = None,
        p2c_solution: bool = False,
        own_tables: Path | None = None,
    ) -> None:
        """`page_limit` is the most rows of a page; `organization_id` tells one organisation from another.

        `p2c_solution`: the first value of that switch. `own_tables`: a folder of tables that the organisation has made
        itself. Raises TableFileError when it cannot be used.
        """
        organization = organization_id or str(uuid5(_NAMES, "organization"))
        self.caller = Caller(str(uuid5(_NAMES, "user")), str(uuid5(_NAMES, "business unit")), organization)
        self.control = Control(
            service_root=SERVICE_ROOT,
            error_body=errors.error_body,
            rows=self.stored_rows,
            switches={**SWITCHES, "p2c_solution": p2c_solution},
            allowed=allowed(own_tables),
        )
        switch = self.control.switch
        self._visible = Visible(switch, own_tables)
        self.store = Store(self._visible.tables(), lambda changed: self.control.counters.did(writes=changed))
        self.tracking = Tracking(self.store)
        self.keys = Keys(self.store)
        privileges = Privileges(switch, self.caller.user_id)
        duplicates = Duplicates(self.store, lambda: switch("duplicate_rules"))
        rules = Rules(World(self.store, self.caller, switch))
        writer = Writer(self.store, rules, self.keys, privileges, duplicates)
        self._org = Organisation(
            self.store, self.caller, self.control, self.keys, privileges, self.tracking, writer, page_limit
        )
        self._sets = SetRequests(self._org)
        self._rows = RowRequests(self._org)
        self._members = MemberRequests(self._org, self._rows)
        self._actions = ActionRequests(self._org, rules)
        self._bulk = Bulk(self.store, writer, self.keys)
        self._bulk_delete = BulkDelete(self.store, writer)
        self._metadata = metadata.Metadata(self.store.tables, self.keys.of)
        self._batches = Batches(self.store, self.handle, self.control)
        self._found()

    def stored_rows(self, entity_set: str) -> Iterator[Row] | None:
        """All rows of a table with all columns, or None when there is no such table."""
        self._follow_schema()
        if entity_set not in self.store.tables:
            return None
        columns = self.store.tables[entity_set].columns
        return ({name: row.get(name) for name in columns} for row in self.store.rows(entity_set).after(None))

    def handle(self, call: Call) -> Reply:
        """The answer to a request; a refusal is an answer too."""
        self._follow_schema()
        try:
            if len(call.path) + len(call.query) > _LONGEST_URL and not call.in_batch:
                raise errors.Refusal(414, "", f"A URL holds at most {_LONGEST_URL} characters.")
            return self._dispatch(call)
        except RecursionError:
            return refused(errors.bad_payload("", "Recursion depth exceeded allowed limit."))
        except errors.Refusal as problem:
            if problem.switch:
                problem.decided(self.control.switch(problem.switch))
            annotated = call.headers.get("prefer") is not None and call.prefer.annotate_errors
            return refused(problem, annotated=annotated, inner=self.control.switch("inner_error"))

    def _follow_schema(self) -> None:
        """Have the tables that the switches ask for. A table that gets or loses columns loses its delta tokens."""
        before, tables = self.store.tables, self._visible.tables()
        if tables is before:
            return
        self.store.use(tables)
        self._metadata = metadata.Metadata(tables, self.keys.of)
        for name, table in tables.items():
            if table.columns != before[name].columns:
                self.tracking.schema_changed(name)

    def _dispatch(self, call: Call) -> Reply:
        address = addresses.split(call.path)
        if address.name == "$batch":
            only(call, "POST")
            return self._batches.run(call)
        if address.name in metadata.SEGMENTS:
            only(call, "GET")
            return self._metadata.answer(call, address)
        if call.method != "GET":
            self._check_read_only()
        table = self.store.tables.get(address.name)
        if table is None:
            return self._operation(call, address)
        if address.key is None:
            return self._set(call, table, address)
        place = self.keys.locate(table, address.key)
        if self._actions.known(address.rest, table):
            return self._actions.bound(call, table, place, address.rest)
        if not address.rest:
            return self._rows.answer(call, table, place)
        return self._members.answer(call, table, place, address.rest)

    def _set(self, call: Call, table: Table, address: Address) -> Reply:
        if address.rest == "$count":
            only(call, "GET")
            return self._sets.count(call, table)
        if address.rest:
            return self._bound(call, table, address)
        only(call, "GET", "POST")
        return self._rows.create(call, table) if call.method == "POST" else self._sets.page(call, table)

    def _bound(self, call: Call, table: Table, address: Address) -> Reply:
        """A message that is bound to the table."""
        name = address.rest.removeprefix(PREFIX)
        if name == "DeleteMultiple" and name != address.rest:
            raise errors.not_implemented("DeleteMultiple has not yet been implemented.")
        if name not in MESSAGES or name == address.rest:
            raise errors.no_such_segment(address.rest)
        if call.method != "POST":
            raise errors.no_such_function(call.base + call.path)
        answer = self._bulk.run(table, address.rest, call.payload(table.entity_set), self._org.write(call))
        if answer is None:
            return Reply(204)
        return json_reply({"@odata.context": f"{call.base}$metadata#{address.rest}Response", **answer})

    def _operation(self, call: Call, address: Address) -> Reply:
        """A function or an action that is bound to nothing."""
        if self._actions.known(address.name, None) and not address.rest:
            return self._actions.unbound(call, address.name)
        operations: Mapping[str, tuple[str, Callable[[Call], dict[str, Any]]]] = {
            "WhoAmI": ("GET", self._who_am_i),
            "BulkDelete": ("POST", lambda call: self._bulk_delete.run(call.payload(""), self._org.write(call))),
        }
        if address.name not in operations or address.rest:
            raise errors.no_such_segment(address.name)
        method, run = operations[address.name]
        if call.method != method:
            raise errors.no_such_function(call.base + call.path)
        context = f"{call.base}$metadata#{PREFIX}{address.name}Response"
        headers = {}
        if address.name == "WhoAmI" and self.control.switch("dop_hint_on") == "who-am-i":
            headers["x-ms-dop-hint"] = str(self.control.switch("dop_hint"))
        return json_reply({"@odata.context": context, **run(call)}, headers=headers)

    def _who_am_i(self, _: Call) -> dict[str, Any]:
        return {
            "BusinessUnitId": self.caller.business_unit_id,
            "UserId": self.caller.user_id,
            "OrganizationId": self.caller.organization_id,
        }

    def _check_read_only(self) -> None:
        """Refuse a write while a fault makes the organisation read-only."""
        spell = self.control.refused_write()
        if spell is not None:
            raise errors.read_only(spell.status or 503, spell.code, spell.message)

    def _found(self) -> None:
        """The rows that an organisation has from its first day."""
        caller = self.caller
        ids = dict(zip(_ROWS_FROM_THE_START, (caller.organization_id, caller.business_unit_id, caller.user_id,
                                              caller.user_id), strict=True))  # fmt: skip
        now = time_text(self.control.now())
        with self.store.transaction():
            for entity_set, values in _ROWS_FROM_THE_START.items():
                table = self.store.tables[entity_set]
                own = {table.key: ids[entity_set], "createdon": now, "modifiedon": now}
                self.store.put(entity_set, {**table.defaults, **values, **own})
            user = self.store.rows("systemusers").by_id[self.caller.user_id]
            user["_businessunitid_value"] = self.caller.business_unit_id
        self.control.counters.reset()
