"""Every port on its in-memory twin and on Azurite: the same tests, the same promises."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from local import azurite
from sync.stores.queues import QueueOutbox
from sync.stores.tables import TableStorage
from tests.contracts.contract_stores import Stores, in_memory, on_azurite


@pytest.fixture(scope="session")
def connection() -> Iterator[str]:
    """The connection string of an Azurite of this test process."""
    with azurite.start() as store:
        yield store.connection_string


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
