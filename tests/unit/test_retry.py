"""Retry: when a message comes back, in what pieces, and how a record is given up."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.blame import is_its_own, is_lasting
from sync.compare import Digester
from sync.errors import Busy, Throttled, Transient, Unsure
from sync.model import Change, ChangeBatch, Claim, Link, Tally, chunked
from sync.retry import LONGEST_DELAY, PARTS, delay_of, give_up, split
from sync.stores.memory import (
    MemoryClock,
    MemoryIssues,
    MemoryLinks,
    MemoryNumbers,
    MemoryOutbox,
    MemoryWaiting,
    MemoryWatermarks,
)
from sync.work import Applier
from tests.explorer.plans import AllFacts, accounts_plan
from tests.explorer.systems import MemoryFinops, MemorySales

FLOW = "accounts_to_finops"


def tools() -> Applier:
    clock, plan, sales = MemoryClock(), accounts_plan(), MemorySales(accounts_plan().columns)
    return Applier(
        plan,
        sales,
        MemoryFinops(),
        MemoryLinks(partitions=1),
        MemoryWatermarks(),
        MemoryIssues(clock),
        MemoryWaiting(),
        MemoryNumbers(),
        MemoryOutbox(clock),
        clock,
        AllFacts(),
        Digester(b"a key of these tests"),
    )


def batch_of(count: int, *, delays: int = 0) -> ChangeBatch:
    changes = [Change(f"id-{n}") for n in range(count)]
    return ChangeBatch(FLOW, "run", "run.0", 0, chunked(changes), delays=delays)


@pytest.mark.parametrize("error", [Throttled("later", delay=77), Busy("taken", delay=77)])
def test_who_says_when_is_believed(error: Transient) -> None:
    assert 77 <= delay_of(error, batch_of(1, delays=5), tools()) <= 77 * 1.1


def test_after_a_lost_answer_the_lease_is_waited_for() -> None:
    using = tools()
    assert delay_of(Unsure("lost", delay=5), batch_of(1), using) >= using.lease.total_seconds()


@given(st.integers(0, 50), st.floats(0, 100))
def test_other_delays_grow_to_a_limit_and_are_never_none(delays: int, delay: float) -> None:
    using, error = tools(), Transient("down", delay=delay)
    now, later = (delay_of(error, batch_of(1, delays=count), using) for count in (delays, delays + 1))
    assert 1.0 <= now <= later <= LONGEST_DELAY * 1.1


@given(st.integers(2, 400))
def test_pieces_hold_every_change_once_and_always_have_the_same_names(count: int) -> None:
    using, batch = tools(), batch_of(count)
    pieces = split(batch, using, anew=True)
    chunks = [chunk for piece in pieces for chunk in piece.chunks]
    assert sorted(change.id for chunk in chunks for change in chunk.changes) == sorted(f"id-{n}" for n in range(count))
    assert len({chunk.name for chunk in chunks}) == len(chunks)
    assert split(batch, using, anew=False) == pieces  # it stays split, whoever gets it and why


def test_a_piece_is_named_after_its_chunk() -> None:
    pieces = split(batch_of(3), tools(), anew=True)
    assert [piece.chunks[0].name for piece in pieces] == ["0.0", "0.1", "0.2"]
    assert {piece.batch for piece in pieces} == {"run.0"}


def test_a_piece_that_is_put_back_for_the_first_time_neither_blames_nor_tells() -> None:
    using, error = tools(), Transient("F&O answered 500", delay=10)
    for piece in split(batch_of(300, delays=20), using, anew=True):
        assert piece.delays > 0
        assert not is_its_own(error, piece, using, parts=PARTS)
        assert not is_lasting(error, piece)


def test_a_single_record_and_a_first_delivery_are_not_split() -> None:
    assert split(batch_of(1), tools(), anew=True) == []
    assert split(batch_of(3), tools(), anew=False) == []


def test_a_chunk_that_is_counted_stays_whole() -> None:
    using, batch = tools(), batch_of(100)
    counted = Tally(FLOW, "run", "run.0", "0", "detected", {"created": 99})
    using.links.write("accounts", 0, [], counted)
    names = [piece.chunks[0].name for piece in split(batch, using, anew=True)]
    assert names == ["0", "1"]


def test_a_batch_that_is_counted_is_not_its_own_piece() -> None:
    using, batch = tools(), dataclasses.replace(batch_of(9), failures=3)
    using.links.write("accounts", 0, [], Tally(FLOW, "run", "run.0", "0", "detected", {"created": 9}))
    assert split(batch, using, anew=True) == []


def test_what_counts_for_nothing_is_given_up_in_a_batch_that_can_be_split() -> None:
    using, batch = tools(), dataclasses.replace(batch_of(9), last_try=True)
    left = Claim("run.0/dead", using.clock.now())
    using.links.write(
        "accounts", 0, [Link("id-0", claim=left)], Tally(FLOW, "run", "run.0", "0", "detected", void="void")
    )
    assert split(batch, using, anew=True) == []
    give_up(batch, using)
    assert not list(using.issues.open(FLOW))
    assert isinstance(using.outbox, MemoryOutbox)
    (posted,) = using.outbox.receive(FLOW)
    assert (posted.batch.size, posted.batch.kind) == (9, "reopened")
    assert len(split(posted.batch, using, anew=True)) == 9


def test_a_record_that_is_given_up_is_parked_counted_and_tried_again_by_the_sweep() -> None:
    using, batch = tools(), dataclasses.replace(batch_of(1), last_try=True)
    give_up(batch, using)
    (issue,) = using.issues.open(FLOW)
    assert (issue.id, issue.trouble.code, issue.trouble.retryable) == ("id-0", "gave-up", True)
    (tally,) = using.links.all_tallies("accounts", FLOW)
    assert dict(tally.outcomes) == {"parked/gave-up": 1}
    give_up(batch, using)  # delivered twice
    assert len(list(using.links.all_tallies("accounts", FLOW))) == 1
