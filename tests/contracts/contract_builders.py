"""Ids, links and tallies for tests: a test says only what matters."""

from __future__ import annotations

import uuid
from typing import Any

from sync.model import Link, Tally
from sync.ports import Links

MAPPING = "accounts"
FLOW = "accounts_to_finops"


def guid(number: int) -> str:
    return str(uuid.UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**128))


def guids(links: Links, count: int, *, partition: int = 3) -> list[str]:
    """Ids of links that live in one partition."""
    found: list[str] = []
    number = 1
    while len(found) < count:
        if links.partition(guid(number)) == partition:
            found.append(guid(number))
        number += 1
    return found


def tally(batch: str = "r1.0", chunk: str = "0", **values: Any) -> Tally:
    given: dict[str, Any] = {"flow": FLOW, "run": batch.partition(".")[0], "kind": "detected"} | values
    return Tally(batch=batch, chunk=chunk, **given)


def store(links: Links, ids: list[str], *, partition: int = 3, **values: Any) -> list[Link]:
    """Write one new link for each id, as many to a transaction as it takes."""
    written: list[Link] = []
    for start in range(0, len(ids), 99):
        written += links.write(MAPPING, partition, [Link(id, **values) for id in ids[start : start + 99]])
    return written
