"""The feed that reads a table whole: what a round hands on, whatever happens to the table meanwhile."""

from __future__ import annotations

import pytest

from sync.model import Change
from sync.rounds import Position, read_position
from tests.unit.snapshot_world import FLOW, World


def ids(*numbers: int) -> list[str]:
    return [f"usmf|p{number:05}" for number in numbers]


def test_the_first_round_hands_on_every_row_page_by_page() -> None:
    world = World(25)
    assert world.mode == "full"
    assert world.tick() == [Change(id) for id in ids(*range(25))]
    assert (world.table.pages, world.mode) == ([0, 10, 20], "rest")


def test_a_round_that_finds_nothing_hands_on_nothing_and_asks_for_no_key() -> None:
    world = World(25)
    world.sync()
    world.table.pages.clear()
    assert world.tick() == []
    assert (world.table.pages, world.table.looked_for, world.mode) == ([0, 10, 20], [], "rest")


def test_new_changed_and_gone_records_are_handed_on_at_the_end_of_the_round() -> None:
    world = World(60)
    world.sync()
    world.table.put(7, "renamed")
    world.table.put(90)
    del world.table.rows[ids(33)[0]]
    new, changed, gone = Change(ids(90)[0]), Change(ids(7)[0]), Change(ids(33)[0], deleted=True)
    assert world.tick() == [changed, gone, new]
    world.sync()
    assert world.known() == world.true()
    assert world.table.looked_for == ids(33), "only the missing one is looked for by its key"


def test_a_record_that_is_gone_is_told_once_and_again_when_it_was_back() -> None:
    world = World(10)
    world.sync()
    del world.table.rows[ids(4)[0]]
    assert world.sync() == [Change(ids(4)[0], deleted=True)]
    assert world.sync() == []
    world.table.put(4)
    assert world.sync() == [Change(ids(4)[0])]
    del world.table.rows[ids(4)[0]]
    assert world.sync() == [Change(ids(4)[0], deleted=True)]


def test_a_row_that_a_delete_hides_between_two_pages_is_not_gone() -> None:
    world = World(40)
    world.sync()
    world.table.put(20, "renamed")  # the row that the delete will hide
    world.table.meanwhile = lambda start: world.table.rows.pop(ids(3)[0], None) if start == 20 else None
    assert world.tick() == [Change(ids(20)[0])]
    assert world.table.looked_for == ids(20)
    world.apply()
    assert world.tick() == [Change(ids(3)[0], deleted=True)], "the next round misses the one that was deleted"


def test_a_row_that_an_insert_shows_twice_is_one_change() -> None:
    world = World(40)
    world.sync()
    world.table.put(19, "renamed")
    world.table.meanwhile = lambda start: world.table.put(0, company="a") if start == 20 else None
    assert world.tick() == [Change(ids(19)[0])]
    assert world.table.looked_for == []
    assert read_position(world.position).phase == "rest"


def test_a_row_that_changes_and_is_shown_again_is_told() -> None:
    world = World(40)
    world.sync()

    def insert_and_change(start: int) -> None:
        if start == 20:
            world.table.put(0, company="a")
            world.table.put(19, "renamed")

    world.table.meanwhile = insert_and_change
    assert world.tick() == [Change(ids(19)[0])]


def test_a_row_that_a_delete_hides_in_the_first_round_is_found_by_the_next() -> None:
    world = World(40)
    world.table.meanwhile = lambda start: world.table.rows.pop(ids(3)[0], None) if start == 20 else None
    assert ids(20)[0] not in [change.id for change in world.tick()]
    world.sync()
    assert world.known() == world.true()


def test_what_a_position_cannot_hold_is_read_once_more() -> None:
    world = World(3000, page_size=1000)
    world.sync()
    for number in range(1400):
        world.table.put(number, "renamed")
    for number in range(5000, 5100):
        world.table.put(number)
    world.table.pages.clear()
    assert world.tick() == [Change(id) for id in ids(*range(1400), *range(5000, 5100))]
    assert world.table.pages == [0, 1000, 2000, 3000, 0, 1000, 2000, 3000]
    assert world.sync() == [Change(id) for id in ids(*range(1400), *range(5000, 5100))]
    assert world.sync() == []


def test_more_gone_than_a_position_can_hold_are_handed_on_step_by_step() -> None:
    world = World(3000, page_size=1000, gone_percent=50)
    world.sync()
    for id in ids(*range(100, 1300)):
        del world.table.rows[id]
    world.table.put(2000, "renamed")
    gone = [Change(id, deleted=True) for id in ids(*range(100, 1300))]
    assert world.tick() == [*gone, Change(ids(2000)[0])]
    world.sync()
    assert world.known() == world.true()


def test_a_position_stays_small_enough_for_a_table_property() -> None:
    world = World(page_size=1000)
    names = [f"usmf|{'ä' * 150}{number}" for number in range(2000)]
    for name in names:
        world.table.rows[name] = {"dataAreaId": "usmf", "ProductName": ""}
    world.sync()
    for name in names[:900]:
        world.table.rows[name]["ProductName"] = "renamed"
    longest = 0
    while world.phase != "rest" or not longest:
        page = world.tools.feed.page(world.position, full=False)
        mark = world.watermarks.read(FLOW.name)
        world.watermarks.save(type(mark)(FLOW.name, mark.step, page.position, mark.definition, etag=mark.etag))
        longest = max(longest, len(page.position))
    assert 0 < longest < 30_000


def test_a_page_link_that_no_longer_works_begins_its_phase_again() -> None:
    world = World(40)
    world.table.forgotten = {"20"}
    world.sync()
    assert world.known() == world.true()
    world.table.forgotten = {"30"}
    world.table.pages.clear()
    assert world.sync() == []
    assert world.table.pages == [0, 10, 20, 0, 10, 20, 30]
    assert world.table.looked_for == []


def test_a_changed_definition_hands_on_every_row_whatever_a_round_was_doing() -> None:
    world = World(40)
    world.sync()
    page = world.tools.feed.page(world.position, full=False)
    assert read_position(page.position).phase == "survey"
    again = world.tools.feed.page(page.position, full=True)
    assert [change.id for change in again.changes] == ids(*range(10))
    assert read_position(again.position) == Position("load", link="10")


def test_records_of_a_company_that_is_not_read_are_neither_compared_nor_missed() -> None:
    world = World(5, company="USMF")
    other = [world.table.put(number, company="dat") for number in range(5)]
    world.sync()
    for id in other:  # they were known before the setting named another company
        world.judge(Change(id))
    assert world.sync() == []
    assert world.table.looked_for == []


def test_no_round_begins_as_long_as_what_was_posted_is_not_remembered() -> None:
    world = World(12)
    world.run()
    world.table.pages.clear()
    assert world.run().stopped == "queue"
    assert world.table.pages == []
    world.apply()
    assert world.run().stopped == "quiet"
    assert world.table.pages == [0, 10]


def test_after_an_hour_a_round_begins_whatever_waits() -> None:
    world = World(12)
    world.run()
    stopped = [world.run().stopped for _ in range(4)]
    assert stopped == ["queue", "queue", "queue", "quiet"]


def test_a_changed_definition_does_not_wait_for_the_queue() -> None:
    world = World(12)
    world.run()
    world.process(definition="definition 2")
    assert world.run().detected == 12


@pytest.mark.parametrize("text", ["{", "[]", '{"phase":"other"}', '{"phase":"survey","strange":1}', '{"round":"1"}'])
def test_a_position_that_cannot_be_read_begins_a_new_round(text: str) -> None:
    world = World(3)
    world.sync()
    page = world.tools.feed.page(text, full=False)
    assert (page.changes, read_position(page.position).phase) == ((), "rest")
