"""The fixture of the tests of the live check; a test module names this one in `pytest_plugins`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.acceptance_servers import Servers
from tests.acceptance.acceptance_world import World
from tests.live.live_world import Checking

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


@pytest.fixture(scope="module")
def checking(servers: Servers) -> Iterator[Checking]:
    """One world for the tests of a module, none of which changes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDENTITY_ENDPOINT", servers.identity_url)
        patch.setenv("IDENTITY_HEADER", servers.identity_header)
        world = World(servers)
        world.enter_reference_data()
        yield Checking(world)
        world.close()
