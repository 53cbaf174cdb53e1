"""Plain pages, counts and single rows (wire.md 1.2 and 1.6).

Without `$orderby` rows come in the order of the primary key, and a page goes on behind the last id of the page before
it, whatever happened to that row meanwhile. With `$orderby` a page goes on behind the last row where it stands now,
or, when it is gone, at the same number of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from local.simulators.dataverse import errors, query
from local.simulators.dataverse.cookies import PagingCookie, read_cookie
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.shaping import shape
from local.simulators.dataverse.store import Row, Store
from local.simulators.odata.filter_values import guid_order
from local.simulators.odata.filters import CompiledFilter, compile_orderby

COUNT_LIMIT = 5_000
"""A count of rows goes no further than this."""


@dataclass(frozen=True, slots=True)
class Page:
    """The JSON body of a page and the headers that go with it."""

    body: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Read:
    """A read of a table: options, preferences, the address of the service, and whether a fault repeats a record."""

    table: Table
    options: query.Options
    prefer: query.Preferences
    base: str
    page_limit: int
    repeat: bool = False

    @property
    def page_size(self) -> int:
        return min(self.prefer.page_size or self.page_limit, self.page_limit)

    def context(self, suffix: str = "") -> str:
        """The value of `@odata.context`."""
        select = self.options.get("$select")
        columns = f"({select})" if select else ""
        return f"{self.base}$metadata#{self.table.entity_set}{columns}{suffix}"

    def link(self, option: str, value: str) -> str:
        """A link to this table with the options as they were sent and a token."""
        kept = f"{self.options.kept}&" if self.options.kept else ""
        return f"{self.base}{self.table.entity_set}?{kept}{option}={value}"


def read_page(store: Store, read: Read) -> Page:
    """One page of a table. Raises `errors.Refusal`."""
    table, options = read.table, read.options
    names = query.selected(table, options.get("$select"))
    test = query.condition(table, options.get("$filter"))
    token = options.get("$skiptoken")
    cookie = read_cookie(token) if token is not None else PagingCookie(1, tracking=False, place={})
    size, top = read.page_size, options.get("$top")
    limited = top is not None and read.prefer.page_size is None
    if limited and top is not None:
        size = min(query.whole_number("$top", top), read.page_limit)
    passed = cookie.number("rows")
    found = list(islice(_rows_behind(store, table, test, options.get("$orderby"), cookie), size + 1))
    page, more = found[:size], len(found) > size and not limited
    if read.repeat and "last" in cookie.place:
        page = [*_repeated(store, table, cookie.place["last"]), *page]
    to_json = shape(table, names, read.prefer, store)
    body: dict[str, Any] = {"@odata.context": read.context()}
    if options.get("$count") == "true":
        body["@odata.count"] = count(store, table, test)
    body["value"] = [to_json(row) for row in page]
    if more:
        place = {"last": page[-1][table.key], "rows": str(passed + size)}
        body["@odata.nextLink"] = read.link("$skiptoken", PagingCookie(cookie.page + 1, False, place).link_value())
    return Page(body, read.prefer.applied(page_size=size))


def count(store: Store, table: Table, test: CompiledFilter | None) -> int:
    """How many rows pass, up to `COUNT_LIMIT`."""
    return sum(1 for _ in islice(_passing(store, table, test, None), COUNT_LIMIT))


def _rows_behind(
    store: Store, table: Table, test: CompiledFilter | None, orderby: str | None, cookie: PagingCookie
) -> Iterable[Row]:
    last = cookie.place.get("last")
    if orderby is None:
        return _passing(store, table, test, last)
    query.check_order(table, orderby)
    ordered: list[Row] = compile_orderby(orderby, table.edm)(list(_passing(store, table, test, None)))
    start = cookie.number("rows")
    if last is not None:
        start = next((place + 1 for place, row in enumerate(ordered) if row[table.key] == last), start)
    return ordered[start:]


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
    names = query.selected(table, read.options.get("$select"))
    row = store.rows(table.entity_set).by_id.get(row_id)
    if row is None:
        raise errors.no_such_row(table.logical, row_id)
    to_json = shape(table, names, read.prefer, store)
    return Page({"@odata.context": read.context("/$entity"), **to_json(row)}, read.prefer.applied())
