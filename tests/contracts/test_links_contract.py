"""Links: what is written is read, on ETags, all or nothing, whatever the ids look like."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sync.model import Claim, Link, Trouble
from sync.ports import AlreadyTallied, Stale
from tests.contracts.contract_builders import MAPPING, guid, guids, store, tally
from tests.contracts.contract_stores import Stores

FULL: dict[str, Any] = {
    "state": "waiting",
    "reason": "parent-not-linked",
    "target": {"dataAreaId": "usmf", "LineNum": Decimal("1.50"), "RecId": 7, "Open": True},
    "reserved": {"dataAreaId": "usmf", "CustomerAccount": "A|~b"},
    "hash": "h1",
    "digests": {"OrganizationName": "d1", "AddressCity": "d2"},
    "gives": {"PartyNumber": "000123"},
    "claim": Claim("run.0/with space", datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)),
    "again": True,
    "dirty": True,
    "held": True,
    "owed": "created",
    "awaits": "accounts:abc",
    "trouble": Trouble("number-too-long", "too long", column="CustomerAccount", details={"request": "4"}),
    "hopes": ("contacts:0f1e", "accounts:usmf|ä,1"),
    "since": datetime(2026, 3, 1, 11, 0, 0, 1, UTC),
    "version": "0123456789abcdef",
    "parts": {"price": {"productpricelevelid": "p1", "Size": Decimal("2.50")}, "draft": {}},
    "successor": "0f1e",
}


def test_a_link_comes_back_as_it_was_written(stores: Stores) -> None:
    full, bare = guids(stores.links, 2)
    written = stores.links.write(MAPPING, 3, [Link(full, **FULL), Link(bare)])

    read = stores.links.read(MAPPING, 3, [full, bare, guid(0)])

    assert read == {full: written[0], bare: written[1]}
    assert replace(read[full], etag=None) == Link(full, seq=1, **FULL)
    assert replace(read[bare], etag=None) == Link(bare, seq=1)


def test_what_a_link_no_longer_says_is_gone_when_it_is_read_again(stores: Stores) -> None:
    [id] = guids(stores.links, 1)
    [full] = stores.links.write(MAPPING, 3, [Link(id, **FULL)])

    [bare] = stores.links.write(MAPPING, 3, [Link(id, seq=full.seq, etag=full.etag)])

    assert stores.links.read(MAPPING, 3, [id]) == {id: bare}
    assert replace(bare, etag=None) == Link(id, seq=2)


@pytest.mark.parametrize(
    "id",
    [
        "usmf|a/b#c?d\\e%f+g'h\"i",
        "Straße|ÅNGSTRÖM|日本語|😀",
        "tab\tand\x00control\x7f",
        "0123456789ab-8b7c-4f5a-9d4e-6f2b1c3a",
        "~7e~~",
        "x" * 700,
        "",
    ],
)
def test_ids_of_any_shape_are_kept_apart_and_come_back(stores: Stores, id: str) -> None:
    partition = stores.links.partition(id)
    stores.links.write(MAPPING, partition, [Link(id, hash="its own")])

    assert stores.links.read(MAPPING, partition, [id])[id].id == id
    assert stores.links.read(MAPPING, partition, [f"{id}."]) == {}


def test_ids_that_differ_only_in_case_are_one_record(stores: Stores) -> None:
    partition = stores.links.partition("usmf|d0111")
    assert stores.links.partition("USMF|D0111") == partition
    stores.links.write(MAPPING, partition, [Link("USMF|D0111", hash="one")])

    assert stores.links.read(MAPPING, partition, ["usmf|d0111"])["usmf|d0111"].id == "USMF|D0111"
    with pytest.raises(Stale):
        stores.links.write(MAPPING, partition, [Link("usmf|D0111")])


def test_a_new_link_is_refused_when_the_record_has_one(stores: Stores) -> None:
    first, second, third = guids(stores.links, 3)
    store(stores.links, [second])

    with pytest.raises(Stale) as stale:
        stores.links.write(MAPPING, 3, [Link(first), Link(second), Link(third)])

    assert stale.value.ids == (second,)
    assert stores.links.read(MAPPING, 3, [first, third]) == {}


def test_a_changed_link_is_stale_and_nothing_of_the_transaction_is_stored(stores: Stores) -> None:
    ids = guids(stores.links, 5)
    links = store(stores.links, ids)
    stores.links.write(MAPPING, 3, [replace(links[2], again=True)])

    with pytest.raises(Stale) as stale:
        stores.links.write(MAPPING, 3, [replace(link, hash="late") for link in links], tally())

    assert stale.value.ids == (ids[2],)
    assert {link.hash for link in stores.links.read(MAPPING, 3, ids).values()} == {""}
    assert stores.links.tallies(MAPPING, 3, "r1.0", ["0"]) == {}


def test_an_etag_for_a_link_that_does_not_exist_is_stale(stores: Stores) -> None:
    here, absent = guids(stores.links, 2)
    [link] = store(stores.links, [here])

    with pytest.raises(Stale) as stale:
        stores.links.write(MAPPING, 3, [Link(absent, etag=link.etag)])

    assert stale.value.ids == (absent,)


def test_a_transaction_takes_99_links_and_a_tally(stores: Stores) -> None:
    ids = guids(stores.links, 100)
    written = stores.links.write(MAPPING, 3, [Link(id) for id in ids[:99]], tally())
    assert stores.links.write(MAPPING, 3, [replace(link, hash="2") for link in written], tally(chunk="1"))

    with pytest.raises(ValueError, match="at most 99 links and lines, not 100"):
        stores.links.write(MAPPING, 3, [Link(id) for id in ids])


def test_a_link_of_another_partition_or_twice_is_refused(stores: Stores) -> None:
    [id] = guids(stores.links, 1)
    with pytest.raises(ValueError, match="does not live in partition 4"):
        stores.links.write(MAPPING, 4, [Link(id)])
    with pytest.raises(ValueError, match="same record"):
        stores.links.write(MAPPING, 3, [Link(id), Link(id.upper())])


@pytest.mark.parametrize("wanted", ["close", "scattered", "absent"])
def test_many_links_are_read_whether_they_lie_close_or_scattered(stores: Stores, wanted: str) -> None:
    ids = guids(stores.links, 900)
    stored, others = ids[:800], ids[800:]
    store(stores.links, stored)
    stores.links.write("contacts", 3, [Link(stored[0], hash="another mapping")])
    in_order = sorted(stored, key=lambda id: id.split("-")[::-1])
    ask = {"close": in_order[100:350], "scattered": in_order[::20], "absent": others}[wanted]

    read = stores.links.read(MAPPING, 3, ask)

    assert list(read) == ([] if wanted == "absent" else ask)
    assert all(link.id == id and link.hash == "" for id, link in read.items())


def test_of_two_writers_with_the_same_etag_one_wins(stores: Stores) -> None:
    [id] = guids(stores.links, 1)
    [link] = store(stores.links, [id])

    def write(holder: int) -> str:
        try:
            stores.links.write(MAPPING, 3, [replace(link, hash=str(holder))])
        except Stale:
            return "stale"
        return str(holder)

    results = in_parallel(write, 4)

    assert results.count("stale") == 3
    assert stores.links.read(MAPPING, 3, [id])[id].hash in results


def test_of_two_deliveries_of_a_chunk_one_is_counted(stores: Stores) -> None:
    def count(delivery: int) -> str:
        try:
            stores.links.write(MAPPING, 3, [], tally(outcomes={str(delivery): 1}))
        except AlreadyTallied:
            return "already"
        return str(delivery)

    results = in_parallel(count, 4)

    assert results.count("already") == 3
    assert list(stores.links.tallies(MAPPING, 3, "r1.0", ["0"])["0"].outcomes) == [
        result for result in results if result != "already"
    ]


def in_parallel[T](work: Callable[[int], T], count: int) -> list[T]:
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(work, range(count)))


def test_every_link_is_on_one_page_of_a_pass(stores: Stores) -> None:
    ids = [guid(n) for n in range(30)]
    for partition in sorted({stores.links.partition(id) for id in ids}):
        own = [Link(id) for id in ids if stores.links.partition(id) == partition]
        stores.links.write(MAPPING, partition, own, tally())
    found: list[str] = []
    position, more = "", True
    while more:
        page = stores.links.page(MAPPING, position, most=4)
        assert len(page.links) <= 4
        found += [link.id for link in page.links]
        position, more = page.next, bool(page.next)
    assert sorted(found) == sorted(ids)
