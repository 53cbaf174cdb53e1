"""The fixtures of the acceptance tests; a test module names this one in `pytest_plugins`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.acceptance.acceptance_demo import DemoRun, over_adventure_works
from tests.acceptance.acceptance_servers import Servers, serving
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Azurite and the addresses of both systems, one for all tests of this process."""
    with serving() as started:
        yield started


@pytest.fixture(scope="session")
def adventure_works(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """The demo over AdventureWorks, run once: test processes beside this one look at the same files."""
    base = tmp_path_factory.getbasetemp()
    return over_adventure_works(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@pytest.fixture
def world(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Two fresh systems with reference data; msal finds the identity endpoint where it always looks."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", servers.identity_url)
    monkeypatch.setenv("IDENTITY_HEADER", servers.identity_header)
    fresh = World(servers)
    fresh.enter_reference_data()
    yield fresh
    fresh.close()


@pytest.fixture
def trade(world: World) -> Trade:
    """What a shop has in that world: units, a price list, and nothing on its shelves."""
    return Trade(world).open()
