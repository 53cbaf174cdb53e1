"""Blame: one record that always fails holds up no other and becomes an issue; a system that is down harms no record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from sync.errors import Busy, ConfigError, Contested, SyncError, Throttled, Transient, Unavailable, Unsure
from sync.model import Change, EntityRef, Issue, Record
from sync.ports import Postponed, Result, Write, Written
from sync.status import state_of
from tests.unit.test_courier import FLOW, Host

DOWN: list[Callable[[], Transient]] = [
    lambda: Unavailable("F&O cannot be reached", delay=10),
    lambda: Transient("F&O answered 500", delay=10),
    lambda: Throttled("F&O answered 503", delay=300),
    lambda: Unsure("No complete answer from F&O", delay=10),
]


def busy_with(host: Host, *numbers: str, error: Callable[[], SyncError]) -> None:
    """From now on the target is asked for these in vain, and takes the others: as `batch_writing` tells it."""
    real = host.finops.write

    def write(entity: EntityRef, writes: Sequence[Write], **options: Any) -> list[Result]:
        left = [each.key["CustomerAccount"] in numbers for each in writes]
        results = [
            Postponed(error()) if bad else real(entity, [each])[0] for bad, each in zip(left, writes, strict=True)
        ]
        if not any(isinstance(result, Written) for result in results):
            raise error()
        return results

    host.finops.write = write  # type: ignore[method-assign]


def unreadable(host: Host, *bad: str, error: Callable[[], SyncError]) -> None:
    """From now on whoever reads these gets an error for all that he has asked for."""
    real = host.sales.fetch

    def fetch(entity: EntityRef, ids: Sequence[str], columns: Sequence[str]) -> dict[str, Record]:
        if set(bad) & set(ids):
            raise error()
        return real(entity, ids, columns)

    host.sales.fetch = fetch  # type: ignore[method-assign]


def take_down(host: Host, error: Callable[[], SyncError]) -> Callable[[], None]:
    """Every read and write of the target fails; call what is given to have it back."""
    kept = host.finops.find, host.finops.write

    def fail(*_: Any, **__: Any) -> Any:
        raise error()

    host.finops.find = host.finops.write = fail  # type: ignore[method-assign]

    def heal() -> None:
        host.finops.find, host.finops.write = kept  # type: ignore[method-assign]

    return heal


def run_for(host: Host, time: timedelta) -> None:
    end = host.clock.now() + time
    host.run(lambda: host.clock.now() >= end, most=100_000)


def open_issues(host: Host) -> list[Issue]:
    return list(host.issues.open(FLOW))


def parked(host: Host) -> list[str]:
    return [issue.id for issue in open_issues(host) if not issue.of_flow]


def state(host: Host) -> str:
    return state_of(open_issues(host), enabled=True)


def test_a_record_that_is_always_busy_ends_as_an_issue_that_says_so_and_holds_up_no_other() -> None:
    host = Host(accounts=198)
    busy_with(host, "N7", error=lambda: Transient("Sales was busy with the same row.", delay=10))
    assert host.run(lambda: len(host.finops.rows) == 197)
    assert host.clock.now() - host.began < timedelta(hours=1)
    run_for(host, timedelta(days=1))
    (issue,) = open_issues(host)
    assert (issue.trouble.code, issue.trouble.retryable) == ("gave-up", True)
    assert "Sales was busy with the same row." in issue.trouble.cause
    assert host.outbox.depth(FLOW) == 0


def test_a_record_whose_read_always_fails_ends_as_an_issue_and_holds_up_no_other() -> None:
    host = Host(accounts=198)
    bad = sorted(host.sales.rows)[7]
    unreadable(host, bad, error=lambda: Transient("Sales answered 500.", delay=10))
    assert host.run(lambda: len(host.finops.rows) == 197)
    assert host.clock.now() - host.began < timedelta(hours=2)
    run_for(host, timedelta(days=1))
    assert parked(host) == [bad]
    assert "Sales answered 500." in open_issues(host)[0].trouble.cause
    assert state(host) == "running"


def test_a_record_on_which_the_target_hangs_every_time_ends_as_an_issue() -> None:
    host = Host(accounts=99)
    host.spoil("N7", lambda: Unsure("no answer", delay=5))
    run_for(host, timedelta(days=1))
    assert len(host.finops.rows) == 98
    assert len(parked(host)) == 1
    assert host.outbox.depth(FLOW) == 0


@pytest.mark.parametrize("error", DOWN)
def test_a_target_that_is_down_for_days_is_shown_and_costs_no_record_anything(
    error: Callable[[], Transient],
) -> None:
    host = Host(accounts=30)
    heal = take_down(host, error)
    run_for(host, timedelta(days=2))
    assert parked(host) == []
    assert state(host) == "not available"
    assert error().what in open_issues(host)[0].trouble.cause
    heal()
    assert host.run(lambda: host.outbox.depth(FLOW) == 0, most=1000)
    assert len(host.finops.rows) == 30
    assert open_issues(host) == []


def test_a_system_that_cannot_be_reached_at_all_cuts_no_batch() -> None:
    host = Host(accounts=150)
    take_down(host, lambda: Unavailable("F&O cannot be reached", delay=10))
    run_for(host, timedelta(days=1))
    assert host.outbox.depth(FLOW) == 1


@pytest.mark.parametrize("error", [*DOWN[:3], lambda: Busy("somebody is at it", delay=30)])
def test_a_first_hiccup_and_a_short_throttle_are_not_shown(error: Callable[[], Transient]) -> None:
    host = Host(accounts=3)
    take_down(host, error)
    run_for(host, timedelta(minutes=4))
    assert state(host) == "running"


def test_a_lone_record_without_any_other_waits_and_the_flow_says_why() -> None:
    host = Host(accounts=1)
    busy_with(host, "N0", error=lambda: Transient("F&O answered 500", delay=10))
    run_for(host, timedelta(days=1))
    assert parked(host) == []
    assert state(host) == "not available"


def test_a_lone_record_is_given_up_when_others_go_through_meanwhile() -> None:
    host = Host(accounts=1)
    (bad,) = host.sales.rows
    busy_with(host, "N0", error=lambda: Transient("F&O answered 500", delay=10))
    run_for(host, timedelta(hours=1))
    for n in range(1, 20):
        host.post(Change(host.account(n)), batch=str(n))
        run_for(host, timedelta(minutes=10))
    assert parked(host) == [bad]
    assert state(host) == "running"
    assert len(host.finops.rows) == 19


def test_a_record_is_not_given_up_for_minutes_of_trouble_though_others_go_through() -> None:
    host = Host(accounts=1)
    busy_with(host, "N0", error=lambda: Transient("F&O answered 500", delay=10))
    for n in range(1, 15):
        host.post(Change(host.account(n)), batch=str(n))
        host.clock.advance(60)
        host.run(lambda: not host.outbox.visible(FLOW))
    assert len(host.finops.rows) == 14
    assert host.deliveries > 14 + 5
    assert open_issues(host) == []


def test_a_batch_that_is_cut_accuses_no_system_when_its_others_go_through() -> None:
    host = Host(accounts=99)
    unreadable(host, *sorted(host.sales.rows)[:3], error=lambda: Transient("Sales answered 500.", delay=10))
    host.run(lambda: len(host.finops.rows) > 0)
    states = []
    while len(parked(host)) < 3 and host.run(lambda: True):
        run_for(host, timedelta(minutes=1))
        states.append(state(host))
    assert set(states[1:]) == {"running"}


def test_a_record_that_is_parked_already_is_parked_again_without_a_proof() -> None:
    host = Host(accounts=30)
    bad = sorted(host.sales.rows)[7]
    busy_with(host, "N7", error=lambda: Transient("F&O answered 500", delay=10))
    run_for(host, timedelta(days=1))
    host.post(Change(bad), batch="again")  # as the sweep does; nothing else moves in this flow
    run_for(host, timedelta(days=1))
    assert host.outbox.depth(FLOW) == 0
    assert parked(host) == [bad]
    assert state(host) == "running"


def test_a_right_that_only_one_record_lacks_does_not_stop_the_flow_for_ever() -> None:
    host = Host(accounts=1)
    (bad,) = host.sales.rows
    busy_with(host, "N0", error=lambda: ConfigError("The app's user lacks a right.", remedy="Give it a role."))
    for n in range(1, 20):
        host.post(Change(host.account(n)), batch=str(n))
        run_for(host, timedelta(minutes=4))
    assert parked(host) == [bad]
    assert state(host) == "running"
    assert "lacks a right" in open_issues(host)[0].trouble.cause


def test_a_right_that_every_record_lacks_stops_the_flow_and_parks_nothing() -> None:
    host = Host(accounts=3)
    host.run(lambda: False)
    take_down(host, lambda: ConfigError("The app's user lacks a right.", remedy="Give it a role."))
    for n in range(3, 20):
        host.post(Change(host.account(n)), batch=str(n))
    run_for(host, timedelta(hours=8))
    assert parked(host) == []
    assert state(host) == "stopped"


def test_a_record_about_which_another_flow_is_deciding_holds_up_its_batch_for_seconds_only() -> None:
    host = Host(accounts=99)
    bad = sorted(host.sales.rows)[7]
    lease = host.courier.tools.lease
    until = host.clock.now() + lease
    real = host.sales.fetch

    def fetch(entity: EntityRef, ids: Sequence[str], columns: Sequence[str]) -> dict[str, Record]:
        if bad in ids and host.clock.now() < until:
            raise Contested("another flow is deciding about the same record", delay=2)
        return real(entity, ids, columns)

    host.sales.fetch = fetch  # type: ignore[method-assign]
    assert host.run(lambda: len(host.finops.rows) == 98)
    assert host.clock.now() - host.began < timedelta(minutes=5)
    assert host.run(lambda: host.outbox.depth(FLOW) == 0)
    assert len(host.finops.rows) == 99
    assert open_issues(host) == []
