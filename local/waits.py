"""Who waits for what, by the names that people know the records by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from local.joined import Pair, Tables, folded
from sync.app import Awaited

_NAMED = {"transactioncurrencies": ("transactioncurrencyid", "isocurrencycode"), "uoms": ("uomid", "name")}
"""Reference data of Sales that other rows are looked up by: its id, and what people call it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that is waited for, how it stands, and those who wait, as `<kind> <name>`."""

    what: str
    stands: str
    who: tuple[str, ...]


def waits(tables: Tables, pairs: Sequence[Pair], awaited: Iterable[Awaited]) -> list[Wait]:
    """The same with names; what is waited for in several ways is there once."""
    by_flow = {pair.flow: pair for pair in pairs}
    found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for each in awaited:
        who = found[_what(tables, pairs, each), each.stands]
        who.update(dict.fromkeys(_who(tables, by_flow, waiter.flow, waiter.id) for waiter in each.waiters))
    return [Wait(what, stands, tuple(sorted(who))) for (what, stands), who in found.items()]


def plain_id(id: str) -> str:
    """A record's id as the pairs have it: without the company that it is of."""
    return folded(id).rpartition("|")[2]


def _what(tables: Tables, pairs: Sequence[Pair], awaited: Awaited) -> str:
    """What is waited for: a record of a mapping, the record that becomes a target row, or reference data."""
    if not awaited.mapping:
        return _reference(tables, awaited.id)
    pair = next((pair for pair in pairs if pair.mapping == awaited.mapping), None)
    if pair is None:
        return awaited.name
    if not awaited.by_target:
        return _called(tables, pair, awaited.id)
    rows = [row for row in tables.rows(*pair.target) if awaited.id in map(folded, row.values())]
    return f"{pair.kind} {pair.target_key(rows[0])}" if rows else awaited.name


def _reference(tables: Tables, name: str) -> str:
    """Rows of reference data, as `<set>:<value>`: of a currency or unit, which is named, or of what the value says."""
    set, _, value = name.partition(":")
    for named, (id, column) in _NAMED.items():
        for row in tables.of("sales", named, id).get(folded(value), []):
            value = str(row[column])
    return f"{set} of {value}"


def _who(tables: Tables, pairs: Mapping[str, Pair], flow: str, id: str) -> str:
    return _called(tables, pairs[flow], id) if flow in pairs else f"{flow} {id}"


def _called(tables: Tables, pair: Pair, id: str) -> str:
    for row in tables.rows(*pair.source):
        if pair.id(row) == plain_id(id):
            return f"{pair.kind} {pair.called(row)}"
    return f"{pair.kind} {id}"
