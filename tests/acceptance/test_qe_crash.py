"""A host that dies while it writes a quote or a revision of one (flows.md 6.8, QE23), at each point of the path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from sync.model import Tally
from sync.stores.tables import TableLinks
from sync.systems.finops import FinOpsSystem
from tests.acceptance.acceptance_crash import SHORT_LEASE
from tests.acceptance.acceptance_host import Installation, Killed
from tests.acceptance.acceptance_quotes import ALL, QUOTES, Desk
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

CLAIMED, FORGETTING, FORGOTTEN, HELD, WRITTEN, REMEMBERED = (
    "claim written", "earlier one forgets", "its lines forgotten", "key taken", "F&O written", "remembered",
)  # fmt: skip
POINTS: dict[str, tuple[type, str]] = {
    CLAIMED: (TableLinks, "reserve"),
    FORGETTING: (TableLinks, "drop_lines"),
    FORGOTTEN: (TableLinks, "take_over"),
    HELD: (FinOpsSystem, "write"),
    WRITTEN: (TableLinks, "write"),
    REMEMBERED: (TableLinks, "write"),
}
"""What the app does next where it dies."""


def kill_at(point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host dies the first time that it comes to this point; of two that are one call, behind it."""
    owner, name = POINTS[point]
    real = getattr(owner, name)
    deaths: Iterator[bool] = iter([True])

    def call(*given: Any, **named: Any) -> Any:
        tallies = [each for each in (*given, *named.values()) if isinstance(each, Tally) and each.outcomes]
        due = bool(tallies) or point not in (WRITTEN, REMEMBERED)
        if due and point != REMEMBERED and next(deaths, False):
            raise Killed
        done = real(*given, **named)
        if due and point == REMEMBERED and next(deaths, False):
            raise Killed
        return done

    monkeypatch.setattr(owner, name, call)


def revise(desk: Desk, quote: str) -> str:
    """A revision that changes a line, removes one and adds two, one of them as the removed one was."""
    again = desk.revise(quote)
    first, second, _ = desk.lines_of(again)[:3]
    desk.remove_line(first["quotedetailid"])
    desk.change_line(second["quotedetailid"], quantity=20)
    desk.line(again, "P2", 5)
    desk.line(again, "P1", 1)
    desk.trade.patch("quotes", again, name="Revised")
    desk.activate(again)
    return again


FIRST = [("P1", 1), ("P1", 3), ("P2", 2)]
REVISED = [("P1", 1), ("P1", 3), ("P2", 5), ("P2", 20)]


@pytest.fixture
def desk(world: World, trade: Trade) -> Desk:
    """Its customer and its products are in both systems, before anybody is in a hurry."""
    desk = Desk(world, trade)
    world.settle()
    world.install().sync_all(*ALL[:-1])
    return desk


@pytest.fixture
def here(world: World, desk: Desk) -> Installation:
    return world.install(**SHORT_LEASE).of(QUOTES)


def first_quote(desk: Desk) -> str:
    return desk.quote("Q-1", ("P1", 1), ("P2", 2), ("P1", 3))


def expect_quotation(
    desk: Desk, here: Installation, lines: Sequence[tuple[str, float]], last: str, *before: str
) -> None:
    """One quotation, which is that of the last revision, with these lines; nothing else is linked or left over."""
    assert list(desk.quotations()) == ["Q-1"]
    assert sorted(desk.shown().values()) == list(lines)
    link = here.link(last)
    assert link.linked
    assert not (link.claim or link.dirty)
    assert not [id for id in before if here.link(id).linked]
    assert not here.issues()
    assert not here.poisoned()
    assert {type(failure) for failure in here.failures} == {Killed}


@pytest.mark.parametrize("point", [CLAIMED, HELD, WRITTEN, REMEMBERED])
def test_qe23_a_quote_that_was_being_created_is_one_quotation(
    desk: Desk, here: Installation, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    quote = first_quote(desk)
    kill_at(point, monkeypatch)
    here.sync()
    expect_quotation(desk, here, FIRST, quote)


@pytest.mark.parametrize("point", [CLAIMED, HELD, WRITTEN, REMEMBERED])
def test_qe23_also_when_it_is_revised_before_the_host_is_back(
    desk: Desk, here: Installation, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    quote = first_quote(desk)
    kill_at(point, monkeypatch)
    here.detect()
    here.deliver_next()
    again = revise(desk, quote)
    here.sync()
    expect_quotation(desk, here, REVISED, again, quote)


@pytest.mark.parametrize("point", list(POINTS))
def test_qe23_a_revision_that_was_being_written_is_written_once(
    desk: Desk, here: Installation, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    quote = first_quote(desk)
    here.sync()
    again = revise(desk, quote)
    kill_at(point, monkeypatch)
    here.sync()
    expect_quotation(desk, here, REVISED, again, quote)
    assert desk.quotations()["Q-1"]["SalesQuotationName"] == "Revised"


@pytest.mark.parametrize("point", list(POINTS))
def test_qe23_also_when_it_is_revised_once_more_before_the_host_is_back(
    desk: Desk, here: Installation, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    quote = first_quote(desk)
    here.sync()
    again = revise(desk, quote)
    kill_at(point, monkeypatch)
    here.detect()
    here.deliver_next()
    third = desk.revise(again)
    keep, *gone = desk.lines_of(third)
    for line in gone:
        desk.remove_line(line["quotedetailid"])
    desk.line(third, "P1", 77)
    desk.activate(third)
    here.sync()

    left = (keep["productnumber"], float(keep["quantity"]))
    expect_quotation(desk, here, sorted([("P1", 77.0), left]), third, quote, again)


@pytest.mark.parametrize("point", [FORGETTING, FORGOTTEN, HELD, WRITTEN])
def test_qe23_a_revision_that_is_lost_before_the_host_is_back_leaves_no_line_twice(
    desk: Desk, here: Installation, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Whether it was written or not, the quotation holds one revision or the other, and the next one is right."""
    quote = first_quote(desk)
    here.sync()
    again = revise(desk, quote)
    kill_at(point, monkeypatch)
    here.detect()
    here.deliver_next()
    desk.close(again)
    here.sync()
    assert sorted(desk.shown().values()) in (FIRST, REVISED)
    assert list(desk.quotations()) == ["Q-1"]

    third = desk.revise(again)
    desk.activate(third)
    here.sync()
    expect_quotation(desk, here, REVISED, third, quote, again)


def test_qe23_an_adopted_quotation_keeps_the_lines_that_f_o_users_added(
    desk: Desk, world: World, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote = first_quote(desk)
    kill_at(WRITTEN, monkeypatch)
    here.detect()
    here.deliver_next()
    own = {"dataAreaId": "usmf", "SalesQuotationNumber": "Q-1", "LineCreationSequenceNumber": 9,
           "ProductNumber": "P2", "RequestedSalesQuantity": 99}  # fmt: skip
    world.finops.send("POST", "CDSSalesQuotationLines", own)
    here.sync()
    assert desk.shown()[9] == ("P2", 99)
    assert sorted(desk.shown().values()) == sorted([*FIRST, ("P2", 99)])
    assert here.link(quote).linked
