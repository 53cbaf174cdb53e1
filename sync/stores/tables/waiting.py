"""Waiting rows on Table storage, found by what they wait for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sync.model import Waiter
from sync.stores.codec import check_format
from sync.stores.keys import awaited_partition, encode_awaited, encode_id, encode_name
from sync.stores.rules import PARTITIONS, check_partitions
from sync.stores.tables.storage import TableStorage
from sync.stores.tables.table import Row, Table, Values

NAME = "waiting"


class TableWaiting:
    """`ports.Waiting` on the table `<prefix>waiting`.

    Who waits for `<mapping>:<id>` lies in the partition number of that link, in the order of the links, so that the
    links of one batch are asked for in one request. `partitions` is that of the links and settled with the table.
    """

    def __init__(self, storage: TableStorage, *, partitions: int = PARTITIONS) -> None:
        self._storage = storage
        self._partitions = check_partitions(partitions)
        self._settled = False

    def put(self, waiters: Sequence[Waiter]) -> None:
        parts: dict[str, dict[str, Values]] = defaultdict(dict)
        for waiter in waiters:
            parts[self._partition(waiter.awaits)].setdefault(_key(waiter), _values(waiter))
        for partition, rows in parts.items():
            self._table.insert_missing(partition, rows)

    def awaiting(self, names: Sequence[str]) -> list[Waiter]:
        parts: dict[str, set[str]] = defaultdict(set)
        for name in names:
            parts[self._partition(name)].add(f"{encode_awaited(name)}:")
        return [
            _from_row(row)
            for partition, beginnings in parts.items()
            for row in self._table.read_beginning(partition, beginnings)
        ]

    def remove(self, waiters: Sequence[Waiter]) -> None:
        parts: dict[str, set[str]] = defaultdict(set)
        for waiter in waiters:
            parts[self._partition(waiter.awaits)].add(_key(waiter))
        for partition, keys in parts.items():
            self._table.delete(partition, keys)

    def open(self, flow: str) -> Iterable[Waiter]:
        return map(_from_row, self._table.where(f"flow eq '{flow.replace("'", "''")}'"))

    def _partition(self, name: str) -> str:
        return f"{awaited_partition(name, self._partitions):02d}"

    @property
    def _table(self) -> Table:
        if not self._settled:
            self._storage.settle(NAME, "partitions", self._partitions)
            self._settled = True
        return self._storage.table(NAME)


def _key(waiter: Waiter) -> str:
    return f"{encode_awaited(waiter.awaits)}:{encode_name(waiter.flow)}:{encode_id(waiter.id)}"


def _values(waiter: Waiter) -> Values:
    return {
        "awaits": waiter.awaits,
        "flow": waiter.flow,
        "partition": waiter.partition,
        "id": waiter.id,
        "code": waiter.code,
    }


def _from_row(row: Row) -> Waiter:
    check_format(row, "waiting")
    return Waiter(row["flow"], row["partition"], row["id"], row["awaits"], row.get("code") or "")
