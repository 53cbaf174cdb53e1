"""Waiting rows on Table storage, found by what they wait for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import batched

from sync.model import Waiter
from sync.stores.codec import check_format
from sync.stores.keys import awaited_partition, encode_awaited, encode_id, encode_name
from sync.stores.rules import PARTITIONS, check_partitions
from sync.stores.tables.storage import TableStorage
from sync.stores.tables.table import TRANSACTION, Put, Row, Table, Values

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
            self._table.repeat(partial(self._put, partition, rows))

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
        parts: dict[str, dict[str, str]] = defaultdict(dict)
        for waiter in waiters:
            parts[self._partition(waiter.awaits)][_key(waiter)] = waiter.turn
        for partition, turns in parts.items():
            self._table.delete(partition, turns, partial(_is_of, turns))

    def open(self, flow: str) -> Iterable[Waiter]:
        return map(_from_row, self._table.where(f"flow eq '{flow.replace("'", "''")}'"))

    def _put(self, partition: str, rows: Mapping[str, Values]) -> None:
        there = self._table.insert_missing(partition, rows)
        renewed = [
            Put(key, rows[key], row.metadata["etag"])
            for key, row in there.items()
            if (row.get("turn") or "") != rows[key]["turn"]
        ]
        for part in batched(renewed, TRANSACTION, strict=False):
            self._table.transact(partition, part)

    def _partition(self, name: str) -> str:
        return f"{awaited_partition(name, self._partitions):02d}"

    @property
    def _table(self) -> Table:
        if not self._settled:
            self._storage.settle(NAME, "partitions", self._partitions, setting="LINK_PARTITIONS")
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
        "turn": waiter.turn,
        "number": waiter.number,
    }


def _is_of(turns: Mapping[str, str], row: Row) -> bool:
    """The row is of the turn that is said, if one is said."""
    return turns[row["RowKey"]] in ("", row.get("turn") or "")


def _from_row(row: Row) -> Waiter:
    check_format(row, "waiting")
    code, turn, number = (row.get(name) or "" for name in ("code", "turn", "number"))
    return Waiter(row["flow"], row["partition"], row["id"], row["awaits"], code, turn, number)
