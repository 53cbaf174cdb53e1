"""Links, reverse rows and tallies on Table storage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from threading import Lock

from sync.model import LineLink, Link, LinksPage, Seen, Tally
from sync.ports import AlreadyTallied, Stale
from sync.stores.keys import encode_id, encode_text, partition_of
from sync.stores.rules import (
    PARTITIONS,
    check_partitions,
    check_write,
    links_page,
    read_links_position,
    tallied,
)
from sync.stores.tables import link_rows
from sync.stores.tables.link_rows import (
    line_from_row,
    line_to_put,
    lines_key,
    link_from_row,
    link_key,
    link_to_put,
    seen_from_row,
    tally_from_row,
    tally_to_put,
)
from sync.stores.tables.storage import TableStorage
from sync.stores.tables.table import Put, Row, RowConflict, Table, Values, range_filter

NAME = "links"


class TableLinks:
    """`ports.Links` on the table `<prefix>links`. `partitions` is settled by the first use of the table."""

    def __init__(self, storage: TableStorage, *, partitions: int = PARTITIONS) -> None:
        self._storage = storage
        self._partitions = check_partitions(partitions)
        self._settled = False
        self._lock = Lock()

    def partition(self, id: str) -> int:
        return partition_of(id, self._partitions)

    def read(self, mapping: str, partition: int, ids: Sequence[str]) -> dict[str, Link]:
        keys = {id: link_key(id) for id in ids}
        rows = self._table.read(link_rows.partition_key(mapping, partition), set(keys.values()))
        return {id: link_from_row(rows[key]) for id, key in keys.items() if key in rows}

    def write(
        self,
        mapping: str,
        partition: int,
        links: Sequence[Link],
        tally: Tally | None = None,
        lines: Mapping[str, Sequence[LineLink]] | None = None,
    ) -> list[Link]:
        check_write(links, tally, lines or {}, partition, self._partitions)
        # The tally comes first: where both it and a link are in the way, the chunk is done and nothing is stale.
        puts = ([] if tally is None else [tally_to_put(tally)]) + [link_to_put(link) for link in links]
        if not puts:
            return []
        ahead = len(puts) - len(links)
        puts += [line_to_put(id, line) for id, rows in (lines or {}).items() for line in rows]
        try:
            etags = self._table.transact(link_rows.partition_key(mapping, partition), puts)
        except RowConflict as conflict:
            if conflict.index < ahead:
                raise AlreadyTallied from None
            raise Stale(links[conflict.index - ahead].id) from None
        etags = etags[ahead : ahead + len(links)]
        return [replace(link, etag=etag, seq=link.seq + 1) for link, etag in zip(links, etags, strict=True)]

    def lines(self, mapping: str, partition: int, ids: Sequence[str]) -> dict[str, tuple[LineLink, ...]]:
        owners = {lines_key(id): id for id in ids}
        found: dict[str, list[LineLink]] = defaultdict(list)
        for row in self._table.read_beginning(link_rows.partition_key(mapping, partition), owners):
            found[owners[f"{row['RowKey'].rpartition(':')[0]}:"]].append(line_from_row(row))
        return {id: tuple(sorted(rows, key=lambda line: line.number)) for id, rows in found.items()}

    def drop_lines(self, mapping: str, partition: int, ids: Sequence[str]) -> None:
        key = link_rows.partition_key(mapping, partition)
        rows = self._table.read_beginning(key, {lines_key(id) for id in ids})
        self._table.delete(key, [row["RowKey"] for row in rows])

    def reserve(self, mapping: str, owners: Mapping[str, str]) -> dict[str, str]:
        keys = {link_rows.reverse_key(key): key for key in owners}
        rows: dict[str, Values] = {row_key: {"id": owners[key]} for row_key, key in keys.items()}
        in_the_way = self._table.insert_missing(link_rows.reverse_partition_key(mapping), rows)
        return {
            keys[row_key]: row["id"] for row_key, row in in_the_way.items() if not _held_by(row, owners[keys[row_key]])
        }

    def take_over(self, mapping: str, key: str, id: str, *, holder: str) -> bool:
        partition, row_key = link_rows.reverse_partition_key(mapping), link_rows.reverse_key(key)
        row = self._table.get(partition, row_key)
        if row is not None and not _held_by(row, holder):
            return _held_by(row, id)
        try:
            self._table.save(partition, Put(row_key, {"id": id}, row.metadata["etag"] if row is not None else None))
        except RowConflict:
            return False
        return True

    def unreserve(self, mapping: str, owners: Mapping[str, str]) -> None:
        holders = {link_rows.reverse_key(key): id for key, id in owners.items()}
        self._table.delete(link_rows.reverse_partition_key(mapping), holders, partial(_is_holders, holders))

    def find(self, mapping: str, keys: Sequence[str]) -> dict[str, str]:
        row_keys = {link_rows.reverse_key(key): key for key in keys}
        rows = self._table.read(link_rows.reverse_partition_key(mapping), row_keys)
        return {row_keys[row_key]: row["id"] for row_key, row in rows.items()}

    def tallies(self, mapping: str, partition: int, batch: str, chunks: Sequence[str]) -> dict[str, Tally]:
        rows = self._table.beginning(link_rows.partition_key(mapping, partition), link_rows.batch_key(batch))
        return tallied(chunks, {tally.chunk: tally for tally in map(tally_from_row, rows)})

    def versions(self, mapping: str) -> Iterable[Seen]:
        for partition in range(self._partitions):
            links = range_filter(link_rows.partition_key(mapping, partition), "s:", "s;")
            for row in self._table.where(f"{links} and version gt ''", columns=link_rows.SEEN):
                yield seen_from_row(row)

    def page(self, mapping: str, position: str, *, most: int) -> LinksPage:
        partition, after = read_links_position(position)
        low = f"{link_key(after)}!" if after else "s:"  # "!" comes before everything that a key has
        rows = self._table.between(link_rows.partition_key(mapping, partition), low, "s;")
        return links_page([link_from_row(row) for row in islice(rows, most)], partition, most, self._partitions)

    def all_tallies(self, mapping: str, flow: str, run: str | None = None) -> Iterable[Tally]:
        # Batches are named "<run>.<number>", and "/" comes after ".".
        low, high = ("b:", "b;") if run is None else (f"b:{encode_text(run)}.", f"b:{encode_text(run)}/")
        for partition in range(self._partitions):
            for row in self._table.between(link_rows.partition_key(mapping, partition), low, high):
                tally = tally_from_row(row)
                if tally.flow == flow and run in (None, tally.run):
                    yield tally

    @property
    def _table(self) -> Table:
        if not self._settled:
            with self._lock:
                if not self._settled:
                    self._storage.settle(NAME, "partitions", self._partitions, setting="LINK_PARTITIONS")
                    self._settled = True
        return self._storage.table(NAME)


def _is_holders(holders: Mapping[str, str], row: Row) -> bool:
    return _held_by(row, holders[row["RowKey"]])


def _held_by(row: Row, id: str) -> bool:
    return encode_id(row["id"]) == encode_id(id)
