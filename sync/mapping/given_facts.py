"""The world that an example is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sync.keys import key_text as key_of
from sync.mapping.plan import UnknownId
from sync.mapping.values import key_text, normalise
from sync.model import Link, Scalar, System, Use, Values


@dataclass(frozen=True)
class GivenFacts:
    """Facts from what an example says: `lookups` by set and id, `sets` of existing values, `tables` of whole rows,
    `links` by mapping and id, and the tables that have rows which refer to the record."""

    lookups: Mapping[str, Mapping[str, Values]]
    sets: Mapping[str, Sequence[str]]
    tables: Mapping[str, Sequence[Values]] = field(default_factory=dict)
    links: Mapping[str, Mapping[str, Link]] = field(default_factory=dict)
    referring: frozenset[str] = frozenset()
    day: date = date(2026, 1, 1)

    def lookup(self, system: System, set: str, id: str, give: str) -> Scalar | None:
        row = self.lookups.get(set, {}).get(id)
        if row is None:
            row = next((row for row in self.tables.get(set, ()) if id in row.values()), None)
        if row is None:
            raise UnknownId(f"{system} {set} {id}")
        return row.get(give)

    def exists(self, system: System, set: str, column: str, value: str, company: str | None) -> str | None:  # noqa: ARG002
        return next((known for known in self.sets.get(set, ()) if known.casefold() == value.casefold()), None)

    def rows(
        self,
        system: System,  # noqa: ARG002
        set: str,
        column: str,
        value: str,
        fits: Callable[[Values], bool],
    ) -> Sequence[Values]:
        wanted = normalise(value)
        found = (row for row in self.tables.get(set, ()) if normalise(key_text(row.get(column) or "")) == wanted)
        return [row for row in found if fits(row)]

    def link(self, mapping: str, id: str) -> Link | None:
        return self.links.get(mapping, {}).get(id)

    def owner(self, mapping: str, key: str) -> Link | None:
        known = self.links.get(mapping, {}).values()
        return next((link for link in known if link.target and key_of(link.target) == key), None)

    def referred(self, use: Use, id: str) -> bool:  # noqa: ARG002
        return use.set in self.referring

    def today(self, zone: str = "UTC") -> date:  # noqa: ARG002
        return self.day
