"""Whole data folders: every account is one customer with every mapped column right, and the counts close."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from local.data.enter import enter
from local.data.folder import DataFolder
from local.data.generate import generate
from tests.acceptance.acceptance_customers import expected, with_primary_contacts
from tests.acceptance.acceptance_demo import SECONDS, DemoRun, needs_adventure_works
from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_people import expected_persons
from tests.acceptance.acceptance_rules import as_texts, read
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


@needs_adventure_works
@pytest.mark.timeout(SECONDS + 20)
def test_the_demo_turns_every_account_of_adventure_works_into_its_customer(adventure_works: DemoRun) -> None:
    data = adventure_works.data
    wanted = with_primary_contacts(expected(data), data, expected_persons(data).rows)
    assert len(wanted.rows) == len(read(data, "accounts")) == 439
    customers = [row for row in adventure_works.rows("finops", "CustomersV3") if row["PartyType"] == "Organization"]
    assert not wanted.differences(customers)
    assert adventure_works.flow("accounts_to_finops") == {"detected": 439, **wanted.shown}

    # Sales is the source: nothing of it was written.
    kept = {row["accountid"]: row for row in adventure_works.rows("sales", "accounts")}
    for row in read(data, "accounts"):
        given = {column: value for column, value in row.items() if "." not in column}
        assert {column: kept[row["accountid"]].get(column, "") for column in given} == given


@needs_adventure_works
@pytest.mark.timeout(SECONDS + 20)
def test_the_summary_of_the_demo_has_the_form_that_is_contracted(adventure_works: DemoRun) -> None:
    """design.md, Contracts: these keys and no others; the form of a flow's counts is checked where they are read."""
    summary = adventure_works.summary
    assert list(summary) == ["flows", "requests", "storage", "seconds"]
    assert all(adventure_works.flow(name) for name in summary["flows"])
    assert summary["requests"].keys() == {"sales", "finops"}
    assert summary["storage"].keys() == {"queue", "table"}
    assert all(type(n) is int and n > 0 for n in [*summary["requests"].values(), *summary["storage"].values()])
    assert type(summary["seconds"]) is float
    assert summary["seconds"] > 0


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_accounts_become_their_customers_and_the_rest_is_told(world: World, tmp_path: Path, seed: int
                                                                         ) -> None:  # fmt: skip
    generate(tmp_path, seed=seed, accounts=150)
    world.start()
    enter(DataFolder(tmp_path), world.sales, world.finops)
    world.settle()
    here = world.install(LINK_PARTITIONS="16")
    status = here.sync()

    wanted = expected(tmp_path)
    assert not wanted.differences(as_texts(world.finops_admin.rows("CustomersV3")))
    totals = status.totals
    assert totals.detected == len(read(tmp_path, "accounts"))
    assert shown(totals) == wanted.shown
    assert Counter(issue.trouble.code for issue in status.issues) == wanted.parked
    assert all(issue.trouble.remedy for issue in status.issues)
    assert world.sales_admin.counters()["writes"] == 0


def test_generated_accounts_without_troubles_leave_nothing_to_look_at(world: World, tmp_path: Path) -> None:
    generate(tmp_path, seed=11, accounts=60, troubles=False)
    world.start()
    enter(DataFolder(tmp_path), world.sales, world.finops)
    world.settle()
    here = world.install()

    assert shown(here.sync().totals)["created"] == 60
    expect_no_issue(here)
