"""What the engine needs from the world, as Protocols; each has a public in-memory twin in `stores.memory`.

Every method may raise Transient (or ConfigError where rights or names are wrong) unless it says otherwise.
Times are aware datetimes in the storage service's time. Ids are those of the flow's source system.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from sync.errors import DataError, SyncError
from sync.model import (
    ChangeBatch,
    EntityRef,
    Issue,
    LineLink,
    Link,
    LinksPage,
    Page,
    Pause,
    Record,
    Refusals,
    RowsPage,
    Run,
    Scalar,
    Seen,
    System,
    Tally,
    Use,
    Values,
    Waiter,
    Watermark,
)


class Clock(Protocol):
    """The storage service's clock: the one clock that all processes share."""

    def now(self) -> datetime: ...


class ChangeFeed(Protocol):
    """The changes of one source table, page by page."""

    def page(self, position: str, *, full: bool) -> Page:
        """The page at `position` ("" is the beginning).

        `full` asks for every record once more, now, before further changes; a position that a full read left behind
        goes on by itself. Reading the same position again gives at least the same changes. A token the server no
        longer knows leads to a full read, not to an error.
        """
        ...

    def mode(self, position: str) -> str:
        """What the feed would do at `position`.

        "full" and "survey": everything is being read, or will be; "delta": changes are followed; "rest": everything was
        read, the next page begins to compare all of it once more with what is remembered; "stopped": the last such
        comparison, or a mass of changes, has stopped the flow.
        """
        ...


class Reader(Protocol):
    """Rows of the source system, newest state."""

    def fetch(self, entity: EntityRef, ids: Sequence[str], columns: Sequence[str]) -> dict[str, Record]:
        """The rows with these ids, few requests for many ids; an id that does not exist is absent."""
        ...

    def search(self, entity: EntityRef, column: str, values: Sequence[str], columns: Sequence[str]) -> list[Record]:
        """The rows whose `column` equals one of `values`, case ignored where the system ignores it."""
        ...

    def assign(self, entity: EntityRef, assignments: Sequence[tuple[Record, Values]]) -> list[bool | DataError]:
        """Write values to each source record that still has its `version`, few requests for many records.

        In the order of `assignments`: True when written, False when the record has changed or gone since, a DataError
        when the system refuses it. Raises Throttled when nothing was done, Unsure when that is not known.
        """
        ...

    def referring(self, use: Use, ids: Sequence[str]) -> set[str]:
        """Of these records those that such a row refers to, as asked for; few requests for many ids."""
        ...


class Whole(Protocol):
    """A source table that is read whole, page by page."""

    def rows_page(self, entity: EntityRef, columns: Sequence[str], *, company: str, link: str) -> RowsPage:
        """The page at `link` ("" is the first), of one company ("" where the table has none).

        Ids are `model.record_id` of the key. A row that another process deletes meanwhile may hide one that stays, and
        one that it inserts may show one twice. Raises Gone when the link no longer works.
        """
        ...


@dataclass(frozen=True, slots=True)
class LineWrite:
    """A write of one line of a document; a create carries its key values in `values` too, a delete has none."""

    kind: Literal["create", "update", "delete"]
    key: Mapping[str, Scalar]
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Write:
    """One record's write. `key` addresses it; a create carries its key values in `values` too.

    `lines` are rows of another entity, `of`, that are written behind it, in this order: all of it or nothing. An update
    whose `values` are empty writes the lines alone.
    """

    kind: Literal["create", "update"]
    key: Mapping[str, Scalar]
    values: Values
    """None as a value empties the column."""
    lines: tuple[LineWrite, ...] = ()
    of: EntityRef | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The target took it. `values` is what it answered (a create: the row with its key and numbers; may be empty),
    `lines` what it answered for each line, in their order.
    """

    values: Values = field(default_factory=dict)
    lines: tuple[Values, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The target refused this record; nothing of it was written. `text` is the target's own, `details` has ids."""

    text: str
    column: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Missing:
    """An update found no row under its key; `line` tells that this is a line, whose document is there."""

    line: bool = False


@dataclass(frozen=True, slots=True)
class Postponed:
    """This record was not written, though others of the same call were: `error` came in between."""

    error: SyncError


type Result = Written | Refused | Missing | Postponed


class Writer(Protocol):
    """Rows of the target system."""

    def find(
        self, entity: EntityRef, keys: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> dict[str, Values]:
        """The rows that exist under these keys, by `model.key_text` of the key; few requests for many keys."""
        ...

    def match(
        self, entity: EntityRef, wanted: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> list[list[Values]]:
        """For each of `wanted` the rows that have all these values (texts without case); few requests for many."""
        ...

    def write(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        """Write each record by itself, in few requests; results in the order of `writes`.

        No request starts that could end after `until` (the storage service's time): a claim outlives what is done
        under it. Raises Throttled, Busy (no time for the next request), another Transient or ConfigError when nothing
        was written, Unsure when that is not known. Repeats only what the server is known not to have run.
        """
        ...


class Gone(Exception):
    """A page link that the server no longer knows: the read begins anew."""


class Stale(Exception):
    """A conditional write lost: the row changed, or exists already. `ids` are the links it was about, if known."""

    def __init__(self, *ids: str) -> None:
        self.ids = ids
        super().__init__(*ids)


class AlreadyTallied(Exception):
    """The tally of this chunk exists already: its records are counted, by whomever."""


class Links(Protocol):
    """The link table of all mappings: links, reverse rows and tallies."""

    def partition(self, id: str) -> int:
        """The partition that a record's link lives in; the same in every process."""
        ...

    def read(self, mapping: str, partition: int, ids: Sequence[str]) -> dict[str, Link]:
        """The stored links of these ids (absent: never seen)."""
        ...

    def write(
        self,
        mapping: str,
        partition: int,
        links: Sequence[Link],
        tally: Tally | None = None,
        lines: Mapping[str, Sequence[LineLink]] | None = None,
    ) -> list[Link]:
        """Store links, each on its ETag (None: must not exist), and the tally, in one transaction: all or nothing.

        `lines` are rows of documents among these links, by the link's id: each replaces the row of its number. Takes at
        most 99 links and line rows. Gives the links with their new ETags, `seq` counted up. Raises Stale when one of
        the links has changed, AlreadyTallied when the tally exists.
        """
        ...

    def lines(self, mapping: str, partition: int, ids: Sequence[str]) -> dict[str, tuple[LineLink, ...]]:
        """The line rows of these documents by ascending number (absent: there are none)."""
        ...

    def drop_lines(self, mapping: str, partition: int, ids: Sequence[str]) -> None:
        """Forget the line rows of documents that others have taken the place of; none is fine."""
        ...

    def reserve(self, mapping: str, owners: Mapping[str, str]) -> dict[str, str]:
        """Hold target keys (`model.key_text`) for source ids: key -> id. Gives key -> id where another id holds it."""
        ...

    def take_over(self, mapping: str, key: str, id: str, *, holder: str) -> bool:
        """Hold `key` for `id` instead of `holder`; False when somebody else was faster."""
        ...

    def unreserve(self, mapping: str, owners: Mapping[str, str]) -> None:
        """Let go of keys that these ids hold; a key that another id holds stays."""
        ...

    def find(self, mapping: str, keys: Sequence[str]) -> dict[str, str]:
        """Source ids by target key, for those that are held."""
        ...

    def tallies(self, mapping: str, partition: int, batch: str, chunks: Sequence[str]) -> dict[str, Tally]:
        """The tallies of a batch that exist, by chunk name; a chunk also counts as tallied when a parent of it is."""
        ...

    def versions(self, mapping: str) -> Iterable[Seen]:
        """Every record that has a link with a version, in no order; many links a request."""
        ...

    def page(self, mapping: str, position: str, *, most: int) -> LinksPage:
        """At most so many links at `position` ("" is the beginning); every link that stays is on one page of a pass."""
        ...

    def all_tallies(self, mapping: str, flow: str, run: str | None = None) -> Iterable[Tally]:
        """Every tally of a flow, or of one of its runs, in no order."""
        ...


class Watermarks(Protocol):
    def read(self, flow: str) -> Watermark:
        """The stored watermark, or a new one with `etag` None."""
        ...

    def save(self, watermark: Watermark) -> Watermark:
        """Compare-and-set on the ETag; gives it with its new one. Raises Stale when another process moved it."""
        ...


class Runs(Protocol):
    def save(self, run: Run) -> None:
        """Store or replace the row of a run."""
        ...

    def latest(self, flow: str, limit: int) -> list[Run]:
        """The newest runs first."""
        ...


class Issues(Protocol):
    """What people see of parked records. Rows follow the links: of two calls for one record the higher `seq` stands,
    in whatever order they come, and the same call twice counts once.
    """

    def put(self, issues: Sequence[Issue]) -> None:
        """Show issues. One that is open already keeps its first seen and counts its times."""
        ...

    def close(self, flow: str, partition: int, seqs: Mapping[str, int]) -> None:
        """The records with these ids, as of these `seq`, are not parked (any more); no issue is fine."""
        ...

    def is_open(self, flow: str, partition: int, id: str) -> bool:
        """Whether this issue is open; reads one row."""
        ...

    def open(self, flow: str) -> Iterable[Issue]:
        """Every open issue of a flow."""
        ...

    def closed(self, flow: str) -> Iterable[Issue]:
        """Every issue of a flow that people have seen, that is settled, and that is not forgotten yet."""
        ...

    def forget(self, flow: str, before: datetime) -> int:
        """Drop the rows of what was settled before then; gives how many."""
        ...


class Waiting(Protocol):
    def put(self, waiters: Sequence[Waiter]) -> None:
        """Let records wait; one that waits already for the same name is left as it is, but for its turn."""
        ...

    def awaiting(self, names: Sequence[str]) -> list[Waiter]:
        """Who waits for these names (`NotReady.awaits`)."""
        ...

    def remove(self, waiters: Sequence[Waiter]) -> None:
        """They wait no longer for that name; one that waits in another turn than is said (if any) is left."""
        ...

    def open(self, flow: str) -> Iterable[Waiter]:
        """Every waiting record of a flow."""
        ...


class Gates(Protocol):
    """The shared 'do not call before' of each system (promise 6)."""

    def delay(self, system: System) -> float:
        """Seconds until the system may be called, 0 when now. Never older than one second."""
        ...

    def opened(self, system: System) -> float:
        """Seconds since the gate has opened again, as `delay` knows it; without end where it was never shut, 0 while it
        is. Asks nobody."""
        ...

    def shut(self, system: System, seconds: float) -> None:
        """The system asked to be left alone for so long; a later end that is already set stays."""
        ...


class Pauses(Protocol):
    """Which flows are held up, by people or by the app itself, and how many records their targets have refused."""

    def read(self, flow: str) -> Pause | None:
        """The flow's pause, over or not; never older than five seconds."""
        ...

    def put(self, pause: Pause) -> None:
        """Pause a flow, or replace its pause."""
        ...

    def remove(self, flow: str) -> bool:
        """Let it go on; False when it was not paused."""
        ...

    def count(self, flow: str, ended: int, refused: Mapping[str, int], *, within: timedelta) -> Refusals:
        """Add to what all processes have counted; what is older than `within` is forgotten as a whole first."""
        ...

    def forget(self, flow: str) -> None:
        """Begin to count anew."""
        ...


class Outbox(Protocol):
    """The queues of the flows."""

    def serves(self, flow: str) -> bool:
        """Whether this flow has a queue here; one whose mapping file is broken or gone has none. Raises nothing."""
        ...

    def post(self, batches: Sequence[ChangeBatch], *, delay: float = 0.0) -> None:
        """Post messages, never expiring, visible after `delay` seconds (at most 7 days)."""
        ...

    def post_text(self, flow: str, text: str, *, delay: float = 0.0) -> None:
        """Post a message that this version of the app cannot read, as it was received."""
        ...

    def depth(self, flow: str) -> int:
        """About how many messages wait in the flow's queue."""
        ...


class Numbers(Protocol):
    """Counters for numbers that the app itself allocates."""

    def take(self, counter: str, count: int, *, first: int) -> int:
        """The first of `count` numbers that no one else gets; a new counter begins at `first`."""
        ...
