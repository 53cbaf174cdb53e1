"""The plan that worlds run: the accounts mapping as shipped."""

from __future__ import annotations

import functools
from pathlib import Path

from sync.mapping.compile import compile_plans
from sync.mapping.load import LoadedMapping, load_all
from sync.mapping.plan import Plan
from sync.model import Scalar, System

MAPPINGS = Path(__file__).parents[2] / "mappings"


class Facts:
    """Reference data that has whatever is asked for."""

    def lookup(self, system: System, set: str, id: str, give: str) -> Scalar | None:
        return id.upper()

    def exists(self, system: System, set: str, column: str, value: str, company: str | None) -> str | None:
        return value


@functools.cache
def accounts_plan() -> Plan:
    """`accounts_to_finops` for company usmf, everything else as shipped."""
    result = load_all(MAPPINGS)
    loaded = result.mappings["accounts"]
    if not isinstance(loaded, LoadedMapping):
        raise loaded
    (plan,) = compile_plans(loaded, result.maps, {"company": "usmf"})
    return plan
