"""What every rule may look at: the schema, the rows, the default company, the reference lists, the switches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.simulators.finops import sequences
from local.simulators.finops.infolog import LANGUAGES, Infolog
from local.simulators.finops.schema import COMPANY, EntitySet, Schema
from local.simulators.finops.store import Row, Store, key_of
from local.simulators.odata.filter_values import fold

SWITCHES: Mapping[str, tuple[Any, ...]] = {
    "infolog_language": LANGUAGES,
    **sequences.SWITCHES,
    "first_name": ("optional", "mandatory"),
    "contact_moves": ("refused", "allowed"),
    "edits_when_sent": ("refused", "allowed"),
    "quotation_prices": ("kept", "recalculated"),
    "line_charges": ("added", "ignored"),
    "mandatory_dimensions": ("none", "site", "site and warehouse"),
    "delivery_date_control": ("none", "checked"),
}
"""Behaviour that differs between environments or that flows.md calls unknown: the values of each switch, the one of a
fresh simulator first. The number sequences have theirs in `sequences`, the protocol in `switches`.

infolog_language: the language of business refusals.
first_name: whether a contact person needs a first name (flows.md CE6).
contact_moves: whether a contact person can be given another party to be the contact of (flows.md CE10).
edits_when_sent: whether a quotation that was sent, submitted or approved can be changed (flows.md 6.3).
quotation_prices: whether the product's price takes the place of the price that a quotation line is sent with.
line_charges: whether a line's fixed charges are part of its amount (flows.md 11, number 6).
mandatory_dimensions: what the storage dimension group of every stocked product asks for on a quotation line.
delivery_date_control: whether dates of delivery in the past are refused (flows.md 1.14: it has to be None).
"""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class World:
    """The state of one simulator."""

    schema: Schema
    store: Store
    company: str
    switch: Callable[[str], Any]
    now: Callable[[], datetime] = _utc_now
    """The simulator's own clock."""
    states: dict[str, frozenset[str]] = field(default_factory=dict)
    """Folded state codes by country code; a country without a list takes any state."""
    prospects: dict[str, str] = field(default_factory=dict)
    """Account numbers of prospects by the number of their party."""
    conflicts: Counter[str] = field(default_factory=Counter)
    """How many updates of each set are still to meet an update conflict."""
    counters: Counter[str] = field(default_factory=Counter)
    """The last number that each number sequence gave out."""

    @property
    def infolog(self) -> Infolog:
        """The words of the language that is switched on."""
        return Infolog(self.switch("infolog_language"))

    def refers_to(self, related: EntitySet, company: str, value: str) -> Row | None:
        """The row of `related` that `value` names, in the company where the set is by company."""
        *_, last = related.key
        values = {COMPANY: company, last: value} if related.by_company else {last: value}
        return self.store.find(related.name, key_of(related, values))

    @property
    def today(self) -> str:
        """The simulator's date in the form in which F&O gives dates: at noon UTC (flows.md 1.6)."""
        return self.now().strftime("%Y-%m-%dT12:00:00Z")

    def has_company(self, company: str) -> bool:
        """Whether there is a legal entity of this id."""
        return self.store.find("LegalEntities", (fold(company),)) is not None
