"""One operation on the data, from its URL and body to its answer; the same for plain requests and parts of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.simulators.finops import addresses, query, values
from local.simulators.finops.addresses import Address
from local.simulators.finops.errors import Refusal
from local.simulators.finops.rules import Writing
from local.simulators.finops.schema import COMPANY
from local.simulators.finops.store import Row
from local.simulators.finops.world import World
from local.simulators.odata.batch import Answer
from local.simulators.odata.filter_values import fold
from local.simulators.odata.jsontext import dumps

JSON = "application/json; odata.metadata=minimal; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Call:
    """One operation. `path` is decoded and begins after the service root; `base` is the server's own address."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base: str
    repeat: bool = False


class Service:
    """Reads and writes the rows of a world."""

    def __init__(self, world: World, page_size: int) -> None:
        self._world = world
        self._writing = Writing(world)
        self._page_size = page_size

    def perform(self, call: Call) -> Answer:
        """Do the operation. Raises Refusal, and then nothing is written."""
        address = addresses.parse(self._world.schema, call.path)
        match call.method:
            case "GET" if address.key is None:
                return self._count(call, address) if address.count else self._list(call, address)
            case "GET":
                return self._read(call, address)
            case "POST" if address.key is None and not address.count:
                return self._create(call, address)
            case "PATCH" | "PUT" if address.key is not None:
                return self._update(call, address)
            case "DELETE" if address.key is not None:
                return self._delete(call, address)
        raise Refusal(405, f"The requested resource does not support http method '{call.method}'.")

    def _list(self, call: Call, address: Address) -> Answer:
        options = query.read_options(address.entity_set, call.query)
        table = self._world.store.tables[address.entity_set.name]
        rows = query.find(table, options, self._world.company)
        page = query.page(rows, options, self._page_size, repeat=call.repeat)
        chosen = f"({','.join(options.select)})" if options.select else ""
        document: dict[str, Any] = {"@odata.context": f"{_context(call, address)}{chosen}"}
        if options.count:
            document["@odata.count"] = page.total
        document["value"] = [query.shown(address.entity_set, row, options.select) for row in page.rows]
        if page.following is not None:
            document["@odata.nextLink"] = f"{call.base}{addresses.ROOT}{address.entity_set.name}?{page.following}"
        return _answer(200, dumps(document))

    def _count(self, call: Call, address: Address) -> Answer:
        options = query.read_options(address.entity_set, call.query)
        table = self._world.store.tables[address.entity_set.name]
        number = len(query.find(table, options, self._world.company))
        return Answer(200, {"Content-Type": "text/plain", "OData-Version": "4.0"}, str(number).encode())

    def _read(self, call: Call, address: Address) -> Answer:
        options = query.read_options(address.entity_set, call.query)
        row = self._row(call, address)
        return _answer(200, _entity(call, address, row, options.select), ETag=row.etag)

    def _create(self, call: Call, address: Address) -> Answer:
        sent = values.read_values(self._world.schema, address.entity_set, values.read_document(call.body))
        return self._created(call, address, self._writing.create(address.entity_set, sent))

    def _update(self, call: Call, address: Address) -> Answer:
        sent = values.read_values(self._world.schema, address.entity_set, values.read_document(call.body))
        try:
            row = self._row(call, address)
        except Refusal:
            if not self._world.switch("patch_upserts"):
                raise
            made = self._writing.create(address.entity_set, {**sent, **(address.key or {})})
            return self._created(call, address, made)
        self._check_etag(call, row)
        self._writing.update(address.entity_set, row, sent)
        return Answer(204, {"OData-Version": "4.0"}, b"")

    def _delete(self, call: Call, address: Address) -> Answer:
        row = self._row(call, address)
        self._check_etag(call, row)
        self._writing.delete(address.entity_set, row)
        return Answer(204, {"OData-Version": "4.0"}, b"")

    def _row(self, call: Call, address: Address) -> Row:
        """The addressed row; one of another company is not there without `cross-company=true` (wire.md 2.3)."""
        options = query.read_options(address.entity_set, call.query)
        row = self._world.store.find(address.entity_set.name, address.row_key)
        hidden = address.entity_set.by_company and not options.cross_company
        if row is None or (hidden and fold(row[COMPANY]) != fold(self._world.company)):
            raise Refusal(404, f"There is no row {call.path}.")
        return row

    def _check_etag(self, call: Call, row: Row) -> None:
        wanted = call.headers.get("if-match", "*")
        if wanted not in ("*", row.etag) and self._world.switch("if_match") == "checked":
            raise Refusal(412, f"The row {call.path} was changed since it was read: its ETag is another one now.")

    def _created(self, call: Call, address: Address, row: Row) -> Answer:
        location = addresses.link(call.base, address.entity_set, row)
        return _answer(201, _entity(call, address, row, None), ETag=row.etag, Location=location)


def refused(refusal: Refusal, status: int | None = None) -> Answer:
    """The answer that carries a refusal, with another status where the place asks for it."""
    return _answer(refusal.status if status is None else status, dumps(refusal.body()))


def _context(call: Call, address: Address) -> str:
    return f"{call.base}{addresses.ROOT}$metadata#{address.entity_set.name}"


def _entity(call: Call, address: Address, row: Row, select: tuple[str, ...] | None) -> bytes:
    """One row as a document; the context is put before the row's JSON, since a copy of a long row costs more."""
    context = dumps({"@odata.context": f"{_context(call, address)}/$entity"})
    return context[:-1] + b"," + dumps(query.shown(address.entity_set, row, select))[1:]


def _answer(status: int, body: bytes, **headers: str) -> Answer:
    return Answer(status, {"Content-Type": JSON, "OData-Version": "4.0", **headers}, body)
