"""Hosts whose clocks are minutes wrong: what decides is the storage service's clock (promises 1, 2, 3 and 5)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

from local.host.process import HostProcess
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

ACCOUNTS = 300
ROOT = Path(__file__).resolve().parents[2]
WRONG = """
import os
from datetime import UTC, datetime, timedelta
import time_machine
time_machine.travel(datetime.now(UTC) + timedelta(minutes=float(os.environ["MINUTES_WRONG"])), tick=True).start()
"""
"""What Python runs first in a process that finds it as `sitecustomize`: its time of day is wrong from then on."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:]{8}")


def test_hosts_whose_clocks_are_ten_minutes_apart_do_what_one_does_and_one_may_die(tmp_path: Path) -> None:
    data = sample(tmp_path / "data", accounts=ACCOUNTS)
    (tmp_path / "sitecustomize.py").write_text(WRONG, encoding="utf-8")
    logs = [tmp_path / "fast.log", tmp_path / "slow.log"]
    with loaded(data, SHORT_TIMES | SMALL_BATCHES) as world:
        break_requests(world, "finops", {"delay": 0.15}, match={"method": "POST"})

        def start(minutes: int, log: Path) -> HostProcess:
            wrong = {"MINUTES_WRONG": str(minutes), "PYTHONPATH": f"{tmp_path}:{ROOT}"}
            return world.start_host(settings=wrong, hiding=12, lease=15, recovery=0.3, log=log)

        fast, slow = start(5, logs[0]), start(-5, logs[1])
        eventually(lambda: customers_written(world) >= ACCOUNTS / 3)
        world.kill_host(fast)
        mend_requests(world, "finops")
        flow = assert_everything_arrived(world, data)

        assert flow.totals.detected == ACCOUNTS
        assert slow.counters()["functions"][f"apply_{FLOW}"]["runs"]
        assert no_run_failed(slow)
    assert timedelta(minutes=9) < began(logs[0]) - began(logs[1]) < timedelta(minutes=11)


def began(log: Path) -> datetime:
    """The time of day when a host wrote its first line, as it was told."""
    first = _MOMENT.search(log.read_text(encoding="utf-8"))
    assert first
    return datetime.fromisoformat(first[0])
