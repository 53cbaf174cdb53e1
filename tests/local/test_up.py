"""`python -m local up`: what it prints works, and nothing of it is left when it ends."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import threading
from pathlib import Path

from local.data.generate import generate
from local.up import SETTINGS_FILE
from tests.local.command_world import alive, descendants, start

LAST_LINE = "Ctrl-C ends it."


def printed_until_ready(process: subprocess.Popen[str]) -> list[str]:
    """The lines that `up` prints before it waits; the command is ended if they do not come."""
    assert process.stdout is not None
    guard = threading.Timer(90, process.terminate)
    guard.start()
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if LAST_LINE in line:
            break
    guard.cancel()
    assert lines, "it ended without a word"
    assert LAST_LINE in lines[-1], lines
    return lines


def test_up_prints_commands_that_work_and_ends_on_sigterm_with_all_its_children(tmp_path: Path) -> None:
    generate(tmp_path, accounts=10)
    process = start("up", "--data", tmp_path)
    try:
        lines = printed_until_ready(process)
        children = descendants(process)
        assert len(alive(children)) >= 5, "Azurite, both simulators, the identity endpoint and a host"

        examples = [line for line in lines if line.startswith(("export ", "curl "))]
        curls = [line for line in examples if line.startswith("curl ")]
        assert len(curls) == 2
        exports = [line for line in examples if line.startswith("export ")]
        for curl in curls:
            answer = subprocess.run(
                ["sh", "-c", "\n".join([*exports, curl.replace("curl ", "curl --silent --fail ", 1)])],
                capture_output=True, text=True, timeout=60, check=True,
            )  # fmt: skip
            assert "value" in json.loads(answer.stdout)
            if "accounts" in curl:
                assert len(json.loads(answer.stdout)["value"]) == 2

        settings = json.loads(SETTINGS_FILE.read_text(encoding="utf-8"))["Values"]
        assert any(settings["SALES_URL"] in line for line in lines)
        assert any(settings["FINOPS_URL"] in line for line in lines)
        assert stat.S_IMODE(SETTINGS_FILE.stat().st_mode) == 0o600, "it holds keys"
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)

    assert process.returncode == 0
    assert out.strip().endswith("Stopped.")
    assert err == ""
    assert alive(children) == []
