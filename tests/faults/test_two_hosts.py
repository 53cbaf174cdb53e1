"""Two Functions hosts on one storage account do together what one does alone (promises 1, 2)."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from tests.faults.faults_world import (
    FLOW,
    SMALL_BATCHES,
    assert_everything_arrived,
    break_requests,
    loaded,
    mend_requests,
    runs,
    runs_of,
    sample,
)

CLOCK_STEP = timedelta(milliseconds=2)
"""Log lines are stamped in whole milliseconds."""


def test_two_hosts_share_a_load_and_never_detect_at_the_same_time(tmp_path: Path) -> None:
    data = sample(tmp_path / "data", accounts=500)
    logs = [tmp_path / "one.log", tmp_path / "two.log"]
    with loaded(data, SMALL_BATCHES) as world:
        # Slow enough that runs of two timers would meet, and that one host cannot finish the queue alone.
        break_requests(world, "sales", {"delay": 0.2}, match={"method": "GET", "path": "accounts?"})
        break_requests(world, "finops", {"delay": 0.2}, match={"method": "POST"})
        hosts = [world.start_host(lease=15, recovery=0.3, log=log) for log in logs]

        flow = assert_everything_arrived(world, data)

        assert flow.totals.detected == flow.totals.endings["created"] == 500
        applied = [host.counters()["functions"][f"apply_{FLOW}"]["runs"] for host in hosts]
        assert all(applied), f"both hosts take messages: {applied}"
        detected = [host.counters()["functions"][f"detect_{FLOW}"]["runs"] for host in hosts]
        assert sorted(map(bool, detected)) == [False, True], f"one host has the timer: {detected}"

        mend_requests(world, "sales")
        holder = hosts[detected.index(max(detected))]
        (other,) = (host for host in hosts if host is not holder)
        world.stop_host(holder)
        runs_of(other, f"detect_{FLOW}", 2)
    intervals = sorted(run for log in logs for run in runs(log.read_text(encoding="utf-8"), f"detect_{FLOW}"))
    assert len(intervals) >= 4
    assert all(after[0] >= before[1] - CLOCK_STEP for before, after in pairwise(intervals)), intervals
