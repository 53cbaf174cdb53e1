"""A table with a change log, a detector that follows it with brakes, and an apply half that keeps links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sync.braked import BrakedFeed, stopped_for
from sync.brakes import Brakes, allow
from sync.detect import Detector, DetectReport, ask_resend, detect
from sync.errors import DataError, MassChange
from sync.model import Change, EntityRef, Flow, Link, Page, Record, Use, Values
from sync.stores.memory import MemoryClock, MemoryLinks, MemoryOutbox, MemoryRuns, MemoryWatermarks
from sync.stores.messages import fits

ENTITY = EntityRef("sales", "accounts", ("accountid",))
FLOW = Flow("accounts_to_finops", "accounts", ENTITY, EntityRef("finops", "CustomersV3", ("CustomerAccount",)))
PAGE = 10
WAIT = timedelta(minutes=9)


class Source:
    """Rows and what became of them: twin of a ChangeFeed without brakes and of its Reader.

    A position is "load <id>" or "log <number>"; `expire` forgets the log as it is now. `meanwhile` is called before
    each page.
    """

    def __init__(self) -> None:
        self.rows: set[str] = set()
        self.log: list[Change] = []
        self.looked_for = 0
        self.read = 0
        self.meanwhile: Callable[[], object] = lambda: None
        self._forgotten = 0

    def put(self, *numbers: int) -> None:
        self._tell(numbers, deleted=False)

    def delete(self, *numbers: int) -> None:
        self._tell(numbers, deleted=True)

    def expire(self) -> None:
        self._forgotten = len(self.log)

    def mode(self, position: str) -> str:
        return "delta" if position.startswith("log ") else "full"

    def page(self, position: str, *, full: bool) -> Page:
        self.meanwhile()
        self.read += 1
        kind, at = position.split(" ") if position else ("token", "")
        if kind == "token":
            return Page((), f"load |{len(self.log)}", more=True)
        if kind == "log" and full:
            kind, at = "load", f"|{at}"
        if kind == "load":
            last, log = at.split("|")
            ids = sorted(id for id in self.rows if id > last)[:PAGE]
            return Page(
                tuple(map(Change, ids)), f"load {ids[-1]}|{log}" if len(ids) == PAGE else f"log {log}", more=True
            )
        if int(at) < self._forgotten:
            return Page((), "", more=True)
        end = min(int(at) + PAGE, len(self.log))
        return Page(tuple(self.log[int(at) : end]), f"log {end}", more=end < len(self.log))

    def fetch(self, entity: EntityRef, ids: Sequence[str], columns: Sequence[str]) -> dict[str, Record]:
        self.looked_for += len(ids)
        return {id: Record(id, "", {}) for id in ids if id in self.rows}

    def search(self, entity: EntityRef, column: str, values: Sequence[str], columns: Sequence[str]) -> list[Record]:
        raise AssertionError("a feed searches nothing")

    def assign(self, entity: EntityRef, assignments: Sequence[tuple[Record, Values]]) -> list[bool | DataError]:
        raise AssertionError("a feed writes nothing")

    def referring(self, use: Use, ids: Sequence[str]) -> set[str]:
        raise AssertionError("a feed asks for no other table")

    def _tell(self, numbers: Sequence[int], *, deleted: bool) -> None:
        for number in numbers:
            id = f"a{number:04}"
            (self.rows.discard if deleted else self.rows.add)(id)
            self.log.append(Change(id, deleted=deleted))


class World:
    """One installation: `tick` is a run of the timer, `sync` goes on until nothing comes any more.

    Three that are gone of a hundred are a mass change, and so are more than fifty that have changed.
    """

    def __init__(self, count: int = 100) -> None:
        self.source = Source()
        self.clock = MemoryClock()
        self.links = MemoryLinks(partitions=4)
        self.watermarks = MemoryWatermarks()
        self.outbox = MemoryOutbox(self.clock)
        self._names = iter(range(1_000_000))
        self.source.put(*range(count))
        self.tools = self._process()
        if count:
            self.sync()
            self.clock.advance(3600)
            self.sync()  # every record has been looked for

    def tick(self, seconds: float = 60) -> list[Change]:
        """One run, a minute later, and what it has handed on is applied; gives that."""
        self.clock.advance(seconds)
        self.run()
        return self.apply()

    def run(self) -> DetectReport:
        return detect(self.tools)

    def sync(self) -> None:
        while self.tick():
            pass

    def stopped(self) -> MassChange:
        """A tick that must stop the flow, and hand nothing on."""
        self.clock.advance(60)
        try:
            self.run()
        except MassChange as error:
            assert not self.outbox.depth(FLOW.name), "something was handed on"
            return error
        raise AssertionError("the flow was not stopped")

    def allow(self) -> None:
        weight = stopped_for(self.position)
        assert weight is not None
        allow(FLOW.name, weight, self.watermarks, self.clock)

    def resend(self) -> None:
        ask_resend(FLOW.name, self.watermarks)

    @property
    def position(self) -> str:
        return self.watermarks.read(FLOW.name).position

    @property
    def mode(self) -> str:
        return self.tools.feed.mode(self.position)

    @property
    def linked(self) -> set[str]:
        """The records whose counterparts have a source, as the links say."""
        return {link.id for link in self.links.all_links(FLOW.mapping) if not link.gone}

    def apply(self) -> list[Change]:
        done: list[Change] = []
        for number in self.outbox.visible(FLOW.name):
            delivered = self.outbox.receive_at(FLOW.name, number)
            assert delivered is not None
            changes = [change for chunk in delivered.batch.chunks for change in chunk.changes]
            for change in changes:
                self.link(change.id, there=change.id in self.source.rows)
            done += changes
            self.outbox.delete(delivered)
        return sorted(done, key=lambda change: change.id)

    def link(self, id: str, *, there: bool) -> None:
        """What a delivery stores that has found the record, or has not."""
        partition = self.links.partition(id)
        stored = self.links.read(FLOW.mapping, partition, [id]).get(id)
        if stored or there:
            values: dict[str, Any] = {"target": {"CustomerAccount": id}, "gone": not there}
            link = Link(id, "linked" if there else "removed", etag=stored.etag if stored else None, **values)
            self.links.write(FLOW.mapping, partition, [link])

    def _process(self) -> Detector:
        brakes = Brakes(FLOW.name, self.watermarks, self.clock, fewest_gone=2, fewest_changed=5, source="Sales tells")
        return Detector(
            FLOW,
            "definition 1",
            BrakedFeed(
                self.source,
                self.links,
                self.source,
                brakes,
                mapping=FLOW.mapping,
                entity=ENTITY,
                under_way=lambda: self.outbox.depth(FLOW.name),
                wait=WAIT,
            ),
            self.links,
            self.watermarks,
            MemoryRuns(),
            self.outbox,
            self.clock,
            fits,
            name_run=lambda: str(next(self._names)),
        )
