"""Plain pages, counts and single rows (wire.md 1.2 and 1.6).

Rows come in the order that `$orderby` asks for, and always by the primary key in the end. A page goes on behind the
values that the last row of the page before it had, whatever happened to that row meanwhile, as the platform's cookies
do it: rows that neither move nor go are read once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote

from local.simulators.dataverse import errors, query
from local.simulators.dataverse.cookies import PagingCookie, read_cookie
from local.simulators.dataverse.expanding import context_of
from local.simulators.dataverse.ordering import columns_of, order
from local.simulators.dataverse.privileges import Privileges
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.shaping import Shape, expander, shape
from local.simulators.dataverse.store import Row, Store
from local.simulators.odata.filter_conditions import both
from local.simulators.odata.filter_values import guid_order
from local.simulators.odata.filters import CompiledFilter
from local.simulators.odata.jsontext import dumps, loads

COUNT_LIMIT = 5_000
"""A count of rows goes no further than this."""


@dataclass(frozen=True, slots=True)
class Page:
    """The JSON body of a page and the headers that go with it."""

    body: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Read:
    """A read of a table: options, preferences, the address of the service, and whether a fault repeats a record.

    `path` is the path below the service root; `within` holds for all rows that are read, whatever `$filter` says.
    """

    table: Table
    options: query.Options
    prefer: query.Preferences
    base: str
    path: str
    page_limit: int
    privileges: Privileges
    repeat: bool = False
    within: CompiledFilter | None = None

    @property
    def page_size(self) -> int:
        return min(self.prefer.page_size or self.page_limit, self.page_limit)

    def context(self, suffix: str = "") -> str:
        """The value of `@odata.context`."""
        listed = ",".join(filter(None, (self.options.get("$select"), context_of(self.options.get("$expand")))))
        columns = f"({listed})" if listed else ""
        return f"{self.base}$metadata#{self.table.entity_set}{columns}{suffix}"

    def link(self, option: str, value: str) -> str:
        """A link to this address with the options as they were sent and a token."""
        kept = f"{self.options.kept}&" if self.options.kept else ""
        return f"{self.base}{self.path}?{kept}{option}={value}"

    def condition(self) -> CompiledFilter | None:
        """What a row must be to be read. Raises `errors.Refusal`."""
        asked = query.condition(self.table, self.options.condition())
        given = [one for one in (self.within, asked) if one is not None]
        return both(given) if len(given) > 1 else given[0] if given else None

    def shape(self, store: Store) -> Shape:
        """How the rows look. Raises `errors.Refusal`."""
        names = query.selected(self.table, self.options.get("$select"))
        wanted = expander(self.prefer, store, self.privileges).members(self.table, self.options.get("$expand"))
        return shape(self.table, names, self.prefer, store, wanted)


def read_page(store: Store, read: Read) -> Page:
    """One page of a table. Raises `errors.Refusal`."""
    table, options = read.table, read.options
    if options.get("$apply") is not None:
        raise errors.not_implemented("$apply is not offered by this simulator.")
    to_json = read.shape(store)
    test = read.condition()
    token = options.get("$skiptoken")
    cookie = read_cookie(token) if token is not None else PagingCookie(1, tracking=False, place={})
    size, top = read.page_size, options.get("$top")
    limited = top is not None and read.prefer.page_size is None
    if limited and top is not None:
        size = min(query.whole_number("$top", top), read.page_limit)
    found = list(islice(_rows_behind(store, read, test, cookie), size + 1))
    page, more = found[:size], len(found) > size and not limited
    if read.repeat and "last" in cookie.place:
        page = [*_repeated(store, table, cookie.place["last"]), *page]
    body: dict[str, Any] = {"@odata.context": read.context()}
    if options.get("$count") == "true":
        body["@odata.count"] = count(store, table, test)
    body["value"] = [to_json(row) for row in page]
    if more:
        cookie = PagingCookie(cookie.page + 1, False, _place(read, page[-1]))
        body["@odata.nextLink"] = read.link("$skiptoken", cookie.link_value())
    return Page(body, read.prefer.applied(page_size=size))


def count(store: Store, table: Table, test: CompiledFilter | None) -> int:
    """How many rows pass, up to `COUNT_LIMIT`."""
    return sum(1 for _ in islice(_passing(store, table, test, None), COUNT_LIMIT))


def _rows_behind(store: Store, read: Read, test: CompiledFilter | None, cookie: PagingCookie) -> Iterable[Row]:
    table, last = read.table, cookie.place.get("last")
    if _by_key(read):
        return _passing(store, table, test, last)
    ordered_by = order(store, table, read.options.get("$orderby") or "")
    rows: list[Row] = list(_passing(store, table, test, None))
    if last is None:
        return ordered_by(rows)
    marker = {**_noted(cookie), table.key: last}
    place = bisect_right(rows, guid_order(last), key=lambda row: guid_order(row[table.key]))
    ordered = ordered_by([*rows[:place], marker, *rows[place:]])
    return ordered[next(position for position, row in enumerate(ordered) if row is marker) + 1 :]


def _by_key(read: Read) -> bool:
    return (read.options.get("$orderby") or read.table.key).split() in ([read.table.key], [read.table.key, "asc"])


def _place(read: Read, last: Row) -> dict[str, str]:
    """What a cookie notes of the last row of a page: its id, and the values it is ordered by."""
    place = {"last": last[read.table.key]}
    if not _by_key(read):
        columns = columns_of(read.options.get("$orderby") or "")
        place["values"] = quote(dumps({name: last.get(name) for name in columns}))
    return place


def _noted(cookie: PagingCookie) -> Row:
    try:
        return dict(loads(unquote(cookie.place["values"]).encode()))
    except (KeyError, ValueError, TypeError) as problem:
        raise errors.bad_argument("The paging cookie of $skiptoken belongs to another order.") from problem


def _passing(store: Store, table: Table, test: CompiledFilter | None, last: str | None) -> Iterator[Row]:
    """The rows that pass a test, in the order of the primary key, from behind the id `last`."""
    rows = store.rows(table.entity_set)
    if test is None:
        return rows.after(last)
    passes = test.test
    if test.equals is None:
        return (row for row in rows.after(last) if passes(row))
    behind = guid_order(last) if last else ""
    found = rows.with_values(*test.equals)
    return (row for row in found if passes(row) and (not last or guid_order(row[table.key]) > behind))


def _repeated(store: Store, table: Table, last: str) -> list[Row]:
    row = store.rows(table.entity_set).by_id.get(last)
    return [row] if row else []


def read_row(store: Store, read: Read, row_id: str) -> Page:
    """A single row with its `@odata.context`. Raises `errors.Refusal`."""
    table = read.table
    to_json = read.shape(store)
    row = store.rows(table.entity_set).by_id.get(row_id)
    if row is None:
        raise errors.no_such_row(table.logical, row_id)
    return Page({"@odata.context": read.context("/$entity"), **to_json(row)}, read.prefer.applied())
