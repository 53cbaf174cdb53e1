"""Totals: what a flow came to, summed from its tallies (design.md, promise 1)."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from sync.model import Tally
from sync.totals import totals


def tally(
    outcomes: Mapping[str, int], closed: Mapping[str, int] | None = None, *, kind: str = "detected", void: str = ""
) -> Tally:
    return Tally("accounts_to_finops", "r", "r.0", "0", kind, outcomes, closed or {}, {}, void)


def test_every_ending_is_counted_with_its_reason() -> None:
    shown = totals(5, [tally({"created": 2, "skipped/not-active": 1, "parked/missing-number": 2})])
    assert shown.close
    assert shown.as_json() == {
        "detected": 5,
        "created": 2,
        "adopted": 0,
        "updated": 0,
        "unchanged": 0,
        "superseded": 0,
        "removed": 0,
        "skipped": {"not-active": 1},
        "waiting": {},
        "parked": {"missing-number": 2},
        "warnings": {},
    }


def test_a_parked_record_that_is_mended_by_a_retry_is_shown_as_it_is_now() -> None:
    first = tally({"parked/target-refused": 1})
    again = tally({"created": 1}, {"parked/target-refused": 1}, kind="reopened")
    shown = totals(1, [first, again])
    assert shown.close
    assert (shown.endings["created"], shown.endings["parked"], shown.reopened) == (1, 0, 1)
    assert shown.as_json()["parked"] == {}


def test_a_parked_change_that_a_newer_one_replaces_is_shown_as_superseded() -> None:
    shown = totals(2, [tally({"parked/missing-number": 1}), tally({"created": 1}, {"parked/missing-number": 1})])
    assert shown.close
    assert (shown.endings["superseded"], shown.endings["created"], shown.endings["parked"]) == (1, 1, 0)


def test_a_retry_of_what_was_open_no_longer_counts_as_detected_once_more() -> None:
    shown = totals(1, [tally({"created": 1}), tally({"unchanged": 1}, kind="reopened")])
    assert shown.close
    assert (shown.detected, shown.reopened) == (2, 1)


def test_void_tallies_count_for_nothing() -> None:
    shown = totals(1, [tally({"created": 7}, void="void"), tally({"created": 7}, void="split"), tally({"created": 1})])
    assert shown.close
    assert shown.endings["created"] == 1


def test_a_change_without_a_tally_leaves_the_counts_open() -> None:
    assert not totals(2, [tally({"created": 1})]).close


@given(st.lists(st.sampled_from(["created", "parked/missing-number", "waiting/parent-not-linked"]), max_size=30))
def test_counts_close_whatever_becomes_of_one_record(endings: list[str]) -> None:
    """One record: detected at first, taken up again whenever it is open, else changed once more."""
    tallies, open_as, detected = [], "", 0
    for ending in endings:
        tallies.append(tally({ending: 1}, {open_as: 1} if open_as else {}, kind="reopened" if open_as else "detected"))
        detected += not open_as
        open_as = ending if "/" in ending else ""
    shown = totals(detected, tallies)
    assert shown.close
    assert shown.endings["parked"] + shown.endings["waiting"] == bool(open_as)
