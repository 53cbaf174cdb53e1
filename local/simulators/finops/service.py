"""One operation on the data, from its URL and body to its answer; the same for plain requests and parts of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.simulators.finops import addresses, formats, query, values
from local.simulators.finops.addresses import Address
from local.simulators.finops.errors import Refusal
from local.simulators.finops.expanding import related
from local.simulators.finops.formats import Metadata
from local.simulators.finops.query import Options
from local.simulators.finops.rights import Rights
from local.simulators.finops.rules import Writing
from local.simulators.finops.schema import COMPANY, NAMESPACE, Schema
from local.simulators.finops.store import Row
from local.simulators.finops.world import World
from local.simulators.odata.batch import Answer
from local.simulators.odata.filter_values import fold
from local.simulators.odata.jsontext import dumps

JSON = formats.content_type()


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

    @property
    def metadata(self) -> Metadata:
        """How many annotations the caller wants. Raises Refusal (406) for one who wants no JSON."""
        return formats.metadata_wanted(self.headers.get("accept", ""))


_WHOLE = Options()
"""What is shown of a row when nothing was chosen."""


class Service:
    """Reads and writes the rows of a world."""

    def __init__(self, world: World, page_size: int, rights: Rights) -> None:
        """`page_size` bounds the pages below what the switch `page_rows` says."""
        self._world = world
        self._writing = Writing(world)
        self._page_size = page_size
        self._rights = rights
        self._seen: tuple[list[str], str] = ([], "")
        self._schema = world.schema
        self._dialect = query.dialect(world.schema)
        self.rows_read = 0
        """Rows in answers to reads, all in all."""

    @property
    def schema(self) -> Schema:
        """The schema as callers see it now (switches `hidden_columns`, `enum_type_names`)."""
        hidden, spelling = self._world.switch("hidden_columns"), self._world.switch("enum_type_names")
        if (hidden, spelling) != self._seen:
            self._seen = (list(hidden), spelling)
            schema = self._world.schema.without(hidden)
            self._schema = schema if spelling == "as listed" else schema.respelt()
            self._dialect = query.dialect(self._schema)
        return self._schema

    def perform(self, call: Call) -> Answer:
        """Do the operation. Raises Refusal, and then nothing is written."""
        address = addresses.parse(self.schema, call.path)
        reads = call.method == "GET"
        match call.method:
            case "GET" if address.key is None:
                work = self._count if address.count else self._list
            case "GET":
                work = self._read
            case "POST" if address.key is None and not address.count:
                work = self._create
            case "PATCH" | "PUT" if address.key is not None:
                work = self._update
            case "DELETE" if address.key is not None:
                work = self._delete
            case _:
                raise Refusal(405, f"The requested resource does not support http method '{call.method}'.")
        self._rights.check(address.entity_set, reads=reads)
        return work(call, address)

    def _list(self, call: Call, address: Address) -> Answer:
        metadata, options = call.metadata, self._options(call, address, query.OF_SETS)
        rows = self._found(address, options)
        size = min(self._page_size, self._world.switch("page_rows"))
        page = query.page(rows, options, size, repeat=call.repeat)
        document: dict[str, Any] = {}
        if metadata != "none":
            document["@odata.context"] = f"{_context(call, address)}{_chosen(options)}"
        if options.count:
            document["@odata.count"] = page.total
        if metadata == "minimal" and not options.expand:
            document["value"] = [query.shown(address.entity_set, row, options.select) for row in page.rows]
        else:
            document["value"] = [self._shown(call, address, row, options, metadata) for row in page.rows]
        if page.following is not None:
            document["@odata.nextLink"] = f"{call.base}{addresses.ROOT}{address.entity_set.name}?{page.following}"
        self.rows_read += len(page.rows)
        return _answer(200, dumps(document), metadata)

    def _count(self, call: Call, address: Address) -> Answer:
        options = self._options(call, address, query.OF_NUMBERS)
        number = len(self._found(address, options))
        return Answer(200, {"Content-Type": "text/plain", "OData-Version": "4.0"}, str(number).encode())

    def _found(self, address: Address, options: Options) -> list[Row]:
        table = self._world.store.tables[address.entity_set.name]
        return query.find(table, address.entity_set, options, self._world.company, self._dialect)

    def _read(self, call: Call, address: Address) -> Answer:
        metadata, options = call.metadata, self._options(call, address, query.OF_ROWS)
        row = self._row(call, address, options)
        self.rows_read += 1
        return _answer(200, self._entity(call, address, row, options, metadata), metadata, ETag=row.etag)

    def _create(self, call: Call, address: Address) -> Answer:
        self._options(call, address, query.OF_ROWS)
        sent = self._sent(call, address)
        return self._created(call, address, self._writing.create(address.entity_set, sent))

    def _update(self, call: Call, address: Address) -> Answer:
        options = self._options(call, address, query.OF_ROWS)
        sent = self._sent(call, address)
        try:
            row = self._row(call, address, options)
        except Refusal:
            if "if-match" in call.headers or not self._world.switch("patch_upserts"):
                raise  # Who names a version, or `*`, wants an update and nothing else (OData 4.0, 11.4.4).
            made = self._writing.create(address.entity_set, {**sent, **(address.key or {})})
            return self._created(call, address, made)
        self._check_etag(call, row)
        self._writing.update(address.entity_set, row, sent)
        return Answer(204, {"OData-Version": "4.0"}, b"")

    def _delete(self, call: Call, address: Address) -> Answer:
        row = self._row(call, address, self._options(call, address, query.OF_ROWS))
        self._check_etag(call, row)
        self._writing.delete(address.entity_set, row)
        return Answer(204, {"OData-Version": "4.0"}, b"")

    def _options(self, call: Call, address: Address, known: frozenset[str]) -> Options:
        options = query.read_options(self.schema, address.entity_set, call.query, known)
        for one in options.expand:
            self._rights.check(one.entity_set, reads=True)
        return options

    def _sent(self, call: Call, address: Address) -> dict[str, Any]:
        """The values of a write; whatever is wrong with the request is told before anything is written."""
        formats.check_body(call.headers)
        formats.metadata_wanted(call.headers.get("accept", ""))
        return values.read_values(self.schema, address.entity_set, values.read_document(call.body))

    def _row(self, call: Call, address: Address, options: Options) -> Row:
        """The addressed row; one of another company is not there without `cross-company=true` (wire.md 2.3)."""
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
        body = self._entity(call, address, row, _WHOLE, call.metadata)
        return _answer(201, body, call.metadata, ETag=row.etag, Location=location)

    def _entity(self, call: Call, address: Address, row: Row, options: Options, metadata: Metadata) -> bytes:
        """One row as a document; the context is put before the row's JSON, since a copy of a long row costs more."""
        document = dumps(self._shown(call, address, row, options, metadata))
        if metadata == "none":
            return document
        return dumps({"@odata.context": f"{_context(call, address)}/$entity"})[:-1] + b"," + document[1:]

    def _shown(self, call: Call, address: Address, row: Row, options: Options, metadata: Metadata) -> dict[str, Any]:
        document = query.shown(address.entity_set, row, options.select)
        for one in options.expand:
            rows = [query.shown(one.entity_set, other, one.select) for other in related(self._world.store, row, one)]
            document[one.name] = rows if one.navigation.many else next(iter(rows), None)
        if metadata == "full":
            return {**_annotations(call, address, row), **document}
        if metadata == "none":
            del document["@odata.etag"]
        return document


def refused(refusal: Refusal, status: int | None = None) -> Answer:
    """The answer that carries a refusal, with another status where the place asks for it."""
    return _answer(refusal.status if status is None else status, dumps(refusal.body()))


def _context(call: Call, address: Address) -> str:
    return f"{call.base}{addresses.ROOT}$metadata#{address.entity_set.name}"


def _chosen(options: Options) -> str:
    expanded = [f"{one.name}({','.join(one.select or ())})" for one in options.expand]
    return f"({','.join([*(options.select or ()), *expanded])})" if options.select or expanded else ""


def _annotations(call: Call, address: Address, row: Row) -> dict[str, str]:
    """What `odata.metadata=full` adds to a row (wire.md 2.3)."""
    link = addresses.link(call.base, address.entity_set, row)
    return {"@odata.type": f"#{NAMESPACE}.{address.entity_set.type}", "@odata.id": link, "@odata.editLink": link}


def _answer(status: int, body: bytes, metadata: Metadata = "minimal", **headers: str) -> Answer:
    return Answer(status, {"Content-Type": formats.content_type(metadata), "OData-Version": "4.0", **headers}, body)
