"""Every port on its in-memory twin and on Azurite or a simulator: the same tests, the same promises."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from local import azurite
from local.simulators.odata.serve import serve_in_thread
from sync.stores.queues import QueueOutbox
from sync.stores.tables import TableStorage
from tests.contracts.contract_stores import Stores, in_memory, on_azurite
from tests.systems.systems_world import Swapped


@pytest.fixture(scope="session")
def connection() -> Iterator[str]:
    """The connection string of an Azurite of this test process."""
    with azurite.start() as store:
        yield store.connection_string


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[Swapped, str]]:
    """A server whose simulator every test replaces, and its address."""
    swapped = Swapped()
    with serve_in_thread(swapped) as base:
        yield swapped, base


@pytest.fixture
def prefix() -> str:
    """First letters of the tables and queues of one test."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture(params=["memory", "azurite"])
def stores(request: pytest.FixtureRequest, prefix: str) -> Iterator[Stores]:
    if request.param == "memory":
        yield in_memory()
        return
    opened: list[TableStorage | QueueOutbox] = []
    yield on_azurite(request.getfixturevalue("connection"), prefix, opened)
    for each in opened:
        each.close()
