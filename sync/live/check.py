"""The whole check against the live systems: every problem of every flow in one pass; nothing is written (promise 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from sync.errors import SyncError
from sync.live.findings import Finding, sorted_findings
from sync.live.flow import LiveFlow
from sync.live.lookups import check_lookups
from sync.live.members import check_members
from sync.live.ports import Systems, Table
from sync.live.probing import probe
from sync.live.reference import COMPANIES, REFERS_TO, ReferenceData, check_companies, check_reference, companies_of
from sync.live.shapes import check_shapes
from sync.live.tables import check_tables
from sync.mapping.compile import compile_plans
from sync.mapping.conditions import SYSTEMS, LiveColumns
from sync.mapping.documents import lines_of
from sync.mapping.load import LoadedMapping, LoadResult
from sync.mapping.plan import Plan
from sync.mapping.problems import MappingProblems, Problem
from sync.mapping.settings import resolve
from sync.model import EntityRef, System

FILES = "mapping files"
"""What findings of the files themselves are about."""


def check_live(
    mappings: LoadResult, settings: Mapping[str, str], systems: Systems, enabled: Callable[[str], bool]
) -> list[Finding]:
    """What is wrong with the files that can be used, beside both systems as they are.

    `settings` are dotted lower-case names with their texts; flows that are not `enabled` are left out. A system that
    cannot be read is a finding of its own, and what depends on it is not looked at.
    """
    return sorted_findings(_Check(mappings, settings, systems, enabled).findings())


class _Check:
    def __init__(
        self, mappings: LoadResult, settings: Mapping[str, str], systems: Systems, enabled: Callable[[str], bool]
    ) -> None:
        self._mappings, self._settings, self._systems, self._enabled = mappings, settings, systems, enabled
        self._tables: dict[tuple[System, str], Table | None] = {}
        self._silent: set[System] = set()
        self._data = ReferenceData(systems)

    def findings(self) -> Iterator[Finding]:
        """Tables first, since all else needs them."""
        usable = [loaded for loaded in self._mappings.loaded if self._values(loaded) is not None]
        yield from self._read("sales", {table for loaded in usable for table in loaded.tables("sales")})
        flows = [flow for loaded in usable for flow in self._flows(loaded)]
        wanted = [each for flow in flows for each in flow.wanted()]
        extra = {COMPANIES[0], *(name for name, _ in REFERS_TO.values())}
        yield from self._read("sales", {name for system, name in wanted if system == "sales"})
        yield from self._read("finops", {name for system, name in wanted if system == "finops"} | extra)
        flows = [flow for loaded in usable for flow in self._flows(loaded)]
        to_finops = {flow.loaded.name: flow for flow in flows if flow.target == "finops" and not flow.of_lines}
        for flow in flows:
            if not self._enabled(flow.name):
                if flow.of_lines:
                    continue
                yield flow.elsewhere("note", f"flow {flow.name}", "it is switched off, so it was not checked", "")
            elif flow.layout.problems:
                yield from (Finding(flow.name, "error", problem) for problem in flow.layout.problems)
            else:
                yield from self._flow(flow, to_finops)
        yield from self._data.failed

    def _flow(self, flow: LiveFlow, to_finops: Mapping[str, LiveFlow]) -> Iterator[Finding]:
        yield from check_tables(flow)
        yield from check_shapes(flow)
        yield from check_members(flow)
        yield from check_lookups(flow, {loaded.name: loaded.file for loaded in self._mappings.loaded})
        if flow.of_lines:
            yield from check_reference(flow, companies_of(to_finops[flow.loaded.name], to_finops), self._data)
            return
        companies = companies_of(flow, to_finops)
        yield from check_companies(flow, companies, self._data)
        yield from check_reference(flow, companies, self._data)
        plan = self._plan(flow)
        if plan is not None and not self._silent:
            yield from self._tried(flow, plan, str(companies[0].value) if companies else "")

    def _tried(self, flow: LiveFlow, plan: Plan, company: str) -> Iterator[Finding]:
        """Reads as the flow reads, which needs its rights and its columns."""
        for entity, columns in _read_by(flow, plan):
            table = self._tables.get((entity.system, entity.set))
            if table is not None:
                there = [name for name in columns if name.partition("@")[0] in table.columns]
                yield from _error(flow, partial(self._systems.try_reading, entity, there, company=company))
        for entity in _followed_by(plan):
            table = self._tables.get((entity.system, entity.set))
            if table is not None and table.change_tracking:
                yield from _error(flow, partial(self._systems.try_following, entity))
        try:
            yield from probe(flow, plan, self._systems, self._data)
        except SyncError as error:
            yield _unread(flow, error)

    def _read(self, system: System, sets: set[str]) -> Iterator[Finding]:
        missing = {name for name in sets if (system, name) not in self._tables}
        if not missing or system in self._silent:
            return
        try:
            found = self._systems.tables(system, sorted(missing))
        except SyncError as error:
            self._silent.add(system)
            self._tables = {key: table for key, table in self._tables.items() if key[0] != system}
            problem = Problem(error.where or SYSTEMS[system], 0, 0, error.what.rstrip("."), error.remedy)
            yield Finding(SYSTEMS[system], "error", problem)
            return
        self._tables.update({(system, name): table for name, table in found.items()})

    def _flows(self, loaded: LoadedMapping) -> list[LiveFlow]:
        values = self._values(loaded)
        targets: tuple[System, ...] = ("finops", "sales")
        maps = self._mappings.maps
        parts = [(loaded, False), *((lines, True) for lines in (lines_of(loaded),) if lines is not None)]
        return [
            LiveFlow(part, maps, values or {}, target, self._tables, of_lines=of_lines)
            for target in targets
            if loaded.file.direction in ("both", f"to_{target}")
            for part, of_lines in parts
        ]

    def _values(self, loaded: LoadedMapping) -> Mapping[str, str] | None:
        """The settings of a file; None when one of them is not allowed, which the offline check tells."""
        values, problems = resolve(loaded.settings, self._settings, self._mappings.maps)
        return None if problems else values

    def _plan(self, flow: LiveFlow) -> Plan | None:
        """The plan as the flow itself has it; None when it has none, which is told already."""
        if flow.table("sales", flow.file.sales.table) is None:
            return None
        live: LiveColumns = flow.live_columns()
        try:
            plans = compile_plans(flow.loaded, self._mappings.maps, self._settings, live)
        except MappingProblems:
            return None
        return next((plan for plan in plans if plan.flow.name == flow.name), None)


def _read_by(flow: LiveFlow, plan: Plan) -> Iterator[tuple[EntityRef, Sequence[str]]]:
    """The tables that a flow reads rows of, and the columns that it reads."""
    yield plan.flow.source, plan.columns
    yield plan.flow.target, plan.target_columns
    for step, _ in flow.layout.writes:
        if step.table is not None and step.id is not None:
            yield EntityRef("sales", step.table, (step.id,)), (step.id,)
    if plan.lines is not None:
        yield plan.lines.source, plan.lines.columns
        document = tuple(name for name in plan.lines.target.key if name != plan.lines.number)
        yield EntityRef("finops", plan.lines.target.set, document), (*document, *plan.lines.there)


def _followed_by(plan: Plan) -> Iterator[EntityRef]:
    """The tables whose changes a flow follows."""
    if plan.feed == "delta":
        yield plan.flow.source
    yield from (EntityRef("sales", trigger.set, (trigger.id,)) for trigger in plan.triggers)


def _error(flow: LiveFlow, read: Callable[[], None]) -> Iterator[Finding]:
    try:
        read()
    except SyncError as error:
        yield _unread(flow, error)


def _unread(flow: LiveFlow, error: SyncError) -> Finding:
    return flow.elsewhere("error", error.where or f"flow {flow.name}", error.what.rstrip("."), error.remedy)
