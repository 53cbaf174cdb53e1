"""The columns of the live system decide the plan: of all processes at the same moment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sync.live_plans import KEEP, LOOK, LivePlans
from sync.mapping.load import LoadedMapping, load_all
from sync.stores.memory import MemoryClock, MemoryWatermarks

ROOT = Path(__file__).resolve().parents[2]
FLOW = "contacts_to_finops"
NUMBER = "msdynce_contactnumber"


class Organisation:
    """What Sales says of its columns, and how often it was asked."""

    def __init__(self) -> None:
        self.solution = False
        self.asked = 0

    def columns(self, table: str) -> frozenset[str]:
        self.asked += 1
        own = {"contactid", "lastname", "statecode", "modifiedon", "_parentcustomerid_value", "parentcustomerid"}
        return frozenset(own | ({NUMBER} if self.solution else set()))


def process() -> LivePlans:
    """A process that has just started."""
    loaded = load_all(ROOT / "mappings")
    mapping = loaded.mappings["contacts"]
    assert isinstance(mapping, LoadedMapping)
    return LivePlans(mapping, loaded.maps, {"company": "usmf"})


def knows(plans: LivePlans) -> bool:
    return NUMBER in plans.plan(FLOW).columns


def test_a_column_that_appears_is_believed_by_all_processes_at_once() -> None:
    clock, watermarks, sales = MemoryClock(), MemoryWatermarks(), Organisation()
    asks, relies = process(), process()
    asks.refresh(sales.columns, watermarks, clock)
    clock.advance((KEEP - LOOK / 2).total_seconds())
    relies.refresh(sales.columns, watermarks, clock)
    assert sales.asked == 1, "the second process takes what the first has found"

    sales.solution = True
    clock.advance((LOOK / 2).total_seconds())
    asks.refresh(sales.columns, watermarks, clock)  # an hour is over: this one learns of it
    new = process()
    seen = []
    for _ in range(12):
        for each in (asks, relies, new):
            each.refresh(sales.columns, watermarks, clock)
        seen.append([knows(each) for each in (asks, relies, new)])
        clock.advance((LOOK / 10).total_seconds())
    assert all(len(set(moment)) == 1 for moment in seen), "nobody goes by other columns than the others"
    assert seen[0] == [False] * 3
    assert seen[-1] == [True] * 3
    assert sales.asked == 2


def test_looking_at_an_installation_tells_what_is_known_and_asks_sales_nothing() -> None:
    clock, watermarks, sales = MemoryClock(), MemoryWatermarks(), Organisation()
    sales.solution = True
    looks = process()
    looks.recall(watermarks)
    assert not knows(looks), "nobody has asked yet"
    process().refresh(sales.columns, watermarks, clock)
    looks.recall(watermarks)
    assert knows(looks)
    assert sales.asked == 1


def test_columns_are_asked_for_once_an_hour() -> None:
    clock, watermarks, sales = MemoryClock(), MemoryWatermarks(), Organisation()
    plans = process()
    for _ in range(5):
        plans.refresh(sales.columns, watermarks, clock)
        clock.advance(timedelta(minutes=20).total_seconds())
    assert sales.asked == 2
