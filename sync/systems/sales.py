"""Sales: tables of Dataverse, read by id, by column and whole, and numbers written back (wire.md Part 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sync.errors import ConfigError, DataError
from sync.model import EntityRef, Record, System, Values
from sync.ports import Gates
from sync.systems import odata
from sync.systems.auth import SignIn
from sync.systems.decisions import sales_pause
from sync.systems.http import Exchange, HttpClient, Timeouts
from sync.systems.sales_assign import Assigning
from sync.systems.trouble import SALES, wrong_address

API = "/api/data/v9.2"
_FRAME = {"OData-Version": "4.0", "OData-MaxVersion": "4.0"}
READING = {"If-None-Match": "null"}
"""Headers of every read: no cached answers (wire.md 1.1)."""

_ADDRESS_ROOM = 24_000
"""Characters of an address; Dataverse takes 32 KiB (wire.md 1.3), and proxies may add to it."""
_CHAIN = 100
"""Conditions joined with `or`; far below what a query may hold."""


class SalesSystem:
    """The Reader of flows whose source is Sales."""

    def __init__(
        self,
        base: str,
        sign_in: SignIn,
        gates: Gates,
        *,
        timeouts: Timeouts | None = None,
        ids_per_request: int = 400,
        ca_bundle: str | None = None,
        observer: Callable[[Exchange], None] | None = None,
    ) -> None:
        """Raises ConfigError when `base` is no address that tokens may be sent to."""
        self.http = HttpClient(
            SALES,
            base,
            sign_in,
            gates,
            headers=_FRAME,
            pause=sales_pause,
            timeouts=timeouts,
            ca_bundle=ca_bundle,
            observer=observer,
        )
        self._root = self.http.base + API
        self._ids_per_request = ids_per_request

    @property
    def requests_sent(self) -> int:
        """Requests sent by this object so far."""
        return self.http.requests_sent

    def address(self, path: str) -> str:
        """The absolute address of a path of the Web API."""
        return f"{self._root}/{path}"

    def organization_id(self) -> str:
        """The id of the organisation behind the base address, for the check of the environment (promise 9)."""
        answer = self.http.send("GET", self.address("WhoAmI"), about="WhoAmI", writes=False, headers=READING)
        document = odata.document_of(self.http, answer, "WhoAmI")
        identifier = document.get("OrganizationId")
        if not isinstance(identifier, str):
            raise wrong_address(SALES, self.http.base, "GET WhoAmI", answer)
        return identifier

    def fetch(self, entity: EntityRef, ids: Sequence[str], columns: Sequence[str]) -> dict[str, Record]:
        """The rows with these ids by id as asked for, some hundred ids a request; absent ids are not in it."""
        asked = {id.casefold(): id for id in ids}
        records = {}
        for row in self._rows_by(entity, entity.key[0], list(asked), columns):
            id = asked.get(str(row[entity.key[0]]).casefold())
            if id is not None:
                records[id] = _record(id, row)
        return records

    def search(self, entity: EntityRef, column: str, values: Sequence[str], columns: Sequence[str]) -> list[Record]:
        """The rows whose `column` is one of `values`; Dataverse compares text without case."""
        rows = self._rows_by(entity, column, list(dict.fromkeys(values)), (column, *columns))
        found = {str(row[entity.key[0]]): row for row in rows}
        return [_record(id, row) for id, row in found.items()]

    def rows(self, system: System, set: str, columns: Sequence[str]) -> list[Values]:
        """Every row of a reference set of Sales."""
        if system != "sales":
            raise ConfigError(f"{set} is a set of {system}, not of Sales.", remedy="Name its system in the mapping.")
        url = self.address(f"{set}?{odata.select(columns)}")
        return [odata.columns_of(row) for row in odata.rows_of(self.http, url, about=set, headers=READING)]

    def assign(self, entity: EntityRef, assignments: Sequence[tuple[Record, Values]]) -> list[bool | DataError]:
        """Write these values to each record that still has its version, some a request; in the order asked for.

        True when written, False when the record has changed or gone since, a DataError (`target-refused`, no values in
        its text) when Sales refuses it. Raises Throttled, Transient or ConfigError when nothing was written; when
        something was and the rest cannot be, or no answer came, Unsure.
        """
        return Assigning(self.http, self._root, entity).run(assignments)

    def _rows_by(
        self, entity: EntityRef, column: str, values: Sequence[str], columns: Sequence[str]
    ) -> Iterator[Mapping[str, object]]:
        head = self.address(f"{entity.set}?{odata.select((entity.key[0], *columns))}&$filter=")
        for condition in conditions(column, values, room=_ADDRESS_ROOM - len(head), most=self._ids_per_request):
            yield from odata.rows_of(self.http, head + condition, about=entity.set, headers=READING)


def conditions(column: str, values: Sequence[str], *, room: int, most: int) -> Iterator[str]:
    """Filters that together find every value: `In()`, and `eq` joined with `or` for values with quotes in them.

    How `In()` wants a quote inside a value is not documented, so such a value does not meet it.
    """
    plain = [value for value in values if not set(value) & set("\"'\\")]
    quoted = [(term, term) for value in values if set(value) & set("\"'\\") for term in [odata.equals(column, value)]]
    head, tail = f"Microsoft.Dynamics.CRM.In(PropertyName='{column}',PropertyValues=%5B", "%5D)"
    listed = [(item, item) for value in plain for item in [f"%22{odata.literal(value)[1:-1]}%22"]]
    for pack in odata.packs(listed, room=room - len(head) - len(tail), between=1, most=most):
        yield f"{head}{','.join(pack)}{tail}"
    for pack in odata.packs(quoted, room=room - 2, between=len("%20or%20"), most=_CHAIN):
        yield odata.any_of(pack)


def _record(id: str, row: Mapping[str, object]) -> Record:
    return Record(id, str(row.get("@odata.etag", "")), odata.columns_of(row))
