"""One Dataverse simulator for each module, emptied for every test; modules with worlds of their own say so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.dataverse.dataverse_simulated import Dataverse, simulated


@pytest.fixture(scope="module")
def running() -> Iterator[Dataverse]:
    with simulated() as session:
        yield session


@pytest.fixture
def sales(running: Dataverse) -> Dataverse:
    """The module's simulator without accounts and contacts, and with every privilege."""
    for entity_set in ("contacts", "accounts"):
        for row in running.get(f"/admin/rows/{entity_set}").json():
            running.delete(f"{entity_set}({row[entity_set[:-1] + 'id']})")
    running.switch(no_read=[], no_write=[], no_create=[])
    return running
