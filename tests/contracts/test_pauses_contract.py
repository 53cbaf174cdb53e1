"""Pauses: what one process, or a person, has paused is paused for all; refusals are counted together."""

from __future__ import annotations

from datetime import timedelta

from sync.model import Pause
from tests.contracts.contract_stores import Stores

HOUR = timedelta(hours=1)


def test_a_flow_that_nobody_paused_goes_on(stores: Stores) -> None:
    assert stores.pauses.read("accounts_to_finops") is None
    assert stores.pauses.remove("accounts_to_finops") is False


def test_a_pause_is_known_to_other_processes_whole_and_for_its_own_flow_alone(stores: Stores) -> None:
    now = stores.clock.now()
    pause = Pause("accounts_to_finops", now, "month's end", "anna", now + HOUR, 2)
    stores.pauses.put(pause)
    other = stores.another_process().pauses
    assert other.read("accounts_to_finops") == pause
    assert other.read("contacts_to_finops") is None
    assert (pause.holds(now), pause.holds(now + HOUR)) == (True, False)
    assert Pause("accounts_to_finops", now).holds(now + 1000 * HOUR)


def test_the_last_pause_stands_until_it_is_taken_back(stores: Stores) -> None:
    now = stores.clock.now()
    stores.pauses.put(Pause("accounts_to_finops", now, "first"))
    stores.pauses.put(Pause("accounts_to_finops", now, "second"))
    known = stores.pauses.read("accounts_to_finops")
    assert known is not None and known.reason == "second"
    assert stores.pauses.remove("accounts_to_finops") is True
    assert stores.another_process().pauses.read("accounts_to_finops") is None


def test_refusals_of_all_processes_are_counted_together(stores: Stores) -> None:
    first = stores.pauses.count("accounts_to_finops", 50, {"target-refused": 20}, within=HOUR)
    other = stores.another_process().pauses
    both = other.count("accounts_to_finops", 30, {"target-refused": 5, "other": 1}, within=HOUR)
    assert (first.ended, dict(first.refused)) == (50, {"target-refused": 20})
    assert (both.ended, dict(both.refused)) == (80, {"target-refused": 25, "other": 1})
    assert both.started == first.started


def test_refusals_are_forgotten_with_time_and_when_asked(stores: Stores) -> None:
    stores.pauses.count("accounts_to_finops", 50, {"target-refused": 20}, within=HOUR)
    late = stores.pauses.count("accounts_to_finops", 1, {}, within=timedelta(seconds=-1))
    assert (late.ended, dict(late.refused)) == (1, {})
    stores.pauses.forget("accounts_to_finops")
    assert stores.pauses.count("accounts_to_finops", 2, {}, within=HOUR).ended == 2
