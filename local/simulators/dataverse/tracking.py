"""Change tracking (wire.md 1.7): the first tracked read, delta reads, their pages, and when a token expires.

A read is fixed at its first page to the versions up to that moment. A row that changes while pages are fetched leaves
them, and the delta link of the last page brings it, because that link says the version of the first page.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from local.simulators.dataverse import errors
from local.simulators.dataverse.cookies import DeltaToken, PagingCookie, read_cookie, read_token
from local.simulators.dataverse.reading import Page, Read
from local.simulators.dataverse.store import Row, Rows, Store, before, between

_PLACE = frozenset({"since", "upto", "at", "last", "deleted", "page"})
_REFUSED = ("$filter", "$orderby", "$expand", "$top", "$apply")


class Tracking:
    """What the organisation keeps about change tracking beside the rows: changes of a table's own columns."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._schema_versions: dict[str, int] = {}

    def schema_changed(self, entity_set: str) -> None:
        """From now on every token of this table that exists has expired."""
        self._schema_versions[entity_set] = self._store.next_version()

    def read(self, read: Read, now: datetime, token_days: int) -> Page:
        """A page of a first tracked read or of a delta read. Raises `errors.Refusal`."""
        place = self._place(read, now, token_days)
        table = read.table
        to_json = read.shape(self._store)
        rows = self._store.rows(table.entity_set)
        size = read.page_size
        found = list(islice(self._changes(rows, place), size + 1))
        first = place["since"] == 0
        page: list[tuple[int, Row | str]] = [*self._repeated(read, rows, place), *found[:size]]
        body: dict[str, Any] = {"@odata.context": read.context("" if first else "/$delta")}
        deleted = f"{read.base}$metadata#{table.entity_set}/$deletedEntity"
        body["value"] = [
            {"@odata.context": deleted, "id": entry, "reason": "deleted"} if isinstance(entry, str) else to_json(entry)
            for _, entry in page
        ]
        if len(found) > size:
            version, entry = found[size - 1]
            moved = {**place, "last": version, "deleted": int(isinstance(entry, str)), "page": place["page"] + 1}
            cookie = PagingCookie(moved["page"], True, {name: str(value) for name, value in moved.items()})
            body["@odata.nextLink"] = read.link("$skiptoken", cookie.link_value())
        else:
            token = DeltaToken(place["upto"], datetime.fromtimestamp(place["at"], UTC))
            body["@odata.deltaLink"] = read.link("$deltatoken", token.link_value())
        return Page(body, read.prefer.applied(page_size=size, tracked=read.prefer.track_changes))

    def count(self, read: Read, now: datetime, token_days: int) -> int:
        """The number of changes behind a delta token. Raises `errors.Refusal`."""
        place = self._place(read, now, token_days)
        return sum(1 for _ in self._changes(self._store.rows(read.table.entity_set), place))

    def _place(self, read: Read, now: datetime, token_days: int) -> dict[str, int]:
        """Where a page starts: behind version `last` of the changes, or of the deletions once these are under way."""
        self._check(read)
        cookie_text, token_text = read.options.get("$skiptoken"), read.options.get("$deltatoken")
        if cookie_text is not None:
            cookie = read_cookie(cookie_text)
            if not cookie.place.keys() >= _PLACE:
                raise errors.bad_argument("The paging cookie of $skiptoken belongs to no tracked read.")
            return {name: cookie.number(name) for name in _PLACE}
        start = {"upto": self._store.version, "at": int(now.timestamp()), "deleted": 0, "page": 1}
        if token_text is None:
            return {**start, "since": 0, "last": 0}
        token = read_token(token_text)
        changed = self._schema_versions.get(read.table.entity_set, 0)
        if now - token.issued > timedelta(days=token_days) or token.version < changed:
            raise errors.expired_token()
        return {**start, "since": token.version, "last": token.version}

    def _check(self, read: Read) -> None:
        if not read.table.tracking:
            raise errors.tracking_is_off(read.table.logical)
        read.privileges.check(read.table, "organization_read")
        for option in _REFUSED:
            if read.options.get(option) is not None:
                raise errors.not_with_tracking(option.removeprefix("$"))

    def _changes(self, rows: Rows, place: dict[str, int]) -> Iterator[tuple[int, Row | str]]:
        """New and updated rows by version, then the ids of the deleted; a first read has no deletions."""
        if not place["deleted"]:
            for version, row_id in between(rows.changes, place["last"], place["upto"]):
                row = rows.by_id.get(row_id)
                if row is not None and row["versionnumber"] == version:
                    yield version, row
        if place["since"]:
            last = place["last"] if place["deleted"] else place["since"]
            deletions = list(between(rows.deletions, last, place["upto"]))
            # A row that was deleted, created again and deleted again is told once, where it went for good.
            newest = {row_id: version for version, row_id in deletions}
            for version, row_id in deletions:
                if row_id not in rows.by_id and newest[row_id] == version:
                    yield version, row_id

    def _repeated(self, read: Read, rows: Rows, place: dict[str, int]) -> list[tuple[int, Row | str]]:
        """The last record of the page before, when a fault asks for it."""
        if not read.repeat or place["page"] == 1:
            return []
        if place["deleted"]:
            deleted = before(rows.deletions, place["last"])
            return [(place["last"], deleted)] if deleted else []
        row_id = before(rows.changes, place["last"])
        row = rows.by_id.get(row_id) if row_id else None
        return [(place["last"], row)] if row else []
