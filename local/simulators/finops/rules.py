"""Writing rows: the checks that hold for every entity set, in F&O's order, and the sets that have more of them.

The order is that of wire.md 2.4: the fields that the client sent, then what F&O fills in, then the row as a whole, then
the write. The first problem is the one that is told. Fields that only F&O computes may be sent and are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.simulators.finops import references
from local.simulators.finops.contacts import CdsContactPersons, ContactPersons
from local.simulators.finops.customers import Customers
from local.simulators.finops.errors import unreadable
from local.simulators.finops.plain import Plain
from local.simulators.finops.products import ReadOnly
from local.simulators.finops.quotation_lines import QuotationLines
from local.simulators.finops.quotations import Quotations
from local.simulators.finops.schema import COMPANY, EntitySet
from local.simulators.finops.store import Row, Values, key_of
from local.simulators.finops.world import World

_RULES: Mapping[str, type[Plain]] = {
    "CustomersV3": Customers,
    "ContactPersons": ContactPersons,
    "CDSContactPersonsV2": CdsContactPersons,
    "CDSSalesQuotationHeaders": Quotations,
    "CDSSalesQuotationLines": QuotationLines,
}
SHOWN_ONLY = frozenset({"SellableReleasedProducts", "CDSReleasedDistinctProducts"})
"""Entities that show records which people make elsewhere in F&O."""


class Writing:
    """Creates, updates and deletes for all entity sets of a world.

    `person` is somebody who works in F&O itself, and not through its web service: sets that are read-only there can be
    written.
    """

    def __init__(self, world: World, *, person: bool = False) -> None:
        self._world = world
        self._rules: dict[str, Plain] = {
            name: (ReadOnly if name in SHOWN_ONLY and not person else _RULES.get(name, Plain))(world, entity_set)
            for name, entity_set in world.schema.sets.items()
        }

    def create(self, entity_set: EntitySet, values: dict[str, Any]) -> Row:
        """A new row with its defaults filled in. Raises Refusal, and then nothing is written."""
        rules = self._rules[entity_set.name]
        with self._world.store.transaction():
            rules.check_writable()
            values = _writable(entity_set, values)
            company = ""
            if entity_set.by_company:
                company = values[COMPANY] = self._company(values.get(COMPANY))
            row = Values(values.items(), entity_set.empty)
            references.check_fields(self._world, entity_set, values, company)
            rules.check_fields(values, row, None)
            rules.fill(values)
            row = Values(values.items(), entity_set.empty)
            self._check_required(entity_set, row)
            rules.check_row(row, values)
            if self._world.store.find(entity_set.name, key_of(entity_set, row)) is not None:
                raise self._world.infolog.exists(entity_set, row)
            for name in entity_set.key:
                values.setdefault(name, entity_set.empty[name])
            return rules.create(values)

    def update(self, entity_set: EntitySet, row: Row, values: Mapping[str, Any]) -> Row:
        """The row with these values; the same row when nothing differs. Raises Refusal, and then nothing is written."""
        rules = self._rules[entity_set.name]
        rules.check_writable()
        changes = {name: value for name, value in _writable(entity_set, values).items() if value != row[name]}
        self._check_fixed(entity_set, row, changes)
        changes = {name: value for name, value in changes.items() if name not in entity_set.key}
        if not changes:
            return row
        self._check_conflict(entity_set, row)
        complete = Values({**row, **changes}.items(), entity_set.empty)
        with self._world.store.transaction():
            references.check_fields(self._world, entity_set, changes, row[COMPANY] if entity_set.by_company else "")
            rules.check_fields(changes, complete, row)
            self._check_required(entity_set, complete)
            rules.check_row(complete, changes)
            return rules.update(row, changes)

    def delete(self, entity_set: EntitySet, row: Row) -> None:
        """Remove a row and what is part of it. Raises Refusal, and then nothing is removed."""
        rules = self._rules[entity_set.name]
        with self._world.store.transaction():
            rules.check_writable()
            rules.delete(row)

    def _company(self, sent: str | None) -> str:
        company = (sent or self._world.company).lower()
        if not self._world.has_company(company):
            raise unreadable(
                f"The company '{company}' does not exist. Create it in LegalEntities or send another {COMPANY}."
            )
        return company

    def _check_required(self, entity_set: EntitySet, row: Mapping[str, Any]) -> None:
        for name in entity_set.required:
            if not row[name]:
                raise self._world.infolog.empty(entity_set, name)

    def _check_fixed(self, entity_set: EntitySet, row: Row, changes: Mapping[str, Any]) -> None:
        """Keys and create-only properties cannot be given another value; another case of a key is the same value."""
        moved = key_of(entity_set, Values({**row, **changes}.items(), entity_set.empty)) != key_of(entity_set, row)
        for name in changes:
            if name in entity_set.create_only or (moved and name in entity_set.key):
                raise self._world.infolog.not_editable(entity_set, name)

    def _check_conflict(self, entity_set: EntitySet, row: Row) -> None:
        """Refuse as many updates as were asked for, as if another user had changed the row meanwhile."""
        if self._world.conflicts[entity_set.name] > 0:
            self._world.conflicts[entity_set.name] -= 1
            raise self._world.infolog.conflict(entity_set, row)


def _writable(entity_set: EntitySet, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without those that only F&O computes."""
    if entity_set.read_only.isdisjoint(values):
        return dict(values)
    return {name: value for name, value in values.items() if name not in entity_set.read_only}
