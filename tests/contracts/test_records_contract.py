"""Watermarks, runs, issues, waiting rows and counters."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sync.model import Issue, PendingBatch, Run, Trouble, Waiter, Watermark
from sync.ports import Stale
from tests.contracts.contract_builders import FLOW, guid
from tests.contracts.contract_stores import FLOWS, Stores

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_flow_without_a_watermark_starts_at_the_beginning(stores: Stores) -> None:
    assert stores.watermarks.read(FLOW) == Watermark(FLOW)


def test_a_watermark_comes_back_as_it_was_saved(stores: Stores) -> None:
    pending = (PendingBatch("r.0", 3, {"0": 99, "1": 2}), PendingBatch("r.1", 15, {"0": 1}))
    watermark = Watermark(FLOW, 4, '{"token": "a+b/c=="}', "d1", "r", 102, pending, NOON)

    saved = stores.watermarks.save(watermark)

    assert stores.watermarks.read(FLOW) == saved
    assert replace(saved, etag=None) == watermark
    assert stores.watermarks.read(FLOWS[1]) == Watermark(FLOWS[1])
    emptied = stores.watermarks.save(Watermark(FLOW, etag=saved.etag))
    assert stores.watermarks.read(FLOW) == emptied


def test_a_watermark_is_moved_by_one_of_two_processes(stores: Stores) -> None:
    first = stores.watermarks.save(Watermark(FLOW))
    with pytest.raises(Stale):
        stores.watermarks.save(Watermark(FLOW, step=9))
    moved = stores.another_process().watermarks.save(replace(first, step=1))
    with pytest.raises(Stale):
        stores.watermarks.save(replace(first, step=2))

    assert stores.watermarks.read(FLOW) == moved


def test_the_newest_runs_come_first(stores: Stores) -> None:
    runs = [Run(FLOW, f"run-{n}", NOON + timedelta(seconds=n), n, "delta") for n in range(3)]
    for run in (runs[1], runs[2], runs[0]):
        stores.runs.save(run)
    stores.runs.save(Run(FLOWS[1], "other", NOON, 1, "full"))
    ended = replace(runs[2], detected=5, ended=NOON + timedelta(minutes=1))
    stores.runs.save(ended)

    assert stores.runs.latest(FLOW, 2) == [ended, runs[1]]
    assert stores.runs.latest(FLOW, 10) == [ended, runs[1], runs[0]]
    assert stores.runs.latest(FLOW, 0) == []


BAD = Trouble(
    "number-too-long", "too long", "shorten it", "A-1", "CustomerAccount", "DataError", True, {"request": "4"}
)


def test_an_issue_comes_back_as_it_was_put_until_it_is_closed(stores: Stores) -> None:
    issue = Issue(FLOW, 3, "Id/1", BAD, 4, NOON, NOON)
    bare = Issue(FLOW, 4, "id-2", Trouble("c", "cause"), 1, NOON, NOON)
    other = Issue(FLOWS[1], 3, "Id/1", BAD, 4, NOON, NOON)
    stores.issues.put([issue, bare, other])
    assert sorted(stores.issues.open(FLOW), key=lambda issue: issue.partition) == [issue, bare]

    stores.issues.close(FLOW, 3, {"Id/1": 5, "never seen": 1})
    stores.issues.close(FLOW, 3, {})
    stores.issues.put([])

    assert list(stores.issues.open(FLOW)) == [bare]
    assert list(stores.issues.open(FLOWS[1])) == [other]


def test_of_one_issue_it_is_told_whether_it_is_open(stores: Stores) -> None:
    assert not stores.issues.is_open(FLOW, 3, "Id/1")
    stores.issues.put([Issue(FLOW, 3, "Id/1", BAD, 4, NOON, NOON)])
    assert stores.issues.is_open(FLOW, 3, "iD/1")
    assert not stores.issues.is_open(FLOW, 4, "Id/1")
    assert not stores.issues.is_open(FLOWS[1], 3, "Id/1")
    stores.issues.close(FLOW, 3, {"Id/1": 5})
    assert not stores.issues.is_open(FLOW, 3, "Id/1")


def test_an_issue_of_no_record_is_ordered_by_the_time_in_milliseconds(stores: Stores) -> None:
    moment = int(NOON.timestamp() * 1000)
    stores.issues.put([Issue(FLOW, 0, "*", BAD, moment)])
    assert [issue.seq for issue in stores.issues.open(FLOW)] == [moment]
    stores.issues.close(FLOW, 0, {"*": moment - 1})
    assert [issue.seq for issue in stores.issues.open(FLOW)] == [moment]
    stores.issues.close(FLOW, 0, {"*": moment + 1})
    assert list(stores.issues.open(FLOW)) == []


def test_an_issue_that_is_open_keeps_when_it_was_first_seen_and_counts(stores: Stores) -> None:
    later = NOON + timedelta(days=1)
    stores.issues.put([Issue(FLOW, 3, "id", BAD, 1, NOON, NOON)])
    stores.issues.put([Issue(FLOW, 3, "ID", Trouble("new", "cause"), 3, later, later)])

    assert list(stores.issues.open(FLOW)) == [Issue(FLOW, 3, "ID", Trouble("new", "cause"), 3, NOON, later, times=2)]


def test_an_issue_that_was_closed_begins_anew(stores: Stores) -> None:
    later = NOON + timedelta(days=1)
    stores.issues.put([Issue(FLOW, 3, "id", BAD, 1, NOON, NOON)])
    stores.issues.close(FLOW, 3, {"id": 2})
    stores.issues.put([Issue(FLOW, 3, "id", BAD, 3, later, later)])

    assert list(stores.issues.open(FLOW)) == [Issue(FLOW, 3, "id", BAD, 3, later, later, times=1)]


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3, 3])), ids=str)
def test_issues_follow_the_link_in_whatever_order_the_calls_come(stores: Stores, order: tuple[int, ...]) -> None:
    """Parked at 1, settled at 2, parked again at 3, told twice: the last one stands, counted once."""
    for seq in order:
        if seq == 2:
            stores.issues.close(FLOW, 3, {"id": 2})
        else:
            stores.issues.put([Issue(FLOW, 3, "id", Trouble(f"code-{seq}", "cause"), seq, NOON, NOON)])

    [issue] = stores.issues.open(FLOW)
    assert (issue.trouble.code, issue.seq) == ("code-3", 3)


@pytest.mark.parametrize("late", [True, False])
def test_a_record_that_is_settled_shows_no_issue_even_if_it_is_told_late(stores: Stores, late: bool) -> None:
    def park() -> None:
        stores.issues.put([Issue(FLOW, 3, "id", BAD, 4)])

    if not late:
        park()
    stores.issues.close(FLOW, 3, {"id": 5})
    if late:
        park()
    assert list(stores.issues.open(FLOW)) == []


def test_an_issue_without_dates_is_dated_by_storage(stores: Stores) -> None:
    before = stores.clock.now()
    stores.issues.put([Issue(FLOW, 3, "id", BAD, 1)])
    [issue] = stores.issues.open(FLOW)
    assert issue.first_seen == issue.last_seen
    assert issue.first_seen is not None
    assert timedelta(seconds=-2) < issue.first_seen - before < timedelta(seconds=60)


def test_many_issues_are_put_and_closed(stores: Stores) -> None:
    ids = [guid(n) for n in range(120)]
    stores.issues.put([Issue(FLOW, 3, id, BAD, 1) for id in ids])
    stores.issues.close(FLOW, 3, dict.fromkeys(ids[:110], 2))
    assert {issue.id for issue in stores.issues.open(FLOW)} == set(ids[110:])


def test_who_waits_is_found_by_what_they_wait_for(stores: Stores) -> None:
    awaited = [f"accounts:{guid(n)}" for n in range(3)]
    waiters = [
        Waiter(FLOW, 3, "id/1", awaited[0], "parent-not-linked"),
        Waiter("contacts_to_finops", 4, "id-2", awaited[0], "parent-not-linked"),
        Waiter(FLOW, 3, "id/1", awaited[1], "parent-not-linked"),
        Waiter(FLOW, 3, "id-3", "currency:EUR", "no-price-list"),
        Waiter(FLOW, 3, "id-4", "nameless", "code"),
    ]
    stores.waiting.put(waiters)

    def who(*names: str) -> list[Waiter]:
        return sorted(stores.waiting.awaiting(names), key=waiters.index)

    assert who(awaited[0]) == waiters[:2]
    assert who(awaited[1], awaited[2]) == [waiters[2]]
    assert who("currency:EUR", "nameless") == waiters[3:]
    assert who("currency:E") == who("accounts:") == []
    assert sorted(stores.waiting.open(FLOW), key=waiters.index) == [waiters[0], *waiters[2:]]


def test_who_waits_already_is_left_as_it_is_and_is_removed_for_one_name_only(stores: Stores) -> None:
    first = Waiter(FLOW, 3, "id", "accounts:a", "first")
    stores.waiting.put([first, replace(first, awaits="accounts:b")])
    stores.waiting.put([replace(first, code="second")])
    assert stores.waiting.awaiting(["accounts:a"]) == [first]

    stores.waiting.remove([first, replace(first, id="never waited")])
    stores.waiting.remove([first])

    assert stores.waiting.awaiting(["accounts:a"]) == []
    assert [waiter.awaits for waiter in stores.waiting.open(FLOW)] == ["accounts:b"]


def test_who_waits_once_more_is_not_removed_with_the_turn_before(stores: Stores) -> None:
    first = Waiter(FLOW, 3, "id", "sales:pricelevels:usd", "no-price-list", turn="1")
    stores.waiting.put([first])
    released = stores.waiting.awaiting([first.awaits])
    stores.waiting.put([replace(first, turn="2"), replace(first, id="other", turn="2")])

    stores.waiting.remove(released)

    assert sorted((waiter.id, waiter.turn) for waiter in stores.waiting.open(FLOW)) == [("id", "2"), ("other", "2")]
    stores.waiting.remove([replace(first, turn="")])
    assert [waiter.id for waiter in stores.waiting.open(FLOW)] == ["other"]


def test_the_waiters_of_a_whole_batch_are_found_among_many(stores: Stores) -> None:
    waiters = [Waiter(FLOW, 3, f"id-{n}", f"accounts:{guid(n % 150)}", "code") for n in range(300)]
    stores.waiting.put(waiters)
    names = [f"accounts:{guid(n)}" for n in range(100, 200)]

    found = stores.waiting.awaiting(names)

    assert sorted(waiter.id for waiter in found) == sorted(w.id for w in waiters if w.awaits in names)
    stores.waiting.remove(found)
    assert stores.waiting.awaiting(names) == []
    assert len(list(stores.waiting.open(FLOW))) == 200


def test_no_number_is_taken_twice(stores: Stores) -> None:
    assert stores.numbers.take("accounts", 1, first=1000) == 1000
    assert stores.numbers.take("accounts", 5, first=1000) == 1001
    assert stores.numbers.take("accounts/large", 1, first=2**40) == 2**40
    assert stores.numbers.take("accounts/large", 1, first=1) == 2**40 + 1
    taken: list[int] = []

    def take() -> None:
        numbers = stores.another_process().numbers
        for _ in range(5):
            first = numbers.take("accounts", 2, first=1)
            taken.extend((first, first + 1))

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == list(range(1006, 1036))


def test_settled_issues_are_kept_until_they_are_forgotten(stores: Stores) -> None:
    seen, still = Issue(FLOW, 3, "seen", BAD, 4, NOON, NOON), Issue(FLOW, 3, "still", BAD, 4, NOON, NOON)
    stores.issues.put([seen, still, Issue(FLOWS[1], 3, "seen", BAD, 4, NOON, NOON)])
    stores.issues.close(FLOW, 3, {"seen": 5, "never seen": 5})
    (kept,) = stores.issues.closed(FLOW)
    assert (kept.id, kept.trouble, kept.first_seen) == ("seen", BAD, NOON)
    assert kept.closed is not None
    assert list(stores.issues.closed(FLOWS[1])) == []

    assert stores.issues.forget(FLOW, kept.closed) == 0
    assert stores.issues.forget(FLOW, kept.closed + timedelta(seconds=60)) == 2
    assert list(stores.issues.closed(FLOW)) == []
    assert [issue.id for issue in stores.issues.open(FLOW)] == ["still"]
