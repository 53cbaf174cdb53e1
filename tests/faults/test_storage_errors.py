"""Calls of storage fail, before or after they are done: nothing is lost, nothing doubles (promises 1, 2, 5)."""

from __future__ import annotations

from pathlib import Path

from tests.faults.faults_world import (
    FAILED_COMES_BACK,
    SHORT_TIMES,
    SMALL_BATCHES,
    assert_everything_arrived,
    customers_written,
    eventually,
    loaded,
    sample,
)
from tests.faults.storage_proxy import CUT, LOST, REFUSED, Unreliable
from tests.faults.test_storage_outages import TIMES, counted, start_again_what_stopped

ACCOUNTS = 300


def test_calls_of_storage_that_fail_before_or_after_they_are_done_lose_and_double_nothing(tmp_path: Path) -> None:
    data = sample(tmp_path / "data", accounts=ACCOUNTS)
    settings = SHORT_TIMES | SMALL_BATCHES | FAILED_COMES_BACK
    with (
        loaded(data, settings) as world,
        Unreliable(world.azurite.connection_string, seed=11, one_in=60, longest=20) as storage,
    ):
        for _ in range(2):
            world.start_host(settings={"AzureWebJobsStorage": storage.connection}, **TIMES)
        eventually(lambda: customers_written(world) >= ACCOUNTS * 0.9)
        storage.mend()
        start_again_what_stopped(world)
        flow = assert_everything_arrived(world, data, storage_failed=True)

        assert min(storage.gone_wrong[fate] for fate in (REFUSED, LOST, CUT)) >= 10
        assert flow.totals.detected == ACCOUNTS
        assert all(counted(host, "poisoned") == 0 for host in world.hosts)
