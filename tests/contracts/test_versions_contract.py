"""Versions: what a feed that compares whole reads is told of the links, whole and cheaply."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync.model import Link, Seen
from sync.stores.tables import TableLinks, TableStorage
from tests.contracts.contract_builders import MAPPING, guids, store, tally
from tests.contracts.contract_stores import Stores


def test_every_record_with_a_version_is_told_once_whatever_its_id_and_partition(stores: Stores) -> None:
    ids = [f"usmf|d{n:04}" for n in range(40)] + ["usmf|Straße/7 ~", "x" * 300]
    for id in ids:
        stores.links.write(MAPPING, stores.links.partition(id), [Link(id, "linked", version=f"v{id[-2:]}")])

    told = list(stores.links.versions(MAPPING))

    assert sorted(told, key=lambda each: each.id) == [Seen(id, f"v{id[-2:]}", gone=False) for id in sorted(ids)]


def test_links_without_a_version_tallies_and_other_mappings_are_not_told(stores: Stores) -> None:
    bare, known = guids(stores.links, 2)
    stores.links.write(MAPPING, 3, [Link(bare, "linked"), Link(known, "skipped", "not-active", version="v")], tally())
    stores.links.reserve(MAPPING, {"usmf|a": known})
    stores.links.write("contacts", 3, [Link(bare, version="w")])

    assert list(stores.links.versions(MAPPING)) == [Seen(known, "v", gone=False)]


def test_a_version_that_is_taken_back_is_told_no_more(stores: Stores) -> None:
    [id] = guids(stores.links, 1)
    [link] = store(stores.links, [id], version="v")
    stores.links.write(MAPPING, 3, [replace(link, version="")])

    assert list(stores.links.versions(MAPPING)) == []


@pytest.mark.parametrize(
    ("state", "reason", "gone"),
    [("removed", "source-deleted", True), ("removed", "not-active", False), ("parked", "source-deleted", False)],
)
def test_a_record_is_gone_when_its_source_row_was_deleted(stores: Stores, state: str, reason: str, gone: bool) -> None:
    [id] = guids(stores.links, 1)
    store(stores.links, [id], state=state, reason=reason, version="v")

    assert list(stores.links.versions(MAPPING)) == [Seen(id, "v", gone)]


def test_a_scan_takes_a_thousand_records_a_request_and_only_what_it_needs(connection: str, prefix: str) -> None:
    storage = TableStorage.from_connection_string(connection, prefix=prefix)
    links = TableLinks(storage, partitions=1)
    ids = guids(links, 1100, partition=0)
    store(links, ids, partition=0, version="v", digests={"OrganizationName": "d" * 16})
    before = storage.operations.counts["table"]

    assert sum(1 for _ in links.versions(MAPPING)) == 1100

    assert storage.operations.counts["table"] - before == 2
    storage.close()
