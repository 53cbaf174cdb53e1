"""Documents on the record's path: a document and its lines are one write; no crash doubles or loses a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

import pytest

from sync.apply import apply
from sync.errors import Unsure
from sync.keys import key_text
from sync.mapping.job import NOTHING_KEPT
from sync.mapping.plan import Facts, Field, LineMapped, Lines, Mapped, Plan
from sync.model import Change, ChangeBatch, EntityRef, Record, Scalar, Values, chunked
from sync.ports import LineWrite, Missing, Refused, Result, Write, Written
from sync.work import Applier
from tests.explorer.plans import accounts_plan
from tests.explorer.systems import MemoryFinops, MemorySales
from tests.unit.test_retry import FLOW, tools

LINES = Lines(
    source=EntityRef("sales", "details", ("detailid",)),
    parent="_owner_value",
    columns=("product", "quantity", "sequence"),
    order=("sequence", "detailid"),
    target=EntityRef("finops", "Lines", ("dataAreaId", "Number", "CustomerAccount")),
    number="Number",
    there=("Product", "Quantity"),
)


@dataclass(frozen=True)
class WithLines(Plan):
    """Accounts that have lines, as quotes do."""

    def map(
        self,
        record: Record,
        facts: Facts,
        link: Mapping[str, Scalar] | None = None,
        target: Values | None = None,
        kept: Mapping[str, str] = NOTHING_KEPT,
    ) -> Mapped:
        return replace(super().map(record, facts, link, target, kept), lines=tuple(map(_line, record.lines)))


def _line(row: Record) -> LineMapped:
    product = Field("Product", row.values["product"], "create", None, None)
    quantity = Field("Quantity", row.values["quantity"], "both", None, None, clears=True)
    sequence = row.values["sequence"]
    assert isinstance(sequence, int)
    return LineMapped(row.id, sequence, (product, quantity), ("Product",))


class Sales(MemorySales):
    """Accounts, and the lines of each by id."""

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__(columns)
        self.lines: dict[str, dict[str, tuple[int, str, int]]] = {}

    def search(self, entity: EntityRef, column: str, values: Sequence[str], columns: Sequence[str]) -> list[Record]:
        if entity.set != "details":
            return super().search(entity, column, values, columns)
        return [
            Record(id, "", {"_owner_value": owner.upper(), "sequence": sequence, "product": product,
                            "quantity": quantity, "detailid": id})
            for owner in values
            for id, (sequence, product, quantity) in reversed(self.lines.get(owner, {}).items())
        ]  # fmt: skip


class Finops(MemoryFinops):
    """Customers with lines. A product named "bad" is refused; `lose` loses the answer to the next write, behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, dict[str, Scalar | None]] = {}
        self.orders: list[list[tuple[str, int]]] = []
        self.matched = 0
        self.lose = False

    def match(
        self, entity: EntityRef, wanted: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> list[list[Values]]:
        self.matched += 1
        rows = self.lines.values()
        return [[row for row in rows if all(row[name] == value for name, value in each.items())] for each in wanted]

    def write(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        results = [self._document(entity, write) for write in writes]
        if self.lose:
            self.lose = False
            raise Unsure("lost", delay=5)
        return results

    def _document(self, entity: EntityRef, write: Write) -> Result:
        kept, before = {key: dict(row) for key, row in self.lines.items()}, dict(self.rows)
        bare = write.kind == "update" and not write.values
        result: Result = Written() if bare and key_text(write.key) in self.rows else self._one(entity, write)
        if isinstance(result, Written):
            result = next((each for line in write.lines if (each := self._line(line)) is not None), result)
        if not isinstance(result, Written):
            self.lines, self.rows = kept, before
            return result
        self.orders.append([(line.kind, int(str(line.key["Number"]))) for line in write.lines])
        return result

    def _line(self, line: LineWrite) -> Result | None:
        key = key_text(line.key)
        if line.values.get("Product") == "bad":
            return Refused("No such product.")
        if (key in self.lines) == (line.kind == "create"):
            return Refused("It exists.") if line.kind == "create" else Missing(line=True)
        if line.kind == "delete":
            del self.lines[key]
        else:
            self.lines[key] = {**self.lines.get(key, dict(line.key)), **line.values}
        return None


class World:
    """One flow of documents; `sync` delivers a message about documents."""

    def __init__(self) -> None:
        plan = accounts_plan()
        values = {item.name: getattr(plan, item.name) for item in fields(Plan)}
        self.sales, self.finops = Sales(plan.columns), Finops()
        self.using: Applier = replace(
            tools(), plan=WithLines(**{**values, "lines": LINES}), reader=self.sales, writer=self.finops
        )
        self.batches = 0

    def put(self, id: str, *lines: tuple[str, int, str, int], **values: Scalar) -> None:
        """A document with these lines: id, place, product, quantity."""
        good: dict[str, Scalar] = {
            "accountnumber": id.upper(),
            "name": id,
            "statecode": 0,
            "_transactioncurrencyid_value": "usd",
        }
        self.sales.lines[id] = {line: rest for line, *rest in lines}  # type: ignore[misc]
        self.sales.put(id, **{**good, **values})

    def batch(self, *ids: str) -> ChangeBatch:
        self.batches += 1
        return ChangeBatch(FLOW, "run", f"run.{self.batches}", 0, chunked([Change(id) for id in ids]))

    def sync(self, *ids: str) -> dict[str, int]:
        """Deliver a message about these documents; gives what it came to."""
        return self.deliver(self.batch(*ids))

    def deliver(self, batch: ChangeBatch, *, again: bool = False) -> dict[str, int]:
        apply(batch, self.using, again=again)
        tallies = self.using.links.tallies("accounts", 0, batch.batch, ["0"])
        return dict(tallies["0"].outcomes)

    def shown(self, id: str = "a") -> dict[int, str]:
        """The lines that the target has of a document."""
        rows = [row for row in self.finops.lines.values() if row["CustomerAccount"] == id.upper()]
        return {int(str(row["Number"])): f"{row['Product']} {row['Quantity']}" for row in rows}

    def link_is_dirty(self, id: str = "a") -> bool:
        return self.using.links.read("accounts", 0, [id])[id].dirty


@pytest.fixture
def world() -> World:
    return World()


def test_documents_are_created_with_their_lines_in_the_order_of_the_source(world: World) -> None:
    world.put("a", ("l2", 2, "tour", 1), ("l1", 1, "bike", 3))
    world.put("b", ("m1", 5, "bike", 1))
    world.put("c")
    assert world.sync("a", "b", "c") == {"created": 3}
    assert world.finops.orders == [[("create", 1), ("create", 2)], [("create", 5)], []]
    assert world.shown("a") == {1: "bike 3", 2: "tour 1"}
    assert world.finops.matched == 0
    assert world.sync("a", "b", "c") == {"unchanged": 3}


def test_only_lines_that_changed_are_sent_and_rows_are_read_for_nothing_else(world: World) -> None:
    world.put("a", ("l1", 1, "bike", 3), ("l2", 2, "tour", 1), ("l3", 3, "helmet", 1))
    world.sync("a")
    world.put("a", ("l1", 1, "bike", 3), ("l2", 2, "tour", 7))
    assert world.sync("a") == {"updated": 1}
    assert world.finops.orders[1:] == [[("update", 2), ("delete", 3)]]
    assert world.finops.matched == 1
    assert not world.link_is_dirty()
    world.put("a", ("l1", 3, "bike", 3), ("l2", 1, "tour", 7))
    assert world.sync("a") == {"updated": 1}
    assert world.sync("a") == {"unchanged": 1}
    assert world.finops.orders[2:] == [], "lines in another order are nothing to F&O"
    assert world.finops.matched == 1


def test_a_refused_line_takes_its_document_back_and_all_of_it_comes_when_it_is_mended(world: World) -> None:
    world.put("a", ("l1", 1, "bike", 3), ("l2", 2, "bad", 1))
    world.put("b", ("m1", 1, "bike", 1))
    assert world.sync("a", "b") == {"parked/target-refused": 1, "created": 1}
    assert (world.shown("a"), "usmf|A" in world.finops.rows) == ({}, False)
    world.put("a", ("l1", 1, "bike", 3), ("l2", 2, "tour", 1))
    assert world.sync("a") == {"created": 1}
    assert world.shown("a") == {1: "bike 3", 2: "tour 1"}


def test_after_a_refused_change_nothing_that_was_announced_is_believed(world: World) -> None:
    world.put("a", ("l1", 1, "bike", 3), ("l2", 2, "tour", 1))
    world.sync("a")
    world.put("a", ("l1", 1, "bike", 9), ("l3", 3, "bad", 1))
    assert world.sync("a") == {"parked/target-refused": 1}
    assert (world.shown("a"), world.link_is_dirty()) == ({1: "bike 3", 2: "tour 1"}, True)
    world.put("a", ("l1", 1, "bike", 9), ("l3", 3, "helmet", 1))
    assert world.sync("a") == {"updated": 1}
    assert world.shown("a") == {1: "bike 9", 3: "helmet 1"}
    assert not world.link_is_dirty()


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_a_host_that_dies_around_the_write_doubles_and_loses_no_line(world: World, done: bool, first: bool) -> None:
    if not first:
        world.put("a", ("l1", 1, "bike", 3), ("l2", 2, "tour", 1), ("l4", 4, "boot", 1))
        world.sync("a")
    world.put("a", ("l1", 1, "bike", 9), ("l3", 3, "helmet", 1), ("l5", None, "lamp", 1))  # type: ignore[arg-type]
    world.sales.lines["a"]["l5"] = (0, "lamp", 1)
    before = {key: dict(row) for key, row in world.finops.lines.items()}, dict(world.finops.rows)
    world.finops.lose = True
    batch = world.batch("a")
    with pytest.raises(Unsure):
        world.deliver(batch)
    if not done:
        world.finops.lines, world.finops.rows = before
    # Meanwhile the source goes on.
    world.put("a", ("l1", 1, "bike", 9), ("l5", 0, "lamp", 2))
    world.using.clock.advance(timedelta(hours=1).total_seconds())  # type: ignore[attr-defined]
    world.deliver(batch, again=True)
    expected = {1: "bike 9", (4 if first else 5): "lamp 2"}
    assert world.shown("a") == expected
    world.sync("a")
    assert world.shown("a") == expected
    assert not world.link_is_dirty()


def test_a_line_that_users_deleted_is_made_again_when_it_changes(world: World) -> None:
    world.put("a", ("l1", 1, "bike", 3), ("l2", 2, "tour", 1))
    world.sync("a")
    (gone,) = [key for key, row in world.finops.lines.items() if row["Number"] == 2]
    del world.finops.lines[gone]
    world.put("a", ("l1", 1, "bike", 3), ("l2", 2, "tour", 5))
    assert world.sync("a") == {"updated": 1}
    assert world.shown("a") == {1: "bike 3", 2: "tour 5"}


def test_lines_that_users_added_stay_and_their_numbers_are_not_taken(world: World) -> None:
    world.put("a", ("l1", 1, "bike", 3))
    world.sync("a")
    key: dict[str, Scalar] = {"dataAreaId": "usmf", "Number": 2, "CustomerAccount": "A"}
    world.finops.lines[key_text(key)] = {**key, "Product": "theirs", "Quantity": 1}
    world.put("a", ("l2", 2, "tour", 1))
    assert world.sync("a") == {"updated": 1}
    assert world.shown("a") == {2: "theirs 1", 3: "tour 1"}


def test_500_lines_are_one_write_and_a_hundred_documents_one_call(world: World) -> None:
    world.put("a", *((f"l{n}", n, "bike", n) for n in range(1, 501)))
    for number in range(60):
        world.put(f"d{number}", (f"d{number}-1", 1, "bike", 1), (f"d{number}-2", 2, "tour", 1))
    ids = ["a", *(f"d{number}" for number in range(60))]
    assert world.sync(*ids) == {"created": 61}
    assert [len(each) for each in world.finops.orders] == [500, *([2] * 60)]
    world.put("a", *((f"l{n}", n, "bike", n + n % 2) for n in range(1, 501)))
    assert world.sync("a") == {"updated": 1}
    assert len(world.finops.orders[-1]) == 250
    assert world.sync(*ids) == {"unchanged": 61}
