"""F&O answers nonsense, or nothing at all, in the middle of a load (promises 1, 2, 5)."""

from __future__ import annotations

import time
from pathlib import Path

from tests.faults.faults_world import (
    FLOW,
    SHORT_TIMES,
    SMALL_BATCHES,
    assert_everything_arrived,
    break_requests,
    eventually,
    loaded,
    mend_requests,
    no_run_failed,
    sample,
)

ACCOUNTS = 400


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
