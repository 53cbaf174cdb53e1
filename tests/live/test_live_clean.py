"""`check --live` where all is well: it says so, and neither system is written to (promise 7)."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from sync.app import check_live
from sync.cli import main
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def test_nothing_but_notes_is_found_where_all_is_well(trade: Trade) -> None:
    world = trade.world
    trade.release("P1")
    world.account("C1", "Contoso")
    result = CliRunner(env=world.environment).invoke(main, ["check", "--live"])
    print(result.output)
    assert result.exit_code == 0, result.output
