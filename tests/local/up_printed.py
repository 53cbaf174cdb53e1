"""What `python -m local up` prints."""

from __future__ import annotations

import subprocess
import threading

LAST_LINE = "Ctrl-C ends it."


def printed_until_ready(process: subprocess.Popen[str]) -> list[str]:
    """The lines that `up` prints before it waits; the command is ended if they do not come."""
    assert process.stdout is not None
    assert process.stderr is not None
    guard = threading.Timer(90, process.terminate)
    guard.start()
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if LAST_LINE in line:
            break
    guard.cancel()
    if not lines or LAST_LINE not in lines[-1]:
        raise AssertionError(f"it ended: {lines} {process.stderr.read()}")
    return lines
