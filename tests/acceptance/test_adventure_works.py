"""Whole data folders: every account is one customer with every mapped column right, and the counts close."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from local.data.enter import enter
from local.data.folder import DataFolder
from local.data.generate import generate
from tests.acceptance.acceptance_customers import expected, read
from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_world import ROOT, World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

ADVENTURE_WORKS = ROOT.parent / "shared" / "data" / "adventureworks-lt"
FLOW_FORM = {"detected": int, "created": int, "adopted": int, "updated": int, "unchanged": int, "superseded": int,
             "skipped": dict, "waiting": dict, "parked": dict, "removed": int, "warnings": dict}  # fmt: skip


@pytest.mark.skipif(not ADVENTURE_WORKS.is_dir(), reason="the data folder of AdventureWorks is not beside the project")
@pytest.mark.timeout(240)
def test_the_demo_turns_every_account_of_adventure_works_into_its_customer(tmp_path: Path) -> None:
    out, summary_file = tmp_path / "out", tmp_path / "summary.json"
    run = subprocess.run(
        [sys.executable, "-m", "local", "demo", "--data", os.path.relpath(ADVENTURE_WORKS, ROOT),
         "--dump", out, "--json", summary_file],
        cwd=ROOT, capture_output=True, text=True, timeout=220, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr

    wanted = expected(ADVENTURE_WORKS)
    assert len(wanted.customers) == len(read(ADVENTURE_WORKS, "accounts")) == 439
    assert not wanted.differences(read(out / "finops", "CustomersV3"))
    expect_summary_form(summary := json.loads(summary_file.read_text(encoding="utf-8")))
    assert summary["flows"]["accounts_to_finops"] == {
        **dict.fromkeys(FLOW_FORM, 0), "detected": 439, "created": 439,
        "skipped": {}, "waiting": {}, "parked": {}, "warnings": dict(wanted.warnings),
    }  # fmt: skip

    # Sales is the source: nothing of it was written.
    kept = {row["accountid"]: row for row in read(out / "sales", "accounts")}
    for row in read(ADVENTURE_WORKS, "accounts"):
        given = {column: value for column, value in row.items() if "." not in column}
        assert {column: kept[row["accountid"]].get(column, "") for column in given} == given


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
    rows = world.finops_admin.rows("CustomersV3")
    assert not wanted.differences([{name: str(value) for name, value in row.items()} for row in rows])
    totals = status.totals
    assert totals.detected == len(read(tmp_path, "accounts"))
    assert shown(totals) == {
        "created": len(wanted.customers),
        "skipped": wanted.skipped,
        "parked": wanted.parked,
        "warnings": wanted.warnings,
    }
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


def expect_summary_form(summary: dict[str, Any]) -> None:
    """The form of `--json` as design.md, Contracts, fixes it: these keys and no others."""
    assert list(summary) == ["flows", "requests", "storage", "seconds"]
    for flow in summary["flows"].values():
        assert {name: type(value) for name, value in flow.items()} == FLOW_FORM
        for name, kind in FLOW_FORM.items():
            assert kind is int or all(type(count) is int for count in flow[name].values())
        ended = [flow[name] for name in FLOW_FORM if name not in ("detected", "warnings")]
        assert flow["detected"] == sum(sum(each.values()) if isinstance(each, dict) else each for each in ended)
    assert summary["requests"].keys() == {"sales", "finops"}
    assert summary["storage"].keys() == {"queue", "table"}
    assert all(type(n) is int and n > 0 for n in [*summary["requests"].values(), *summary["storage"].values()])
    assert type(summary["seconds"]) is float
    assert summary["seconds"] > 0
