"""Requests for what belongs to one row: a column, a related row, a list of rows, references to them.

`accounts(<id>)/name` and `.../$value` (wire.md 1.2); `.../primarycontactid`, `.../contact_customer_accounts` and
their `$ref`, which tie rows together and take them apart.
"""

from __future__ import annotations

from urllib.parse import unquote

from local.simulators.dataverse import addresses, errors
from local.simulators.dataverse.addresses import Address
from local.simulators.dataverse.calls import Call, Reply, json_reply, only
from local.simulators.dataverse.columns import Lookup
from local.simulators.dataverse.keys import Place
from local.simulators.dataverse.organisation import Organisation
from local.simulators.dataverse.payloads import Write
from local.simulators.dataverse.reading import read_page, read_row
from local.simulators.dataverse.row_requests import RowRequests
from local.simulators.dataverse.schema import Collection, Table
from local.simulators.dataverse.shaping import target_of
from local.simulators.dataverse.store import Row
from local.simulators.odata.filter_conditions import one_of
from local.simulators.odata.filter_values import GUID


class MemberRequests:
    """Answers requests for members of rows; every method raises `errors.Refusal`."""

    def __init__(self, organisation: Organisation, rows: RowRequests) -> None:
        self._org = organisation
        self._rows = rows

    def answer(self, call: Call, table: Table, place: Place, rest: str) -> Reply:
        """The answer for what follows the row's address."""
        address = addresses.split(rest)
        if address.name in table.columns and address.key is None:
            return self._column(call, table, place, address)
        if address.name in table.navigations and address.key is None:
            return self._single(call, table, place, address)
        if address.name in table.collections:
            return self._list(call, table, place, address)
        raise errors.no_such_segment(unquote(address.name))

    def _column(self, call: Call, table: Table, place: Place, address: Address) -> Reply:
        name = address.name
        if address.rest == "$value":
            only(call, "GET")
        elif address.rest:
            raise errors.no_such_segment(address.rest)
        only(call, "GET", "PUT", "DELETE")
        row = self._rows.existing(table, place)
        if call.method == "GET":
            self._org.privileges.check(table, "read")
            return self._value(call, table, row, name, raw=bool(address.rest))
        if call.method == "PUT":
            payload = call.payload(table.entity_set)
            if "value" not in payload:
                raise errors.bad_payload(table.entity_set, 'A value for the property is expected: {"value": ...}.')
        value = payload["value"] if call.method == "PUT" else None
        with self._org.store.transaction():
            self._org.writer.update(table, row[table.key], {name: value}, self._org.write(call))
        return Reply(204)

    def _value(self, call: Call, table: Table, row: Row, name: str, *, raw: bool) -> Reply:
        value = row.get(name)
        if value is None:
            return Reply(204)
        if raw:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            return Reply(200, text.encode(), {"Content-Type": "text/plain"})
        context = f"{call.base}$metadata#{table.entity_set}({row[table.key]})/{name}"
        return json_reply({"@odata.context": context, "value": value})

    def _single(self, call: Call, table: Table, place: Place, address: Address) -> Reply:
        """A row that this one refers to."""
        lookup, _ = table.navigations[address.name]
        row = self._rows.existing(table, place)
        if address.rest not in ("", "$ref"):
            raise errors.no_such_segment(address.rest)
        only(call, *(("GET", "PUT", "DELETE") if address.rest else ("GET",)))
        if call.method == "GET":
            return self._related(call, row, lookup, address)
        write = self._org.write(call)
        target = None
        if call.method == "PUT":
            other, row_id = self._referred(call, table, lookup.leads_to(address.name), address.name, write)
            target = other.entity_set, row_id
        with self._org.store.transaction():
            self._org.writer.refer(table, row[table.key], lookup, target, write)
        return Reply(204)

    def _related(self, call: Call, row: Row, lookup: Lookup, address: Address) -> Reply:
        row_id = row.get(lookup.column)
        if row_id is None:
            return Reply(204)
        navigation, entity_set = target_of(self._org.store, lookup, row)
        if navigation != address.name or entity_set not in self._org.store.tables:
            return Reply(204)
        if address.rest:
            context = f"{call.base}$metadata#$ref"
            return json_reply({"@odata.context": context, "@odata.id": f"{call.base}{entity_set}({row_id})"})
        target = self._org.store.tables[entity_set]
        return json_reply(read_row(self._org.store, self._org.read(call, target), row_id).body)

    def _list(self, call: Call, table: Table, place: Place, address: Address) -> Reply:
        """The rows that refer to this one."""
        collection = table.collections[address.name]
        row = self._rows.existing(table, place)
        if address.rest == "$ref":
            only(call, "POST", "DELETE")
            return self._tie(call, table, row, collection, address)
        if address.rest or address.key is not None:
            raise errors.no_such_segment(address.rest or address.name)
        only(call, "GET")
        target = self._org.store.tables[collection.entity_set]
        within = one_of(collection.lookup.column, GUID, [row[table.key]])
        page = read_page(self._org.store, self._org.read(call, target, within))
        return json_reply(page.body, headers=page.headers)

    def _tie(self, call: Call, table: Table, row: Row, collection: Collection, address: Address) -> Reply:
        """Let another row refer to this one, or no longer."""
        write = self._org.write(call)
        here = table.entity_set, row[table.key]
        if call.method == "POST":
            other, row_id = self._referred(call, table, (collection.entity_set,), address.name, write)
        else:
            other = self._org.store.tables[collection.entity_set]
            found = self._rows.existing(other, self._org.keys.locate(other, address.key or ""))
            row_id = found[other.key]
            if found.get(collection.lookup.column) != row[table.key]:
                raise errors.no_such_row(other.logical, row_id)
        with self._org.store.transaction():
            target = here if call.method == "POST" else None
            self._org.writer.refer(other, row_id, collection.lookup, target, write)
        return Reply(204)

    def _referred(self, call: Call, table: Table, sets: tuple[str, ...], name: str, write: Write) -> tuple[Table, str]:
        url = call.payload(table.entity_set).get("@odata.id")
        other, row_id = self._org.writer.payloads.row_at(sets, name, url, write)
        self._org.privileges.check(other, "append_to")
        return other, row_id
