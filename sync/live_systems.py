"""Both live systems as the check of an installation reads them; nothing here writes to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from sync.connections import Connections
from sync.errors import SyncError, Transient
from sync.guard import compare_environment
from sync.live.findings import Finding
from sync.live.ports import Table
from sync.mapping.plan import COMPANY, ReferenceSet, Tables
from sync.mapping.problems import Problem
from sync.model import EntityRef, Scalar, System, Values
from sync.ports import Gone
from sync.references import References
from sync.settings import Settings
from sync.stores.tables import TableWatermarks
from sync.systems import finops_metadata, odata, sales_metadata
from sync.systems.deadline import HostClock
from sync.systems.delta import DeltaFeed
from sync.systems.sales_terms import READING, equals

NOBODY = "00000000-0000-0000-0000-000000000000"
"""An id that no row of Sales has."""
UTC_ZONE = 92
"""The code of Coordinated Universal Time among the time zones of Dataverse (timezonedefinition.timezonecode)."""
_ABOUT = "systems"
_RIGHTS = "Whether the app's users may write cannot be tried without writing. What they may read was tried."


class LiveSystems:
    """`live.ports.Systems` over the clients of an installation."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def tables(self, system: System, sets: Collection[str]) -> Mapping[str, Table | None]:
        """Few requests for each table of Sales, one for all of F&O."""
        if system == "sales":
            return sales_metadata.read_tables(self._connections.sales.http, sets)
        return finops_metadata.read_tables(self._connections.finops.http, sets)

    def rows(self, system: System, table: Table, columns: Sequence[str], *, company: str) -> Iterator[Values]:
        """Page by page. A page link of F&O that no longer works is Transient."""
        if system == "sales":
            yield from self._connections.sales.rows(system, table.set, columns)
            return
        entity, link, first = EntityRef(system, table.set, table.key), "", True
        while link or first:
            try:
                page = self._connections.finops.rows_page(entity, columns, company=company, link=link)
            except Gone as error:
                raise Transient(f"{table.set} could not be read to its end.", delay=0, remedy="Check again.") from error
            yield from (record.values for record in page.rows)
            link, first = page.next, False

    def is_used(self, set: str, column: str, id: str) -> bool:
        """One request for one row."""
        sales = self._connections.sales
        lookup = f"_{column}_value"
        url = sales.address(f"{set}?{odata.select([lookup])}&$filter={equals(lookup, id)}&$top=1")
        return any(True for _ in odata.rows_of(sales.http, url, about=set, headers=READING))

    def references(self, sets: Sequence[ReferenceSet]) -> Tables:
        """The flow's own look-ups, with nothing remembered of an earlier run."""
        return References(sets, self._connections.rows, HostClock())

    def try_reading(self, entity: EntityRef, columns: Sequence[str], *, company: str) -> None:
        """One request."""
        if entity.system == "sales":
            self._connections.sales.fetch(entity, [NOBODY], columns)
            return
        column = next(name for name in entity.key if name != COMPANY and name not in entity.enums)
        wanted: dict[str, Scalar] = {COMPANY: company, column: ""} if COMPANY in entity.key else {column: ""}
        self._connections.finops.match(entity, [wanted], columns)

    def try_following(self, entity: EntityRef) -> None:
        """One request, for one row."""
        DeltaFeed(self._connections.sales, entity, page_size=1).page("", full=False)


def look_around(connections: Connections, settings: Settings) -> Iterator[Finding]:
    """Whether the app may go on with these systems (promise 9), and what nobody can find out by reading them."""
    try:
        compare_environment(TableWatermarks(connections.storage), fingerprint(connections, settings))
    except SyncError as error:
        problem = Problem(error.where or "environment", 0, 0, error.what.rstrip("."), error.remedy)
        yield Finding(_ABOUT, "error", problem)
    yield from _time_zone(connections)
    for said in (*finops_metadata.UNCHECKED, _RIGHTS):
        what, _, remedy = said.partition(". ")
        yield Finding(_ABOUT, "note", Problem("not checked", 0, 0, what.rstrip("."), remedy))


def _time_zone(connections: Connections) -> Iterator[Finding]:
    """Dates of Sales are read as they are for the app's user (flows.md 1.6)."""
    try:
        code = connections.sales.time_zone()
    except SyncError as error:
        problem = Problem("Sales", 0, 0, f"the time zone of the app's user cannot be read: {error.what}", error.remedy)
        yield Finding(_ABOUT, "warning", problem)
        return
    if code != UTC_ZONE:
        what = f"the app's user has time zone {code}, not {UTC_ZONE} (Coordinated Universal Time)"
        remedy = "Set it in the personalization settings of that user, or dates may be a day off."
        yield Finding(_ABOUT, "error", Problem("Sales", 0, 0, what, remedy))


def fingerprint(connections: Connections, settings: Settings) -> dict[str, str]:
    """What tells one environment from another; asks Sales for its organisation."""
    return {
        "sales organisation": connections.sales.organization_id(),
        "F&O address": settings.finops_url,
        "company": settings.company.lower(),
    }
