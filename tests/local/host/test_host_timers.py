"""Timer triggers: one process at a time, missed occurrences, changed schedules (functions-host.md 2)."""

from __future__ import annotations

import datetime
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from local import azurite
from local.host.ncrontab import Schedule
from local.host.process import HostProcess
from local.host.timer_status import NEVER, Status, after_run, first_status, on_schedule
from tests.local.host.host_world import World, a_world, eventually

YEARLY = "0 0 0 1 1 *"
EVERY_SECOND = "* * * * * *"


@pytest.fixture(scope="module")
def store() -> Iterator[azurite.Azurite]:
    with azurite.start() as running:
        yield running


@pytest.fixture
def world(store: azurite.Azurite, tmp_path: Path) -> Iterator[World]:
    with a_world(store, tmp_path) as opened:
        yield opened


def status_blob(world: World) -> Any:
    service = BlobServiceClient.from_connection_string(world.store.connection_string)
    return service.get_blob_client("azure-webjobs-hosts", f"timers/{world.name}/tick/status")


def new_year(year: int) -> datetime.datetime:
    return datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)


def remember(world: World, last: datetime.datetime, following: datetime.datetime) -> None:
    """Leave the record of an earlier host, which needs the container that a first host makes."""
    with world.host("timer_app", {"SCHEDULE": "0 0 0 31 12 *"}) as earlier:
        eventually(lambda: earlier.counters()["storage"].get("timer_status"))
        eventually(lambda: status_blob(world).exists())
    status_blob(world).upload_blob(json.dumps(Status(last, following, last).to_json()), overwrite=True)


def settled(host: HostProcess) -> dict[str, Any]:
    """The timer's counts once the host has taken the lock and read the record."""
    eventually(lambda: host.counters()["storage"].get("timer_status"))
    counts: dict[str, Any] = host.counters()["functions"]["tick"]
    return counts


def test_two_hosts_run_one_timer_in_one_of_them_and_the_other_takes_over(world: World) -> None:
    hosts = [world.host("timer_app", {"SCHEDULE": EVERY_SECOND}) for _ in range(2)]
    eventually(lambda: len(world.seen()) >= 3)
    leader = world.seen()[0]["pid"]
    assert {line["pid"] for line in world.seen()} == {leader}

    next(host for host in hosts if host.child.pid == leader).stop()
    before = len(world.seen())
    eventually(lambda: len(world.seen()) >= before + 3)

    pids = [line["pid"] for line in world.seen()]
    assert len([pid for pid, _ in itertools.groupby(pids)]) == 2, "the two hosts must not tick by turns"
    assert not any(line["past_due"] for line in world.seen())


def test_a_missed_occurrence_runs_once_as_past_due(world: World) -> None:
    year = datetime.datetime.now(datetime.UTC).year
    remember(world, new_year(year - 3), new_year(year - 2))

    with world.host("timer_app", {"SCHEDULE": YEARLY}) as host:
        eventually(lambda: json.loads(status_blob(world).download_blob().readall())["Next"].startswith(str(year + 1)))
        assert host.counters()["functions"]["tick"]["runs"] == 1
    again = world.host("timer_app", {"SCHEDULE": YEARLY})
    assert settled(again)["runs"] == 0

    assert [line["past_due"] for line in world.seen()] == [True]
    assert world.seen()[0]["status"]["Next"] == new_year(year - 2).isoformat()


def test_a_changed_schedule_counts_as_nothing_missed(world: World) -> None:
    year = datetime.datetime.now(datetime.UTC).year
    remember(world, new_year(year - 3), new_year(year - 3) + datetime.timedelta(hours=1))

    host = world.host("timer_app", {"SCHEDULE": YEARLY})
    eventually(
        lambda: json.loads(status_blob(world).download_blob().readall())["Next"] == new_year(year + 1).isoformat()
    )

    assert settled(host)["runs"] == 0
    assert world.seen() == []


def test_run_on_startup_runs_at_every_start_of_the_holder(world: World) -> None:
    with world.host("timer_app", {"SCHEDULE": YEARLY, "RUN_ON_STARTUP": "true"}):
        eventually(world.seen)
    with world.host("timer_app", {"SCHEDULE": YEARLY, "RUN_ON_STARTUP": "true"}):
        eventually(lambda: len(world.seen()) == 2)
    assert [line["past_due"] for line in world.seen()] == [False, False]


def test_sigterm_finishes_the_tick_and_gives_the_lock_back(world: World) -> None:
    first = world.host("timer_app", {"SCHEDULE": EVERY_SECOND, "TICK_SECONDS": "1.5"})
    eventually(world.seen)

    assert first.stop() == 0

    second = world.host("timer_app", {"SCHEDULE": EVERY_SECOND})
    eventually(lambda: world.seen()[-1]["pid"] == second.child.pid)


def test_a_timer_can_be_run_by_hand(world: World) -> None:
    host = world.host("timer_app", {"SCHEDULE": YEARLY})

    host.run("tick")

    assert eventually(world.seen)[0]["past_due"] is False


def test_two_apps_with_host_ids_of_their_own_do_not_share_a_timer(world: World) -> None:
    world.host("timer_app", {"SCHEDULE": EVERY_SECOND})
    world.host("timer_app", {"SCHEDULE": EVERY_SECOND, "AzureFunctionsWebHost__hostid": f"{world.name}-other"})

    assert eventually(lambda: len({line["pid"] for line in world.seen()}) == 2), "each has ticked"


class TestTheNextOccurrence:
    """The arithmetic, without a host."""

    noon = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
    hourly = Schedule("0 0 * * * *")

    def test_counts_from_the_start_of_the_run(self) -> None:
        status = first_status(self.hourly, self.noon - datetime.timedelta(minutes=5))
        late = self.noon + datetime.timedelta(minutes=10)
        assert after_run(status, self.hourly, late, scheduled=True).next == self.noon + datetime.timedelta(hours=1)

    def test_of_a_run_that_fired_early_counts_from_the_planned_time(self) -> None:
        status = first_status(self.hourly, self.noon - datetime.timedelta(minutes=5))
        early = self.noon - datetime.timedelta(milliseconds=3)
        following = after_run(status, self.hourly, early, scheduled=True)
        assert following.next == self.noon + datetime.timedelta(hours=1)
        assert on_schedule(following, self.hourly, self.noon) == following

    def test_of_a_timer_that_never_ran_is_kept_over_a_restart(self) -> None:
        stored = first_status(self.hourly, self.noon - datetime.timedelta(minutes=5))
        assert on_schedule(stored, self.hourly, self.noon + datetime.timedelta(minutes=1)) == stored

    def test_after_a_change_that_is_still_ahead_counts_from_the_last_run(self) -> None:
        stored = Status(self.noon, self.noon + datetime.timedelta(days=1), self.noon)
        now = self.noon + datetime.timedelta(minutes=1)
        changed = on_schedule(stored, self.hourly, now)
        assert changed == Status(NEVER, self.noon + datetime.timedelta(hours=1), self.noon)
