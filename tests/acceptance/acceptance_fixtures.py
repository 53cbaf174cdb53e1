"""The fixtures of the acceptance tests; a test module imports `servers` and `world`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.acceptance_servers import Servers, serving
from tests.acceptance.acceptance_world import World


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Azurite and the addresses of both systems, one for all tests of this process."""
    with serving() as started:
        yield started


@pytest.fixture
def world(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Two fresh systems with reference data; msal finds the identity endpoint where it always looks."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", servers.identity_url)
    monkeypatch.setenv("IDENTITY_HEADER", servers.identity_header)
    fresh = World(servers)
    fresh.enter_reference_data()
    yield fresh
    fresh.close()
