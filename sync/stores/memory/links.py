"""Links, reverse rows and tallies in memory."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from threading import Lock

from sync.model import LineLink, Link, LinksPage, Seen, Tally
from sync.ports import AlreadyTallied, Stale
from sync.stores.keys import encode_id, partition_of
from sync.stores.rules import (
    PARTITIONS,
    check_partitions,
    check_write,
    has_left,
    links_page,
    read_links_position,
    tallied,
)


class MemoryLinks:
    """Twin of `ports.Links`."""

    def __init__(self, *, partitions: int = PARTITIONS) -> None:
        self._partitions = check_partitions(partitions)
        self._links: dict[tuple[str, int], dict[str, Link]] = defaultdict(dict)
        self._lines: dict[tuple[str, int], dict[str, dict[int, LineLink]]] = defaultdict(lambda: defaultdict(dict))
        self._tallies: dict[tuple[str, int], dict[str, dict[str, Tally]]] = defaultdict(lambda: defaultdict(dict))
        self._holders: dict[str, dict[str, str]] = defaultdict(dict)
        self._etags = count(1)
        self._lock = Lock()

    def partition(self, id: str) -> int:
        return partition_of(id, self._partitions)

    def read(self, mapping: str, partition: int, ids: Sequence[str]) -> dict[str, Link]:
        with self._lock:
            stored = self._links[mapping, partition]
            return {id: stored[key] for id in ids if (key := encode_id(id)) in stored}

    def write(
        self,
        mapping: str,
        partition: int,
        links: Sequence[Link],
        tally: Tally | None = None,
        lines: Mapping[str, Sequence[LineLink]] | None = None,
    ) -> list[Link]:
        check_write(links, tally, lines or {}, partition, self._partitions)
        with self._lock:
            stored = self._links[mapping, partition]
            if tally is not None and tally.chunk in self._tallies[mapping, partition][tally.batch]:
                raise AlreadyTallied
            for link in links:
                there = stored.get(encode_id(link.id))
                if link.etag != (there.etag if there else None):
                    raise Stale(link.id)
            written = [dataclasses.replace(link, etag=f"m{next(self._etags)}", seq=link.seq + 1) for link in links]
            stored.update((encode_id(link.id), link) for link in written)
            for id, rows in (lines or {}).items():
                self._lines[mapping, partition][encode_id(id)].update((line.number, line) for line in rows)
            if tally is not None:
                self._tallies[mapping, partition][tally.batch][tally.chunk] = tally
            return written

    def lines(self, mapping: str, partition: int, ids: Sequence[str]) -> dict[str, tuple[LineLink, ...]]:
        with self._lock:
            stored = self._lines[mapping, partition]
            rows = {id: stored[key] for id in ids if (key := encode_id(id)) in stored}
            return {id: tuple(lines[number] for number in sorted(lines)) for id, lines in rows.items()}

    def drop_lines(self, mapping: str, partition: int, ids: Sequence[str]) -> None:
        with self._lock:
            for id in ids:
                self._lines[mapping, partition].pop(encode_id(id), None)

    def reserve(self, mapping: str, owners: Mapping[str, str]) -> dict[str, str]:
        with self._lock:
            holders = self._holders[mapping]
            held = {key: holders.setdefault(encode_id(key), id) for key, id in owners.items()}
            return {key: id for key, id in held.items() if encode_id(id) != encode_id(owners[key])}

    def take_over(self, mapping: str, key: str, id: str, *, holder: str) -> bool:
        with self._lock:
            holders = self._holders[mapping]
            if encode_id(holders.get(encode_id(key), id)) not in (encode_id(id), encode_id(holder)):
                return False
            holders[encode_id(key)] = id
            return True

    def unreserve(self, mapping: str, owners: Mapping[str, str]) -> None:
        with self._lock:
            holders = self._holders[mapping]
            for key, id in owners.items():
                if encode_id(holders.get(encode_id(key), "")) == encode_id(id):
                    del holders[encode_id(key)]

    def find(self, mapping: str, keys: Sequence[str]) -> dict[str, str]:
        with self._lock:
            holders = self._holders[mapping]
            return {key: holders[encode_id(key)] for key in keys if encode_id(key) in holders}

    def tallies(self, mapping: str, partition: int, batch: str, chunks: Sequence[str]) -> dict[str, Tally]:
        with self._lock:
            return tallied(chunks, self._tallies[mapping, partition][batch])

    def versions(self, mapping: str) -> Iterable[Seen]:
        links = self.all_links(mapping)
        return [Seen(link.id, link.version, has_left(link.state, link.reason)) for link in links if link.version]

    def page(self, mapping: str, position: str, *, most: int) -> LinksPage:
        partition, after = read_links_position(position)
        with self._lock:
            stored = self._links[mapping, partition]
            keys = sorted(key for key in stored if not after or key > encode_id(after))[:most]
            links = [stored[key] for key in keys]
        return links_page(links, partition, most, self._partitions)

    def all_tallies(self, mapping: str, flow: str, run: str | None = None) -> Iterable[Tally]:
        with self._lock:
            tallies = [
                tally
                for partition in range(self._partitions)
                for batch in self._tallies[mapping, partition].values()
                for tally in batch.values()
            ]
        return [tally for tally in tallies if tally.flow == flow and run in (None, tally.run)]

    def all_links(self, mapping: str) -> list[Link]:
        """Every link of a mapping; for checkers of promises, the port has no such call."""
        with self._lock:
            return [link for partition in range(self._partitions) for link in self._links[mapping, partition].values()]
