"""What the engine tells the systems, and does with what they answer: leases, and records that refuse a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from sync.apply import apply
from sync.errors import Busy, DataError
from sync.model import Change, ChangeBatch, EntityRef, Record, Values, chunked
from sync.ports import Result, Write
from sync.work import Applier
from tests.explorer.plans import accounts_plan
from tests.explorer.systems import MemoryFinops, MemorySales
from tests.unit.test_retry import FLOW, tools

IDS = ("id-0", "id-1", "id-2")


class Hurried(MemoryFinops):
    """Remembers until when it was told it may write; without time it does nothing."""

    def __init__(self, *, time_left: bool) -> None:
        super().__init__()
        self.told: list[datetime | None] = []
        self._time_left = time_left

    def write(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        self.told.append(until)
        if not self._time_left:
            raise Busy("no time left", delay=1)
        return super().write(entity, writes, until=until)


class Choosy(MemorySales):
    """Refuses every value for one of its records, which has changed meanwhile for another."""

    def assign(self, entity: EntityRef, assignments: Sequence[tuple[Record, Values]]) -> list[bool | DataError]:
        assert [record.id for record, _ in assignments] == list(IDS)
        self.put("id-2", accountnumber="BY-HAND")
        (first,), refused = (
            super().assign(entity, assignments[:1]),
            DataError("target-refused", "No.", remedy="Mend it."),
        )
        return [first, refused, *super().assign(entity, assignments[2:])]


def entered(sales: MemorySales, number: str) -> ChangeBatch:
    """Three accounts, and the message about them; `number` is formatted with their index."""
    for index, id in enumerate(IDS):
        values = {"accountnumber": number.format(index), "name": f"Name {index}", "_transactioncurrencyid_value": "usd"}
        sales.put(id, statecode=0, **values)
    return ChangeBatch(FLOW, "run", "run.0", 0, chunked([Change(id) for id in IDS]))


def hurried(*, time_left: bool) -> tuple[Applier, Hurried, ChangeBatch]:
    finops = Hurried(time_left=time_left)
    using = replace(tools(), writer=finops)
    assert isinstance(using.reader, MemorySales)
    return using, finops, entered(using.reader, "N{}")


def test_a_write_is_told_when_the_claims_end() -> None:
    using, finops, batch = hurried(time_left=True)
    apply(batch, using)
    assert finops.told == [using.clock.now() + using.lease]
    assert len(finops.rows) == len(IDS)


def test_what_found_no_time_is_not_claimed_any_more_and_owes_nothing() -> None:
    using, finops, batch = hurried(time_left=False)
    with pytest.raises(Busy):
        apply(batch, using)
    links = using.links.read("accounts", 0, IDS)
    assert len(finops.told) == 1
    assert [(link.claim, link.linked) for link in links.values()] == [(None, False)] * len(IDS)


def test_a_record_that_refuses_its_number_is_parked_by_itself() -> None:
    plan = accounts_plan(allocate=True)
    sales = Choosy(plan.columns)
    using = replace(tools(), plan=plan, reader=sales)
    apply(entered(sales, ""), using)

    (tally,) = using.links.all_tallies("accounts", FLOW)
    assert dict(tally.outcomes) == {"created": 2, "parked/target-refused": 1}
    (issue,) = using.issues.open(FLOW)
    assert (issue.id, issue.trouble.remedy) == ("id-1", "Mend it.")
    assert str(sales.rows["id-0"].values["accountnumber"]).startswith("ACC-")
    assert sales.rows["id-2"].values["accountnumber"] == "BY-HAND"
