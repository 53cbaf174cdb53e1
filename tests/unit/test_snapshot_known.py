"""What the links say, in memory: small, and without a wrong answer."""

from __future__ import annotations

import tracemalloc

from sync.known import Known, Look
from sync.model import Seen


def known(**versions: str) -> Known:
    return Known(Seen(id, version, gone=False) for id, version in versions.items())


def test_a_row_is_new_the_same_or_changed() -> None:
    table = known(a="1", b="2", c="3")
    looks = [table.look(*row) for row in (("a", "1"), ("B", "other"), ("d", "1"))]
    assert looks == [Look.SAME, Look.CHANGED, Look.NEW]
    assert (len(table), table.unseen) == (3, 1)
    assert [table.misses(id) for id in "abcd"] == [False, False, True, False]


def test_a_row_that_is_read_twice_is_told_as_changed_once() -> None:
    table = known(a="1")
    assert [table.look("a", version) for version in ("1", "2", "2", "1")] == [
        Look.SAME,
        Look.CHANGED,
        Look.SAME,
        Look.SAME,
    ]
    assert table.unseen == 0


def test_looking_again_compares_whatever_was_seen_and_remembers_nothing() -> None:
    table = known(a="1")
    assert [table.look("a", "2"), table.look_again("A", "2"), table.look_again("a", "2")] == [Look.CHANGED] * 3
    assert (table.look_again("a", "1"), table.look_again("b", "1")) == (Look.SAME, Look.NEW)
    fresh = known(a="1")
    fresh.look_again("a", "1")
    assert fresh.misses("a")


def test_a_record_that_has_left_its_source_is_not_known() -> None:
    table = Known([Seen("a", "1", gone=True)])
    assert len(table) == 0
    assert table.look("a", "1") is Look.NEW


def test_ten_thousand_records_take_less_than_twenty_bytes_each() -> None:
    links = [Seen(f"usmf|p{number:05}", f"{number:016x}", gone=False) for number in range(10_000)]
    tracemalloc.start()
    try:
        table = Known(iter(links))
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size < 20 * len(links)
    assert {table.look(link.id, link.version) for link in links} == {Look.SAME}
    assert table.unseen == 0
