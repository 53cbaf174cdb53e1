"""docs/how-to/add-a-flow.md: who writes the files that the page shows and types its commands gets what it says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.world import ROOT
from tests.local.command_world import PATIENCE, empty_environment, finish
from tests.local.explore_page import Example, examples
from tests.local.up_printed import printed_until_ready

PAGE = ROOT / "docs" / "how-to" / "add-a-flow.md"
TEXT = PAGE.read_text(encoding="utf-8")
FILE = re.compile(r"`([\w/-]+\.(?:yaml|toml))`:\n\n```(?:yaml|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^```yaml\n(  - id: (\w+)\n.*?)^```$", re.MULTILINE | re.DOTALL)
PROJECT = ("sync", "local", "mappings", "docs", "function_app.py", "host.json", "local.settings.example.json")
CUSTOMERS = Example(
    0,
    """
finops -G "$FINOPS/CustomersV3" --data-urlencode '$select=CustomerAccount,CustomerGroupId' \\
  --data-urlencode "\\$filter=CustomerAccount eq 'SHOP-*'" | grep -oE '"Customer\\w+":"[^"]*"' | paste - - | sort
""",
    '"CustomerAccount":"SHOP-1"..."30"\n"CustomerAccount":"SHOP-2"..."10"',
)
"""What becomes of the accounts that are entered at the end: the group of SHOP-1 is the chosen one."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, in which the reader works."""
    copy = tmp_path / "project"
    copy.mkdir()
    for name in PROJECT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)
    (copy / ".venv").symlink_to(sys.prefix)
    (copy / "node_modules").symlink_to(ROOT / "node_modules")
    return copy


def write_files(project: Path) -> list[str]:
    """Write every file that the page shows whole; gives their names."""
    files = dict(FILE.findall(TEXT))
    for name, text in files.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    return list(files)


def write_row(project: Path) -> str:
    """Put the row that the page shows in the place of the one with its id in accounts.yaml; gives the id."""
    ((row, number),) = ROW.findall(TEXT)
    path = project / "mappings" / "accounts.yaml"
    old = re.compile(rf"^  - id: {number}\n(?:    .*\n)+", re.MULTILINE)
    text, replaced = old.subn(lambda _: row, path.read_text(encoding="utf-8"))
    assert replaced == 1
    path.write_text(text, encoding="utf-8")
    return str(number)


def bash(project: Path, script: str) -> str:
    ended = subprocess.run(
        ["bash"], input=script, capture_output=True, text=True, timeout=60, cwd=project, env=empty_environment()
    )
    assert ended.stderr == "", ended.stderr
    return ended.stdout


@contextmanager
def running_world(project: Path, command: str) -> Iterator[None]:
    """The world that the page's command starts."""
    process = subprocess.Popen(
        shlex.split(command),
        cwd=project,
        env=empty_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        printed_until_ready(process)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        finish(process, seconds=60)


def does_what_it_shows(project: Path, given: str, block: Example) -> None:
    """Run a block in a shell with what was defined before, again and again until it shows what the page says."""
    deadline = time.monotonic() + PATIENCE
    while not block.fits(output := bash(project, given + block.commands)):
        if time.monotonic() > deadline:
            raise AssertionError(f"line {block.line}:\n{block.commands}came out as:\n{output}")
        time.sleep(1)


def enter_accounts(project: Path, given: str) -> None:
    """As a seller: SHOP-1 with the group 30, SHOP-2 without one."""
    script = """
first() { .venv/bin/python -c 'import json, sys; print(json.load(sys.stdin)["value"][0][sys.argv[1]])' "$1"; }
id_of() { sales -G "$SALES/$1" --data-urlencode "\\$filter=$3" | first "$2"; }
group=$(id_of new_customergroups new_customergroupid "new_number eq '30'")
currency=$(id_of transactioncurrencies transactioncurrencyid "isocurrencycode eq 'USD'")
bind="\\"new_CustomerGroup@odata.bind\\": \\"/new_customergroups($group)\\", "
for number in SHOP-1 SHOP-2; do
  sales "$SALES/accounts" -H "$json" -d "{$bind\\"accountnumber\\": \\"$number\\", \\"name\\": \\"$number\\",
    \\"transactioncurrencyid@odata.bind\\": \\"/transactioncurrencies($currency)\\"}"
  bind=
done
"""
    assert bash(project, given + script).strip() == ""


def test_a_flow_of_ones_own_is_one_file_and_what_the_page_shows(project: Path) -> None:
    """One world for the whole page: what its last part adds is there from the start, and checked by itself."""
    check, up, given, *blocks = examples(PAGE)
    mapping, *tables = write_files(project)
    assert mapping == "mappings/customer_groups.yaml"
    assert tables == ["sales-tables/new_customergroup.toml", "sales-tables/account.toml"]
    does_what_it_shows(project, "", check)
    assert write_row(project) == "A6"
    does_what_it_shows(project, "", check)
    with running_world(project, up.commands):
        for block in blocks:
            does_what_it_shows(project, given.commands, block)
        enter_accounts(project, given.commands)
        does_what_it_shows(project, given.commands, CUSTOMERS)
    settings = json.loads((project / "local.settings.example.json").read_text(encoding="utf-8"))["Values"]
    named = set(re.findall(r"`(CUSTOMER_GROUPS_TO_SALES__\w+)`", TEXT))
    assert named
    assert named < settings.keys()
