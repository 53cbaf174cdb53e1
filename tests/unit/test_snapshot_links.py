"""Page links that do not work: a round begins again, but not for ever, and not in silence."""

from __future__ import annotations

import pytest

from sync.detect import DetectLimits
from sync.errors import ConfigError
from sync.model import Change
from tests.unit.snapshot_world import World
from tests.unit.test_snapshot_brakes import rename


class Broken(set[str]):
    """Links that never work, as `Table.forgotten` takes them."""

    def discard(self, link: object) -> None:
        """They stay broken, however often they were asked."""


def known(count: int) -> World:
    world = World(count)
    world.sync()
    world.table.pages.clear()
    return world


def broken(world: World) -> ConfigError:
    """A run that the links stop."""
    with pytest.raises(ConfigError) as caught:
        world.run()
    return caught.value


def test_a_link_that_never_works_stops_the_flow_at_the_third_time() -> None:
    world = known(50)
    rename(world, 30)
    world.table.forgotten = Broken({"20"})
    error = broken(world)
    assert error.code == "flow-stopped"
    assert "SellableReleasedProducts cannot be read to its end" in error.what
    assert "3 times in a row. The link was forgotten." in error.what
    assert "Every run tries once more" in error.remedy
    assert world.table.pages == [0, 10] * 3
    assert world.mode == "stopped"


def test_every_later_run_tries_once_and_goes_on_when_the_link_works() -> None:
    world = known(50)
    rename(world, 30)
    world.table.forgotten = Broken({"20"})
    broken(world)
    world.table.pages.clear()
    assert "4 times in a row" in broken(world).what
    assert world.table.pages == [0, 10]
    assert world.mode == "stopped"
    world.table.forgotten = set()
    assert world.tick() == [Change("usmf|p00030")]
    assert world.mode == "rest"


def test_it_stays_stopped_while_a_run_has_not_come_to_the_link_again() -> None:
    world = known(50)
    world.table.forgotten = Broken({"20"})
    broken(world)
    world.process(limits=DetectLimits(pages=1))
    world.run()
    assert world.mode == "stopped"


def test_a_first_round_whose_link_never_works_stops_too() -> None:
    world = World(50)
    world.table.forgotten = Broken({"20"})
    broken(world)
    assert world.table.pages == [0, 10] * 3
    world.table.forgotten = set()
    world.sync()
    assert world.known() == world.true()


def test_a_second_reading_whose_link_never_works_stops_too() -> None:
    world = World(3000, page_size=1000)
    world.sync()
    rename(world, *range(1400))
    world.process(limits=DetectLimits(pages=1))
    while world.phase != "again":
        world.run()
    world.table.forgotten = Broken({"2000"})
    world.process()
    broken(world)
    world.apply()
    world.table.forgotten = set()
    world.sync()
    assert world.known() == world.true()


def test_links_that_fail_now_and_then_stop_nothing() -> None:
    world = known(50)
    for _ in range(4):
        world.table.forgotten = {"20", "30"}
        assert world.tick() == []
        assert world.mode == "rest"


def test_reading_once_more_counts_what_it_hands_on_from_the_beginning() -> None:
    world = World(3000, page_size=1000)
    world.sync()
    rename(world, *range(1400))
    world.process(limits=DetectLimits(pages=1))
    while world.phase != "again":
        world.run()
    world.table.forgotten = {"2000"}
    world.process()
    world.sync()
    assert world.known() == world.true()
