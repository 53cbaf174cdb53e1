"""A host that dies in the middle of a load loses nothing and doubles nothing (promises 1, 2, 5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.faults.faults_world import (
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

ACCOUNTS = 400
TIMES: dict[str, Any] = {"hiding": 12, "lease": 15, "recovery": 0.3}
"""Seconds: a message is hidden for longer than a claim's lease lasts, as in Azure."""


def test_a_host_killed_in_mid_load_leaves_the_same_result(tmp_path: Path) -> None:
    data = sample(tmp_path / "data", accounts=ACCOUNTS)
    with loaded(data, SHORT_TIMES | SMALL_BATCHES) as world:
        # So that at any moment requests are under way whose answers nobody will hear.
        break_requests(world, "finops", {"delay": 0.15}, match={"method": "POST"})
        first = world.start_host(**TIMES)

        eventually(lambda: customers_written(world) >= ACCOUNTS / 2)
        world.kill_host(first)

        assert customers_written(world) < ACCOUNTS, "the load was over before the kill"
        mend_requests(world, "finops")
        world.start_host(**TIMES)
        flow = assert_everything_arrived(world, data)

        assert flow.totals.detected == ACCOUNTS
