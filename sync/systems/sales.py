"""Sales: tables of Dataverse, read by id, by value and whole, and written many rows a request (wire.md Part 1)."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from sync.errors import ConfigError, DataError
from sync.model import EntityRef, Record, RowsPage, Scalar, System, Use, Values
from sync.ports import Clock, Gates, Result, Write
from sync.systems import odata
from sync.systems.auth import SignIn
from sync.systems.deadline import Deadline, HostClock
from sync.systems.decisions import sales_pause
from sync.systems.http import Exchange, HttpClient, Timeouts
from sync.systems.missing import with_missing_found
from sync.systems.sales_assign import Assigning
from sync.systems.sales_reading import Reading
from sync.systems.sales_tables import SalesTables
from sync.systems.sales_terms import API, READING
from sync.systems.sales_writes import SalesWriting
from sync.systems.trouble import SALES, wrong_address

_FRAME = {"OData-Version": "4.0", "OData-MaxVersion": "4.0"}


class SalesSystem:
    """The Reader of flows whose source is Sales, the Writer of those whose target it is.

    A column asked for as `_<column>_value@lookuplogicalname` is the logical name of the table that a lookup leads to,
    None where it is empty (wire.md 1.5).
    """

    def __init__(
        self,
        base: str,
        sign_in: SignIn,
        gates: Gates,
        *,
        timeouts: Timeouts | None = None,
        ids_per_request: int = 400,
        records_per_request: int = 100,
        rows_per_page: int = 5000,
        clock: Clock | None = None,
        sleep: Callable[[float], None] = time.sleep,
        ca_bundle: str | None = None,
        observer: Callable[[Exchange], None] | None = None,
    ) -> None:
        """`ids_per_request` is for reads, `records_per_request` for writes, `rows_per_page` for whole tables.

        `clock` is the one that the claims' ends are told by; without it, this machine's.

        Raises ConfigError when `base` is no address that tokens may be sent to.
        """
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
        self._rows_per_page = rows_per_page
        self._reading = Reading(self.http, ids_per_request)
        self._tables = SalesTables(self.http, records_per_request)
        self._clock = clock or HostClock()
        self._sleep = sleep

    @property
    def requests_sent(self) -> int:
        """Requests sent by this object so far."""
        return self.http.requests_sent

    def address(self, path: str) -> str:
        """The absolute address of a path of the Web API."""
        return f"{self._root}/{path}"

    def organization_id(self) -> str:
        """The id of the organisation behind the base address, for the check of the environment (promise 9)."""
        return self._who_am_i("OrganizationId")

    def time_zone(self) -> int | None:
        """The time zone code of the app's own user; None when Sales has none for it."""
        url = self.address(f"usersettingscollection({self._who_am_i('UserId')})?$select=timezonecode")
        answer = self.http.send("GET", url, about="usersettingscollection", writes=False, headers=READING)
        code = odata.document_of(self.http, answer, "usersettingscollection").get("timezonecode")
        return code if isinstance(code, int) else None

    def _who_am_i(self, name: str) -> str:
        answer = self.http.send("GET", self.address("WhoAmI"), about="WhoAmI", writes=False, headers=READING)
        identifier = odata.document_of(self.http, answer, "WhoAmI").get(name)
        if not isinstance(identifier, str):
            raise wrong_address(SALES, self.http.base, "GET WhoAmI", answer)
        return identifier

    def columns(self, sets: Collection[str]) -> dict[str, frozenset[str]]:
        """The logical names of the columns that these tables have now (a lookup's is without `_` and `_value`), by
        entity set; a table that Sales does not have is not in it. One request a table."""
        found = {name: self._tables.columns(name) for name in sets}
        return {name: columns for name, columns in found.items() if columns is not None}

    def fetch(self, entity: EntityRef, ids: Sequence[str], columns: Sequence[str]) -> dict[str, Record]:
        """The rows with these ids by id as asked for, some hundred ids a request; absent ids are not in it."""
        return self._reading.by_ids(entity, ids, columns)

    def rows_page(self, entity: EntityRef, columns: Sequence[str], *, company: str = "", link: str = "") -> RowsPage:
        """The page of the table at `link` ("" is the first), in the order of its key; Sales has no companies.

        Raises Gone when the link no longer works.
        """
        if company:
            raise ConfigError(f"{entity.set} of Sales is not read by company.", remedy="Take it out of the mapping.")
        return self._reading.page(entity, columns, link, self._rows_per_page)

    def search(self, entity: EntityRef, column: str, values: Sequence[str], columns: Sequence[str]) -> list[Record]:
        """The rows whose `column` is one of `values`; Dataverse compares text without case."""
        return self._reading.by_value(entity, column, values, columns)

    def referring(self, use: Use, ids: Sequence[str]) -> set[str]:
        """Of these records those that such a row refers to, as asked for; `use.column` is the lookup's logical name."""
        return self._reading.referring(use, ids)

    def rows(self, system: System, set: str, columns: Sequence[str]) -> list[Values]:
        """Every row of a reference set of Sales."""
        if system != "sales":
            raise ConfigError(f"{set} is a set of {system}, not of Sales.", remedy="Name its system in the mapping.")
        return self._reading.whole(set, columns)

    def find(
        self, entity: EntityRef, keys: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> dict[str, Values]:
        """The rows under these primary keys, by `key_text` of the key as asked for; absent keys are not in it."""
        return self._reading.by_keys(entity, keys, columns, None)

    def match(
        self, entity: EntityRef, wanted: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> list[list[Values]]:
        """For each of `wanted` the rows that have all these values; texts are compared without case.

        Raises ConfigError for one without any value.
        """
        return self._reading.by_values(entity, wanted, columns)

    def write(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        """Write each record by itself, many a request; results in the order of `writes`.

        A create has the primary key that was chosen for it; one that is repeated is refused, with Dataverse's code in
        the details. A table's bulk messages are asked for once. A bulk call that is refused is sent again record by
        record in a `$batch`, one that is too much in halves. No request starts that could end after `until`. Raises
        Throttled, Transient (Busy when there is no time for the next request) or ConfigError when nothing was written;
        when something was, they are told of the others, as Postponed. Raises Unsure when it is not known. A right that
        only some records lack is their Refused.
        """
        deadline = None if until is None else Deadline(until, self._clock.now)
        writing = SalesWriting(self.http, self._root, entity, self._tables, self._sleep, deadline)
        results = writing.run(writes)
        return with_missing_found(
            writes, results, writing.unclear, lambda keys: self._reading.by_keys(entity, keys, (), deadline)
        )

    def assign(self, entity: EntityRef, assignments: Sequence[tuple[Record, Values]]) -> list[bool | DataError]:
        """Write these values to each record that still has its version, some a request; in the order asked for.

        True when written, False when the record has changed or gone since, a DataError (`target-refused`, no values in
        its text) when Sales refuses it. Raises Throttled, Transient or ConfigError when nothing was written; when
        something was and the rest cannot be, or no answer came, Unsure.
        """
        return Assigning(self.http, self._root, entity, self._tables, self._sleep, None).assign(assignments)
