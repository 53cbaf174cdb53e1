"""A record that F&O refuses: it is shown, mended and tried again, settles by itself, and is kept for a while."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from sync.cli import main
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_world import World

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

FLOW = "accounts_to_finops"
REFUSED = {"read_only": True, "status": 400, "message": "The period 'Q4 of Contoso' is closed."}


def run(here: Installation, *arguments: str, status: int = 0) -> str:
    result = CliRunner(env=dict(here.environment)).invoke(main, arguments)
    assert result.exit_code == status, result.output
    return str(result.output)


def told(here: Installation, *arguments: str, status: int = 1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(here, "issues", "--json", *arguments, status=status))
    return found


@pytest.fixture
def refused(world: World) -> Installation:
    """Two accounts that F&O refuses as long as it is closed, and one without a number."""
    world.account("C1", "Contoso")
    world.account("C2", "Fabrikam")
    world.account(None, "Numberless")
    world.settle()
    here = world.install()
    world.finops_admin.fault(REFUSED, times=None)
    here.sync()
    return here


def test_a_refused_record_is_a_row_that_a_person_can_use(refused: Installation) -> None:
    found = {each["number"]: each for each in told(refused, "--code", "target-refused")}
    assert found.keys() == {"C1", "C2"}
    one = found["C1"]
    assert (one["flow"], one["kind"], one["times"], one["closed"]) == (FLOW, "DataError", 1, None)
    assert "The period '…' is closed." in one["cause"]
    assert one["details"]["client_request_id"]
    assert one["first_seen"] and one["last_seen"] and one["next_try"]
    text = run(refused, "issues", "--code", "target-refused", status=1)
    assert f"client_request_id {one['details']['client_request_id']}" in text
    assert "DataError, 1 time, first " in text
    assert text.endswith("2 of 3 issues.\n")


def test_issues_are_narrowed_by_class_and_time(refused: Installation) -> None:
    assert len(told(refused, "--class", "dataerror", "--since", "1h")) == 3
    assert told(refused, "--since", "2099-01-01", status=0) == []
    assert told(refused, "--class", "Message", status=0) == []
    assert "write 2026-03-01" in run(refused, "issues", "--since", "yesterday", status=2)


def test_what_is_mended_and_tried_again_settles_by_itself(refused: Installation, world: World) -> None:
    assert run(refused, "retry", "c1") == "1 record is tried again.\n"
    refused.pump()
    assert {each["number"]: each["times"] for each in told(refused, "--code", "target-refused")} == {"C1": 2, "C2": 1}

    world.finops_admin.heal()
    assert run(refused, "retry", "--flow", FLOW, "--code", "target-refused") == "2 records are tried again.\n"
    refused.pump()
    assert world.customers().keys() == {"C1", "C2"}
    status = refused.status()
    assert status.totals.close
    assert [each["code"] for each in told(refused)] == ["missing-number"]
    assert {each["number"] for each in told(refused, "--closed", status=0)} == {"C1", "C2"}


def test_all_are_tried_again_and_who_asks_twice_is_counted_once(refused: Installation, world: World) -> None:
    world.finops_admin.heal()
    for _ in range(2):
        assert run(refused, "retry", "--all") == "3 records are tried again.\n"
    refused.pump()
    status = refused.status()
    assert status.totals.close
    assert status.totals.endings["created"] == 2
    assert {each["number"] for each in told(refused, "--closed", status=0)} == {"C1", "C2"}


def test_a_retry_that_names_nothing_or_nobody_says_so(refused: Installation) -> None:
    assert "Name records by id or number" in run(refused, "retry", status=2)
    assert "Name records by id or number" in run(refused, "retry", "C1", "--all", status=2)
    assert "No open issue is about C9." in run(refused, "retry", "C1", "C9", status=2)
    assert refused.backlog() == 0


def test_settled_issues_are_forgotten_after_their_days(refused: Installation, world: World) -> None:
    world.finops_admin.heal()
    run(refused, "retry", "--code", "target-refused")
    refused.pump()
    later = world.install_later(24 * 89)
    later.app.sweep(FLOW)
    assert len(told(refused, "--closed", status=0)) == 2
    later = world.install_later(24 * 91)
    later.app.sweep(FLOW)
    assert told(refused, "--closed", status=0) == []
    assert [each["code"] for each in told(refused)] == ["missing-number"]
