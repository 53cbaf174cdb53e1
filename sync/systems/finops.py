"""Finance & Operations: entities read by key and whole, and written one change set a record (wire.md Part 2)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.errors import ConfigError, SyncError
from sync.model import EntityRef, Scalar, System, Values, key_text
from sync.ports import Clock, Gates, Missing, Refused, Result, Write, Written
from sync.systems import odata
from sync.systems.auth import SignIn
from sync.systems.deadline import Deadline, HostClock
from sync.systems.decisions import finops_pause
from sync.systems.finops_writes import Writing
from sync.systems.http import Exchange, HttpClient, Timeouts
from sync.systems.trouble import FINOPS

_FRAME = {"OData-Version": "4.0", "OData-MaxVersion": "4.0"}
_COMPANY = "dataAreaId"


class FinOpsSystem:
    """The Writer of flows whose target is F&O; `company` is the one whose reference data are read."""

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
        self._records_per_batch = records_per_batch
        self._address_room = address_room
        self._clock = clock or HostClock()
        self._sleep = sleep
        self._without_company: set[str] = set()

    @property
    def requests_sent(self) -> int:
        """Requests sent by this object so far."""
        return self.http.requests_sent

    def find(
        self, entity: EntityRef, keys: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> dict[str, Values]:
        """The rows under these keys, by `key_text` of the key as asked for; absent keys are not in it.

        Every read names its company (wire.md 2.3). F&O takes `*` in a value for a wildcard, so more rows may come than
        were asked for; they are dropped.
        """
        return self._find(entity, keys, columns, None)

    def _find(
        self, entity: EntityRef, keys: Sequence[Mapping[str, Scalar]], columns: Sequence[str], until: Deadline | None
    ) -> dict[str, Values]:
        wanted = {key_text(_ordered(entity, key)): key_text(key) for key in keys}
        found = {}
        for row in self._rows_under(entity, keys, (*entity.key, *columns), until):
            asked = wanted.get(key_text({column: row[column] for column in entity.key}))
            if asked is not None:
                found[asked] = odata.columns_of(row)
        return found

    def write(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        """Write each record by itself, some a request; results in the order of `writes`.

        A call sends one request for each `records_per_batch` records, and further ones for those that F&O did not
        answer, or asked to be sent again; none that could end after `until`. Raises Throttled, Transient (Busy when
        there is no time for the next request) or ConfigError when nothing was written; when something was, they are
        told of the others, as Postponed. A right that only some records lack is their Refused.
        """
        deadline = None if until is None else Deadline(until, self._clock.now)
        results = Writing(self.http, self._root, entity, self._records_per_batch, self._sleep, deadline).run(writes)
        return self._with_missing_found(entity, writes, results, deadline)

    def _with_missing_found(
        self, entity: EntityRef, writes: Sequence[Write], results: list[Result], until: Deadline | None
    ) -> list[Result]:
        """Tell an update of a row that is not there from one that F&O refused, by reading the keys.

        Neither answers with a status of its own: a failed change set is 500 (wire.md 2.5), and an unknown table is 404
        as a missing row may be; reading the unknown table ends as ConfigError.
        """
        failed = [index for index, write in enumerate(writes)
                  if write.kind == "update" and isinstance(results[index], Refused | Missing)]  # fmt: skip
        if not failed:
            return results
        try:
            there = self._find(entity, [writes[index].key for index in failed], (), until)
        except SyncError:
            if any(isinstance(result, Written) for result in results):
                return results
            raise
        for index in failed:
            if key_text(writes[index].key) not in there:
                results[index] = Missing()
        return results

    def rows(self, system: System, set: str, columns: Sequence[str]) -> list[Values]:
        """Every row of a reference set: of the company where the set has companies, and all rows where it has none."""
        if system != "finops":
            raise ConfigError(f"{set} is a set of {system}, not of F&O.", remedy="Name its system in the mapping.")
        return [odata.columns_of(row) for row in self._reference_rows(set, columns)]

    def _reference_rows(self, set: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Whether a set has companies is learnt by asking: F&O refuses a filter on a column that is not there."""
        url = f"{self._root}/{set}?{odata.select(columns)}&cross-company=true"
        if set not in self._without_company:
            scoped = f"{url}&$filter={odata.equals(_COMPANY, self._company)}"
            answer = self.http.send("GET", scoped, about=set, writes=False)
            if answer.status != 400:
                return list(odata.rows_from(self.http, answer, scoped, about=set, headers={}))
        rows = list(odata.rows_of(self.http, url, about=set, headers={}))
        self._without_company.add(set)
        return rows

    def _rows_under(
        self, entity: EntityRef, keys: Sequence[Mapping[str, Scalar]], columns: Sequence[str], until: Deadline | None
    ) -> Iterator[dict[str, Any]]:
        head = f"{self._root}/{entity.set}?{odata.select(columns)}&cross-company=true&$filter="
        for condition in key_conditions(keys, room=self._address_room - len(head)):
            yield from odata.rows_of(self.http, head + condition, about=entity.set, headers={}, until=until)


def key_conditions(keys: Sequence[Mapping[str, Scalar]], *, room: int) -> Iterator[str]:
    """Filters that together find every key: one for each company, cut where they get longer than `room`."""
    by_company: dict[str, list[Mapping[str, Scalar]]] = {}
    for key in keys:
        by_company.setdefault(odata.equals(_COMPANY, key[_COMPANY]) if _COMPANY in key else "", []).append(key)
    for company, members in by_company.items():
        terms = []
        for key in members:
            parts = [odata.equals(column, value) for column, value in key.items() if column != _COMPANY]
            terms.append(odata.all_of(parts) if len(parts) == 1 else f"({odata.all_of(parts)})")
        fixed = len(company) + len("%20and%20") + len("()")
        packs = odata.packs(((term, term) for term in terms), room=room - fixed, between=len("%20or%20"), most=1000)
        for pack in packs:
            yield odata.all_of([part for part in (company, odata.any_of(pack)) if part])


def _ordered(entity: EntityRef, key: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {column: key[column] for column in entity.key}
