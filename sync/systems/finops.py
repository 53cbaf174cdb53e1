"""Finance & Operations: entities read by key and whole, and written one change set a record (wire.md Part 2)."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.errors import ConfigError, DataError
from sync.model import EntityRef, Record, RowsPage, Scalar, System, Use, Values
from sync.ports import Clock, Gates, Missing, Refused, Result, Write
from sync.systems import odata
from sync.systems.auth import SignIn
from sync.systems.deadline import Deadline, HostClock
from sync.systems.decisions import finops_pause
from sync.systems.finops_metadata import read_tables
from sync.systems.finops_reading import Reading
from sync.systems.finops_terms import COMPANY, TermsOfEntities
from sync.systems.finops_writes import Writing
from sync.systems.http import Exchange, HttpClient, Timeouts
from sync.systems.missing import with_missing_found, with_missing_lines_found
from sync.systems.trouble import FINOPS

_FRAME = {"OData-Version": "4.0", "OData-MaxVersion": "4.0"}


class FinOpsSystem:
    """The Writer of flows whose target is F&O, the Reader and the Whole of those whose source it is.

    `company` is the one whose reference data are read.
    """

    def __init__(
        self,
        base: str,
        sign_in: SignIn,
        gates: Gates,
        *,
        company: str,
        timeouts: Timeouts | None = None,
        records_per_batch: int = 100,
        address_room: int = 4000,
        clock: Clock | None = None,
        sleep: Callable[[float], None] = time.sleep,
        ca_bundle: str | None = None,
        observer: Callable[[Exchange], None] | None = None,
    ) -> None:
        """`address_room` bounds the characters of an address: how many F&O takes is not known.

        `clock` is the one that the claims' ends are told by; without it, this machine's.

        Raises ConfigError when `base` is no address that tokens may be sent to.
        """
        self.http = HttpClient(
            FINOPS,
            base,
            sign_in,
            gates,
            headers=_FRAME,
            pause=finops_pause,
            timeouts=timeouts,
            ca_bundle=ca_bundle,
            observer=observer,
        )
        self._root = f"{self.http.base}/data"
        self._company = company.lower()
        self._terms = TermsOfEntities(self.http)
        self._reading = Reading(self.http, self._root, self._terms, address_room)
        self._records_per_batch = records_per_batch
        self._clock = clock or HostClock()
        self._sleep = sleep
        self._without_company: set[str] = set()

    @property
    def requests_sent(self) -> int:
        """Requests sent by this object so far."""
        return self.http.requests_sent

    def columns(self, sets: Collection[str]) -> dict[str, frozenset[str]]:
        """The names of the columns that these tables have now, by entity set; a table that F&O does not have is not in
        it. One request for all, whose answer has tens of megabytes."""
        tables = read_tables(self.http, sets)
        return {name: frozenset(table.columns) for name, table in tables.items() if table is not None}

    def fetch(self, entity: EntityRef, ids: Sequence[str], columns: Sequence[str]) -> dict[str, Record]:
        """The rows with these ids (`model.record_id`) by id as asked for; absent ids are not in it.

        For entities whose key columns are texts and enums.
        """
        return self._reading.by_ids(entity, ids, columns)

    def search(self, entity: EntityRef, column: str, values: Sequence[str], columns: Sequence[str]) -> list[Record]:
        """The rows of the app's company, where the entity has companies, whose `column` is one of `values`."""
        company = {COMPANY: self._company} if COMPANY in entity.key else {}
        wanted: list[Mapping[str, Scalar]] = [{**company, column: value} for value in values]
        found = self._reading.by_values(entity, wanted, columns)
        return list({record.id: record for records in found for record in records}.values())

    def assign(
        self,
        entity: EntityRef,
        assignments: Sequence[tuple[Record, Values]],  # noqa: ARG002
    ) -> list[bool | DataError]:
        """Raises ConfigError: the app writes nothing back to a source in F&O."""
        raise _never(f"write numbers back to {entity.set}")

    def referring(self, use: Use, ids: Sequence[str]) -> set[str]:  # noqa: ARG002
        """Raises ConfigError: rows of F&O refer to others by many columns, not by one id."""
        raise _never(f"ask which rows of {use.set} refer to a record")

    def rows_page(self, entity: EntityRef, columns: Sequence[str], *, company: str, link: str) -> RowsPage:
        """One page of the rows of a company ("" for an entity without), by one request; `link` is one given before.

        The rows come in F&O's own order, some thousands a page or none at all: only the link tells whether more come.
        Raises Gone when the link no longer works, ConfigError when F&O repeats it or leads elsewhere.
        """
        return self._reading.page(entity, columns, company, link)

    def find(
        self, entity: EntityRef, keys: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> dict[str, Values]:
        """The rows under these keys, by `key_text` of the key as asked for; absent keys are not in it."""
        return self._reading.by_keys(entity, keys, columns, None)

    def match(
        self, entity: EntityRef, wanted: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> list[list[Values]]:
        """For each of `wanted` the rows that have all these values, the company among them where the entity has one."""
        found = self._reading.by_values(entity, wanted, columns)
        return [[record.values for record in records] for records in found]

    def write(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        """Write each record by itself, some a request; results in the order of `writes`.

        A call sends one request for each `records_per_batch` records and lines (a document is never cut), and further
        ones for those that F&O did not answer, or asked to be sent again; none that could end after `until`. Raises
        Throttled, Transient (Busy when there is no time for the next request) or ConfigError when nothing was written;
        when something was, they are told of the others, as Postponed. A right that only some records lack is their
        Refused.
        """
        deadline = None if until is None else Deadline(until, self._clock.now)
        size = self._records_per_batch
        results = Writing(self.http, self._root, entity, self._terms.of, size, self._sleep, deadline).run(writes)
        # Neither a row that is not there nor an unknown table has a status of its own: a failed change set is 500
        # (wire.md 2.5), a 404 may be both; reading the unknown table ends as ConfigError.
        unclear = [position for position, write in enumerate(writes)
                   if write.kind == "update" and isinstance(results[position], Refused | Missing)]  # fmt: skip
        results = with_missing_found(
            writes, results, unclear, lambda keys: self._reading.by_keys(entity, keys, (), deadline)
        )
        return with_missing_lines_found(
            writes, results, lambda entity, keys: self._reading.by_keys(entity, keys, (), deadline)
        )

    def rows(self, system: System, set: str, columns: Sequence[str]) -> list[Values]:
        """Every row of a reference set: of the app's company where the set has companies, unless the company is asked
        for, too: then of all companies; and all rows where it has none."""
        if system != "finops":
            raise ConfigError(f"{set} is a set of {system}, not of F&O.", remedy="Name its system in the mapping.")
        return [odata.columns_of(row) for row in self._reference_rows(set, columns)]

    def _reference_rows(self, set: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Whether a set has companies is learnt by asking: F&O refuses a filter on a column that is not there.

        Who asks for the company, too, asks for the rows of all companies.
        """
        url = f"{self._root}/{set}?{odata.select(columns)}&cross-company=true"
        if set not in self._without_company and COMPANY not in columns:
            scoped = f"{url}&$filter={odata.equals(COMPANY, self._company)}"
            answer = self.http.send("GET", scoped, about=set, writes=False)
            if answer.status != 400:
                return list(odata.rows_from(self.http, answer, scoped, about=set, headers={}))
        rows = list(odata.rows_of(self.http, url, about=set, headers={}))
        if COMPANY not in columns:
            self._without_company.add(set)
        return rows


def _never(what: str) -> ConfigError:
    return ConfigError(
        f"The app cannot {what} in F&O.",
        remedy="Take what asks for it out of the mapping: only flows from Sales can have it.",
    )
