"""The fixtures of tests about quotes; a test module names this one in `pytest_plugins` beside `acceptance_fixtures`."""

from __future__ import annotations

import pytest

from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_quotes import ALL, QUOTES, Desk
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World


@pytest.fixture
def here(world: World, trade: Trade) -> Installation:
    """The app, seen from the flow of quotes."""
    return world.install().of(QUOTES)


@pytest.fixture
def desk(world: World, trade: Trade, here: Installation) -> Desk:
    """Its customer and its products are in both systems."""
    desk = Desk(world, trade)
    world.settle()
    here.sync_all(*ALL[:-1])
    return desk
