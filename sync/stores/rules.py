"""Rules that the stores keep, whatever they are made of."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sync.model import CHUNK_SIZE, Issue, LineLink, Link, LinksPage, Refusals, Tally, Trouble
from sync.stores.keys import encode_id, partition_of

PARTITIONS = 4
"""Partitions of the links of a mapping, unless the app is told otherwise before its first run."""

MAX_PARTITIONS = 100
"""Partition keys end in two digits."""

LONGEST_DELAY = 7 * 24 * 3600
"""Seconds that a queue can hide a message (functions-host.md 7)."""

LARGEST_MESSAGE = 64 * 1024
"""Bytes that a queue takes (functions-host.md 7)."""

SPLIT = "split"


def check_partitions(partitions: int) -> int:
    """`partitions` if a table can be cut so; raises ValueError."""
    if not 1 <= partitions <= MAX_PARTITIONS:
        raise ValueError(f"Links are cut into 1 to {MAX_PARTITIONS} partitions, not {partitions}.")
    return partitions


def check_write(
    links: Sequence[Link],
    tally: Tally | None,
    lines: Mapping[str, Sequence[LineLink]],
    partition: int,
    partitions: int,
) -> None:
    """Refuse what no transaction can hold; a ValueError here is a bug of the caller."""
    size = len(links) + sum(map(len, lines.values()))
    if size > CHUNK_SIZE:
        raise ValueError(f"One transaction remembers at most {CHUNK_SIZE} links and lines, not {size}: cut the chunk.")
    if not lines.keys() <= {link.id for link in links}:
        raise ValueError("A line is stored with the link of its document, on whose ETag it depends.")
    if any(len({line.number for line in rows}) < len(rows) for rows in lines.values()):
        raise ValueError("Two lines of one document have the same number.")
    if len({encode_id(link.id) for link in links}) < len(links):
        raise ValueError("Two links of one transaction are for the same record (ids are compared without case).")
    for link in links:
        if partition_of(link.id, partitions) != partition:
            raise ValueError(f"The link of {link.id!r} does not live in partition {partition}.")
    if tally is not None:
        check_tally(tally)


def check_tally(tally: Tally) -> None:
    """Batches are named after their run: the tallies of a run are found by that; raises ValueError."""
    if not tally.batch.startswith(f"{tally.run}."):
        raise ValueError(
            f"The batch {tally.batch!r} is not named after its run {tally.run!r}, such as '{tally.run}.0'."
        )


def tallied(chunks: Iterable[str], tallies: Mapping[str, Tally]) -> dict[str, Tally]:
    """For each chunk its own tally, or that of its nearest parent ("2.0.7": "2.0", then "2").

    A parent whose tally says "split" left its records to its parts, so that it does not stand for them.
    """
    found: dict[str, Tally] = {}
    for chunk in chunks:
        own = tallies.get(chunk)
        parents = (tallies.get(parent) for parent in _parents(chunk))
        tally = own or next((tally for tally in parents if tally is not None and tally.void != SPLIT), None)
        if tally is not None:
            found[chunk] = tally
    return found


def has_left(state: str, reason: str) -> bool:
    """A link in this state says that its record has left the source."""
    return (state, reason) == ("removed", "source-deleted")


def check_delay(delay: float) -> float:
    """`delay` if a queue can hide a message for so long; raises ValueError."""
    if not 0 <= delay <= LONGEST_DELAY:
        raise ValueError(f"A message can be delayed by 0 to {LONGEST_DELAY} seconds (7 days), not {delay}.")
    return delay


def check_message(text: str) -> str:
    """`text` if a queue takes it in base64; raises ValueError."""
    size = -(-len(text.encode()) // 3) * 4
    if size > LARGEST_MESSAGE:
        raise ValueError(f"A message takes {LARGEST_MESSAGE} bytes in base64, this one has {size}: cut the batch.")
    return text


def shown(issue: Issue, there: Issue | None, now: datetime) -> Issue:
    """What is to be stored when `issue` is put over `there`: the higher `seq` stands, an open one counts its times."""
    if there is not None and issue.seq <= there.seq:
        return there
    was_open = there is not None and there.closed is None
    return dataclasses.replace(
        issue,
        first_seen=(there.first_seen if there is not None and was_open else issue.first_seen) or now,
        last_seen=issue.last_seen or now,
        times=issue.times + (there.times if there is not None and was_open else 0),
        closed=None,
    )


def settled(issue: Issue, there: Issue | None, now: datetime) -> Issue:
    """What is to be stored when the record of `issue` is settled as of its `seq`.

    Where there is no row a closed one is written: a `put` of a lower `seq` that comes late must find it.
    """
    if there is None:
        return dataclasses.replace(issue, closed=now)
    if issue.seq <= there.seq:
        return there
    return dataclasses.replace(there, seq=issue.seq, closed=there.closed or now)


NO_TROUBLE = Trouble("", "")
"""Of a record that was settled before anybody saw an issue of it."""


def was_seen(issue: Issue) -> bool:
    """It is settled, and was open before: some rows only keep late writers away."""
    return issue.closed is not None and issue.trouble != NO_TROUBLE


def is_old(issue: Issue, before: datetime) -> bool:
    return issue.closed is not None and issue.closed < before


def _parents(chunk: str) -> Iterable[str]:
    while "." in chunk:
        chunk = chunk.rpartition(".")[0]
        yield chunk


def counted(
    there: Refusals | None, ended: int, refused: Mapping[str, int], *, now: datetime, within: timedelta
) -> Refusals:
    """What was counted with this added to it, or this alone when that is too old."""
    if there is None or now - there.started > within:
        return Refusals(now, ended, dict(refused))
    return Refusals(there.started, there.ended + ended, dict(Counter(there.refused) + Counter(refused)))


def read_links_position(position: str) -> tuple[int, str]:
    """The partition and the id behind which a page of links begins."""
    partition, _, after = position.partition(" ")
    return int(partition or 0), after


def links_page(links: Sequence[Link], partition: int, most: int, partitions: int) -> LinksPage:
    """A page, and where the next one begins: behind its last link, or in the next partition."""
    if len(links) == most:
        return LinksPage(tuple(links), f"{partition} {links[-1].id}")
    return LinksPage(tuple(links), f"{partition + 1} " if partition + 1 < partitions else "")
