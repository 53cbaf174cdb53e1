"""Writing rows: the checks that hold for every entity set, in F&O's order, and the sets that have more of them.

The order is that of wire.md 2.4: the fields one after the other as the client sent them, then the row as a whole,
then the write. The first problem is the one that is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from local.simulators.finops.customers import Customers
from local.simulators.finops.errors import unreadable
from local.simulators.finops.schema import COMPANY, EntitySet
from local.simulators.finops.store import Row, Values, key_of
from local.simulators.finops.values import too_long
from local.simulators.finops.world import World


class Rules(Protocol):
    """What one entity set adds. Every method may raise Refusal; nothing is written then."""

    def check(self, values: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        """Look at the values of a write; `row` is the row as it will be."""

    def before_create(self, values: dict[str, Any]) -> None:
        """Fill in what the client left out."""

    def create(self, values: dict[str, Any]) -> Row:
        """Write a new row whose key is free."""

    def update(self, row: Row, changes: dict[str, Any]) -> Row:
        """Write a row anew."""


class Plain:
    """A set without rules of its own."""

    def __init__(self, world: World, entity_set: EntitySet) -> None:
        self._store = world.store
        self._set = entity_set

    def check(self, values: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        """Nothing to look at."""

    def before_create(self, values: dict[str, Any]) -> None:
        """Nothing to fill in."""

    def create(self, values: dict[str, Any]) -> Row:
        """Write a new row."""
        return self._store.create(self._set.name, values)

    def update(self, row: Row, changes: dict[str, Any]) -> Row:
        """Write a row anew."""
        return self._store.update(self._set.name, row, changes, notes=row.notes, party=None)


class Writing:
    """Creates, updates and deletes for all entity sets of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rules: dict[str, Rules] = {
            name: Customers(world, entity_set) if name == "CustomersV3" else Plain(world, entity_set)
            for name, entity_set in world.schema.sets.items()
        }

    def create(self, entity_set: EntitySet, values: dict[str, Any]) -> Row:
        """A new row with its defaults filled in. Raises Refusal."""
        rules = self._rules[entity_set.name]
        with self._world.store.transaction():
            if entity_set.by_company:
                values[COMPANY] = self._company(values.get(COMPANY))
            rules.before_create(values)
            complete = Values(values.items(), entity_set.empty)
            self._check_fields(entity_set, values, complete[COMPANY] if entity_set.by_company else "")
            rules.check(values, complete)
            self._check_required(entity_set, complete)
            if self._world.store.find(entity_set.name, key_of(entity_set, complete)) is not None:
                raise self._world.infolog.exists(entity_set, complete)
            return rules.create(values)

    def update(self, entity_set: EntitySet, row: Row, values: Mapping[str, Any]) -> Row:
        """The row with these values; the same row when nothing differs. Raises Refusal."""
        changes = {name: value for name, value in values.items() if value != row[name]}
        self._check_fixed(entity_set, row, changes)
        changes = {name: value for name, value in changes.items() if name not in entity_set.key}
        if not changes:
            return row
        rules = self._rules[entity_set.name]
        complete = Values({**row, **changes}.items(), entity_set.empty)
        with self._world.store.transaction():
            self._check_fields(entity_set, changes, row[COMPANY] if entity_set.by_company else "")
            rules.check(changes, complete)
            self._check_required(entity_set, complete)
            return rules.update(row, changes)

    def delete(self, entity_set: EntitySet, row: Row) -> None:
        """Remove a row."""
        with self._world.store.transaction():
            self._world.store.delete(entity_set.name, row)

    def _company(self, sent: str | None) -> str:
        company = (sent or self._world.company).lower()
        if not self._world.has_company(company):
            raise unreadable(
                f"The company '{company}' does not exist. Create it in LegalEntities or send another {COMPANY}."
            )
        return company

    def _check_fields(self, entity_set: EntitySet, values: Mapping[str, Any], company: str) -> None:
        for name, value in values.items():
            if too_long(entity_set, name, value):
                raise self._world.infolog.too_long(entity_set, name)
            related = entity_set.references.get(name)
            if related is not None and value:
                target = self._world.schema.sets[related]
                if self._world.refers_to(target, company, value) is None:
                    raise self._world.infolog.not_found(entity_set, name, value, target)

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
