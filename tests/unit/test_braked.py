"""A flow that is told its changes stops at a mass change, and learns of deletes that it was not told (promise 9)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sync.braked import Position, read_position, stopped_for
from sync.brakes import Weight
from sync.model import Change, Page
from tests.unit.braked_world import FLOW, Source, World


def gone(*numbers: int) -> list[Change]:
    return [Change(f"a{number:04}", deleted=True) for number in numbers]


def test_a_few_deletes_and_changes_pass_as_they_come() -> None:
    world = World()
    world.source.delete(3, 4)
    world.source.put(7)
    assert world.tick() == [*gone(3, 4), Change("a0007")]
    assert (world.mode, stopped_for(world.position)) == ("delta", None)


def test_many_deletes_stop_the_flow_before_any_is_handed_on() -> None:
    world = World()
    world.source.delete(*range(30))
    error = world.stopped()
    assert error.code == "mass-change"
    assert "Sales tells that of 100 known records 30 are gone and 0 have changed" in error.what
    assert "Nothing of it was handed on." in error.what
    assert f"python -m sync allow {FLOW.name}" in error.remedy
    assert (world.mode, stopped_for(world.position)) == ("stopped", Weight(100, 30, 0))
    world.source.delete(30)
    assert "31 are gone" in world.stopped().what


def test_a_mass_of_changes_stops_the_flow_before_any_is_handed_on() -> None:
    world = World()
    world.source.put(*range(60))
    assert "0 are gone and 60 have changed" in world.stopped().what


def test_what_no_record_is_known_of_weighs_nothing() -> None:
    world = World()
    world.source.put(*range(100, 300))
    assert len(world.tick()) == 200
    world.source.put(*range(400, 700))
    world.source.delete(*range(400, 700))
    assert len(world.tick()) == 600


def test_one_record_that_changes_all_the_time_counts_once() -> None:
    world = World()
    world.source.put(*[5] * 200)
    assert set(world.tick()) == {Change("a0005")}


def test_who_is_deleted_and_comes_back_has_changed() -> None:
    world = World()
    world.source.delete(*range(40))
    world.source.put(*range(40))
    world.sync()
    assert stopped_for(world.position) is None
    assert world.linked == world.source.rows


def test_deletes_of_one_hour_count_together() -> None:
    world = World()
    world.source.delete(1)
    world.tick(600)
    world.source.delete(2)
    world.tick(600)
    world.source.delete(3)
    assert "3 are gone" in world.stopped().what


def test_deletes_of_an_hour_ago_do_not_count_any_more() -> None:
    world = World()
    world.source.delete(1, 2)
    world.tick()
    world.source.delete(3, 4)
    assert world.tick(3600) == gone(3, 4)


def test_a_mended_source_lets_the_flow_go_on_by_itself() -> None:
    world = World()
    world.source.delete(*range(30))
    world.stopped()
    world.source.put(*range(30))
    assert len(world.tick()) == 60  # of each its delete, too; what is there decides
    assert (world.mode, stopped_for(world.position)) == ("delta", None)
    assert world.linked == world.source.rows


def test_what_a_person_allows_passes_once_and_does_not_count_on() -> None:
    world = World()
    world.source.delete(*range(30))
    world.stopped()
    world.allow()
    world.sync()
    assert world.linked == world.source.rows
    world.source.delete(40)
    assert world.tick() == gone(40)
    world.source.delete(*range(50, 60))
    assert "11 are gone" in world.stopped().what, "the permission was for one"


def test_what_is_told_while_a_weighed_mass_is_handed_on_is_weighed_itself() -> None:
    world = World()
    world.source.delete(*range(30))
    world.stopped()
    world.allow()
    pages = world.source.read

    def more() -> None:
        if world.source.read == pages + 4:  # three pages ahead, the first once more: now the second
            world.source.delete(*range(40, 80))
            world.source.meanwhile = lambda: None

    world.source.meanwhile = more
    world.clock.advance(60)
    with pytest.raises(Exception, match="40 are gone"):
        world.run()
    assert world.apply() == gone(*range(30))


def test_a_crash_while_a_mass_is_handed_on_costs_no_second_permission() -> None:
    world = World()
    world.source.delete(*range(30))
    world.stopped()
    world.allow()
    pages = world.source.read

    def crash() -> None:
        if world.source.read == pages + 4:
            world.source.meanwhile = lambda: None
            raise ConnectionError

    world.source.meanwhile = crash
    world.clock.advance(60)
    with pytest.raises(ConnectionError):
        world.run()
    world.sync()
    assert world.linked == world.source.rows


def test_deletes_that_an_expired_token_did_not_tell_are_found() -> None:
    world = World()
    world.source.delete(3)
    world.source.put(50)
    world.source.expire()
    world.sync()
    assert "a0003" in world.linked
    world.clock.advance(600)
    assert world.tick() == gone(3)
    assert world.linked == world.source.rows
    looked_for = world.source.looked_for
    world.clock.advance(3600)
    assert (world.tick(), world.source.looked_for) == ([], looked_for)


def test_one_whose_create_was_under_way_is_found_too() -> None:
    world = World()
    world.source.put(200)
    world.run()
    world.source.delete(200)
    world.source.expire()
    world.sync()
    world.link("a0200", there=True)  # by a host that had fetched it before
    world.clock.advance(600)
    assert world.tick() == gone(200)


def test_a_mass_of_them_stops_the_flow() -> None:
    world = World(1200)
    world.source.delete(*range(600))
    world.source.expire()
    world.sync()
    world.clock.advance(600)
    assert "600 are gone" in world.stopped().what
    assert world.mode == "stopped"
    world.allow()
    world.sync()
    assert world.linked == world.source.rows
    assert (world.mode, world.watermarks.read(f"*allowed:{FLOW.name}").position) == ("delta", "")


def test_a_first_read_that_begins_anew_misses_no_delete_either() -> None:
    world = World(0)
    world.source.put(1, 2)
    world.run()
    world.apply()
    before = world.watermarks.read(FLOW.name)
    world.watermarks.save(replace(before, step=before.step + 1, position=""))  # as after a crash
    world.source.delete(1)
    world.sync()
    assert "a0001" in world.linked
    world.clock.advance(600)
    assert world.tick() == gone(1)


def test_what_is_sent_again_is_not_weighed() -> None:
    world = World()
    world.resend()
    assert len(world.tick()) == 100
    assert stopped_for(world.position) is None


def test_positions_of_the_feed_itself_are_understood() -> None:
    for text in ("", "log 7", '{"phase":"delta","delta":"x"}', '["log"]'):
        assert read_position(text) == Position(text)


def test_a_position_is_read_as_it_was_kept() -> None:
    position = Position(
        '{"x":1}', "2026-01-01T00:00:00+00:00", 3, 100, (7, 2), (100, 30, 4), True, True, False, "y", "z"
    )
    assert read_position(position.text()) == position
    assert set(json.loads(Position("log 1").text())) == {"inner"}


def test_a_stop_of_the_feed_itself_is_told_and_what_was_read_ahead_is_read_again() -> None:
    class Stopping(Source):
        def page(self, position: str, *, full: bool) -> Page:
            page = super().page(position, full=full)
            return Page((), position, more=False, stop=ConnectionError("no")) if page.position == "log 120" else page  # type: ignore[arg-type]

    world = World()
    world.source.__class__ = Stopping
    world.source.put(*range(200, 230))
    world.clock.advance(60)
    with pytest.raises(ConnectionError):
        world.run()
    assert world.apply() == []
    world.source.__class__ = Source
    assert len(world.tick()) == 30
