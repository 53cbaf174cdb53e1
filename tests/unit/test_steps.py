"""Steps: the writes behind a record's first one are done in order, remembered one by one, and never doubled."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal

import pytest

from sync.apply import apply
from sync.compare import Digester
from sync.errors import NotReady, Throttled, Transient, Unsure
from sync.mapping.job import NOTHING_KEPT
from sync.mapping.plan import Facts, Field, Mapped, Plan, StepMapped
from sync.model import Change, ChangeBatch, EntityRef, Link, Record, Scalar, Tally, Values, chunked
from sync.ports import Result, Write
from sync.stores.memory import (
    MemoryClock,
    MemoryIssues,
    MemoryLinks,
    MemoryNumbers,
    MemoryOutbox,
    MemoryWaiting,
    MemoryWatermarks,
)
from sync.totals import totals
from sync.work import Applier
from tests.explorer.plans import AllFacts, accounts_plan
from tests.explorer.systems import MemorySales
from tests.explorer.targets import MemoryTables

PRICES = EntityRef("finops", "Prices", ("PriceId",))
FLOW = "accounts_to_finops"


@dataclass(frozen=True)
class WithSteps(Plan):
    """Accounts as customers that have a price by their currency, and are opened at the end."""

    list_of: dict[str, str] = field(default_factory=dict, kw_only=True, compare=False)

    def map(
        self,
        record: Record,
        facts: Facts,
        link: Mapping[str, Scalar] | None = None,
        target: Values | None = None,
        kept: Mapping[str, str] = NOTHING_KEPT,
    ) -> Mapped:
        mapped = super().map(record, facts, link, target, kept)
        steps = (self._price(mapped, record), self._opened())
        if link is None and target is None and steps[0].trouble:
            raise steps[0].trouble
        return dataclasses.replace(mapped, steps=steps)

    def _price(self, mapped: Mapped, record: Record) -> StepMapped:
        listed = self.list_of.get("list", "")
        amount = Decimal(str(record.values["telephone1"] or 0))
        rows: dict[str, Scalar] = {"List": listed, "Customer": str(mapped.number), "Amount": amount, "Method": 1}
        made = tuple(
            Field(name, value, "both" if name == "Amount" else "create", None, None) for name, value in rows.items()
        )
        trouble = None if listed else NotReady("no-price-list", "There is none.", awaits="finops:Lists:USD")
        return StepMapped("price", PRICES, False, made, ("List", "Customer"), replaced="price-kept", trouble=trouble)

    def _opened(self) -> StepMapped:
        opened = (Field("OnHoldStatus", "No", "both", None, None),)
        only = {"OnHoldStatus": frozenset({"All"})}
        return StepMapped("open", self.flow.target, True, opened, only_when=only, refused="publish-failed")


class Shop:
    """A world of one flow with steps; new customers are on hold until they are opened."""

    def __init__(self) -> None:
        plan = accounts_plan()
        base = {item.name: getattr(plan, item.name) for item in fields(Plan)}
        self.lists = {"list": "retail"}
        self.plan = WithSteps(**{**base, "reads_target": True}, list_of=self.lists)
        self.clock = MemoryClock()
        self.sales = MemorySales(self.plan.columns)
        self.target = MemoryTables({"CustomersV3": {"OnHoldStatus": "All"}})
        self.links = MemoryLinks(partitions=1)
        self.outbox = MemoryOutbox(self.clock)
        self.tools = Applier(
            self.plan,
            self.sales,
            self.target,
            self.links,
            MemoryWatermarks(),
            MemoryIssues(self.clock),
            MemoryWaiting(),
            MemoryNumbers(),
            self.outbox,
            self.clock,
            AllFacts(),
            Digester(b"a key of these tests"),
        )
        self._batches = 0

    def put(self, id: str, **values: Scalar | None) -> None:
        given: dict[str, Scalar | None] = {"accountnumber": f"N-{id}", "name": id, "statecode": 0}
        given["_transactioncurrencyid_value"] = "usd"
        self.sales.put(id, **{**({} if id in self.sales.rows else given), **values})

    def batch(self, *ids: str) -> ChangeBatch:
        self._batches += 1
        return ChangeBatch(FLOW, "run", f"run.{self._batches}", 0, chunked([Change(id) for id in ids]))

    def apply(self, *ids: str) -> dict[str, int]:
        """One delivery; gives its outcomes."""
        batch = self.batch(*ids)
        apply(batch, self.tools)
        return self.outcomes(batch)

    def outcomes(self, batch: ChangeBatch) -> dict[str, int]:
        tallies = [tally for tally in self.tallies() if tally.batch == batch.batch and not tally.void]
        return {name: count for tally in tallies for name, count in tally.outcomes.items()}

    def tallies(self) -> list[Tally]:
        return list(self.links.all_tallies("accounts", FLOW))

    def link(self, id: str) -> Link:
        return self.links.read("accounts", 0, [id])[id]

    @property
    def prices(self) -> list[tuple[Scalar | None, Scalar | None]]:
        return sorted((str(row["List"]), row["Amount"]) for row in self.target.rows["Prices"].values())

    @property
    def holds(self) -> list[Scalar | None]:
        return [row["OnHoldStatus"] for row in self.target.rows["CustomersV3"].values()]


def test_a_new_record_goes_through_every_step_and_ends_once() -> None:
    shop = Shop()
    shop.put("a", telephone1="10")
    assert shop.apply("a") == {"created": 1}
    assert (shop.prices, shop.holds) == ([("retail", 10)], ["No"])
    assert shop.link("a").parts["price"]["PriceId"] in shop.target.rows["Prices"]


def test_a_record_that_comes_again_writes_nothing() -> None:
    shop = Shop()
    shop.put("a", telephone1="10")
    shop.apply("a")
    before = dict(shop.target.writes)
    assert shop.apply("a") == {"unchanged": 1}
    assert shop.target.writes == before


def test_what_changes_in_a_step_alone_is_written_there_alone() -> None:
    shop = Shop()
    shop.put("a", telephone1="10")
    shop.apply("a")
    shop.lists["list"] = "dealers"
    before = dict(shop.target.writes)
    assert shop.apply("a") == {"updated": 1}
    assert shop.prices == [("dealers", 10), ("retail", 10)]
    assert shop.target.writes["CustomersV3"] == before["CustomersV3"]
    assert shop.tallies()[-1].warnings == {"price-kept": 1}


def test_a_child_row_that_somebody_made_is_taken_and_one_that_somebody_deleted_is_made_anew() -> None:
    shop = Shop()
    shop.target.put(PRICES, PriceId="p-1", List="Retail", Customer="n-a", Amount=Decimal(3))
    shop.put("a", telephone1="10")
    shop.apply("a")
    assert shop.prices == [("Retail", 10)]
    shop.target.rows["Prices"].clear()
    shop.put("a", telephone1="11")
    assert shop.apply("a") == {"updated": 1}
    assert shop.prices == [("retail", 11)]


def test_a_new_record_whose_step_must_wait_is_not_begun() -> None:
    shop = Shop()
    shop.lists["list"] = ""
    shop.put("a", telephone1="10")
    assert shop.apply("a") == {"waiting/no-price-list": 1}
    assert not shop.target.rows["CustomersV3"]
    assert [waiter.awaits for waiter in shop.tools.waiting.open(FLOW)] == ["finops:Lists:USD"]


def test_an_existing_record_is_updated_before_its_step_waits() -> None:
    shop = Shop()
    shop.put("a", telephone1="10")
    shop.apply("a")
    shop.lists["list"] = ""
    shop.put("a", name="b")
    assert shop.apply("a") == {"waiting/no-price-list": 1}
    assert [row["OrganizationName"] for row in shop.target.rows["CustomersV3"].values()] == ["b"]
    shop.lists["list"] = "retail"
    assert shop.apply("a") == {"unchanged": 1}
    assert not list(shop.tools.waiting.open(FLOW))


def test_what_one_record_no_longer_waits_for_is_there_for_the_others_too() -> None:
    shop = Shop()
    shop.lists["list"] = ""
    for id in "abc":
        shop.put(id, telephone1="10")
    shop.apply("a", "b", "c")
    shop.lists["list"] = "retail"
    shop.apply("a")
    (released,) = [delivered.batch for delivered in shop.outbox.receive(FLOW)]
    assert {change.id for chunk in released.chunks for change in chunk.changes} == {"b", "c"}


def test_a_refused_step_parks_the_record_with_its_code_and_keeps_what_went_before() -> None:
    shop = Shop()
    shop.put("a", telephone1="10")
    shop.target.refuses = lambda entity, write: "OnHoldStatus" in write.values
    assert shop.apply("a") == {"parked/publish-failed": 1}
    assert (shop.prices, shop.holds) == ([("retail", 10)], ["All"])
    shop.target.refuses = lambda entity, write: False
    before = shop.target.writes["Prices"]
    assert shop.apply("a") == {"updated": 1}
    assert (shop.holds, shop.target.writes["Prices"]) == (["No"], before)
    assert +totals(2, shop.tallies()).endings == {"superseded": 1, "updated": 1}


@pytest.mark.parametrize("failing", ["CustomersV3 create", "Prices create", "CustomersV3 update"])
@pytest.mark.parametrize("done", [True, False])
def test_a_delivery_that_dies_at_any_step_is_finished_by_the_next_one(failing: str, done: bool) -> None:
    shop = Shop()
    shop.put("a", telephone1="10")
    batch = shop.batch("a")
    dying = dataclasses.replace(shop.tools, writer=Dying(shop.target, failing, done=done))
    with pytest.raises(Unsure):
        apply(batch, dying)
    shop.clock.advance(shop.tools.lease.total_seconds() + 1)
    apply(batch, shop.tools, again=True)
    assert (shop.prices, shop.holds) == ([("retail", 10)], ["No"])
    assert len(shop.target.rows["CustomersV3"]) == len(shop.target.rows["Prices"]) == 1
    assert sum(shop.outcomes(batch).values()) == 1
    assert shop.apply("a") == {"unchanged": 1}


def test_a_throttle_between_two_steps_gives_the_claim_back_and_remembers_what_was_done() -> None:
    shop = Shop()
    shop.put("a", telephone1="10")
    batch = shop.batch("a")
    throttled = Dying(shop.target, "Prices create", error=Throttled("later", delay=1))
    with pytest.raises(Throttled):
        apply(batch, dataclasses.replace(shop.tools, writer=throttled))
    link = shop.link("a")
    assert (link.claim, link.linked, link.owed, link.state) == (None, True, "created", "")
    apply(batch, shop.tools, again=True)
    assert shop.outcomes(batch) == {"created": 1}
    assert (shop.prices, shop.holds) == ([("retail", 10)], ["No"])


class Dying:
    """A writer whose process ends at one kind of write, done or not done."""

    def __init__(self, real: MemoryTables, at: str, *, done: bool = False, error: Transient | None = None) -> None:
        self._real, self._at, self._done = real, at, done
        self._error = error or Unsure("no answer", delay=1)
        self.find, self.match = real.find, real.match

    def write(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        if f"{entity.set} {writes[0].kind}" != self._at:
            return self._real.write(entity, writes)
        if self._done:
            self._real.write(entity, writes)
        raise self._error
