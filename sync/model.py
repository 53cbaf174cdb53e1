"""The words of the engine as frozen values: what a flow is, what travels and what is remembered.

A record's path: detect -> fetch -> link -> map -> compare -> write -> remember.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from sync.errors import SyncError

type System = Literal["sales", "finops"]
type Scalar = str | int | bool | Decimal
type Values = Mapping[str, Scalar | None]
"""Column name to value, as a system gave it; a lookup column is `_<column>_value`."""


@dataclass(frozen=True, slots=True)
class Bind:
    """A lookup column of a Dataverse table as it is read (`_<column>_value`), and how it is written: the navigation
    property that is bound, and the entity set that the id belongs to (wire.md 1.5)."""

    column: str
    navigation: str
    set: str


@dataclass(frozen=True, slots=True)
class EntityRef:
    """One table of one system: its entity set and its key columns.

    `binds` are the lookups of a Sales table that a flow writes; `enums` the key properties of an F&O entity that are
    enums, which stand in keys and filters with the name of their type (value-maps.md 1).
    """

    system: System
    set: str
    key: tuple[str, ...]
    binds: tuple[Bind, ...] = ()
    enums: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """An entity with a direction; `mapping` is the file it comes from and the owner of its links."""

    name: str
    mapping: str
    source: EntityRef
    target: EntityRef


@dataclass(frozen=True, slots=True)
class Record:
    """A source or target row as read. `version` is its ETag: opaque, compared for equality only.

    `lines` are those of a document, in their order, once they were read.
    """

    id: str
    version: str
    values: Values
    lines: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a detect run saw: an id and the version it had, no data."""

    id: str
    version: str = ""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """The changes whose outcomes are remembered in one Table transaction, at most `CHUNK_SIZE` of them.

    `name` is unique in the batch and always stands for the same changes: splitting "2" gives "2.0", "2.1", ...
    """

    name: str
    changes: tuple[Change, ...]


CHUNK_SIZE = 99
"""A Table transaction takes 100 operations: 99 links and the row of outcomes."""


def chunked(changes: Sequence[Change]) -> tuple[Chunk, ...]:
    """Chunks "0", "1", ... of at most 99 changes."""
    starts = range(0, len(changes), CHUNK_SIZE)
    return tuple(Chunk(str(n), tuple(changes[start : start + CHUNK_SIZE])) for n, start in enumerate(starts))


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """A queue message: changes of one flow in one partition of its links.

    `kind` is "detected" or "reopened" (released from waiting, retried after parking). `last_try` marks a single record
    that the poison function posted once more. `resend` asks for all values to be sent, not the changed ones alone.
    `anew` asks for counterparts that somebody has deleted to be made again.
    `delays` counts how often it was put back, `failures` the deliveries that had failed by then: a message that is put
    back is a new one to the host.
    """

    flow: str
    run: str
    batch: str
    partition: int
    chunks: tuple[Chunk, ...]
    kind: Literal["detected", "reopened"] = "detected"
    last_try: bool = False
    resend: bool = False
    delays: int = 0
    failures: int = 0
    anew: bool = False

    @property
    def size(self) -> int:
        return sum(len(chunk.changes) for chunk in self.chunks)


class Ending(StrEnum):
    """How a change ends; every change ends as exactly one (promise 1)."""

    CREATED = "created"
    ADOPTED = "adopted"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    SKIPPED = "skipped"
    WAITING = "waiting"
    PARKED = "parked"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An ending, its reason code (skipped, waiting, parked) and warning codes; no code carries a value."""

    ending: Ending
    reason: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease on a link: nobody else writes this record before `until` (storage service's time)."""

    holder: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a record is parked: code, target property, the record's number, and texts without values of the record.

    `retryable` asks the sweep to try again, since reference data may have been mended; `details` has request ids.
    """

    code: str
    cause: str
    remedy: str = ""
    number: str = ""
    column: str = ""
    kind: str = "DataError"
    retryable: bool = False
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """What is remembered of one source record, whether it has a counterpart or not.

    `state` is the last ending that was committed ("" when none was: linked, skipped, waiting, parked, removed);
    `target` holds the key values of the counterpart, empty as long as there is none; `reserved` holds the key values of
    a create or an adoption that was announced: this record holds them in the reverse rows, and a row of the target
    under them is its own. `hash` stands for the whole payload last written, `digests` for each of its properties
    (promise 8: no value is kept). `gives` holds values that other flows refer to (PartyNumber). `dirty` means that a
    write may have been done that was never committed: hash and digests prove nothing. `again` asks the holder of the
    claim to fetch and write once more, or whoever comes next when it has given the claim back. `gone` tells that the
    feed has told of the record's delete, to whomever, and that nobody has seen the record since. `held` remembers that
    the app itself put the counterpart on hold. `awaits` names what a waiting record waits for, `trouble` says why a
    parked one is parked, `shown` that it ever was. `owed` is the ending of a write that no tally counts yet: its
    delivery was kept from finishing the chunk. `hopes` names the links that it would refer to but does not wait for:
    when one of them is made, the record is taken up once more. `since` is when it began to wait for `awaits`. `version`
    stands for the source values that it was last judged by, in flows that compare whole reads. `parts` holds the keys
    of the rows that steps behind the first write have made, by the step's name; what they hold is in `digests` under
    "<step>.<property>". `successor` is the id of the record that has taken this one's place, as the filter says that
    refused it. `seq` counts the writes of the link: what is copied from it elsewhere is ordered by it. `etag` is None
    for a link that is not stored.
    """

    id: str
    state: str = ""
    reason: str = ""
    target: Mapping[str, Scalar] = field(default_factory=dict)
    reserved: Mapping[str, Scalar] = field(default_factory=dict)
    hash: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    gives: Mapping[str, str] = field(default_factory=dict)
    claim: Claim | None = None
    again: bool = False
    dirty: bool = False
    held: bool = False
    gone: bool = False
    awaits: str = ""
    trouble: Trouble | None = None
    shown: bool = False
    owed: str = ""
    hopes: tuple[str, ...] = ()
    since: datetime | None = None
    version: str = ""
    parts: Mapping[str, Mapping[str, Scalar]] = field(default_factory=dict)
    successor: str = ""
    seq: int = 0
    etag: str | None = None

    @property
    def linked(self) -> bool:
        return bool(self.target)

    def as_counted(self, stored: Link) -> Link:
        """This link in the state of the stored one, which stays until the tally that counts another is written."""
        return replace(
            self,
            state=stored.state,
            reason=stored.reason,
            awaits=stored.awaits,
            hopes=stored.hopes,
            since=stored.since,
            trouble=stored.trouble,
            shown=stored.shown,
        )


@dataclass(frozen=True, slots=True)
class LineLink:
    """What is remembered of one line of a linked document, under its `number` in the target, which never changes.

    `id` and `sequence` are those of the source line that it stood for last. `digests` stand for what was wanted of each
    property when the document was written last, and prove nothing as long as the document's link is dirty. `gone` tells
    that the line was removed: its number is not given to another one.
    """

    number: int
    id: str
    sequence: int | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """The row of outcomes of one chunk, written in the transaction of its links; never written twice.

    `outcomes` and `closed` count by "ending" or "ending/reason"; `closed` are waiting and parked records that these
    changes replaced or reopened; `warnings` count by code. A `void` tally ("split" or "void") takes the place of one
    whose records are counted elsewhere.
    """

    flow: str
    run: str
    batch: str
    chunk: str
    kind: str
    outcomes: Mapping[str, int] = field(default_factory=dict)
    closed: Mapping[str, int] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)
    void: str = ""


@dataclass(frozen=True, slots=True)
class PendingBatch:
    """A batch that a detect run is about to post: enough to say later whether it was ever counted."""

    batch: str
    partition: int
    chunks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far a flow has read. Moves forward only, by compare-and-set on `etag`, one `step` at a time.

    `position` is the feed's own (JSON text, opaque here). `pending` lists the batches of the page that is being posted:
    while it is not empty the position has not moved past them. `detected` counts the changes of `run` so far.
    `definition` is the hash of mapping, value maps and settings under which the flow reads, and its messages are
    applied; `full` is set from when that changed, or a resend was asked for, until the full read has begun. `resend` is
    set as long as a full read that sends all values is asked for or under way.
    """

    flow: str
    step: int = 0
    position: str = ""
    definition: str = ""
    run: str = ""
    detected: int = 0
    pending: tuple[PendingBatch, ...] = ()
    checked: datetime | None = None
    full: bool = False
    resend: bool = False
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a change feed: the changes, the position behind them, and whether the feed has more right now.

    `stop` is why the flow must not go on behind it: raised when the page is handed on and its position is saved.
    """

    changes: tuple[Change, ...]
    position: str
    more: bool
    stop: SyncError | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a link says to a feed that compares whole reads; `gone` when the record is known to have left the source."""

    id: str
    version: str
    gone: bool


@dataclass(frozen=True, slots=True)
class LinksPage:
    """Some links of a mapping; `next` is the position behind them, "" behind the last."""

    links: tuple[Link, ...]
    next: str


@dataclass(frozen=True, slots=True)
class RowsPage:
    """One page of a table as it is; `next` is the link to the one behind it, "" on the last."""

    rows: tuple[Record, ...]
    next: str


@dataclass(frozen=True, slots=True)
class Use:
    """Rows of another table that make a record what it is: those of `set` whose `column` holds its id, and whose
    `where` column, if there is one, has one of `values` (`among`), or none of them."""

    set: str
    column: str
    where: str = ""
    values: tuple[int, ...] = ()
    among: bool = True


@dataclass(frozen=True, slots=True)
class Issue:
    """What a person sees of a parked record: a copy of its link's trouble, in order of `seq` (see Link).

    `id` is that of a record, "message:<hash>" for a message that cannot be read, or "*detect" and "*apply" for
    the half of the flow that is stopped or cannot reach a system.
    `closed` tells when it was settled; None as long as it is open.
    """

    flow: str
    partition: int
    id: str
    trouble: Trouble
    seq: int
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    times: int = 1
    closed: datetime | None = None

    @property
    def of_flow(self) -> bool:
        """It is about the flow, not about one record or message."""
        return self.id.startswith("*")

    @property
    def of_record(self) -> bool:
        """It is about a record, which can be tried again."""
        return not self.id.startswith(("*", "message:"))


@dataclass(frozen=True, slots=True)
class Pause:
    """A flow that is held up: since when, why, by whom; until when, or None until somebody resumes it.

    `strikes` counts how often in a row the app itself has paused the flow; 0 for a pause that a person asked for.
    """

    flow: str
    since: datetime
    reason: str = ""
    by: str = ""
    until: datetime | None = None
    strikes: int = 0

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Refusals:
    """What all processes together have seen of a flow since `started`: records that ended, and those that the target
    refused, by code."""

    started: datetime
    ended: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiter:
    """A record that waits: which one, for what (`awaits` as in NotReady), and why; `number` is what people call it.

    `turn` tells one time that it began to wait from the next one.
    """

    flow: str
    partition: int
    id: str
    awaits: str
    code: str
    turn: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A detect run that found something: what it counted itself, and the sums of its tallies when asked for."""

    flow: str
    id: str
    started: datetime
    detected: int
    mode: str
    ended: datetime | None = None
