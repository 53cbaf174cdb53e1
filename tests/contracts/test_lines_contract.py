"""Line rows: written with the link of their document or not at all, in the order of their numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync.model import LineLink, Link
from sync.ports import AlreadyTallied, Stale
from tests.contracts.contract_builders import MAPPING, guid, guids, store, tally
from tests.contracts.contract_stores import Stores

FULL = LineLink(7, "6f2b1c3a-9d4e-4f5a-8b7c-0123456789ab", 3, {"ProductNumber": "d1", "SalesPrice": "d2"}, gone=True)


def lines(*numbers: int, **values: object) -> list[LineLink]:
    return [replace(LineLink(number, f"line {number}"), **values) for number in numbers]  # type: ignore[arg-type]


def test_lines_come_back_as_they_were_written_by_number(stores: Stores) -> None:
    first, second, third = guids(stores.links, 3)
    stores.links.write(
        MAPPING, 3, [Link(first), Link(second)], tally(), lines={first: [*lines(100, 12, 2), FULL], second: lines(1)}
    )
    assert stores.links.lines(MAPPING, 3, [first, second, third]) == {
        first: (*lines(2), FULL, *lines(12, 100)),
        second: tuple(lines(1)),
    }
    assert stores.links.lines("contacts", 3, [first]) == {}
    assert stores.links.read(MAPPING, 3, [first, second]).keys() == {first, second}


def test_a_line_takes_the_place_of_the_one_with_its_number(stores: Stores) -> None:
    [id] = guids(stores.links, 1)
    [link] = stores.links.write(MAPPING, 3, [Link(id)], lines={id: [FULL, *lines(8)]})
    bare = LineLink(7, "another")
    stores.links.write(MAPPING, 3, [link], lines={id: [bare]})
    assert stores.links.lines(MAPPING, 3, [id]) == {id: (bare, *lines(8))}


def test_lines_are_not_stored_when_their_link_has_changed(stores: Stores) -> None:
    first, second = guids(stores.links, 2)
    links = store(stores.links, [first, second])
    stores.links.write(MAPPING, 3, [replace(links[1], again=True)])
    with pytest.raises(Stale) as stale:
        stores.links.write(MAPPING, 3, links, lines={first: lines(1), second: lines(1)})
    assert stale.value.ids == (second,)
    assert stores.links.lines(MAPPING, 3, [first, second]) == {}


def test_lines_are_not_stored_with_a_tally_that_exists(stores: Stores) -> None:
    [link] = store(stores.links, guids(stores.links, 1))
    stores.links.write(MAPPING, 3, [], tally())
    with pytest.raises(AlreadyTallied):
        stores.links.write(MAPPING, 3, [link], tally(), lines={link.id: lines(1)})
    assert stores.links.lines(MAPPING, 3, [link.id]) == {}


def test_a_document_of_500_lines_is_written_in_parts_and_read_whole(stores: Stores) -> None:
    [id] = guids(stores.links, 1)
    link = Link(id)
    for start in range(1, 501, 98):
        [link] = stores.links.write(MAPPING, 3, [link], lines={id: lines(*range(start, min(start + 98, 501)))})
    assert stores.links.lines(MAPPING, 3, [id]) == {id: tuple(lines(*range(1, 501)))}


def test_the_lines_of_many_documents_are_read_and_no_others(stores: Stores) -> None:
    ids = guids(stores.links, 60)
    for id in ids:
        stores.links.write(MAPPING, 3, [Link(id)], lines={id: lines(1, 2, 3)})
    asked = [*ids[::2], guid(0)]
    assert stores.links.lines(MAPPING, 3, asked) == dict.fromkeys(ids[::2], tuple(lines(1, 2, 3)))


def test_the_lines_of_a_document_are_dropped_and_no_others(stores: Stores) -> None:
    first, second = guids(stores.links, 2)
    for id in (first, second):
        stores.links.write(MAPPING, 3, [Link(id)], lines={id: lines(*range(1, 90))})
    stores.links.drop_lines(MAPPING, 3, [first, guid(0)])
    assert list(stores.links.lines(MAPPING, 3, [first, second])) == [second]
    assert stores.links.read(MAPPING, 3, [first])[first].id == first


def test_what_no_transaction_can_hold_is_refused(stores: Stores) -> None:
    first, second = guids(stores.links, 2)
    assert stores.links.write(MAPPING, 3, [Link(first)], tally(), lines={first: lines(*range(1, 99))})
    with pytest.raises(ValueError, match="at most 99 links and lines, not 100"):
        stores.links.write(MAPPING, 3, [Link(second)], lines={second: lines(*range(1, 100))})
    with pytest.raises(ValueError, match="stored with the link of its document"):
        stores.links.write(MAPPING, 3, [Link(second)], lines={first: lines(1)})
    with pytest.raises(ValueError, match="have the same number"):
        stores.links.write(MAPPING, 3, [Link(second)], lines={second: lines(1, 1)})
