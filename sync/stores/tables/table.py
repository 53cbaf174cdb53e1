"""One table: what the stores do with rows, and how they do it in few requests and without being fooled by retries."""

from __future__ import annotations

import random
import re
import time
import uuid
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.data.tables import EntityProperty, TableClient, TableEntity, TransactionOperation, UpdateMode

from sync.errors import Transient
from sync.stores.trouble import code_of, told

type Row = TableEntity
type Values = Mapping[str, str | int | bool | EntityProperty]

TRANSACTION = 100
"""Operations of a transaction. Azure refuses more; Azurite answers malformed HTTP (functions-host.md 7)."""

COMPARISONS = 15
"""Comparisons of a filter. Azure refuses more; Azurite does not."""

RANGE_FROM = 8
"""From so many keys on a range is tried first: one request more where the keys are scattered, one in all where not."""

PAGE = 1000
_SCANNED_PER_HIT = 20
_TRIES = 20
_COMPARISON = re.compile(r"\b(?:eq|ne|gt|ge|lt|le)\b")
_NEVER = "W/\"datetime'1601-01-01T00%3A00%3A00.0000000Z'\""
"""An ETag that no row has."""


ANY = "*"
"""In place of an ETag: the row is written whatever was there."""


class RowConflict(Exception):
    """A transaction was refused because of its operation `index`: the row changed, exists already or does not exist."""

    def __init__(self, index: int) -> None:
        self.index = index
        super().__init__(index)


@dataclass(frozen=True, slots=True)
class Put:
    """A row to write: new (`etag` None), over the one that has this ETag, or in place of any (`ANY`).

    Empty values are not stored with a new row. Over an old one they empty the property, and properties that this
    version does not know are kept.
    """

    key: str
    values: Values
    etag: str | None = None


class Table:
    """Rows of one table. Keys come from `stores.keys`: they hold no quote and nothing that a filter must escape."""

    def __init__(self, name: str, open_client: Callable[[], TableClient], executor: Executor) -> None:
        self.name = name
        self._open_client = open_client
        self._executor = executor
        self._opened: TableClient | None = None

    @property
    def _client(self) -> TableClient:
        if self._opened is None:
            self._opened = self._open_client()
        return self._opened

    def get(self, partition: str, key: str) -> Row | None:
        """The row, or None."""
        with told(self.name):
            try:
                return self._client.get_entity(partition, key)
            except ResourceNotFoundError as error:
                if code_of(error) == "TableNotFound":
                    raise
                return None

    def read(self, partition: str, keys: Collection[str]) -> dict[str, Row]:
        """The rows that exist under these keys: many close ones by ranges, few or scattered ones one by one."""
        wanted = set(keys)
        rows = self._gather(partition, {key: f"{key}!" for key in wanted}, lambda key: self._as_list(partition, key))
        return {row["RowKey"]: row for row in rows if row["RowKey"] in wanted}

    def read_beginning(self, partition: str, beginnings: Collection[str]) -> list[Row]:
        """The rows whose key begins with one of these; each ends in ':' and has no other beginning inside its range."""
        ranges = {beginning: _end(beginning) for beginning in beginnings}
        single = partial(self._between, partition, ranges)
        rows = self._gather(partition, ranges, single, pages_from=2)  # most find nothing: then one page does for all
        return [row for row in rows if _begins(row["RowKey"], ranges)]

    def between(self, partition: str, low: str, high: str) -> Iterator[Row]:
        """The rows with low <= key < high, in order, page by page."""
        return self.where(range_filter(partition, low, high))

    def beginning(self, partition: str, beginning: str) -> Iterator[Row]:
        """The rows whose key begins so; `beginning` ends in ':'."""
        return self.between(partition, beginning, _end(beginning))

    def where(self, filter: str, *, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """The rows that a filter lets through, page by page, whole or these columns of them.

        Raises ValueError for a filter that Azure would refuse.
        """
        check_filter(filter)
        pages = self._pages(filter, PAGE, columns)
        while True:
            with told(self.name):
                page = next(pages, None)
                if page is None:
                    return
                rows = list(page)
            yield from rows

    def first(self, partition: str, most: int) -> list[Row]:
        """The first rows of a partition, in the order of their keys."""
        with told(self.name):
            pages = self._pages(f"PartitionKey eq '{partition}'", min(most, PAGE))
            rows: list[Row] = []
            for page in pages:
                rows.extend(page)
                if len(rows) >= most:
                    break
            return rows[:most]

    def transact(self, partition: str, puts: Sequence[Put]) -> list[str]:
        """Write rows, all or none, and give their ETags. Raises RowConflict.

        An answer may be lost and the SDK may send the transaction again, which then meets its own rows. The first row
        therefore carries the name of this write: where it stands, the transaction was done. A row that somebody changed
        since then gets an ETag that nothing has, as if the change had come right after a proper answer.
        """
        stamp = uuid.uuid4().hex[:12]
        entities = [_entity(partition, put, stamp if number == 0 else "") for number, put in enumerate(puts)]
        try:
            return self._send([_operation(entity, put.etag) for entity, put in zip(entities, puts, strict=True)])
        except (RowConflict, Transient):
            first = self.get(partition, puts[0].key)
            if first is None or first.get("write") != stamp:
                raise
            return self._etags(partition, entities)

    def save(self, partition: str, put: Put) -> str:
        """Write one row on its ETag and give the new one. Raises RowConflict."""
        return self.transact(partition, [put])[0]

    def insert_missing(self, partition: str, rows: Mapping[str, Values]) -> dict[str, Row]:
        """Insert the rows whose key is free, and give those that were in the way."""
        there: dict[str, Row] = {}

        def insert(keys: Sequence[str]) -> None:
            free = [key for key in keys if key not in there]
            try:
                if free:
                    self.transact(partition, [Put(key, rows[key]) for key in free])
            except RowConflict:
                there.update(self.read(partition, free))
                raise

        for part in batched(rows, TRANSACTION, strict=False):
            self.repeat(partial(insert, part))
        return there

    def delete(self, partition: str, keys: Collection[str], mine: Callable[[Row], bool] = lambda _: True) -> None:
        """Delete the rows under these keys that exist and are `mine`."""

        def delete() -> None:
            rows = [row for row in self.read(partition, keys).values() if mine(row)]
            for part in batched(rows, TRANSACTION, strict=False):
                self._send([(TransactionOperation.DELETE, row, _on(row.metadata["etag"])) for row in part])

        self.repeat(delete)

    def repeat[T](self, attempt: Callable[[], T]) -> T:
        """Attempt a read and a write on what was read, until no rival comes between. Raises Transient after many."""
        for number in range(_TRIES):
            time.sleep(number * random.uniform(0.0, 0.02))  # noqa: S311 - rivals must not stay in step
            try:
                return attempt()
            except RowConflict:
                continue
        raise Transient(f"its rows kept changing {_TRIES} times.", delay=1.0, where=self.name)

    def replace(self, partition: str, key: str, values: Values) -> None:
        """Write a row whatever was there."""
        with told(self.name, writing=True):
            self._client.upsert_entity(_entity(partition, Put(key, values), ""), mode=UpdateMode.REPLACE)

    def _send(self, operations: Iterable[Any]) -> list[str]:
        operations = list(operations)
        if len(operations) > TRANSACTION:
            raise ValueError(f"{self.name}: a transaction takes {TRANSACTION} operations, not {len(operations)}.")
        with told(self.name, writing=True):
            try:
                answers = self._client.submit_transaction(operations)
            except HttpResponseError as error:
                if error.status_code in (404, 409, 412) and code_of(error) in _CONFLICTS:
                    raise RowConflict(getattr(error, "index", 0)) from None
                raise
        return [answer.get("etag", "") for answer in answers]

    def _etags(self, partition: str, entities: Sequence[Mapping[str, Any]]) -> list[str]:
        rows = self.read(partition, [entity["RowKey"] for entity in entities])
        return [_etag(rows.get(entity["RowKey"]), entity) for entity in entities]

    def _gather(
        self,
        partition: str,
        ranges: Mapping[str, str],
        single: Callable[[str], list[Row]],
        *,
        pages_from: int = RANGE_FROM,
    ) -> Iterable[Row]:
        """Rows of disjoint ranges (low -> high): by pages over them all as long as the pages hit enough of them."""
        left = sorted(ranges)
        found: dict[str, Row] = {}
        while len(left) >= pages_from:
            page, complete = self._page(partition, left[0], ranges[left[-1]], min(PAGE, 4 * len(left)))
            found |= {row["RowKey"]: row for row in page}
            if complete:
                return found.values()
            covered = sum(ranges[low] <= page[-1]["RowKey"] for low in left) if page else 0
            left = left[covered:]
            if covered * _SCANNED_PER_HIT < len(page) or not covered:
                break
        for rows in self._map(single, left):
            found |= {row["RowKey"]: row for row in rows}
        return found.values()

    def _map(self, single: Callable[[str], list[Row]], keys: Sequence[str]) -> Iterable[list[Row]]:
        return map(single, keys) if len(keys) < 2 else self._executor.map(single, keys)

    def _between(self, partition: str, ranges: Mapping[str, str], low: str) -> list[Row]:
        return list(self.between(partition, low, ranges[low]))

    def _as_list(self, partition: str, key: str) -> list[Row]:
        row = self.get(partition, key)
        return [] if row is None else [row]

    def _page(self, partition: str, low: str, high: str, most: int) -> tuple[list[Row], bool]:
        with told(self.name):
            pages = self._pages(range_filter(partition, low, high), most)
            page = list(next(pages))
            return page, pages.continuation_token is None

    def _pages(self, filter: str, size: int, columns: Sequence[str] | None = None) -> Any:
        select = None if columns is None else list(columns)
        return self._client.query_entities(filter, results_per_page=size, select=select).by_page()


_CONFLICTS = (
    "EntityAlreadyExists",
    "UpdateConditionNotSatisfied",
    "ConditionNotMet",
    "ResourceNotFound",
    "EntityNotFound",
)


def check_filter(filter: str) -> None:
    """Raises ValueError for a filter with more comparisons than Azure takes."""
    comparisons = len(_COMPARISON.findall(re.sub(r"'[^']*'", "''", filter)))
    if comparisons > COMPARISONS:
        raise ValueError(f"A filter of Table storage takes {COMPARISONS} comparisons, this one has {comparisons}.")


def range_filter(partition: str, low: str, high: str) -> str:
    """The filter for the rows of a partition with low <= key < high; three comparisons."""
    return f"PartitionKey eq '{partition}' and RowKey ge '{low}' and RowKey lt '{high}'"


def _end(beginning: str) -> str:
    return f"{beginning[:-1]};"


def _begins(key: str, beginnings: Container[str]) -> bool:
    return any(key[: at + 1] in beginnings for at, character in enumerate(key) if character == ":")


def _entity(partition: str, put: Put, stamp: str) -> dict[str, Any]:
    values = (
        put.values
        if put.etag not in (None, ANY)
        else {name: value for name, value in put.values.items() if value != ""}
    )
    entity: dict[str, Any] = {"PartitionKey": partition, "RowKey": put.key, **values}
    if stamp:
        entity["write"] = stamp
    return entity


def _operation(entity: Mapping[str, Any], etag: str | None) -> Any:
    if etag is None:
        return (TransactionOperation.CREATE, entity)
    if etag == ANY:
        return (TransactionOperation.UPSERT, entity, {"mode": UpdateMode.REPLACE})
    return (TransactionOperation.UPDATE, entity, {"mode": UpdateMode.MERGE, **_on(etag)})


def _on(etag: str | None) -> dict[str, Any]:
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


def _etag(row: Row | None, written: Mapping[str, Any]) -> str:
    if row is None or any(row.get(name) != value for name, value in written.items()):
        return _NEVER
    return str(row.metadata["etag"])
