"""What a round hands on after it was weighed is counted: the brake holds to the last page (promise 9)."""

from __future__ import annotations

import json

import pytest

from sync.brakes import Weight
from sync.detect import DetectLimits
from sync.errors import MassChange
from sync.model import Change
from sync.rounds import stopped_for
from tests.unit.snapshot_world import FLOW, World
from tests.unit.test_snapshot_brakes import remove, rename


def at_phase(world: World, phase: str) -> World:
    """The world when a process that remembers its round has come to this phase."""
    world.process(limits=DetectLimits(pages=1))
    for _ in range(100):
        world.run()
        if world.phase == phase:
            return world
    raise AssertionError(f"it never comes to {phase}")


def come_to_more_changes() -> World:
    """Of 3,000 products 700 have changed, more than a position holds."""
    world = World(3000, page_size=1000)
    world.sync()
    rename(world, *range(700))
    return at_phase(world, "again")


def come_to_more_gone() -> World:
    """Of 3,000 products 1,200 are gone, more than a position holds."""
    world = World(3000, page_size=1000, gone_percent=50)
    world.sync()
    remove(world, *range(1200))
    return at_phase(world, "gone")


def test_what_changes_after_a_round_was_weighed_stops_it_at_the_limit() -> None:
    world = come_to_more_changes()
    rename(world, *range(3000), name="a wrong import")
    world.process()
    with pytest.raises(MassChange) as caught:
        world.run()
    assert len(world.apply()) == 1000, "the second page would pass the limit of 1,500"
    assert "2000 have changed" in caught.value.what
    assert "broken off" in caught.value.what
    assert stopped_for(world.position) == Weight(3000, 0, 2000)
    assert world.mode == "stopped"


def test_a_few_more_changes_than_were_weighed_are_no_mass_change() -> None:
    world = come_to_more_changes()
    rename(world, *range(700, 1500))
    for number in range(5000, 9000):
        world.table.put(number)  # new ones are not weighed
    assert len(world.sync()) >= 1500 + 4000
    assert world.known() == world.true()


def test_what_goes_after_a_round_was_weighed_stops_it_at_the_limit() -> None:
    world = come_to_more_gone()
    at_phase(world, "survey")  # another process begins the round anew, once
    at_phase(world, "gone")
    world.process()
    world.table.rows.clear()
    with pytest.raises(MassChange, match="2000 are gone"):
        world.run()
    assert len(world.queued()) == 1500, "half of 3,000, as the limit says"


def test_a_process_that_saw_nothing_of_a_round_surveys_anew_before_it_tells_what_is_gone() -> None:
    world = come_to_more_gone()
    world.process()
    world.table.rows.clear()
    with pytest.raises(MassChange, match="3000 are gone"):
        world.run()
    assert world.queued() == []


def test_a_process_that_looked_for_the_missing_goes_on_without_another_survey() -> None:
    world = come_to_more_gone()
    world.table.pages.clear()
    while world.mode != "rest":
        world.run()
    assert world.table.pages == []
    assert {change.id for change in world.queued()} == {f"usmf|p{number:05}" for number in range(1200)}


def test_what_is_gone_is_told_to_the_end_though_every_step_is_another_process() -> None:
    world = come_to_more_gone()
    told: list[Change] = []
    for _ in range(60):
        world.process(limits=DetectLimits(pages=1))
        world.run()
        told += world.apply()
        if world.mode == "rest":
            break
    assert {change.id for change in told} == {f"usmf|p{number:05}" for number in range(1200)}
    assert len(told) == 1200


def allowed_and_half_told() -> World:
    """1,200 gone of 3,000 were allowed; the first of them are told."""
    world = World(3000, page_size=1000)
    world.sync()
    remove(world, *range(1200))
    world.stopped()
    world.allow()
    at_phase(world, "gone")
    world.run()
    assert len(world.apply()) == 500
    return world


def test_a_process_that_only_handed_on_changes_surveys_anew_before_it_tells_what_is_gone() -> None:
    world = World(3000, page_size=1000, gone_percent=50)
    world.sync()
    remove(world, *range(1200))
    rename(world, *range(1200, 2600))
    at_phase(world, "again")
    world.process()
    world.table.looked_for.clear()
    world.sync()
    assert world.known() == world.true()
    assert set(world.table.looked_for) == {f"usmf|p{number:05}" for number in range(1200)}


def test_a_permitted_round_that_another_process_ends_uses_the_permission_up() -> None:
    world = allowed_and_half_told()
    world.run()
    world.apply()
    for number in range(1000, 1190):
        world.table.put(number)  # what is left to tell needs no permission
    world.process()
    world.sync()
    assert world.known() == world.true()
    remove(world, *range(1200, 1500))
    world.stopped()


def test_a_permitted_round_that_grows_too_big_midway_is_not_permitted_again() -> None:
    world = allowed_and_half_told()
    remove(world, *range(1200, 2600))
    world.process()
    world.stopped()
    for number in range(1200, 2600):
        world.table.put(number)
    assert "700 are gone" in world.stopped().what


@pytest.mark.parametrize(
    "kept", [{"phase": "again", "round": "old"}, {"phase": "again", "round": "old", "gone": 40, "permitted": True}]
)
def test_a_position_that_was_kept_before_these_phases_were_weighed_goes_on(kept: dict[str, object]) -> None:
    world = World(100, page_size=30, gone_percent=50)
    world.sync()
    remove(world, *range(40))
    rename(world, *range(50, 80))
    mark = world.watermarks.read(FLOW.name)
    world.watermarks.save(type(mark)(FLOW.name, mark.step, json.dumps(kept), mark.definition, etag=mark.etag))
    world.run()
    changed = {change.id for change in world.apply() if not change.deleted}
    assert changed == {f"usmf|p{number:05}" for number in range(50, 80)}
    world.sync()
    assert world.known() == world.true()
