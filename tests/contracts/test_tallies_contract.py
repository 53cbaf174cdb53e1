"""Tallies: a chunk is counted once, and a run's counts are the sum of what was written with its links (promise 1)."""

from __future__ import annotations

import pytest

from sync.model import Link
from sync.ports import AlreadyTallied
from tests.contracts.contract_builders import FLOW, MAPPING, guids, tally
from tests.contracts.contract_stores import Stores


def test_a_tally_comes_back_as_it_was_written(stores: Stores) -> None:
    written = tally(
        "20260301T120000-1a.7",
        "2.0",
        run="20260301T120000-1a",
        kind="reopened",
        outcomes={"created": 3, "skipped/not-active": 1},
        closed={"waiting/parent-not-linked": 2},
        warnings={"truncated:OrganizationName": 1},
        void="split",
    )
    stores.links.write(MAPPING, 3, [], written)

    assert stores.links.tallies(MAPPING, 3, written.batch, ["2.0", "2.1"]) == {"2.0": written}
    assert list(stores.links.all_tallies(MAPPING, FLOW)) == [written]


def test_a_chunk_that_is_counted_stores_no_link_a_second_time(stores: Stores) -> None:
    first, second = guids(stores.links, 2)
    [link] = stores.links.write(MAPPING, 3, [Link(first, hash="1")], tally(outcomes={"created": 1}))

    with pytest.raises(AlreadyTallied):
        stores.links.write(MAPPING, 3, [Link(second)], tally(outcomes={"created": 9}))

    assert stores.links.read(MAPPING, 3, [first, second]) == {first: link}
    assert stores.links.tallies(MAPPING, 3, "r1.0", ["0"])["0"].outcomes == {"created": 1}


def test_a_redelivery_of_a_stored_chunk_is_told_that_it_is_counted_not_that_its_links_are_stale(
    stores: Stores,
) -> None:
    [id] = guids(stores.links, 1)
    stores.links.write(MAPPING, 3, [Link(id)], tally())

    with pytest.raises(AlreadyTallied):
        stores.links.write(MAPPING, 3, [Link(id)], tally())


def test_a_chunk_is_counted_when_a_parent_is(stores: Stores) -> None:
    for chunk in ("2", "3.1", "10"):
        stores.links.write(MAPPING, 3, [], tally(chunk=chunk))

    found = stores.links.tallies(MAPPING, 3, "r1.0", ["2.0.7", "2", "3", "3.1.0", "3.10", "1", "1.0"])

    assert {name: tally.chunk for name, tally in found.items()} == {"2.0.7": "2", "2": "2", "3.1.0": "3.1"}


def test_a_split_parent_does_not_stand_for_its_parts_but_a_void_one_does(stores: Stores) -> None:
    stores.links.write(MAPPING, 3, [], tally(chunk="0", void="split"))
    stores.links.write(MAPPING, 3, [], tally(chunk="1", void="void"))

    found = stores.links.tallies(MAPPING, 3, "r1.0", ["0", "0.0", "1.0"])

    assert {name: tally.void for name, tally in found.items()} == {"0": "split", "1.0": "void"}


def test_tallies_of_other_batches_partitions_and_mappings_are_left_out(stores: Stores) -> None:
    stores.links.write(MAPPING, 3, [], tally("r1.10"))
    stores.links.write(MAPPING, 4, [], tally("r1.1"))
    stores.links.write("contacts", 3, [], tally("r1.1"))

    assert stores.links.tallies(MAPPING, 3, "r1.1", ["0"]) == {}


def test_a_run_is_summed_over_all_partitions_and_no_other_run_or_flow(stores: Stores) -> None:
    stores.links.write(MAPPING, 0, [], tally("r1.0", outcomes={"created": 1}))
    stores.links.write(MAPPING, 3, [], tally("r1.1", outcomes={"created": 2}))
    stores.links.write(MAPPING, 3, [], tally("r1.1", "1", outcomes={"created": 4}))
    stores.links.write(MAPPING, 1, [], tally("r1x.1", outcomes={"created": 8}))
    stores.links.write(MAPPING, 1, [], tally("r1.2", flow="accounts_to_sales", outcomes={"created": 16}))
    stores.links.write(MAPPING, 1, [Link(guids(stores.links, 1, partition=1)[0])])

    def created(run: str | None) -> int:
        return sum(tally.outcomes["created"] for tally in stores.links.all_tallies(MAPPING, FLOW, run))

    assert created("r1") == 7
    assert created("r1x") == 8
    assert created(None) == 15


def test_a_batch_that_is_not_named_after_its_run_is_refused(stores: Stores) -> None:
    with pytest.raises(ValueError, match="not named after its run 'r1'"):
        stores.links.write(MAPPING, 3, [], tally("other.0", run="r1"))
