"""One system stands still in mid-load, the other is restarted: nothing is lost, nothing doubles (promises 1, 2, 5)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests

from local.world import World
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
    sample,
)

ACCOUNTS = 150
AWAY = 5.0
"""Seconds: longer than a request of these hosts may take."""


@pytest.mark.parametrize(("still", "restarted"), [("sales", "finops"), ("finops", "sales")])
def test_a_system_that_stands_still_and_one_that_is_restarted_lose_and_double_nothing(
    still: str, restarted: str, tmp_path: Path
) -> None:
    data = sample(tmp_path / "data", accounts=ACCOUNTS)
    with loaded(data, SHORT_TIMES | SMALL_BATCHES) as world:
        break_requests(world, "finops", {"delay": 0.15}, match={"method": "POST"})
        host = world.start_host(recovery=0.3)
        eventually(lambda: customers_written(world) >= ACCOUNTS / 10)

        with world.without_connections(restarted):
            time.sleep(AWAY / 2)
            with pytest.raises(requests.ConnectionError):
                world.admin(restarted, "counters")
        eventually(lambda: answers(world, restarted))
        with world.without_answers(still):
            time.sleep(AWAY)
        assert customers_written(world) < ACCOUNTS, "the load was over before"
        mend_requests(world, "finops")
        flow = assert_everything_arrived(world, data)

        assert flow.totals.detected == ACCOUNTS
        assert host.counters()["functions"][f"apply_{FLOW}"]["poisoned"] == 0


def answers(world: World, system: str) -> bool:
    try:
        return bool(world.admin(system, "counters"))
    except requests.ConnectionError:
        return False
