"""`python -m local up`: what it prints works, and nothing of it is left when it ends."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
from pathlib import Path

from local import running
from local.data.generate import generate
from local.world import ROOT
from tests.local.command_world import alive, descendants, start
from tests.local.up_printed import printed_until_ready


def value(lines: list[str], label: str) -> str:
    """What stands behind a label at the beginning of a line."""
    (found,) = (line.removeprefix(label).strip() for line in lines if line.startswith(label))
    return found


def run(command: str) -> str:
    """The output of a line of shell, which must succeed."""
    ended = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_up_prints_commands_that_work_and_ends_on_sigterm_with_all_its_children(tmp_path: Path) -> None:
    generate(tmp_path, accounts=10)
    process = start("up", "--data", tmp_path)
    try:
        lines = printed_until_ready(process)
        children = descendants(process)
        assert len(alive(children)) >= 5, "Azurite, both simulators, the identity endpoint and a host"

        env = next(line for line in lines if line.startswith("eval "))
        curls = [line for line in lines if line.startswith("curl ")]
        assert len(curls) == 3
        for curl in curls:
            found = json.loads(run(f"{env}; {curl.replace('curl ', 'curl --silent --fail ', 1)}"))
            if "accounts" in curl:
                assert len(found["value"]) == 2

        settings_file = ROOT / value(lines, "App settings")
        settings = json.loads(settings_file.read_text(encoding="utf-8"))["Values"]
        assert value(lines, "Sales (Dataverse)").startswith(settings["SALES_URL"])
        assert value(lines, "F&O").startswith(settings["FINOPS_URL"])
        assert stat.S_IMODE(settings_file.stat().st_mode) == 0o600, "it holds keys"
        host, log = value(lines, "Functions host").split("   log: ")
        assert host.startswith("http://127.0.0.1:")
        assert host in (ROOT / log).read_text(encoding="utf-8")
        assert json.loads(run(next(line for line in lines if "sync --settings" in line) + " --json"))
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)

    assert process.returncode == 0
    assert out.strip().endswith("Stopped.")
    assert err == ""
    assert alive(children) == []
    assert process.pid not in [world.process for world in running.worlds()]
