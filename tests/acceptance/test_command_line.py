"""`python -m sync`: what an installation says of itself; it writes nothing (promise 7)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sync.cli import main
from tests.acceptance.acceptance_world import World, account
from tests.shipped import shipped_mappings

KEY = re.compile(r"`(\w+)`")

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def run(environment: Mapping[str, str], *arguments: str) -> Result:
    return CliRunner(env=environment).invoke(main, arguments)


def test_check_says_that_the_shipped_files_are_fine() -> None:
    result = run({}, "check")
    assert (result.exit_code, result.output) == (0, "The mapping files are fine; their examples hold.\n")


def test_check_tells_every_problem_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "things.yaml").write_text("entity: thing\ntitel: Things\n")
    result = run({"MAPPINGS": str(tmp_path)}, "check")
    assert result.exit_code == 1
    assert "things.yaml:2:1" in result.output
    told = json.loads(run({"MAPPINGS": str(tmp_path)}, "check", "--json").output)
    assert {"file", "line", "column", "what", "remedy"} == set(told[0])


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_no_mapping_file_at_all_is_a_problem(folder: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run({"MAPPINGS": str(tmp_path / folder)}, "check")
    assert result.exit_code == 1
    assert "Set MAPPINGS to the folder that holds them" in result.output


def test_a_mistake_of_the_user_is_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    result = run({"SALES_URL": "", "FINOPS_URL": "", "DIGEST_KEY": ""}, "status")
    assert result.exit_code == 2
    assert "SALES_URL is missing" in result.output
    (tmp_path / "settings.json").write_text("[]")
    result = run({}, "--settings", str(tmp_path / "settings.json"), "status")
    assert result.exit_code == 2
    assert "is not a local.settings.json" in result.output


def settings_file(folder: Path, values: Mapping[str, object]) -> str:
    path = folder / "own.settings.json"
    path.write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    return str(path)


SET_UP = {
    "SALES_URL": "https://contoso.crm4.dynamics.com",
    "FINOPS_URL": "https://contoso.operations.dynamics.com",
    "DIGEST_KEY": "0123456789abcdef",
    "COMPANY": "usmf",
}


def test_check_tells_of_the_settings_of_a_file_with_and_without_the_systems(tmp_path: Path) -> None:
    wrong = {"ACCOUNTS_TO_FINOPS__ENABLED": "maybe", "ACOUNTS_TO_FINOPS__SCHEDULE": "0 * * * * *", "PAGE_SIZE": 6000}
    file = settings_file(tmp_path, {**SET_UP, **wrong})
    for live in ([], ["--live"]):
        result = run({}, "--settings", file, "check", *live)
        assert result.exit_code == 1
        for told in (
            "settings: ACCOUNTS_TO_FINOPS__ENABLED is 'maybe'. Write true or false.",
            "Did you mean ACCOUNTS_TO_FINOPS__SCHEDULE?",
            "settings: PAGE_SIZE is '6000'. Write a whole number of at least 1 and at most 5000.",
        ):
            assert told in result.output


def test_check_takes_numbers_switches_and_nulls_of_a_settings_file_as_the_host_does(tmp_path: Path) -> None:
    file = settings_file(
        tmp_path, {**SET_UP, "PAGE_SIZE": 500, "ACCOUNTS_TO_FINOPS__ENABLED": False, "TENANT_ID": None}
    )
    result = run({}, "--settings", file, "check")
    assert (result.exit_code, result.output) == (
        0,
        "The settings and the mapping files are fine; their examples hold.\n",
    )
    result = run({}, "--settings", settings_file(tmp_path, {"PAGE_SIZE": [1]}), "check")
    assert (result.exit_code, "PAGE_SIZE is no text" in result.output) == (2, True)


def test_status_and_issues_tell_what_came_of_every_record_and_write_nothing(world: World) -> None:
    world.account("A1", "Adventure Works")
    world.account("", "Numberless")
    world.settle()
    here = world.install()
    here.sync()
    before = (world.sales_admin.counters()["writes"], world.finops_admin.counters()["writes"])

    status = run(here.environment, "status")
    assert status.exit_code == 0
    assert "missing-number 1" in status.output
    told = json.loads(run(here.environment, "status", "--json").output)
    flow = told["flows"]["accounts_to_finops"]
    assert (flow["state"], flow["created"], flow["parked"], flow["poisoned"]) == (
        "running",
        1,
        {"missing-number": 1},
        0,
    )

    issues = run(here.environment, "issues")
    assert issues.exit_code == 1
    assert "missing-number (CustomerAccount)" in issues.output
    assert "Fill in accountnumber." in issues.output
    (issue,) = json.loads(run(here.environment, "issues", "--json").output)
    assert (issue["code"], issue["times"]) == ("missing-number", 1)
    assert issue["next_try"] is None, "only a change of the record helps"
    assert "open issues" in status.output
    assert "(delta: follows changes)" in status.output
    assert before == (world.sales_admin.counters()["writes"], world.finops_admin.counters()["writes"])


def broken_mappings(folder: Path) -> tuple[str, list[str]]:
    """The shipped mapping files, that of accounts with a slip in it; and how `check` tells it."""
    mappings = folder / "mappings"
    shutil.copytree(shipped_mappings(), mappings)
    accounts = mappings / "accounts.yaml"
    accounts.write_text(accounts.read_text().replace("\ntitle:", "\ntitel:", 1))
    told = run({"MAPPINGS": str(mappings)}, "check").output.splitlines()[:-1]
    assert [line.partition(" ")[0] for line in told] == ["mappings/accounts.yaml:4:1:", "mappings/accounts.yaml:5:1:"]
    return str(mappings), told


@pytest.mark.parametrize("command", ["status", "issues", "issues --json"])
def test_a_broken_mapping_file_is_told_as_check_does(command: str, world: World, tmp_path: Path) -> None:
    mappings, told = broken_mappings(tmp_path)
    result = run({**world.install().environment, "MAPPINGS": mappings}, *command.split())
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert "accounts is stopped: the mapping accounts cannot be used:" in result.output
    assert set(told) <= set(result.output.splitlines())
    if "--json" in command:
        assert json.loads(result.stdout) == []


@pytest.mark.parametrize("command", ["allow accounts_to_finops", "resend accounts_to_finops", "status", "issues"])
def test_a_broken_mapping_file_is_told_where_no_storage_can_be_asked(command: str, tmp_path: Path) -> None:
    mappings, told = broken_mappings(tmp_path)
    environment = {**os.environ, **SET_UP, "MAPPINGS": mappings, "AzureWebJobsStorage": ""}
    words = [sys.executable, "-m", "sync", *command.split()]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert set(told) <= set(done.stderr.splitlines())
    assert "Traceback" not in done.stderr


def test_a_flow_that_is_not_there_is_told_with_the_files_that_have_problems(tmp_path: Path) -> None:
    mappings, _ = broken_mappings(tmp_path)
    result = run({**SET_UP, "MAPPINGS": mappings}, "resend", "acounts_to_finops")
    assert (result.exit_code, type(result.exception)) == (2, SystemExit)
    assert "Not in use, since there are problems in their files: accounts; see `python -m sync check`." in result.output


def test_issues_can_be_narrowed_and_name_the_others_and_the_next_try(world: World) -> None:
    world.accounts([account("D1", "First"), account("D1", "Second")])
    world.account("", "Numberless")
    world.settle()
    here = world.install()
    here.sync()

    every = json.loads(run(here.environment, "issues", "--json").output)
    twins = {each["id"]: each for each in every if each["code"] == "duplicate-number"}
    assert (len(every), len(twins)) == (3, 2)
    told = run(here.environment, "issues", "--code", "duplicate-number", "--flow", "accounts_to_finops")
    assert told.exit_code == 1
    assert told.output.endswith("2 of 3 issues.\n")
    assert "missing-number" not in told.output
    for id, each in twins.items():
        (other,) = set(twins) - {id}
        assert each["details"]["others"] == other
        assert f"    others: {other}\n" in told.output
        pause = datetime.fromisoformat(each["next_try"]) - datetime.fromisoformat(each["last_seen"])
        assert pause == timedelta(minutes=5)
        assert f"tried again from {datetime.fromisoformat(each['next_try']):%Y-%m-%d %H:%M} UTC on" in told.output
    for none in (["--flow", "products_to_sales"], ["--code", "no-such-code"]):
        result = run(here.environment, "issues", *none)
        assert (result.exit_code, result.output) == (0, "0 of 3 issues.\n")
    result = run(here.environment, "issues", "--flow", "acounts_to_finops")
    assert (result.exit_code, "There is no flow 'acounts_to_finops'." in result.output) == (2, True)


def test_status_counts_warnings(world: World) -> None:
    world.account("W1", "Contoso", address1_line1="1 Main Street", address1_country="Nowhereland")
    world.settle()
    here = world.install()
    here.sync()
    told = json.loads(run(here.environment, "status", "--json").output)["flows"]["accounts_to_finops"]["warnings"]
    assert told == {"country-unknown": 1}
    shown = run(here.environment, "status").output
    assert "country-unknown 1" in next(line for line in shown.splitlines() if "warnings" in line)


def test_the_page_names_every_key_of_the_json(world: World) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/how-to/see-how-flows-stand.md").read_text(encoding="utf-8")
    account = world.account("", "Numberless")
    world.sales.send(
        "POST", "contacts", {"lastname": "Waits", "parentcustomerid_account@odata.bind": f"/accounts({account})"}
    )
    world.settle()
    here = world.install()
    here.sync()
    here.of("contacts_to_finops").sync()
    status, (issue,), (waiting,) = (
        json.loads(run(here.environment, command, "--json").output) for command in ("status", "issues", "waiting")
    )
    assert set(status) == {"flows", "stopped"}
    assert [set(waiter) for waiter in waiting["waiters"]] == [{"flow", "id", "number", "code"}]
    told_of = {"## Status": status["flows"]["accounts_to_finops"], "## Issues": issue, "## Waiting": waiting}
    for heading, told in told_of.items():
        part = page.partition(heading)[2].partition("\n## ")[0]
        named = [key for line in part.splitlines() if line.startswith("| `") for key in KEY.findall(line.split("|")[1])]
        assert sorted(named) == sorted(told)
