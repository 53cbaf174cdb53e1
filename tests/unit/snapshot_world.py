"""A table that tells no changes, a detector that reads it whole, and an apply half that remembers what it judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sync.brakes import Brakes, allow
from sync.detect import DetectLimits, Detector, DetectReport, detect
from sync.errors import DataError, MassChange
from sync.model import Change, EntityRef, Flow, Link, Record, RowsPage, Use, Values
from sync.ports import Gone
from sync.rounds import read_position, stopped_for
from sync.snapshot import SnapshotFeed
from sync.stores.memory import MemoryClock, MemoryLinks, MemoryOutbox, MemoryRuns, MemoryWatermarks
from sync.stores.messages import fits

ENTITY = EntityRef("finops", "SellableReleasedProducts", ("dataAreaId", "ProductNumber"))
FLOW = Flow("products_to_sales", "products", ENTITY, EntityRef("sales", "products", ("productid",)))
COLUMNS = ("ProductName", "SalesPrice")


class Crash(BaseException):
    """The process ends here."""


def digest(values: Values) -> str:
    return "|".join(str(values.get(column)) for column in COLUMNS)


class Table:
    """Rows in the order of their ids, paged by offsets as F&O does (wire.md 2.3): twin of Whole and of Reader.

    `meanwhile` is called before each page with the page's offset: what others do to the table while it is read.
    """

    def __init__(self, page_size: int) -> None:
        self.page_size = page_size
        self.rows: dict[str, dict[str, Any]] = {}
        self.pages: list[int] = []
        self.looked_for: list[str] = []
        self.forgotten: set[str] = set()
        self.meanwhile: Callable[[int], object] = lambda _: None

    def put(self, number: int, name: str = "", company: str = "usmf") -> str:
        id = f"{company}|p{number:05}"
        self.rows[id] = {"dataAreaId": company, "ProductNumber": f"P{number:05}", "ProductName": name, "SalesPrice": 1}
        return id

    def rows_page(self, entity: EntityRef, columns: Sequence[str], *, company: str, link: str) -> RowsPage:
        if link in self.forgotten:
            self.forgotten.discard(link)
            raise Gone("The link was forgotten.")
        start = int(link or 0)
        self.meanwhile(start)
        self.pages.append(start)
        read = [id for id in sorted(self.rows) if not company or self.rows[id]["dataAreaId"] == company]
        end = start + self.page_size
        return RowsPage(tuple(self._record(id) for id in read[start:end]), str(end) if end < len(read) else "")

    def fetch(self, entity: EntityRef, ids: Sequence[str], columns: Sequence[str]) -> dict[str, Record]:
        self.looked_for += ids
        return {id: self._record(id) for id in ids if id in self.rows}

    def search(self, entity: EntityRef, column: str, values: Sequence[str], columns: Sequence[str]) -> list[Record]:
        raise AssertionError("a feed searches nothing")

    def assign(self, entity: EntityRef, assignments: Sequence[tuple[Record, Values]]) -> list[bool | DataError]:
        raise AssertionError("a feed writes nothing")

    def referring(self, use: Use, ids: Sequence[str]) -> set[str]:
        raise AssertionError("a feed asks for no other table")

    def _record(self, id: str) -> Record:
        return Record(id, "", dict(self.rows[id]))


class World:
    """One installation: `tick` is a run of the timer, `apply` empties the queue, `process` starts the app anew."""

    def __init__(
        self,
        count: int = 0,
        *,
        page_size: int = 10,
        company: str = "",
        gone_percent: float = 2,
        changed_percent: float = 50,
    ) -> None:
        self.table = Table(page_size)
        self.clock = MemoryClock()
        self.links = MemoryLinks(partitions=4)
        self.watermarks = MemoryWatermarks()
        self.outbox = MemoryOutbox(self.clock)
        self.brakes = Brakes(
            FLOW.name, self.watermarks, self.clock, gone_percent=gone_percent, changed_percent=changed_percent
        )
        self.company = company
        self._names = iter(range(1_000_000))
        for number in range(count):
            self.table.put(number)
        self.tools = self.process()

    def process(self, **replaced: Any) -> Detector:
        """A process that remembers nothing; `replaced` are parts of its own."""
        feed = SnapshotFeed(
            replaced.pop("table", self.table),
            replaced.pop("reader", self.table),
            self.links,
            replaced.pop("brakes", self.brakes),
            mapping=FLOW.mapping,
            entity=ENTITY,
            columns=COLUMNS,
            digest=digest,
            company=self.company,
            name_round=self._name,
        )
        tools = Detector(
            FLOW,
            "definition 1",
            feed,
            self.links,
            self.watermarks,
            MemoryRuns(),
            self.outbox,
            self.clock,
            fits,
            DetectLimits(),
            name_run=self._name,
        )
        self.tools = dataclasses.replace(tools, **replaced)
        return self.tools

    def tick(self) -> list[Change]:
        """One run, a quarter of an hour later; what it has posted, by id. It stays in the queue."""
        self.run()
        return self.queued()

    def run(self) -> DetectReport:
        self.clock.advance(900)
        return detect(self.tools)

    def queued(self) -> list[Change]:
        batches = [self.outbox.receive_at(FLOW.name, number) for number in self.outbox.visible(FLOW.name)]
        found = [change for each in batches if each for chunk in each.batch.chunks for change in chunk.changes]
        for each in batches:
            assert each is not None
            self.outbox.hide(each, 0)
        return sorted(found, key=lambda change: change.id)

    def apply(self) -> list[Change]:
        """Take all messages: a record is judged as it is now, one that is gone only when the change says so."""
        done = []
        for number in self.outbox.visible(FLOW.name):
            delivered = self.outbox.receive_at(FLOW.name, number)
            assert delivered is not None
            for chunk in delivered.batch.chunks:
                for change in chunk.changes:
                    self.judge(change)
                    done.append(change)
            self.outbox.delete(delivered)
        return sorted(done, key=lambda change: change.id)

    def sync(self) -> list[Change]:
        """Tick and apply until a round is over that has found nothing."""
        done: list[Change] = []
        for _ in range(100):
            self.run()
            applied = self.apply()
            done += applied
            if not applied and self.mode == "rest":
                return done
        raise AssertionError("it never comes to rest")

    def stopped(self) -> MassChange:
        """A tick that must stop the flow."""
        before = self.outbox.depth(FLOW.name)
        try:
            self.run()
        except MassChange as error:
            assert self.outbox.depth(FLOW.name) == before, "nothing is handed on"
            return error
        raise AssertionError("the flow was not stopped")

    def allow(self) -> None:
        weight = stopped_for(self.position)
        assert weight is not None
        allow(FLOW.name, weight, self.watermarks, self.clock)

    @property
    def position(self) -> str:
        return self.watermarks.read(FLOW.name).position

    @property
    def phase(self) -> str:
        return read_position(self.position).phase

    @property
    def mode(self) -> str:
        return self.tools.feed.mode(self.position)

    def known(self) -> Mapping[str, str]:
        """What the app takes for the source's rows: version by id."""
        return {link.id: link.version for link in self.links.all_links(FLOW.mapping) if link.version}

    def true(self) -> Mapping[str, str]:
        return {id: digest(values) for id, values in self.table.rows.items()}

    def judge(self, change: Change) -> None:
        partition = self.links.partition(change.id)
        link = self.links.read(FLOW.mapping, partition, [change.id]).get(change.id, Link(change.id))
        row = self.table.rows.get(change.id)
        if row is not None:
            after = replace(link, state="linked", reason="", version=digest(row))
        elif change.deleted:
            after = replace(link, state="removed", reason="source-deleted", version="")
        else:
            after = replace(link, state="skipped", reason="not-found")
        self.links.write(FLOW.mapping, partition, [after])

    def _name(self) -> str:
        return str(next(self._names))
