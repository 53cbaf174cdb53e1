"""`$expand`: the rows behind navigation properties, one level deep (wire.md 2.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.simulators.finops.errors import unreadable
from local.simulators.finops.schema import COMPANY, EntitySet, Navigation, Schema
from local.simulators.finops.store import Row, Store
from local.simulators.odata.filter_values import fold

_ITEM = re.compile(r"\s*(\w+)\s*(?:\(\s*\$select\s*=([\w\s,*]*)\))?\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class Expansion:
    """One navigation property of an answer, and the columns of its rows (None: all)."""

    name: str
    navigation: Navigation
    entity_set: EntitySet
    select: tuple[str, ...] | None


def read_expand(schema: Schema, entity_set: EntitySet, text: str) -> tuple[Expansion, ...]:
    """The expansions that `$expand` asks for. Raises Refusal (400) for unknown ones and for more than one level."""
    found: list[Expansion] = []
    start = 0
    while start < len(text) or not found:
        item = _ITEM.match(text, start)
        if item is None:
            raise unreadable(
                f"The $expand '{text}' is not valid: navigation properties, one level deep, each with $select at most."
            )
        navigation = entity_set.navigation.get(item[1])
        if navigation is None:
            raise unreadable(f"Could not find a property named '{item[1]}' on type '{entity_set.type}'.")
        target = schema.sets[navigation.set]
        select = None if item[2] is None else read_select(target, item[2])
        found.append(Expansion(item[1], navigation, target, select))
        start = item.end()
    return tuple(found)


def read_select(entity_set: EntitySet, text: str) -> tuple[str, ...] | None:
    """The columns of a `$select`; None for all. Raises Refusal (400) for an unknown one."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name != "*" and name not in entity_set.columns:
            raise unreadable(f"Could not find a property named '{name}' on type '{entity_set.type}'.")
    return None if "*" in names else names


def related(store: Store, row: Mapping[str, Any], expansion: Expansion) -> list[Row]:
    """The rows that a row's navigation property leads to."""
    wanted = {theirs: _key(row[own]) for own, theirs in expansion.navigation.on.items()}
    table = store.tables[expansion.navigation.set]
    if "" in wanted.values():
        return []
    indexed = next((name for name in wanted if name in expansion.entity_set.key and name != COMPANY), None)
    candidates = table.candidates(None if indexed is None else (indexed, frozenset({wanted[indexed]})))
    return [one for one in candidates if all(_key(one[name]) == value for name, value in wanted.items())]


def _key(value: Any) -> Any:
    return fold(value) if isinstance(value, str) else value
