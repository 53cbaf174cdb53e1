"""Lines of documents: which is which, what number a new one gets, and what is sent of each (flows.md 6.5)."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from sync.compare import Digester, LineDraft, LinesDraft
from sync.documents import There, beside, draft_lines
from sync.mapping.plan import Field, LineMapped
from sync.model import LineLink, Scalar, Values

DIGESTER = Digester(b"key")


def line(id: str, sequence: int | None, product: str, quantity: int = 1, **others: Scalar | None) -> LineMapped:
    values: dict[str, Scalar | None] = {"Quantity": quantity, "Unit": "ea", **others}
    fields = [Field("Product", product, "create", None, None)]
    fields += [Field(name, value, "both", None, None, clears=True) for name, value in values.items()]
    return LineMapped(id, sequence, tuple(fields), ("Product",), ("Unit",))


class Document:
    """A document in the target, its line links, and what is sent from one state of the source to the next."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Scalar | None]] = {}
        self.links: dict[int, LineLink] = {}

    def send(self, *lines: LineMapped, reads: bool = False, remove: bool = True) -> list[tuple[str, int]]:
        links = list(self.links.values())
        there = There(links, self.rows if reads else None if self.links else {}, same=("Product",))
        if there.rows is None:
            there = beside(there, self.rows, DIGESTER)
        draft = draft_lines(lines, there, DIGESTER, remove=remove)
        self.take(draft)
        return [(write.kind, write.number) for write in draft.writes]

    def take(self, draft: LinesDraft) -> None:
        for write in draft.writes:
            if write.kind == "delete":
                del self.rows[write.number]
            else:
                assert (write.kind == "create") == (write.number not in self.rows)
                self.rows[write.number] = {**self.rows.get(write.number, {}), **write.values}
        self.links |= {link.number: link for link in draft.links}

    def shown(self) -> dict[int, str]:
        return {number: f"{row['Product']} {row['Quantity']}" for number, row in sorted(self.rows.items())}


@pytest.fixture
def document() -> Document:
    """Lines 1 to 3, of a bike, a tour and a helmet."""
    made = Document()
    made.send(line("a", 1, "bike"), line("b", 2, "tour"), line("c", 3, "helmet"))
    return made


def test_a_row_that_somebody_gave_the_number_of_a_removed_line_stays(document: Document) -> None:
    """Also where nobody knows whether what was sent last was done (flows.md 6.5): then rows are read."""
    assert document.send(line("a", 1, "bike"), line("b", 2, "tour")) == [("delete", 3)]
    lines = line("a", 1, "bike"), line("b", 2, "tour", 5)
    document.rows[3] = {"Product": "clerk's", "Quantity": 1}
    there = There(list(document.links.values()), document.rows, same=("Product",))
    assert [(write.kind, write.number) for write in draft_lines(lines, there, DIGESTER).writes] == [
        ("update", 1),
        ("update", 2),
    ]

    document.rows[3] = {"Product": "helmet", "Quantity": 1}  # it was not deleted after all
    again = draft_lines(lines, there, DIGESTER)
    assert ("delete", 3) in [(write.kind, write.number) for write in again.writes]


def test_new_lines_have_the_sources_numbers_or_the_next_free_ones() -> None:
    made = Document()
    lines = [line("a", 4, "bike"), line("b", 4, "tour"), line("c", 0, "helmet"), line("d", None, "bike")]
    assert made.send(*lines) == [("create", 4), ("create", 5), ("create", 6), ("create", 7)]
    assert made.shown() == {4: "bike 1", 5: "tour 1", 6: "helmet 1", 7: "bike 1"}


def test_what_has_not_changed_is_not_sent(document: Document) -> None:
    links = dict(document.links)
    assert document.send(line("a", 1, "bike"), line("b", 2, "tour"), line("c", 3, "helmet")) == []
    assert document.links == links


def test_a_changed_line_sends_what_changed_and_clears_what_became_blank() -> None:
    made = Document()
    made.send(line("a", 1, "bike", Text="red"))
    draft = draft_lines([line("a", 1, "bike", 5, Text=None)], There(list(made.links.values())), DIGESTER)
    assert draft.writes == (LineDraft("update", 1, {"Quantity": 5, "Text": None}),)


def test_lines_in_another_order_keep_their_numbers(document: Document) -> None:
    assert document.send(line("c", 1, "helmet"), line("a", 2, "bike"), line("b", 3, "tour")) == []
    assert document.shown() == {1: "bike 1", 2: "tour 1", 3: "helmet 1"}


def test_a_line_that_is_removed_is_deleted_and_its_number_not_given_again(document: Document) -> None:
    assert document.send(line("a", 1, "bike"), line("c", 3, "helmet")) == [("delete", 2)]
    assert document.send(line("a", 1, "bike"), line("c", 3, "helmet")) == []
    assert document.send(line("a", 1, "bike"), line("x", 2, "tour"), line("c", 3, "helmet")) == [("create", 4)]


def test_removed_lines_stay_where_the_setting_says_so(document: Document) -> None:
    assert document.send(line("a", 1, "bike"), remove=False) == []
    assert document.send(line("a", 1, "bike"), line("b", 2, "tour"), line("c", 3, "helmet"), remove=False) == []


def test_another_product_is_another_line(document: Document) -> None:
    lines = [line("a", 1, "bike"), line("b", 2, "helmet"), line("c", 3, "helmet")]
    assert document.send(*lines) == [("delete", 2), ("create", 4)]


def test_a_revision_is_known_again_by_place_and_product_then_by_product_and_unit(document: Document) -> None:
    lines = [line("r1", 1, "tour", 2), line("r2", 2, "bike"), line("r3", 3, "helmet", 7), line("r4", 4, "bike")]
    assert document.send(*lines) == [("update", 2), ("update", 3), ("create", 4)]
    assert document.shown() == {1: "bike 1", 2: "tour 2", 3: "helmet 7", 4: "bike 1"}
    assert [document.links[number].id for number in (1, 2, 3, 4)] == ["r2", "r1", "r3", "r4"]


def test_what_a_dirty_link_says_is_not_believed_and_a_row_that_is_not_there_is_made(document: Document) -> None:
    document.rows[1]["Quantity"] = 99
    del document.rows[3]
    lines = [line("a", 1, "bike"), line("b", 2, "tour"), line("c", 3, "helmet")]
    assert document.send(*lines, reads=True) == [("update", 1), ("update", 2), ("create", 3)]
    assert document.shown() == {1: "bike 1", 2: "tour 1", 3: "helmet 1"}


def test_a_removal_that_was_announced_and_not_done_is_done_when_the_rows_are_read(document: Document) -> None:
    there = There(list(document.links.values()))
    draft = draft_lines([line("a", 1, "bike")], there, DIGESTER)
    document.links |= {link.number: link for link in draft.links}
    assert document.send(line("a", 1, "bike"), reads=True) == [("update", 1), ("delete", 2), ("delete", 3)]
    assert document.send(line("a", 1, "bike"), reads=True) == [("update", 1)]


def test_lines_of_other_people_are_left_alone_and_their_numbers_not_taken(document: Document) -> None:
    document.rows[4] = {"Product": "theirs", "Quantity": 1, "Unit": "ea"}
    lines = [line("a", 1, "bike"), line("b", 2, "tour"), line("c", 3, "helmet"), line("d", 4, "theirs")]
    assert document.send(*lines) == [("create", 5)]
    assert document.send(reads=True) == [("delete", 1), ("delete", 2), ("delete", 3), ("delete", 5)]
    assert document.shown() == {4: "theirs 1"}


def test_a_row_of_other_people_under_a_number_of_ours_is_left_alone(document: Document) -> None:
    document.rows[2] = {"Product": "theirs", "Quantity": 1, "Unit": "ea"}
    assert document.send(line("a", 1, "bike"), line("b", 2, "tour", 2)) == [("delete", 3), ("create", 4)]
    assert document.shown() == {1: "bike 1", 2: "theirs 1", 4: "tour 2"}


def test_an_adopted_document_has_its_lines_taken_over_by_number_and_product() -> None:
    rows: Mapping[int, Values] = {
        1: {"Product": "bike", "Quantity": 1, "Unit": "ea", "Text": "theirs"},
        2: {"Product": "bike", "Quantity": 9, "Unit": "ea"},
        3: {"Product": "helmet", "Quantity": 1, "Unit": "ea"},
    }
    lines = [line("a", 1, "bike", Text=None), line("b", 2, "bike"), line("c", 3, "tour")]
    draft = draft_lines(lines, There(rows=rows, adopting=True), DIGESTER)
    assert [(write.kind, write.number) for write in draft.writes] == [("update", 2), ("create", 4)]
    assert draft.writes[0].values == {"Quantity": 1}
    assert [(link.number, link.id) for link in draft.links] == [(1, "a"), (2, "b"), (4, "c")]


@pytest.mark.parametrize("seed", range(50))
def test_whatever_happens_to_the_lines_the_target_has_them_and_numbers_stay(seed: int) -> None:
    chance = random.Random(seed)
    made = Document()
    lines: list[LineMapped] = []
    for step in range(12):
        kept = [each for each in lines if chance.random() < 0.7]
        added = [
            line(f"{step}-{n}", chance.choice([None, 0, 1, 2, 3, 9]), chance.choice("xyz"))
            for n in range(chance.randrange(3))
        ]
        revised = chance.random() < 0.3
        places = list(range(1, 20))
        chance.shuffle(places)
        lines = [
            line(
                f"{step}{each.id}" if revised else each.id, places.pop(), str(each.fields[0].value), chance.randrange(3)
            )
            for each in kept
        ] + added
        before = {link.id: number for number, link in made.links.items() if not link.gone}
        made.send(*lines, reads=chance.random() < 0.3)
        wanted = sorted(f"{each.fields[0].value} {each.fields[1].value}" for each in lines)
        assert sorted(made.shown().values()) == wanted
        live = {link.id: number for number, link in made.links.items() if not link.gone}
        assert live.keys() == {each.id for each in lines}
        assert all(live[id] == before[id] for id in live.keys() & before.keys())
