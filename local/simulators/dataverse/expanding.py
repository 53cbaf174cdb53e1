"""`$expand`: related rows inside a row, one or a list, with query options of their own (wire.md 1.6).

Lists are not paged: they hold every related row, as the platform does for most of them up to its page size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from local.simulators.dataverse import errors, query
from local.simulators.dataverse.ordering import order
from local.simulators.dataverse.privileges import Privileges
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.store import Row, Store

_OFFERED = frozenset({"$select", "$filter", "$orderby", "$top", "$expand"})
_MOST = 15
_DEEPEST = 10
_LARGEST_LIST = 5_000

type Member = Callable[[Row], Any]
"""From a row to the value of one expanded property."""
type Shaper = Callable[[Table, tuple[str, ...] | None, list[tuple[str, Member]]], Callable[[Row], dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Expander:
    """Makes the members of `$expand`; `shaper` gives a related row its JSON form."""

    store: Store
    privileges: Privileges
    shaper: Shaper

    def members(self, table: Table, text: str | None, depth: int = 0) -> list[tuple[str, Member]]:
        """The expanded properties of a table's rows. Raises `errors.Refusal`."""
        if text is None:
            return []
        if depth > _DEEPEST:
            raise errors.bad_argument(f"$expand is nested deeper than {_DEEPEST} levels.")
        wanted = list(_split(text, ","))
        if len(wanted) > _MOST:
            raise errors.bad_argument(f"A query holds at most {_MOST} $expand options, not {len(wanted)}.")
        return [self._member(table, item, depth) for item in wanted]

    def _member(self, table: Table, item: str, depth: int) -> tuple[str, Member]:
        name, options = _item(item)
        if name in table.navigations:
            if options.values.keys() - {"$select", "$expand"}:
                raise errors.bad_argument(f"Only $select and $expand may stand in the $expand of '{name}'.")
            return name, self._one(table, name, options, depth)
        if name in table.collections:
            return name, self._list(table, name, options, depth)
        raise errors.no_such_property(name, table.logical)

    def _one(self, table: Table, name: str, options: query.Options, depth: int) -> Member:
        lookup, _ = table.navigations[name]
        shapes = {}
        for entity_set in lookup.leads_to(name):
            if entity_set in self.store.tables:
                shapes[entity_set] = self._shape(self.store.tables[entity_set], options, depth)

        def member(row: Row) -> Any:
            for entity_set, shape in shapes.items():
                found = self.store.rows(entity_set).by_id.get(row.get(lookup.column, ""))
                if found is not None:
                    return shape(found)
            return None

        return member

    def _list(self, table: Table, name: str, options: query.Options, depth: int) -> Member:
        collection = table.collections[name]
        target = self.store.tables[collection.entity_set]
        shape = self._shape(target, options, depth)
        test = query.condition(target, options.condition())
        ordered = order(self.store, target, options.get("$orderby") or target.key)
        top = options.get("$top")
        size = _LARGEST_LIST if top is None else min(query.whole_number("$top", top), _LARGEST_LIST)

        def member(row: Row) -> Any:
            rows = self.store.rows(target.entity_set).with_values(collection.lookup.column, [row[table.key]])
            return [shape(one) for one in islice(ordered([one for one in rows if test is None or test(one)]), size)]

        return member

    def _shape(self, target: Table, options: query.Options, depth: int) -> Callable[[Row], dict[str, Any]]:
        self.privileges.check(target, "read")
        names = query.selected(target, options.get("$select"))
        return self.shaper(target, names, self.members(target, options.get("$expand"), depth + 1))


def context_of(text: str | None) -> str:
    """What `@odata.context` lists for an `$expand`: every property with the columns it selects, `name(a,b)`."""
    items = [_item(item) for item in _split(text or "", ",") if item.strip()]
    return ",".join(
        f"{name}({','.join(filter(None, (of.get('$select'), context_of(of.get('$expand')))))})" for name, of in items
    )


def _item(item: str) -> tuple[str, query.Options]:
    name, bracket, rest = item.strip().partition("(")
    if not bracket:
        return name, query.Options({})
    if not rest.endswith(")"):
        raise errors.bad_argument(f"syntax error in $expand near {item.strip()[:40]!r}.")
    values: dict[str, str] = {}
    for part in _split(rest[:-1], ";"):
        option, equals, value = part.strip().partition("=")
        if not equals or option not in _OFFERED or option in values:
            raise errors.bad_argument(f"The query option '{option}' cannot stand in $expand.")
        values[option] = value
    return name.strip(), query.Options(values)


def _split(text: str, separator: str) -> Iterator[str]:
    """The pieces between separators that stand neither in parentheses nor in quotes. Raises `errors.Refusal`."""
    depth, quoted, start = 0, False, 0
    for position, sign in enumerate(text):
        if sign == "'":
            quoted = not quoted
        elif not quoted:
            depth += (sign == "(") - (sign == ")")
            if sign == separator and not depth:
                yield text[start:position]
                start = position + 1
        if depth < 0:
            break
    if depth or quoted:
        raise errors.bad_argument(f"syntax error in $expand near {text[:40]!r}: brackets or quotes are not closed.")
    yield text[start:]
