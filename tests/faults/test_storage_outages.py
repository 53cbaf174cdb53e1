"""Storage is away in mid-load, and comes back with what it had: nothing is lost, nothing doubles (promises 1, 2, 5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from local.host.process import HostProcess
from local.world import World
from tests.faults.faults_world import (
    FAILED_COMES_BACK,
    FLOW,
    SHORT_TIMES,
    SMALL_BATCHES,
    assert_everything_arrived,
    break_requests,
    customers_written,
    eventually,
    loaded,
    mend_requests,
    sample,
)

ACCOUNTS = 300
TIMES: dict[str, Any] = {"hiding": 12, "lease": 15, "recovery": 0.3}
"""Seconds: a message is hidden for longer than a claim's lease lasts, as in Azure."""


def test_storage_that_is_away_for_a_while_loses_and_doubles_nothing(tmp_path: Path) -> None:
    data = sample(tmp_path / "data", accounts=ACCOUNTS)
    settings = SHORT_TIMES | SMALL_BATCHES | FAILED_COMES_BACK
    with loaded(data, settings, storage=tmp_path / "storage") as world:
        break_requests(world, "finops", {"delay": 0.5}, match={"method": "POST"})
        hosts = [world.start_host(**TIMES) for _ in range(2)]
        eventually(lambda: customers_written(world) >= ACCOUNTS / 10)

        with world.without_storage():
            # Until the app has given up putting messages back, and leaves them to the queue.
            eventually(lambda: not all(map(is_running, hosts)) or sum(counted(each, "failures") for each in hosts) > 1)
        assert customers_written(world) < ACCOUNTS, "the load was over before"
        mend_requests(world, "finops")
        start_again_what_stopped(world)
        flow = assert_everything_arrived(world, data, storage_failed=True)

        assert flow.totals.detected == ACCOUNTS
        assert all(counted(host, "poisoned") == 0 for host in world.hosts)


def start_again_what_stopped(world: World) -> None:
    """A host that cannot say what became of a message stops; what starts it again in Azure is the platform."""
    for host in list(world.hosts):
        if not is_running(host):
            world.stop_host(host)
            world.start_host(**TIMES)


def is_running(host: HostProcess) -> bool:
    """Whether this host has neither ended nor is about to."""
    try:
        return bool(host.status()["state"] == "Running")
    except requests.ConnectionError:
        return False


def counted(host: HostProcess, what: str) -> int:
    """What a host has counted of the flow's queue function: "failures" of runs, or messages that were "poisoned"."""
    count: int = host.counters()["functions"][f"apply_{FLOW}"][what]
    return count
