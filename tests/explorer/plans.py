"""The plans that worlds run: the mappings as shipped, under several settings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from sync.errors import NotReady
from sync.mapping.compile import compile_plans
from sync.mapping.job import NOTHING_KEPT
from sync.mapping.load import LoadedMapping, LoadResult, load_all
from sync.mapping.plan import Facts, Mapped, Plan
from sync.model import Record, Scalar, System, Values
from tests.shipped import shipped_mappings

MAPPINGS = shipped_mappings()
PARENT = "_parentaccountid_value"


class AllFacts:
    """Reference data that has whatever is asked for."""

    def lookup(self, system: System, set: str, id: str, give: str) -> Scalar | None:
        return id.upper()

    def exists(self, system: System, set: str, column: str, value: str, company: str | None) -> str | None:
        return value

    def rows(
        self, system: System, set: str, column: str, value: str, fits: Callable[[Values], bool]
    ) -> Sequence[Values]:
        return ()


@dataclass(frozen=True)
class ChildrenWait(Plan):
    """Accounts with a parent account wait until the parent is linked, as contacts wait for their account."""

    linked: Callable[[str], bool] = field(kw_only=True, repr=False, compare=False)

    def map(
        self,
        record: Record,
        facts: Facts,
        link: Mapping[str, Scalar] | None = None,
        target: Values | None = None,
        kept: Mapping[str, str] = NOTHING_KEPT,
    ) -> Mapped:
        parent = str(record.values[PARENT] or "")
        if parent and not self.linked(parent):
            raise NotReady("parent-not-linked", "Its parent is not linked yet.", awaits=f"accounts:{parent}")
        return super().map(record, facts, link, target, kept)


def children_wait(plan: Plan, linked: Callable[[str], bool]) -> Plan:
    """The plan with the reference to the parent; `linked` tells whether an account is linked."""
    values = {item.name: getattr(plan, item.name) for item in fields(Plan)}
    return ChildrenWait(**{**values, "columns": (*plan.columns, PARENT)}, linked=linked)


def accounts_plan(*, hold: bool = False, allocate: bool = False, default_country: str = "") -> Plan:
    """`accounts_to_finops` for company usmf, as shipped but for these settings."""
    settings = {
        "accounts.on_deactivate": "hold" if hold else "ignore",
        "accounts.missing_number": "allocate" if allocate else "hold",
        "country.default": default_country,
    }
    return shipped_plan("accounts", **settings)


@functools.cache
def shipped_plan(name: str, **settings: str) -> Plan:
    """The only flow of a mapping file for company usmf, as shipped but for these settings; blank ones are not set."""
    result = _loaded()
    loaded = result.mappings[name]
    if not isinstance(loaded, LoadedMapping):
        raise loaded
    given = {setting: value for setting, value in settings.items() if value}
    (plan,) = compile_plans(loaded, result.maps, {"company": "usmf", **given})
    return plan


@functools.cache
def _loaded() -> LoadResult:
    return load_all(MAPPINGS)
