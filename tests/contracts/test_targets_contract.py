"""What is written is there, and what is refused is not: the same promises of a target, on the twins and over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sync.ports import Missing, Refused, Written
from tests.contracts.contract_targets import (
    BAD,
    HEADERS,
    Documents,
    Target,
    customers_in_memory,
    customers_of_simulator,
    documents_in_memory,
    documents_of_simulator,
    products_in_memory,
    products_of_simulator,
)
from tests.systems.systems_world import Swapped

IN_MEMORY: dict[str, Callable[[], Target]] = {
    "customers in memory": customers_in_memory,
    "products in memory": products_in_memory,
}
OF_SIMULATORS: dict[str, Callable[[tuple[Swapped, str]], Target]] = {
    "customers of F&O": customers_of_simulator,
    "products of Sales": products_of_simulator,
}


@pytest.fixture(params=[*IN_MEMORY, *OF_SIMULATORS])
def target(request: pytest.FixtureRequest) -> Target:
    if request.param in IN_MEMORY:
        return IN_MEMORY[request.param]()
    return OF_SIMULATORS[request.param](request.getfixturevalue("server"))


@pytest.fixture(params=["memory", "simulator"])
def documents(request: pytest.FixtureRequest) -> Documents:
    return documents_in_memory() if request.param == "memory" else documents_of_simulator(server_of(request))


def server_of(request: pytest.FixtureRequest) -> tuple[Swapped, str]:
    server: tuple[Swapped, str] = request.getfixturevalue("server")
    return server


def test_each_record_is_written_by_itself_and_told_in_its_place(target: Target) -> None:
    writes = [target.good(1), target.bad(2), target.good(3), target.bad(4), target.good(5)]
    results = target.writer.write(target.entity, writes)
    assert [type(result) for result in results] == [Written, Refused, Written, Refused, Written]
    assert [name == "-" for name in target.names(1, 2, 3, 4, 5)] == [False, True, False, True, False]


def test_a_second_create_under_a_key_is_refused_and_changes_nothing(target: Target) -> None:
    target.writer.write(target.entity, [target.good(1)])
    before = target.names(1)
    again = target.good(1)
    again = type(again)("create", again.key, {**again.values, target.name: "Another"})
    results = target.writer.write(target.entity, [again, target.good(2)])
    assert [type(result) for result in results] == [Refused, Written]
    assert target.names(1) == before


def test_an_update_changes_what_it_says_and_creates_nothing(target: Target) -> None:
    target.writer.write(target.entity, [target.good(1), target.good(3)])
    results = target.writer.write(target.entity, [target.renamed(index, "New") for index in (1, 2, 3)])
    assert [type(result) for result in results] == [Written, Missing, Written]
    assert target.names(1, 2, 3) == ["New", "-", "New"]


def test_rows_are_found_by_all_their_values_whatever_the_case(target: Target) -> None:
    target.writer.write(target.entity, [target.good(index) for index in (1, 2, 3)])
    target.writer.write(target.entity, [target.renamed(1, "Twin"), target.renamed(2, "tWIN")])
    own = target.entity.key[-1]
    company = {name: value for name, value in target.good(1).key.items() if name != own}
    wanted = [{**company, target.name: "TWIN"}, {**company, target.name: "nobody"}]
    found = target.writer.match(target.entity, wanted, (own, target.name))
    assert {str(row[own]).casefold() for row in found[0]} == {
        str(target.good(index).key[own]).casefold() for index in (1, 2)
    }
    assert found[1] == []


def test_a_document_is_written_with_its_lines(documents: Documents) -> None:
    line = documents.line
    (result,) = documents.writer.write(HEADERS, [documents.quotation("Q1", line("Q1", 1), line("Q1", 2))])
    assert isinstance(result, Written)
    assert (documents.names("Q1"), documents.quantities("Q1")) == (["Bikes Q1"], {1: 3, 2: 3})

    more = (line("Q1", 1, "update", quantity=5), line("Q1", 2, "delete"), line("Q1", 4))
    (result,) = documents.writer.write(HEADERS, [documents.changed("Q1", *more)])
    assert isinstance(result, Written)
    assert documents.quantities("Q1") == {1: 5, 4: 3}
    assert documents.names("Q1") == ["Bikes Q1"]


def test_a_line_that_is_refused_takes_its_document_back_and_no_other(documents: Documents) -> None:
    line = documents.line
    writes = [
        documents.quotation("Q1", line("Q1", 1)),
        documents.quotation("Q2", line("Q2", 1), line("Q2", 2, product=BAD)),
        documents.quotation("Q3", line("Q3", 1)),
    ]
    results = documents.writer.write(HEADERS, writes)
    assert [type(result) for result in results] == [Written, Refused, Written]
    assert documents.names("Q1", "Q2", "Q3") == ["Bikes Q1", "-", "Bikes Q3"]
    assert documents.quantities("Q2") == {}


def test_a_line_that_is_gone_is_told_from_a_document_that_is(documents: Documents) -> None:
    line = documents.line
    documents.writer.write(HEADERS, [documents.quotation("Q1", line("Q1", 1))])
    results = documents.writer.write(
        HEADERS,
        [
            documents.changed("Q1", line("Q1", 1, "update", quantity=4), line("Q1", 2, "update"), name="Changed"),
            documents.changed("Q9", line("Q9", 1, "delete")),
        ],
    )
    assert results == [Missing(line=True), Missing()]
    assert (documents.names("Q1"), documents.quantities("Q1")) == (["Bikes Q1"], {1: 3})


def test_a_line_is_not_made_twice(documents: Documents) -> None:
    line = documents.line
    documents.writer.write(HEADERS, [documents.quotation("Q1", line("Q1", 1))])
    (result,) = documents.writer.write(HEADERS, [documents.changed("Q1", line("Q1", 1, quantity=9))])
    assert isinstance(result, Refused)
    assert documents.quantities("Q1") == {1: 3}
