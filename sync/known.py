"""What the links say of every record of a flow, held in memory while a whole read is compared with it.

Seventeen bytes a record: two sorted columns of 64-bit numbers, and what was seen of it. Ids and versions are kept as
hashes of this process; two of a million ids share one with a chance of one in thirty million, and then one of the two
is looked at more often than needed.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from enum import IntEnum

from sync.model import Seen

_MASK = 2**64 - 1


class Look(IntEnum):
    """What a row of a whole read is, compared with the links."""

    UNSEEN = 0
    SAME = 1
    CHANGED = 2
    NEW = 3


class Known:
    """The records that have a version and have not left the source; ids are compared without case."""

    def __init__(self, links: Iterable[Seen]) -> None:
        packed = sorted(_number(link.id.casefold()) << 64 | _number(link.version) for link in links if not link.gone)
        self._ids = array("Q", (each >> 64 for each in packed))
        self._versions = array("Q", (each & _MASK for each in packed))
        self._seen = bytearray(len(packed))
        self.unseen = len(packed)
        """How many of them no row has shown yet."""

    def __len__(self) -> int:
        return len(self._ids)

    def look(self, id: str, version: str) -> Look:
        """Compare a row that was read and remember that it was: a row that is read twice is told as changed once."""
        at = self._index(id)
        if at is None:
            return Look.NEW
        before = self._seen[at]
        self.unseen -= before == Look.UNSEEN
        if before == Look.CHANGED:
            return Look.SAME
        self._seen[at] = self._compared(at, version)
        return Look(self._seen[at])

    def look_again(self, id: str, version: str) -> Look:
        """Compare a row, whether it was seen before or not; nothing is remembered of it."""
        at = self._index(id)
        return Look.NEW if at is None else self._compared(at, version)

    def misses(self, id: str) -> bool:
        """The record is known and no row has shown it yet."""
        at = self._index(id)
        return at is not None and self._seen[at] == Look.UNSEEN

    def _compared(self, at: int, version: str) -> Look:
        return Look.SAME if self._versions[at] == _number(version) else Look.CHANGED

    def _index(self, id: str) -> int | None:
        number = _number(id.casefold())
        at = bisect_left(self._ids, number)
        return at if at < len(self._ids) and self._ids[at] == number else None


def _number(text: str) -> int:
    return hash(text) & _MASK
