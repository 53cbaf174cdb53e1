"""Nobody is kept from a link for longer than it takes: what is only decided is claimed behind the writes of a chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from sync.model import EntityRef
from sync.ports import Result, Write
from tests.unit.test_lines import Finops, World


class WatchedFinops(Finops):
    """Keeps which links are claimed while it writes."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.claimed: list[list[str]] = []

    def write(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        links = self.world.using.links.read("accounts", 0, ["a", "b", "c"])
        self.claimed.append(sorted(id for id, link in links.items() if link.claim is not None))
        return super().write(entity, writes, until=until)


@pytest.fixture
def world() -> World:
    return World()


def test_a_record_that_is_only_decided_about_is_free_while_others_of_its_chunk_are_written(world: World) -> None:
    world.put("a")
    world.put("b", ("l1", 1, "bike", 1))
    world.sync("a", "b")
    finops = WatchedFinops(world)
    finops.lines, finops.rows = world.finops.lines, world.finops.rows
    world.using = replace(world.using, writer=finops)
    world.put("a", statecode=1)
    world.put("b", ("l1", 1, "bike", 2))
    world.put("c")
    assert world.sync("a", "b", "c") == {"skipped/not-active": 1, "updated": 1, "created": 1}
    assert finops.claimed == [["b", "c"]]
    assert all(link.claim is None for link in world.using.links.read("accounts", 0, ["a", "b", "c"]).values())
