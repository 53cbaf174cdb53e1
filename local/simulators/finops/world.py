"""What every rule may look at: the schema, the rows, the default company, the reference lists, the switches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.simulators.finops.infolog import LANGUAGES, Infolog
from local.simulators.finops.schema import COMPANY, EntitySet, Schema
from local.simulators.finops.store import Row, Store, key_of
from local.simulators.odata.filter_values import fold

SWITCHES: Mapping[str, tuple[Any, ...]] = {
    "customer_numbers": ("manual", "automatic"),
    "infolog_language": LANGUAGES,
}
"""Behaviour that differs between environments or that wire.md calls unknown: the values of each switch, the one of a
fresh simulator first.

customer_numbers: whether a number sequence fills a missing CustomerAccount.
infolog_language: the language of business refusals.
"""


@dataclass(slots=True)
class World:
    """The state of one simulator."""

    schema: Schema
    store: Store
    company: str
    switch: Callable[[str], Any]
    now: Callable[[], datetime]
    """The simulator's own clock."""
    states: dict[str, frozenset[str]] = field(default_factory=dict)
    """Folded state codes by country code; a country without a list takes any state."""

    @property
    def infolog(self) -> Infolog:
        """The words of the language that is switched on."""
        return Infolog(self.switch("infolog_language"))

    def refers_to(self, related: EntitySet, company: str, value: str) -> Row | None:
        """The row of `related` that `value` names, in the company where the set is by company."""
        *_, last = related.key
        values = {COMPANY: company, last: value} if related.by_company else {last: value}
        return self.store.find(related.name, key_of(related, values))

    def has_company(self, company: str) -> bool:
        """Whether there is a legal entity of this id."""
        return self.store.find("LegalEntities", (fold(company),)) is not None
