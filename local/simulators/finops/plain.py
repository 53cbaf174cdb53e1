"""What every entity set does when its rows are written; sets with rules of their own add to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.simulators.finops.references import Lists
from local.simulators.finops.schema import EntitySet
from local.simulators.finops.store import Row
from local.simulators.finops.world import World


class Plain:
    """The steps of a write, each of which may raise Refusal; nothing is written then."""

    def __init__(self, world: World, entity_set: EntitySet) -> None:
        self._world = world
        self._set = entity_set
        self._lists = Lists(world, entity_set)

    def check_writable(self) -> None:
        """Refuse any write at all."""

    def check_fields(self, values: Mapping[str, Any], row: Mapping[str, Any], before: Row | None) -> None:  # noqa: ARG002
        """Look at each value that the client sent; `row` is the row as sent, `before` the one that is changed."""
        self._lists.check(values, row)

    def fill(self, values: dict[str, Any]) -> None:
        """Fill in what the client left out of a create."""

    def check_row(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Look at the row as it will be; `values` are those that are new in it."""

    def create(self, values: dict[str, Any]) -> Row:
        """Write a new row whose key is free."""
        return self._world.store.create(self._set.name, values)

    def update(self, row: Row, changes: dict[str, Any]) -> Row:
        """Write a row anew."""
        return self._world.store.update(self._set.name, row, changes, notes=row.notes, party=None)

    def delete(self, row: Row) -> None:
        """Remove a row."""
        self._world.store.delete(self._set.name, row)


def fill_in(values: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    """Take each default that is something for a property that the client left out or empty."""
    for name, default in defaults.items():
        if default and not values.get(name):
            values[name] = default
