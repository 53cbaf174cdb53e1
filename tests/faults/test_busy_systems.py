"""F&O says "not now", or says nothing at all, in the middle of a load (promises 1, 2, 5, 6)."""

from __future__ import annotations

import time
from pathlib import Path

from tests.faults.faults_world import (
    FLOW,
    SHORT_TIMES,
    SMALL_BATCHES,
    assert_everything_arrived,
    break_requests,
    customers_written,
    eventually,
    loaded,
    mend_requests,
    no_run_failed,
    sample,
)

ACCOUNTS = 400
PAUSE = 5
"""Seconds that F&O asks for, and for which it refuses everything."""


def test_a_throttled_system_is_left_alone_by_every_host_until_its_time_is_over(tmp_path: Path) -> None:
    data = sample(tmp_path / "data", accounts=ACCOUNTS)
    with loaded(data, SMALL_BATCHES) as world:
        break_requests(world, "finops", {"delay": 0.1}, match={"method": "POST"}, times=12)
        hosts = [world.start_host(recovery=0.3) for _ in range(2)]
        eventually(lambda: customers_written(world) >= ACCOUNTS / 10)

        break_requests(world, "finops", {"status": 429, "retry_after": PAUSE})
        eventually(lambda: world.admin("finops", "counters")["rejected_429"])
        time.sleep(PAUSE)
        mend_requests(world, "finops")
        flow = assert_everything_arrived(world, data)

        assert flow.totals.detected == flow.totals.endings["created"] == ACCOUNTS
        counters = world.admin("finops", "counters")
        assert counters["rejected_429"] >= 1
        # A machine that stands still for a moment may hold one request of each host between the gate and the wire.
        assert counters["started_during_retry_after"] <= len(hosts)
        assert all(no_run_failed(host) for host in hosts)


def test_lost_answers_dropped_connections_and_gateway_pages_lose_and_double_nothing(tmp_path: Path) -> None:
    data = sample(tmp_path / "data", accounts=ACCOUNTS)
    with loaded(data, SHORT_TIMES | SMALL_BATCHES) as world:
        writes = {"method": "POST"}
        break_requests(world, "finops", {"drop": "after"}, match=writes, after=2, times=3)
        break_requests(world, "finops", {"status": 502, "html": True}, match=writes, times=3)
        host = world.start_host(recovery=0.3)
        eventually(lambda: all(fault["times"] == 0 for fault in world.admin("finops", "faults")))

        break_requests(world, "finops", {"drop": "before"})
        time.sleep(2)
        mend_requests(world, "finops")
        flow = assert_everything_arrived(world, data)

        assert flow.totals.detected == ACCOUNTS
        assert host.counters()["functions"][f"apply_{FLOW}"]["poisoned"] == 0
        assert no_run_failed(host)
