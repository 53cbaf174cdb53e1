"""A flow that is paused in mid-load stands still for every host, and loses and doubles nothing (promises 1, 2)."""

from __future__ import annotations

import time
from pathlib import Path

from click.testing import CliRunner

from local.world import World
from sync.app import create_app
from sync.cli import main
from tests.faults.faults_world import (
    FEW_AT_A_TIME,
    FLOW,
    SMALL_BATCHES,
    assert_everything_arrived,
    break_requests,
    customers_written,
    eventually,
    loaded,
    mend_requests,
    sample,
)

ACCOUNTS = 200


def test_a_flow_that_is_paused_in_mid_load_goes_on_where_it_stood(tmp_path: Path) -> None:
    data = sample(tmp_path / "data", accounts=ACCOUNTS)
    with loaded(data, SMALL_BATCHES | FEW_AT_A_TIME) as world:
        break_requests(world, "finops", {"delay": 0.3}, match={"method": "POST"})
        for _ in range(2):
            world.start_host(recovery=0.3)
        eventually(lambda: customers_written(world) >= ACCOUNTS / 10)
        said = CliRunner().invoke(main, ["pause", FLOW, "--reason", "month's end", "--by", "anna"], env=world.settings)
        assert said.exit_code == 0, said.output

        app = create_app(world.settings)
        eventually(lambda: _stands_still(world))
        written = customers_written(world)
        (flow,) = app.status(FLOW)
        assert flow.state == "paused"
        assert "by anna: month's end." in flow.reasons[0]
        assert written < ACCOUNTS, "it was paused too late to prove anything"
        shown = CliRunner().invoke(main, ["status"], env=world.settings)
        assert shown.exit_code == 1
        assert "month's end" in shown.output

        mend_requests(world, "finops")
        assert CliRunner().invoke(main, ["resume", FLOW], env=world.settings).exit_code == 0
        done = assert_everything_arrived(world, data)
        assert done.totals.detected == done.totals.endings["created"] == ACCOUNTS
        assert CliRunner().invoke(main, ["resume", FLOW], env=world.settings).output == f"{FLOW} was not paused.\n"


def _stands_still(world: World) -> bool:
    """Nothing was written for longer than a host takes to see the pause and to end its message."""
    before = customers_written(world)
    time.sleep(8)
    return customers_written(world) == before
