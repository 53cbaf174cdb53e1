"""The columns of the live systems decide the plan: of all processes at the same moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import pytest

from sync.errors import Transient
from sync.live_columns import KEEP, LOOK, Ask, KnownToAll, Wanted
from sync.live_plans import LivePlans
from sync.mapping.load import LoadedMapping, load_all
from sync.mapping.problems import MappingProblems
from sync.model import System
from sync.stores.memory import MemoryClock, MemoryWatermarks
from tests.shipped import shipped_mappings

ROOT = Path(__file__).resolve().parents[2]
FLOW = "contacts_to_finops"
NUMBER = "msdynce_contactnumber"
MAPPINGS = ("accounts", "contacts", "contact_customers", "products")


class Systems:
    """What both systems say of their columns, and how often they were asked."""

    def __init__(self) -> None:
        self.everything = Wanted.all_of(live.wanted for live in all_plans())
        self.solution = False
        self.gone = {"none"}
        self.down = False
        self.asked: Counter[System] = Counter()

    def of(self, system: System) -> Ask:
        def columns(sets: Collection[str]) -> dict[str, frozenset[str]]:
            self.asked[system] += 1
            if self.down:
                raise Transient("The metadata cannot be read.", delay=1, where=system, remedy="")
            hidden = self.gone if self.solution else self.gone | {NUMBER}
            return dict.fromkeys(sets, self.everything.names - hidden)

        return columns


class Process:
    """A process that has just started."""

    def __init__(self, clock: MemoryClock, watermarks: MemoryWatermarks, *settings: tuple[str, str]) -> None:
        self.clock, self.watermarks = clock, watermarks
        self.lives = all_plans(*settings)
        self.known = KnownToAll(Wanted.all_of(live.wanted for live in self.lives))
        self.contacts = self.lives[MAPPINGS.index("contacts")]

    def refresh(self, systems: Systems) -> None:
        self.contacts.take(self.known.refresh(systems.of, self.watermarks, self.clock))

    def recall(self) -> None:
        columns, _ = self.known.recall(self.watermarks)
        self.contacts.take(columns)

    def uses_number(self) -> bool:
        return NUMBER in self.contacts.plan(FLOW).columns

    @property
    def off(self) -> list[str]:
        return [str(each) for each in self.contacts.plan(FLOW).lacking]


def all_plans(*settings: tuple[str, str]) -> list[LivePlans]:
    result = load_all(shipped_mappings())
    found = []
    for name in MAPPINGS:
        mapping = result.mappings[name]
        assert isinstance(mapping, LoadedMapping)
        found.append(LivePlans(mapping, result.maps, {"company": "usmf", **dict(settings)}))
    return found


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock()


@pytest.fixture
def watermarks() -> MemoryWatermarks:
    return MemoryWatermarks()


def later(clock: MemoryClock, time: timedelta) -> None:
    clock.advance(time.total_seconds())


@pytest.mark.parametrize("system", ["sales", "finops"])
def test_a_column_that_appears_is_believed_by_all_processes_at_once(
    system: System, clock: MemoryClock, watermarks: MemoryWatermarks
) -> None:
    systems = Systems()
    systems.gone = {"Nothing"} if system == "sales" else {"EmploymentDepartment"}
    asks, relies = Process(clock, watermarks), Process(clock, watermarks)
    asks.refresh(systems)
    later(clock, KEEP - LOOK / 2)
    relies.refresh(systems)
    assert systems.asked == {"sales": 1, "finops": 1}, "the second process takes what the first has found"

    systems.solution, systems.gone = system == "sales", set()
    later(clock, LOOK / 2)
    asks.refresh(systems)  # an hour is over: this one learns of it
    new = Process(clock, watermarks)
    seen = []
    for _ in range(12):
        for each in (asks, relies, new):
            each.refresh(systems)
        seen.append([each.uses_number() if system == "sales" else not each.off for each in (asks, relies, new)])
        later(clock, LOOK / 10)
    assert all(len(set(moment)) == 1 for moment in seen), "nobody goes by other columns than the others"
    assert seen[0] == [False] * 3
    assert seen[-1] == [True] * 3
    assert systems.asked == {"sales": 2, "finops": 2}


def test_looking_at_an_installation_tells_what_is_known_and_asks_no_system(
    clock: MemoryClock, watermarks: MemoryWatermarks
) -> None:
    systems = Systems()
    systems.solution, systems.gone = True, {"EmploymentDepartment"}
    looks = Process(clock, watermarks)
    looks.recall()
    assert not looks.uses_number(), "nobody has asked yet"
    assert looks.off == []
    Process(clock, watermarks).refresh(systems)
    looks.recall()
    assert looks.uses_number()
    assert looks.off == ["C14 is switched off: ContactPersons of F&O has no column EmploymentDepartment"]
    assert systems.asked == {"sales": 1, "finops": 1}


def test_columns_are_asked_for_once_an_hour_for_all_mapping_files(
    clock: MemoryClock, watermarks: MemoryWatermarks
) -> None:
    systems, process = Systems(), Process(clock, watermarks)
    for _ in range(5):
        for live in process.lives:
            live.take(process.known.refresh(systems.of, watermarks, clock))
        later(clock, timedelta(minutes=20))
    assert systems.asked == {"sales": 2, "finops": 2}


def test_a_setting_that_names_another_column_is_asked_about_at_once(
    clock: MemoryClock, watermarks: MemoryWatermarks
) -> None:
    systems = Systems()
    systems.everything = Wanted(systems.everything.sets, systems.everything.names | {"new_badge"})
    Process(clock, watermarks).refresh(systems)
    named = Process(clock, watermarks, ("contacts.number_column", "new_badge"))
    named.refresh(systems)
    assert "new_badge" in named.contacts.plan(FLOW).columns
    assert systems.asked == {"sales": 2, "finops": 2}


def test_settings_that_name_no_column_make_no_difference(clock: MemoryClock, watermarks: MemoryWatermarks) -> None:
    systems = Systems()
    for number in range(3):
        others = ("website.instance_id", f"host {number}"), ("accounts.language", f"l{number}")
        Process(clock, watermarks, *others).refresh(systems)
    assert systems.asked == {"sales": 1, "finops": 1}


def test_a_key_column_that_goes_stops_the_flow_and_its_plan_stays_until_it_is_back(
    clock: MemoryClock, watermarks: MemoryWatermarks
) -> None:
    systems, process = Systems(), Process(clock, watermarks)
    process.refresh(systems)
    plan = process.contacts.plan(FLOW)
    systems.gone = {"ContactPersonId"}
    later(clock, KEEP)
    process.refresh(systems)  # learnt, and not believed yet
    later(clock, LOOK)
    for _ in range(2):
        with pytest.raises(MappingProblems, match="ContactPersons of F&O has no column ContactPersonId"):
            process.refresh(systems)
    assert process.contacts.plan(FLOW) is plan
    systems.gone = set()
    later(clock, KEEP)
    with pytest.raises(MappingProblems):
        process.refresh(systems)
    later(clock, LOOK)
    process.refresh(systems)
    assert process.contacts.plan(FLOW).definition == plan.definition


def test_metadata_that_cannot_be_read_are_missed_only_when_their_hour_is_over(
    clock: MemoryClock, watermarks: MemoryWatermarks
) -> None:
    systems, process = Systems(), Process(clock, watermarks)
    process.refresh(systems)
    systems.down = True
    later(clock, KEEP - LOOK)
    process.refresh(systems)
    later(clock, LOOK)
    with pytest.raises(Transient):
        process.refresh(systems)
    systems.down = False
    process.refresh(systems)


def test_what_is_remembered_of_all_shipped_tables_fits_a_property_many_times(
    clock: MemoryClock, watermarks: MemoryWatermarks
) -> None:
    systems = Systems()
    process = Process(clock, watermarks)
    process.refresh(systems)
    systems.gone = {"EmploymentDepartment", "fax"}
    later(clock, KEEP)
    process.refresh(systems)
    for system in ("sales", "finops"):
        assert 0 < len(watermarks.read(f"*columns {system}").position) < 32_768 / 4
