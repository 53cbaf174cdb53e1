"""What is read is what is there: the same promises of a source, on the twins of the explorer and over real HTTP."""

from __future__ import annotations

import uuid

import pytest

from tests.contracts.contract_sources import (
    COLUMNS,
    PRODUCTS,
    Catalogue,
    Source,
    catalogue_in_memory,
    catalogue_of_simulator,
    source_in_memory,
    source_of_simulator,
)
from tests.systems.systems_world import ACCOUNTS, Swapped


@pytest.fixture(params=["memory", "simulator"])
def source(request: pytest.FixtureRequest) -> Source:
    if request.param == "memory":
        return source_in_memory()
    server: tuple[Swapped, str] = request.getfixturevalue("server")
    return source_of_simulator(server)


@pytest.fixture(params=["memory", "simulator"])
def catalogue(request: pytest.FixtureRequest) -> Catalogue:
    if request.param == "memory":
        return catalogue_in_memory()
    server: tuple[Swapped, str] = request.getfixturevalue("server")
    return catalogue_of_simulator(server)


def test_rows_are_fetched_by_id_and_absent_ones_are_absent(source: Source) -> None:
    one, other = source.create("One"), source.create("Other")
    absent = str(uuid.uuid4())
    found = source.reader.fetch(ACCOUNTS, [other, absent, one], COLUMNS)
    assert {id: row.values["name"] for id, row in found.items()} == {one: "One", other: "Other"}
    assert all(row.id == id for id, row in found.items())
    assert source.reader.fetch(ACCOUNTS, [absent], COLUMNS) == {}


def test_a_version_changes_with_its_row_and_not_with_others(source: Source) -> None:
    one, other = source.create("One"), source.create("Other")
    before = source.reader.fetch(ACCOUNTS, [one, other], COLUMNS)
    source.rename(one, "Once")
    after = source.reader.fetch(ACCOUNTS, [one, other], COLUMNS)
    assert after[one].version != before[one].version
    assert after[other] == before[other]


def test_rows_are_found_by_value_whatever_the_case(source: Source) -> None:
    one, same, _ = source.create("One"), source.create("oNE"), source.create("Another")
    found = source.reader.search(ACCOUNTS, "name", ["ONE", "nobody"], COLUMNS)
    assert {row.id for row in found} == {one, same}


def test_a_value_is_written_back_to_what_has_not_changed_since(source: Source) -> None:
    one, other, gone = source.create("One"), source.create("Other"), source.create("Gone")
    read = source.reader.fetch(ACCOUNTS, [one, other, gone], COLUMNS)
    source.rename(other, "Changed meanwhile")
    source.delete(gone)
    wanted = [(read[id], {"accountnumber": f"A-{index}"}) for index, id in enumerate((gone, other, one))]
    assert source.reader.assign(ACCOUNTS, wanted) == [False, False, True]
    after = source.reader.fetch(ACCOUNTS, [one, other], COLUMNS)
    assert {id: row.values["accountnumber"] for id, row in after.items()} == {one: "A-2", other: "N-Other"}
    assert after[one].version != read[one].version


def test_a_first_read_tells_every_record_and_then_only_what_changes(source: Source) -> None:
    made = [source.create(f"No {index}") for index in range(8)]
    assert source.feed.mode("") == "full"
    changes, position = source.follow()
    assert {change.id for change in changes} == set(made)
    assert source.feed.mode(position) == "delta"
    assert source.follow(position)[0] == []

    source.rename(made[3], "Another")
    source.delete(made[5])
    new = source.create("New")
    told, position = source.follow(position)
    versions = {id: row.version for id, row in source.reader.fetch(ACCOUNTS, [made[3], new], COLUMNS).items()}
    latest = {change.id: change for change in told}
    assert {id: change.deleted for id, change in latest.items()} == {made[3]: False, made[5]: True, new: False}
    assert {id: latest[id].version for id in versions} == versions


def test_a_position_that_is_read_again_tells_at_least_the_same(source: Source) -> None:
    for index in range(7):
        source.create(f"No {index}")
    position, more = "", True
    while more:
        page = source.feed.page(position, full=False)
        again = source.feed.page(position, full=False)
        assert {change.id for change in page.changes} <= {change.id for change in again.changes}
        position, more = page.position, page.more


def test_what_happens_while_everything_is_read_is_told_too(source: Source) -> None:
    made = [source.create(f"No {index}") for index in range(7)]
    told: dict[str, str] = {}
    position, more, turn = "", True, 0
    while more:
        page = source.feed.page(position, full=False)
        told |= {change.id: "" if change.deleted else change.version for change in page.changes}
        position, more = page.position, page.more
        if turn < 5:
            source.rename(made[turn], f"Turn {turn}")
            made.append(source.create(f"Made in turn {turn}"))
        turn += 1
    rest, _ = source.follow(position)
    told |= {change.id: "" if change.deleted else change.version for change in rest}
    assert told == {id: row.version for id, row in source.reader.fetch(ACCOUNTS, made, COLUMNS).items()}


def test_everything_is_told_once_more_when_it_is_asked_for(source: Source) -> None:
    made = {source.create(f"No {index}") for index in range(5)}
    _, position = source.follow()
    again, position = source.follow(position, full=True)
    assert {change.id for change in again} == made
    assert (source.feed.mode(position), source.follow(position)[0]) == ("delta", [])


def test_a_token_that_the_server_has_forgotten_leads_to_a_full_read(source: Source) -> None:
    made = {source.create(f"No {index}") for index in range(5)}
    _, position = source.follow()
    source.expire()
    new = source.create("New")
    told, position = source.follow(position)
    assert made | {new} <= {change.id for change in told}
    assert source.follow(position)[0] == []


def test_a_table_is_read_whole_and_by_id_alike(catalogue: Catalogue) -> None:
    for index in range(7):
        catalogue.release(f"P{index}")
    seen = catalogue.read()
    assert seen.keys() == {f"usmf|p{index}" for index in range(7)}
    fetched = catalogue.reader.fetch(PRODUCTS, ["usmf|p1", "usmf|p9"], ("ProductName",))
    assert {id: row.version for id, row in fetched.items()} == {"usmf|p1": seen["usmf|p1"]}

    catalogue.release("P2")
    catalogue.withdraw("P4")
    after = catalogue.read()
    assert seen.keys() - after.keys() == {"usmf|p4"}
    assert {id for id, version in after.items() if version != seen[id]} == {"usmf|p2"}


def test_the_first_page_of_an_empty_table_is_its_last(catalogue: Catalogue) -> None:
    page = catalogue.whole.rows_page(PRODUCTS, ("ProductName",), company="usmf", link="")
    assert (page.rows, page.next) == ((), "")
