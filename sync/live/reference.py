"""Whether the reference data are there that settings, constants and value maps name (flows.md 1.13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sync.errors import SyncError
from sync.live.findings import Finding
from sync.live.flow import LiveFlow, PlacedRow
from sync.live.ports import Systems
from sync.live.values import Known, known_values, map_place, pairs, setting_place, told
from sync.mapping.plan import COMPANY
from sync.mapping.problems import Problem, did_you_mean
from sync.mapping.settings import app_setting
from sync.mapping.text import clean
from sync.mapping.values import key_text, normalise
from sync.model import System, Values

COMPANIES = ("LegalEntities", "LegalEntityId")
"""The companies of F&O: their set, and its column with what dataAreaId holds."""
REFERS_TO: Mapping[str, tuple[str, str]] = {
    "CustomerGroupId": ("CustomerGroups", "CustomerGroupId"),
    "SiteId": ("OperationalSitesV2", "SiteId"),
    "WarehouseId": ("Warehouses", "WarehouseId"),
}
"""Properties of F&O whose values must be in a set of reference data, and that set's column: the metadata do not tell.
A row with `exists` says so itself."""
SETTINGS = "settings"
"""What findings about settings that several flows share are about."""


class ReferenceData:
    """Reference data of both systems, each set read once. What cannot be read is a finding, told once."""

    def __init__(self, systems: Systems) -> None:
        self._systems = systems
        self._read: dict[tuple[System, str, tuple[str, ...], str], Sequence[Values] | None] = {}
        self._failed: dict[str, Finding] = {}

    @property
    def failed(self) -> list[Finding]:
        """What could not be read."""
        return list(self._failed.values())

    def rows(
        self, flow: LiveFlow, system: System, set: str, columns: tuple[str, ...], company: str = ""
    ) -> Sequence[Values] | None:
        """The rows, of one company where the set has companies; None when they cannot be read, or a column is not
        there (which is told elsewhere)."""
        table = flow.table(system, set)
        if table is None or not table.columns.keys() >= frozenset(columns):
            return None
        company = company if COMPANY in table.key else ""
        asked = (system, set, columns, company)
        if asked not in self._read:
            try:
                self._read[asked] = list(self._systems.rows(system, table, columns, company=company))
            except SyncError as error:
                self._read[asked] = None
                problem = Problem(set, 0, 0, error.what.rstrip("."), error.remedy)
                self._failed[set] = Finding(flow.name, "error", problem)
        return self._read[asked]

    def texts(
        self, flow: LiveFlow, system: System, set: str, column: str, company: str = ""
    ) -> Mapping[str, str] | None:
        """The texts in a column by their form without case."""
        rows = self.rows(flow, system, set, (column,), company)
        if rows is None:
            return None
        return {_folded(row[column]): str(row[column]) for row in rows if row.get(column) is not None}


def companies_of(flow: LiveFlow, flows: Mapping[str, LiveFlow]) -> list[Known]:
    """The companies that a flow reads from or writes to; `flows` are those to F&O by the names of their files."""
    if flow.target == "sales":
        setting = flow.layout.finops.company
        company = flow.layout.side.settings.text(setting.setting) if setting is not None else ""
        remedy = f"Change {app_setting(setting.setting)}" if setting is not None else ""
        return [Known(company.lower(), setting_place(setting.setting), remedy)] if setting and company else []
    for placed in flow.rows:
        if placed.side.column_of(placed.row) != COMPANY:
            continue
        reference = placed.row.reference
        if reference is None:
            return [known for known in known_values(flow, placed) if known.value != ""]
        others = [flows[mapping] for mapping in reference.by_table.values() if mapping in flows]
        return [known for other in others if other is not flow for known in companies_of(other, flows)]
    return []


def check_companies(flow: LiveFlow, companies: Sequence[Known], data: ReferenceData) -> Iterator[Finding]:
    """Every company that settings and value maps name is a legal entity."""
    known = data.texts(flow, "finops", *COMPANIES)
    for company in companies if known is not None else ():
        if known is not None and _folded(company.value) not in known:
            what = f'F&O has no company "{company.value}"'
            remedy = f"{company.remedy}. {did_you_mean(str(company.value), known, 'company')}"
            yield Finding(SETTINGS, "error", Problem(company.place or flow.loaded.document.file, 0, 0, what, remedy))


def check_reference(flow: LiveFlow, companies: Sequence[Known], data: ReferenceData) -> Iterator[Finding]:
    """What rows are known to send is in the set that it refers to; names that settings and value maps use exist."""
    there = data.texts(flow, "finops", *COMPANIES) or {}
    used = sorted({_folded(company.value) for company in companies} & there.keys())
    for placed in flow.rows:
        if flow.target == "finops":
            yield from _referred(flow, placed, used, data)
        yield from _named(flow, placed, data)
        yield from _paired(flow, placed, data)


def _referred(flow: LiveFlow, placed: PlacedRow, companies: Sequence[str], data: ReferenceData) -> Iterator[Finding]:
    rule = placed.row.exists
    refers = (rule.set, rule.column) if rule is not None else REFERS_TO.get(placed.side.column_of(placed.row))
    if refers is None:
        return
    table = flow.table("finops", refers[0])
    each = companies if table is not None and COMPANY in table.key else [""]
    for known in known_values(flow, placed):
        for company in each:
            there = data.texts(flow, "finops", *refers, company)
            if there is not None and _folded(known.value) not in there:
                of = f" of {company}" if company else ""
                value = key_text(known.value)
                what = f'{placed.row.id} sends "{value}", which is no {refers[1]} in {refers[0]}{of}'
                some = did_you_mean(value, list(there.values())[:_SHOWN], refers[1])
                yield told(flow, "error", placed, known, what, f"{known.remedy}, or add it in F&O. {some}")


_SHOWN = 20


def _named(flow: LiveFlow, placed: PlacedRow, data: ReferenceData) -> Iterator[Finding]:
    """A row that a setting names, and that is passed over when it is not there."""
    rule = placed.row.resolve
    if rule is None or rule.named is None or rule.name is None:
        return
    wanted = placed.side.settings.text(rule.named.setting)
    there = data.texts(flow, flow.target, rule.set, rule.name)
    if wanted and there is not None and _folded(wanted) not in there:
        what = f'{placed.row.id} looks for "{wanted}", which is no {rule.name} in {rule.set}'
        remedy = f"Change {app_setting(rule.named.setting)}. {did_you_mean(wanted, list(there.values()), rule.name)}"
        yield flow.elsewhere("error", setting_place(rule.named.setting), what, remedy)


def _paired(flow: LiveFlow, placed: PlacedRow, data: ReferenceData) -> Iterator[Finding]:
    """Texts of a value map that no row of the looked-up table has. A wrong one in the key of F&O is an error: the key
    under which a record was created cannot be mended."""
    row, rule = placed.row, placed.row.lookup
    table = placed.side.values_of(row)
    if rule is None or table is None:
        return
    there = data.texts(flow, flow.source, rule.set, rule.give)
    names = {normalise(text) for text in there.values()} if there is not None else set()
    for text in pairs(table, placed.side.source) if there is not None else ():
        if text and normalise(text) not in names:
            what = f'{row.id} maps "{text}", which is no {rule.give} in {rule.set}'
            some = did_you_mean(text, list((there or {}).values())[:_SHOWN], rule.give)
            severe = placed.side.column_of(row) in placed.side.key
            known = Known(text, map_place(flow, row))
            yield told(flow, "error" if severe else "warning", placed, known, what, f"Change the pair. {some}")


def _folded(value: object) -> str:
    return clean(str(value)).casefold()
