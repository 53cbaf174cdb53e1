"""A storm of refusals pauses its own flow, whoever counts it, and nothing less does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sync.model import Pause
from sync.stores.memory import MemoryClock, MemoryPauses
from sync.storm import StormWatch

FLOW = "accounts_to_finops"
REFUSED = "parked/target-refused"


class Hosts:
    """Some processes that work on one flow; a storm is 200 records, and half of all."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.pauses = MemoryPauses(self.clock)

    def host(self) -> StormWatch:
        return StormWatch(FLOW, {"target-refused", "publish-failed"}, self.pauses, self.clock, 200, 50)

    @property
    def pause(self) -> Pause | None:
        return self.pauses.read(FLOW)

    def minutes(self) -> float:
        """For how long the flow is paused from now on."""
        assert self.pause is not None and self.pause.until is not None
        return (self.pause.until - self.clock.now()) / timedelta(minutes=1)


@pytest.fixture
def hosts() -> Hosts:
    return Hosts()


def test_refusals_of_two_hosts_together_are_a_storm(hosts: Hosts) -> None:
    one, two = hosts.host(), hosts.host()
    one.note({REFUSED: 120})
    assert not one.is_held()
    two.note({REFUSED: 120, "created": 30})
    assert one.is_held() and two.is_held()
    assert hosts.pause is not None
    assert (hosts.pause.by, hosts.pause.strikes, hosts.minutes()) == ("the app", 1, 5)
    assert "240 of 270 records were refused with target-refused" in hosts.pause.reason
    assert f"issues --flow {FLOW} --code target-refused" in hosts.pause.reason


@pytest.mark.parametrize(
    "outcomes",
    [
        {REFUSED: 199, "created": 1},
        {REFUSED: 200, "created": 201},
        {REFUSED: 150, "parked/publish-failed": 150},
        {"parked/missing-number": 1000},
        {"created": 1000},
    ],
    ids=["too few", "too small a share", "two causes", "not refused by the target", "all is well"],
)
def test_less_is_no_storm(hosts: Hosts, outcomes: dict[str, int]) -> None:
    host = hosts.host()
    host.note(outcomes)
    assert not host.is_held()


def test_what_goes_through_elsewhere_is_counted_although_nothing_is_refused_there(hosts: Hosts) -> None:
    well, ill = hosts.host(), hosts.host()
    for _ in range(30):
        well.note({"updated": 99})
    ill.note({REFUSED: 300})
    assert not ill.is_held()


def test_refusals_that_are_an_hour_apart_are_no_storm(hosts: Hosts) -> None:
    host = hosts.host()
    host.note({REFUSED: 150})
    hosts.clock.advance(3601)
    host.note({REFUSED: 150})
    assert not host.is_held()


def test_a_few_more_refusals_pause_it_for_longer_each_time(hosts: Hosts) -> None:
    host = hosts.host()
    host.note({REFUSED: 200})
    lasted = [hosts.minutes()]
    for _ in range(5):
        hosts.clock.advance(hosts.minutes() * 60)
        assert not host.is_held()
        host.note({REFUSED: 20})
        lasted.append(hosts.minutes())
    assert lasted == [5, 10, 20, 40, 60, 60]


def test_a_storm_that_is_over_is_forgotten(hosts: Hosts) -> None:
    host = hosts.host()
    host.note({REFUSED: 200})
    hosts.clock.advance(5 * 60)
    host.note({"created": 500, REFUSED: 20})
    assert not host.is_held()
    hosts.clock.advance(3 * 3600)
    host.note({REFUSED: 20})
    assert not host.is_held(), "the next one is a new one"


def test_a_pause_that_a_person_asked_for_stays(hosts: Hosts) -> None:
    asked = Pause(FLOW, hosts.clock.now(), "month's end", "anna")
    hosts.pauses.put(asked)
    hosts.host().note({REFUSED: 500})
    assert hosts.pause == asked
