"""Runs the rows that look for reference data over every value that the source has, before a record does.

What a record would be parked for, or wait for, is found here for all records at once: units and price lists that
products need, currencies that F&O lacks (flows.md 1.13).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sync.errors import DataError, NotReady, SyncError
from sync.live.findings import Finding
from sync.live.flow import LiveFlow, PlacedRow, attribute
from sync.live.members import members_of
from sync.live.ports import Systems
from sync.live.reference import ReferenceData
from sync.live.values import known_values, told
from sync.mapping.job import Job
from sync.mapping.plan import Plan
from sync.mapping.rows import row_step
from sync.mapping.side import asked_of
from sync.mapping.terms import Tables
from sync.mapping.values import key_text
from sync.model import Link, Record, Scalar, System, Use, Values


@dataclass(frozen=True)
class Probe:
    """What rows may ask of the world, when no record is linked yet."""

    tables: Tables

    def lookup(self, system: System, set: str, id: str, give: str) -> Scalar | None:
        """As of the flow itself."""
        return self.tables.lookup(system, set, id, give)

    def exists(self, system: System, set: str, column: str, value: str, company: str | None) -> str | None:
        """As of the flow itself."""
        return self.tables.exists(system, set, column, value, company)

    def rows(
        self, system: System, set: str, column: str, value: str, fits: Callable[[Values], bool]
    ) -> Sequence[Values]:
        """As of the flow itself."""
        return self.tables.rows(system, set, column, value, fits)

    def link(self, mapping: str, id: str) -> Link | None:  # noqa: ARG002
        """No record is linked."""
        return None

    def owner(self, mapping: str, key: str) -> Link | None:  # noqa: ARG002
        """No record is linked."""
        return None

    def referred(self, use: Use, id: str) -> bool:  # noqa: ARG002
        """Nothing refers to a record."""
        return False

    def today(self, zone: str = "UTC") -> date:
        """The day it is in a time zone."""
        return datetime.now(ZoneInfo(zone)).date()


def probe(flow: LiveFlow, plan: Plan, systems: Systems, data: ReferenceData) -> Iterator[Finding]:
    """What the flow's rows will not find. Raises what reading the systems raises."""
    live = {row.id for row in flow.live_layout().all_rows}
    judged = [placed for placed in flow.rows if placed.row.id in live and _asks(placed)]
    facts = Probe(systems.references(plan.references))
    for placed in judged:
        yield from _without_value(flow, placed, facts)
    if flow.source == "finops":
        yield from _whole_source(flow, plan, judged, systems, facts)
        return
    for placed in judged:
        yield from _looked_up(flow, placed, systems, data, facts)
        yield from _options(flow, placed, facts)


def _asks(placed: PlacedRow) -> bool:
    """Whether a row can fail for want of reference data or of a pair in a value map, or is asked for by one."""
    row, side = placed.row, placed.side
    if row.reference is not None or row.parent:
        return False
    asked = side.prefix + side.column_of(row) in side.remembered
    return bool(row.resolve or row.exists or asked or (row.values is not None and not row.within))


def _run(placed: PlacedRow, values: Values, job: Job) -> DataError | NotReady | None:
    """What keeps a record with these values from going on."""
    try:
        row_step(placed.row, placed.side)(values, job)
    except (DataError, NotReady) as error:
        return error
    return None


def _without_value(flow: LiveFlow, placed: PlacedRow, facts: Probe) -> Iterator[Finding]:
    """What a default or a setting leads to must be there, whatever records say."""
    rule = placed.row.resolve
    given = [known for known in known_values(flow, placed) if known.place or not placed.side.names_of(placed.row)]
    if rule is None or rule.within or not given:
        return
    error = _run(placed, {}, Job(facts))
    if error is not None:
        what = f"{placed.row.id}: {_said(error)}"
        yield told(flow, "error", placed, given[-1], what, f"{given[-1].remedy}, or: {error.remedy}")


def _whole_source(
    flow: LiveFlow, plan: Plan, judged: Sequence[PlacedRow], systems: Systems, facts: Probe
) -> Iterator[Finding]:
    """A source that is read whole: its rows that pass the filters, by what the judged rows read of them."""
    table = flow.table("finops", plan.flow.source.set)
    names = list(dict.fromkeys(name for placed in judged for name in placed.side.sources_of(placed.row)))
    filters = [test.finops for test in flow.file.only if test.finops is not None]
    columns = list(dict.fromkeys((*names, *filters)))
    if table is None or not names or not table.columns.keys() >= frozenset(columns):
        return
    kinds: Counter[tuple[Scalar | None, ...]] = Counter()
    for row in systems.rows("finops", table, columns, company=plan.company):
        if plan.verdict(Record("", "", row), facts, linked=False).reason is None:
            kinds[tuple(map(row.get, names))] += 1
    tried: Counter[str] = Counter()
    failed: dict[tuple[str, str, str], int] = Counter()
    for values, count in kinds.items():
        for id, error in _through(judged, dict(zip(names, values, strict=True)), facts):
            tried[id] += count
            if error is not None:
                failed[id, _said(error), error.remedy] += count
    lost: Counter[str] = Counter()
    for (id, _, _), count in failed.items():
        lost[id] += count
    for (id, what, remedy), count in failed.items():
        said = f"{id}: {what} in {count} of {kinds.total()} {flow.layout.source.set}"
        yield flow.found("error" if lost[id] == tried[id] else "warning", flow.paths[id], said, remedy)


def _through(
    judged: Sequence[PlacedRow], values: Mapping[str, Scalar | None], facts: Probe
) -> Iterator[tuple[str, DataError | NotReady | None]]:
    """Each row's id with what keeps it from going on; rows that build on one that failed are left out."""
    job, gone = Job(facts), set[str]()
    for placed in judged:
        name = placed.side.prefix + placed.side.column_of(placed.row)
        if gone.intersection(asked_of(placed.row)):
            gone.add(name)
            continue
        error = _run(placed, values, job)
        if error is not None:
            gone.add(name)
        yield placed.row.id, error


def _looked_up(
    flow: LiveFlow, placed: PlacedRow, systems: Systems, data: ReferenceData, facts: Probe
) -> Iterator[Finding]:
    """Every row of a looked-up table that records refer to; one that nothing refers to does no harm (R7)."""
    row, rule = placed.row, placed.row.lookup
    sources = placed.side.sources_of(row)
    if rule is None or not any(flow.sources(placed)):
        return
    for found in data.rows(flow, flow.source, rule.set, (rule.key, rule.give)) or ():
        id = str(found[rule.key])
        error = _run(placed, {sources[0]: id}, Job(facts))
        if error is None:
            continue
        try:
            used = systems.is_used(flow.layout.source.set, attribute(sources[0]), id)
        except SyncError:
            used = True
        if used:
            what = f'{row.id}: records refer to "{found[rule.give]}" of {rule.set}. {_said(error)}'
            yield flow.found("warning", placed.path, what, error.remedy)


def _options(flow: LiveFlow, placed: PlacedRow, facts: Probe) -> Iterator[Finding]:
    """Options of a source column that the value map does not know."""
    if placed.row.lookup is not None or placed.row.combine or placed.row.join:
        return
    for column in flow.sources(placed):
        for value in members_of(column) or ():
            error = _run(placed, {column.name: value}, Job(facts))
            if error is not None:
                label = (column.options or {}).get(value, "") if isinstance(value, int) else ""
                shown = f"{key_text(value)} ({label})" if label else key_text(value)
                what = f"{placed.row.id}: {attribute(column.name)} can be {shown}. {_said(error)}"
                yield flow.found("warning", placed.path, what, error.remedy)


def _said(error: DataError | NotReady) -> str:
    """What a record would be told, with the code of its issue."""
    return f"{error.what.rstrip('.')} ({error.code})"
