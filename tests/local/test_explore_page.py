"""docs/how-to/explore.md: every example does what the page shows, against a running world."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from local.__main__ import main
from local.simulators.dataverse.app import create_app
from local.simulators.odata.serve import serve_in_thread
from local.world import ROOT
from tests.local.command_world import empty_environment, finish, start
from tests.local.explore_page import Example, examples
from tests.local.up_printed import printed_until_ready

PAGE = ROOT / "docs" / "how-to" / "explore.md"
_END = "=== end of example ==="


@pytest.fixture
def world() -> Iterator[int]:
    """The process id of a world that runs as the page says."""
    first = examples(PAGE)[0].commands.split()
    process = start(*first[first.index("up") :])
    try:
        printed_until_ready(process)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        finish(process, seconds=60)


def run_all(blocks: list[Example], world: int) -> list[str]:
    """The output of each block, all run in one shell as by a reader in one terminal."""
    script = "\n".join(f"{block.commands}\nprintf '\\n%s\\n' '{_END}'" for block in blocks)
    environment = {**empty_environment(), "LOCAL_WORLD": str(world)}
    ended = subprocess.run(
        ["bash"], input=script, capture_output=True, text=True, timeout=60, cwd=ROOT, env=environment
    )
    assert ended.stderr == ""
    outputs = ended.stdout.split(_END)[:-1]
    assert len(outputs) == len(blocks)
    return outputs


def test_every_example_does_what_the_page_shows(world: int) -> None:
    blocks = examples(PAGE)[1:]
    assert len(blocks) > 15
    wrong = [
        f"line {block.line}:\n{block.commands}came out as:\n{output.strip()}"
        for block, output in zip(blocks, run_all(blocks, world), strict=True)
        if not block.fits(output)
    ]
    assert not wrong, "\n\n".join(wrong)


def test_every_fault_of_the_pages_table_is_one_that_can_be_set_up() -> None:
    asked = re.findall(r"\| `((?:fault|latency) [^`]*)` \|", PAGE.read_text(encoding="utf-8"))
    assert len(asked) >= 7
    with serve_in_thread(create_app()) as address:
        for line in asked:
            words = [address if word in ("sales", "finops") else word for word in line.split()]
            result = CliRunner().invoke(main, ["sim", *words])
            assert result.exit_code == 0, f"{line}: {result.output}"


def test_a_page_is_judged_by_its_examples(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A\n\n```sh\necho 1\n```\n```text\n1...3\n```\n\n```sh\ntrue\n```\n\ntext\n\n```json\n{}\n```\n")
    first, second = examples(page)
    assert (first.line, first.commands, first.shown, second.shown) == (3, "echo 1\n", "1...3\n", None)
    assert [first.fits(output) for output in ("13", "123\r\n", "12", "123\n123")] == [True, True, False, False]
