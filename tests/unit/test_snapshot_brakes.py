"""A mass change stops the flow before anything is handed on, until a person allows it (promise 9)."""

from __future__ import annotations

import pytest

from sync.brakes import Weight, allow
from sync.detect import DetectLimits
from sync.errors import ConfigError
from sync.model import Change, Watermark
from sync.rounds import stopped_for
from tests.unit.snapshot_world import FLOW, Crash, World


def remove(world: World, *numbers: int) -> None:
    for number in numbers:
        del world.table.rows[f"usmf|p{number:05}"]


def rename(world: World, *numbers: int, name: str = "renamed") -> None:
    for number in numbers:
        world.table.put(number, name)


def synced(count: int, *, gone_percent: float = 2, changed_percent: float = 50) -> World:
    world = World(count, gone_percent=gone_percent, changed_percent=changed_percent)
    world.sync()
    return world


def test_forty_percent_gone_stop_the_flow_and_say_how_many() -> None:
    world = synced(50)
    remove(world, *range(20))
    rename(world, 40)
    error = world.stopped()
    assert isinstance(error, ConfigError)
    assert error.code == "mass-change"
    assert "of 50 known records 20 are gone and 1 have changed" in error.what
    assert "python -m sync allow products_to_sales" in error.remedy
    assert stopped_for(world.position) == Weight(50, 20, 1)


def test_a_stopped_flow_stays_stopped_and_looks_anew_each_time() -> None:
    world = synced(50)
    remove(world, *range(20))
    world.stopped()
    remove(world, 20)
    assert "21 are gone" in world.stopped().what
    assert world.mode == "stopped"


def test_a_flow_goes_on_by_itself_when_its_source_is_mended() -> None:
    world = synced(50)
    remove(world, *range(20))
    world.stopped()
    for number in range(20):
        world.table.put(number)
    assert world.tick() == []
    assert (world.mode, stopped_for(world.position)) == ("rest", None)


@pytest.mark.parametrize(("records", "gone", "stops"), [(1, 1, False), (10, 1, False), (10, 2, True), (100, 2, False)])
def test_two_percent_may_be_gone_and_always_one_record(records: int, gone: int, stops: bool) -> None:
    world = synced(records)
    remove(world, *range(gone))
    if stops:
        world.stopped()
    else:
        assert world.tick() == [Change(f"usmf|p{number:05}", deleted=True) for number in range(gone)]


@pytest.mark.parametrize(
    ("records", "changed", "stops"), [(10, 10, False), (12, 11, True), (40, 20, False), (40, 21, True)]
)
def test_half_may_have_changed_and_always_ten_records(records: int, changed: int, stops: bool) -> None:
    world = synced(records)
    rename(world, *range(changed))
    if stops:
        assert f"{changed} have changed" in world.stopped().what
    else:
        assert len(world.tick()) == changed


def test_the_limits_are_settings() -> None:
    world = synced(50, gone_percent=40, changed_percent=100)
    remove(world, *range(20))
    rename(world, *range(20, 50))
    assert len(world.tick()) == 50


def test_new_records_are_no_mass_change_and_neither_are_those_that_are_back() -> None:
    world = synced(50, gone_percent=50)
    remove(world, *range(20))
    world.sync()
    for number in range(400):
        if f"usmf|p{number:05}" not in world.table.rows:
            world.table.put(number)
    assert len(world.tick()) == 20 + 350


def test_everything_is_handed_on_without_a_brake_when_the_definition_has_changed() -> None:
    world = synced(50)
    rename(world, *range(50))
    world.process(definition="definition 2")
    assert len(world.tick()) == 50


def test_a_table_that_is_suddenly_empty_stops_the_flow() -> None:
    world = synced(50)
    world.table.rows.clear()
    world.stopped()
    assert len(world.known()) == 50


def test_what_is_gone_is_not_counted_further_than_it_takes_to_stop() -> None:
    world = synced(3000)
    remove(world, *range(2500))
    assert "2500 are gone" in world.stopped().what
    assert len(world.table.looked_for) == 500


def test_nothing_is_looked_for_when_enough_has_changed_to_stop() -> None:
    world = synced(50)
    rename(world, *range(30))
    remove(world, *range(30, 40))
    assert "10 are gone and 30 have changed" in world.stopped().what
    assert world.table.looked_for == []


def test_it_can_be_allowed_while_the_flow_is_looking_once_more() -> None:
    world = World(40, page_size=10)
    world.sync()
    remove(world, *range(20))
    world.stopped()
    world.process(limits=DetectLimits(pages=1))
    world.run()
    assert (world.phase, world.mode) == ("survey", "stopped")
    world.allow()
    assert len(world.sync()) == 20


def test_a_permission_lets_a_mass_change_pass_once() -> None:
    world = synced(50)
    remove(world, *range(20))
    world.stopped()
    world.allow()
    assert world.sync() == [Change(f"usmf|p{number:05}", deleted=True) for number in range(20)]
    remove(world, *range(20, 32))
    world.stopped()


def test_a_permission_reaches_through_a_round_that_takes_many_steps() -> None:
    world = World(3000, page_size=100)
    world.sync()
    remove(world, *range(1200))
    rename(world, *range(1200, 3000))
    world.stopped()
    world.allow()
    world.sync()
    assert world.known() == world.true()
    assert stopped_for(world.position) is None


def test_a_bigger_change_than_was_allowed_stops_the_flow_again() -> None:
    world = synced(50)
    remove(world, *range(20))
    world.stopped()
    world.allow()
    remove(world, 20, 21, 22)
    assert "23 are gone" in world.stopped().what
    world.allow()
    assert len(world.sync()) == 23


@pytest.mark.parametrize(
    ("more_gone", "more_changed", "stops"), [(10, 0, False), (11, 0, True), (0, 249, False), (0, 250, True)]
)
def test_a_permission_holds_while_ordinary_trade_goes_on(more_gone: int, more_changed: int, stops: bool) -> None:
    world = synced(500)
    remove(world, *range(100))
    rename(world, 499)
    world.stopped()
    world.allow()
    remove(world, *range(100, 100 + more_gone))
    rename(world, *range(200, 200 + more_changed))
    if stops:
        world.stopped()
    else:
        assert len(world.sync()) == 101 + more_gone + more_changed


@pytest.mark.parametrize(("more", "stops"), [(30, False), (31, True)])
def test_a_permission_for_what_has_changed_covers_a_tenth_more(more: int, stops: bool) -> None:
    world = synced(500)
    rename(world, *range(300))
    world.stopped()
    world.allow()
    rename(world, *range(300, 300 + more))
    if stops:
        assert f"{300 + more} have changed" in world.stopped().what
    else:
        assert len(world.sync()) == 300 + more


def test_the_smallest_permission_covers_one_more_that_is_gone_and_ten_more_that_have_changed() -> None:
    world = synced(10)
    remove(world, 0, 1)
    world.stopped()
    world.allow()
    remove(world, 2)
    assert len(world.sync()) == 3
    world = synced(100, changed_percent=10)
    rename(world, *range(11))
    world.stopped()
    world.allow()
    rename(world, *range(11, 21))
    assert len(world.sync()) == 21


def test_a_permission_for_what_is_gone_is_none_for_what_has_changed() -> None:
    world = synced(50)
    remove(world, *range(20))
    world.stopped()
    world.allow()
    rename(world, *range(20, 50))
    world.stopped()


def test_a_permission_holds_for_a_day() -> None:
    world = synced(50)
    remove(world, *range(20))
    world.stopped()
    world.allow()
    world.clock.advance(24 * 3600)
    world.stopped()


def test_a_change_that_needs_no_permission_leaves_it_for_the_one_that_does() -> None:
    world = synced(50)
    remove(world, *range(20))
    world.stopped()
    world.allow()
    for number in range(20):
        world.table.put(number)
    world.sync()
    remove(world, *range(20))
    assert len(world.sync()) == 20


def test_a_round_that_dies_before_it_is_handed_on_still_has_its_permission() -> None:
    world = synced(50)
    remove(world, *range(20))
    world.stopped()
    world.allow()

    def post(batches: object, *, delay: float = 0.0) -> None:
        raise Crash

    working, world.outbox.post = world.outbox.post, post  # type: ignore[method-assign]
    with pytest.raises(Crash):
        world.run()
    world.outbox.post = working  # type: ignore[method-assign]
    world.process()
    assert len(world.sync()) == 20
    remove(world, *range(20, 32))
    world.stopped()


def test_a_permission_that_is_given_while_another_is_used_up_stands() -> None:
    world = synced(50)
    allow(FLOW.name, Weight(50, 1, 0), world.watermarks, world.clock)
    save, rivals = world.watermarks.save, iter([world.brakes.use_up])

    def rivalled(watermark: Watermark) -> Watermark:
        for use_up in rivals:
            use_up()
        return save(watermark)

    world.watermarks.save = rivalled  # type: ignore[method-assign]
    allow(FLOW.name, Weight(50, 20, 0), world.watermarks, world.clock)
    remove(world, *range(20))
    assert len(world.sync()) == 20
