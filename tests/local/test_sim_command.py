"""`python -m local sim`: a running simulator asked from the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import click
import pytest
import requests
from click.testing import CliRunner, Result
from starlette.applications import Starlette

from local.__main__ import main
from local.sim import sim
from local.simulators.finops.app import create_app
from local.simulators.odata.serve import serve_in_thread


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serve_in_thread(create_app()) as base:
        yield base


@pytest.fixture
def url(address: str) -> str:
    """The address of a simulator without faults and latency, at this machine's time."""
    for what in ("faults", "latency", "clock"):
        requests.delete(f"{address}/admin/{what}", timeout=10)
    return address


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["sim", *map(str, arguments)])


def done(*arguments: object) -> str:
    """The output of a command that must succeed."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def admin(url: str, path: str) -> Any:
    return requests.get(f"{url}/admin/{path}", timeout=10).json()


def test_a_fault_is_set_up_listed_and_removed(url: str) -> None:
    told = done(
        "fault", url, "--method", "post", "--path", "Currencies", "--status", 503, "--retry-after", 5, "--times", 3
    )
    number, shown = told.split(maxsplit=1)
    assert json.loads(shown) == {
        "match": {"method": "POST", "path": "Currencies"},
        "after": 0, "times": 3, "fired": 0, "action": {"status": 503, "retry_after": 5},
    }  # fmt: skip
    assert done("faults", url) == told
    assert done("clear", url, number) == "No faults.\n"
    assert admin(url, "faults") == []


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ("--every 4 --drop after", {"every": 4, "times": None, "action": {"drop": "after"}}),
        ("--hang before --after 2", {"after": 2, "times": 1, "action": {"hang": "before"}}),
        ("--times forever --delay 1.5", {"times": None, "action": {"delay": 1.5}}),
        ("--first-token --status 401", {"match": {"token": "first"}, "action": {"status": 401}}),
        ("--token-older-than 1h --status 401", {"match": {"token_older_than": 3600}, "action": {"status": 401}}),
        ("--read-only --code x --message y", {"action": {"read_only": True, "code": "x", "message": "y"}}),
        ("--cut 10 --path CustomersV3", {"match": {"path": "CustomersV3"}, "action": {"cut": 10}}),
        ("--repeat", {"action": {"repeat": True}}),
        ("--html --status 502", {"action": {"html": True, "status": 502}}),
        (
            "--from 2030-01-01T12:00:00Z --to 2030-01-01T12:10:00Z --growth 30s --status 429",
            {"from": "2030-01-01T12:00:00+00:00", "to": "2030-01-01T12:10:00+00:00", "growth": 30.0},
        ),
    ],
)
def test_every_kind_of_fault_can_be_asked_for(url: str, options: str, fault: dict[str, Any]) -> None:
    done("fault", url, *options.split())
    (shown,) = admin(url, "faults")
    assert {**shown, **fault} == shown


def test_a_window_given_as_time_spans_begins_at_the_simulators_now(url: str) -> None:
    done("clock", url, "--set", "2030-01-01T12:00:00Z")
    done("fault", url, "--from", "5m", "--to", "1h", "--status", 429)
    (shown,) = admin(url, "faults")
    assert (shown["from"][:18], shown["to"][:18]) == ("2030-01-01T12:05:0", "2030-01-01T13:00:0")


def test_the_clock_is_shown_moved_and_brought_back(url: str) -> None:
    done("clock", url, "--advance", "8d")
    assert "offset  691200.0" in done("clock", url)
    assert "offset  -90.0" in done("clock", url, "--offset", "-90s")
    assert "now     2030-01-01T12:00:0" in done("clock", url, "--set", "2030-01-01T12:00:00Z")
    assert "offset  0.0" in done("clock", url, "--reset")


def test_latency_is_set_shown_and_taken_away(url: str) -> None:
    assert "latency  none" in done("latency", url)
    assert "row_written  0.01" in done(
        "latency", url, "--row-written", "0.01", "--jitter", "0.2", "--seed", 3, "--no-wait"
    )
    assert "wait         false" in done("latency", url)
    assert "latency  none" in done("latency", url, "--off")


def test_switches_are_listed_with_the_values_that_they_can_have(url: str) -> None:
    assert re.search(r"infolog_language +en  \(one of en, de, es\)\n", done("switches", url))
    assert re.search(r"no_read +\[\]\n", done("switches", url))


@pytest.mark.parametrize("below", ["/", "/data", "/admin"])
def test_any_address_of_a_simulator_says_which_one(url: str, below: str) -> None:
    assert done("faults", f"{url}{below}") == "No faults.\n"


def test_a_column_that_is_not_there_is_not_shown_as_empty(url: str) -> None:
    result = run("rows", url, "LegalEntities", "--columns", "Nmae")
    assert result.exit_code != 0
    assert "There is no column 'Nmae'; there are" in result.output


def test_switches_take_values_of_their_own_type(url: str) -> None:
    before = admin(url, "switches")
    flag = next(name for name, value in before.items() if isinstance(value, bool))
    assert re.search(r"infolog_language +de\n", done("switches", url, "infolog_language=de", f"{flag}=true"))
    assert admin(url, "switches") == {**before, "infolog_language": "de", flag: True}
    done("switches", url, f"infolog_language={before['infolog_language']}", f"{flag}={str(before[flag]).lower()}")
    assert admin(url, "switches") == before


def test_counters_and_rows_are_shown(url: str) -> None:
    done("counters", url, "--reset")
    headers = {"Authorization": "Bearer x"}
    for code in ("USD", "EUR"):
        row = {"CurrencyCode": code, "Name": f"Money {code}"}
        assert requests.post(f"{url}/data/Currencies", json=row, headers=headers, timeout=10).status_code == 201
    assert re.search(r"requests +2\n", done("counters", url))
    assert done("rows", url, "Currencies", "--columns", "CurrencyCode,Name", "--limit", 1) == (
        '{"CurrencyCode": "USD", "Name": "Money USD"}\n'
    )
    assert done("rows", url, "Currencies").count("\n") == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("faults", "crm"), "SYSTEM is sales, finops or the address"),
        (("faults", "http://127.0.0.1:1"), "cannot be reached"),
        (("--world", "1", "faults", "sales"), "No world of process 1 is ready. Start one with `python -m local up`"),
        (("fault", "URL", "--every", "0", "--status", "500"), "'every' is a whole number of 1 or more, not 0."),
        (("fault", "URL", "--status", "500", "--times", "often"), "`forever`, not 'often'"),
        (("fault", "URL", "--delay", "soon"), "write 90, 90s, 15m, 2h or 8d"),
        (("fault", "URL"), 'such as {"status": 503}'),
        (("clear", "URL", "77"), "There is no fault 77."),
        (("clock", "URL", "--set", "noon"), "The clock cannot be set"),
        (("clock", "URL", "--reset", "--advance", "5"), "Give one of"),
        (("latency", "URL", "--off", "--seed", "1"), "--off takes no other option"),
        (("latency", "URL", "--jitter", "2"), "share from 0 to 1"),
        (("switches", "URL", "infolog_language"), "write NAME=VALUE"),
        (("switches", "URL", "infolog_language=xx"), "infolog_language"),
        (("switches", "URL", "tongue=de"), "some of the switches"),
        (("rows", "URL", "Nothings"), "There is no entity set Nothings."),
    ],
)
def test_what_cannot_be_done_is_told_with_the_remedy(url: str, arguments: tuple[str, ...], told: str) -> None:
    result = run(*(url if each == "URL" else each for each in arguments))
    assert result.exit_code != 0
    assert told in result.output, result.output
    assert "Traceback" not in result.output


def test_a_server_that_is_no_simulator_is_told() -> None:
    with serve_in_thread(Starlette()) as other:
        result = run("faults", other)
    assert (result.exit_code, "no admin address" in result.output) == (1, True)


def test_every_example_of_the_help_names_commands_and_options_that_exist() -> None:
    epilog = sim.epilog or ""
    examples = [line.split("local sim ")[1].split() for line in epilog.splitlines() if "local sim " in line]
    assert len(examples) >= 5
    for name, _, *rest in examples:
        command = sim.commands[name]
        known = {text for each in command.params if isinstance(each, click.Option) for text in each.opts}
        assert {word for word in rest if word.startswith("--")} <= known
