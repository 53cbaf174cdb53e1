"""A revision that comes while somebody is still at work on the revision before it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from sync.model import Claim
from sync.stores.tables import TableLinks
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_quotes import ALL, QUOTES, Desk
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def claimed_by_another(here: Installation, id: str, seconds: float) -> None:
    """Another worker has the lease on the link of a record."""
    storage = here.app.connections.storage
    links = TableLinks(storage, partitions=here.app.settings.link_partitions)
    claim = Claim("another/1", storage.clock.now() + timedelta(seconds=seconds))
    links.write("quotes", links.partition(id), [dataclasses.replace(here.link(id), claim=claim)])


@pytest.mark.parametrize("contested", ["Q-1", "Q-2"])
def test_it_waits_its_turn_and_all_of_its_chunk_count_as_updates(world: World, trade: Trade, contested: str) -> None:
    here = world.install().of(QUOTES)
    desk = Desk(world, trade)
    world.settle()
    here.sync_all(*ALL[:-1])
    quotes = {number: desk.quote(number, ("P1", 3), ("P2", 1)) for number in ("Q-1", "Q-2")}
    here.sync()
    drafts = [desk.revise(quote) for quote in quotes.values()]
    for draft in drafts:
        desk.change_line(desk.lines_of(draft)[0]["quotedetailid"], quantity=4)
    here.sync()
    for draft in drafts:
        desk.activate(draft)
    claimed_by_another(here, quotes[contested], seconds=2)

    here.detect()
    here.deliver_next()
    assert here.backlog(), "it was written while another worker had the revision before it"
    here.pump()

    assert shown(here.status().totals) == {"created": 2, "updated": 2, "skipped": {"not-active": 4}}
    for number in quotes:
        assert desk.shown(number) == {1: ("P1", 4), 2: ("P2", 1)}


def test_one_that_is_claimed_when_it_has_let_go_is_no_second_quote_of_the_number(
    world: World, trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world.install().of(QUOTES)
    desk = Desk(world, trade)
    world.settle()
    here.sync_all(*ALL[:-1])
    quote = desk.quote("Q-1", ("P1", 3))
    here.sync()
    draft = desk.revise(quote)
    desk.change_line(desk.lines_of(draft)[0]["quotedetailid"], quantity=4)
    here.sync()
    desk.activate(draft)
    take_over = TableLinks.take_over

    def taken_over_and_claimed(self: TableLinks, mapping: str, key: str, id: str, *, holder: str) -> bool:
        taken = take_over(self, mapping, key, id, holder=holder)
        claimed_by_another(here, quote, seconds=60)
        return taken

    monkeypatch.setattr(TableLinks, "take_over", taken_over_and_claimed)
    assert shown(here.sync().totals) == {"created": 1, "updated": 1, "skipped": {"not-active": 2}}
    assert desk.shown() == {1: ("P1", 4)}
