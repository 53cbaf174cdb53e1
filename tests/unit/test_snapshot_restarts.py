"""A round goes on in another process, wherever the last one died: nothing is lost, and what is there is not gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sync import rounds, snapshot
from sync.detect import DetectLimits
from sync.model import Change, Page
from sync.rounds import read_position
from tests.unit.snapshot_world import FLOW, Crash, World


def one_page_a_run(world: World) -> None:
    """A new process for every page."""
    world.process(limits=DetectLimits(pages=1))


def test_the_first_round_goes_on_in_another_process_at_every_page() -> None:
    world = World(45)
    found: list[Change] = []
    while world.mode != "rest":
        one_page_a_run(world)
        world.run()
        found += world.apply()
    assert [change.id for change in found] == sorted(world.table.rows)
    assert world.table.pages == [0, 10, 20, 30, 40]


def test_a_process_that_did_not_begin_the_round_begins_it_anew_but_only_once() -> None:
    world = World(45)
    world.sync()
    world.table.put(7, "renamed")
    world.table.put(33, "renamed")
    del world.table.rows["usmf|p00020"]
    world.table.pages.clear()
    while not (found := world.queued()):
        one_page_a_run(world)
        world.run()
    assert world.table.pages == [0, 0, 10, 20, 30, 40]
    assert found == [
        Change("usmf|p00007"),
        Change("usmf|p00020", deleted=True),
        Change("usmf|p00033"),
    ]
    assert set(world.table.looked_for) == {f"usmf|p{number:05}" for number in range(41)}, "all but the last page's"


def test_a_process_that_began_the_round_goes_on_without_looking_for_keys() -> None:
    world = World(45)
    world.sync()
    world.process(limits=DetectLimits(pages=1))
    world.sync()  # what the new process has not begun
    world.table.pages.clear()
    world.table.looked_for.clear()
    for _ in range(5):
        world.run()
    assert (world.table.pages, world.table.looked_for, world.mode) == ([0, 10, 20, 30, 40], [], "rest")


def test_looking_for_keys_goes_on_behind_the_last_that_was_looked_for() -> None:
    world = World(1300, page_size=5000, gone_percent=10)
    world.sync()
    for number in range(0, 1300, 13):
        del world.table.rows[f"usmf|p{number:05}"]
    unseen = replace(read_position(world.position), phase="missing", round="another", anew=True, known=1300)
    mark = world.watermarks.read(FLOW.name)
    world.watermarks.save(replace(mark, step=mark.step + 1, position=unseen.text()))
    while world.mode != "rest":
        one_page_a_run(world)
        world.run()
    assert len(world.table.looked_for) == len(set(world.table.looked_for)) == 1300
    assert [change.id for change in world.apply()] == [f"usmf|p{number:05}" for number in range(0, 1300, 13)]


def test_what_a_process_saw_in_an_earlier_round_counts_for_nothing_in_the_next() -> None:
    world = World(30)
    world.sync()
    first, second = world.process().feed, world.process().feed
    began = first.page(world.position, full=False)
    del world.table.rows["usmf|p00003"]  # the first process has seen it
    anew = second.page(second.page(began.position, full=False).position, full=False)
    assert (read_position(began.position).link, read_position(anew.position).link) == ("10", "20")
    ended = first.page(anew.position, full=False)
    assert ended.changes == (Change("usmf|p00003", deleted=True),)


class Fuse:
    """Ends the process at the n-th call that goes through it; before or behind what the call does."""

    def __init__(self, at: int, *, behind: bool) -> None:
        self.at, self.behind, self.calls = at, behind, 0

    def __call__[**P, T](self, call: Callable[P, T]) -> Callable[P, T]:
        def through(*given: P.args, **named: P.kwargs) -> T:
            self.calls += 1
            if self.calls == self.at and not self.behind:
                raise Crash
            result = call(*given, **named)
            if self.calls == self.at:
                raise Crash
            return result

        return through


class Through:
    """A port whose calls go through a fuse."""

    def __init__(self, port: Any, fuse: Fuse) -> None:
        self._port, self._fuse = port, fuse

    def __getattr__(self, name: str) -> Any:
        return self._fuse(getattr(self._port, name))


def busy_world() -> World:
    """Known records of which some are new, changed and gone."""
    world = World(60, page_size=20, gone_percent=50, changed_percent=60)
    world.sync()
    for number in range(20):
        del world.table.rows[f"usmf|p{number:05}"]
        world.table.put(20 + number, "renamed")
    world.table.put(9000)
    return world


def crashes() -> int:
    """How many calls there are at which a round can end early."""
    world, fuse = busy_world(), Fuse(0, behind=False)
    fused(world, fuse)
    world.run()
    return fuse.calls


def fused(world: World, fuse: Fuse) -> None:
    table, outbox = Through(world.table, fuse), Through(world.outbox, fuse)
    world.process(table=table, reader=table, outbox=outbox, watermarks=Through(world.watermarks, fuse))


@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("room", [9000, 100], ids=["few", "more than a position holds"])
def test_a_process_may_end_at_any_call_and_every_record_comes_out_right(
    room: int, behind: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "ROOM", room)
    monkeypatch.setattr(snapshot, "LOOKED_FOR", 6)
    total = crashes()
    assert total > 15
    for at in range(1, total + 1):
        world = busy_world()
        fused(world, Fuse(at, behind=behind))
        with pytest.raises(Crash):
            world.run()
        applied = world.apply()
        world.process()
        applied += world.sync()
        assert world.known() == world.true(), at
        gone = {change.id for change in applied if change.deleted}
        assert not gone & set(world.table.rows), f"call {at}: told as gone, and there"


def test_two_processes_that_read_by_turns_lose_no_record_and_make_up_none() -> None:
    world = World(60, page_size=10)
    world.sync()
    first = world.process(limits=DetectLimits(pages=1))
    second = world.process(limits=DetectLimits(pages=1))
    world.table.put(5, "renamed")
    world.table.put(55, "renamed")
    del world.table.rows["usmf|p00030"]
    found: list[Change] = []
    for turn in range(40):
        world.tools = (first, second)[turn % 2]
        world.run()
        found += world.apply()
    assert world.known() == world.true()
    assert {change for change in found if change.deleted} == {Change("usmf|p00030", deleted=True)}


def test_a_page_whose_position_was_not_saved_is_read_again_and_counted_once() -> None:
    world = World(40, changed_percent=30)
    world.sync()
    for number in range(12):
        world.table.put(number, "renamed")
    feed = world.tools.feed
    first: Page = feed.page(world.position, full=False)
    twice = feed.page(first.position, full=False)
    again = feed.page(first.position, full=False)
    assert read_position(twice.position).link == read_position(again.position).link == "20"
    assert read_position(again.position).changed <= 12
    world.sync()
    assert world.known() == world.true()
