"""A process that claims the folder of a world and stays, as `python -m local up` does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.world import ROOT

_CODE = """
import sys
from pathlib import Path
from local.running import Addresses, claimed_folder, tell
with claimed_folder(Path(sys.argv[1])) as folder:
    tell(folder, Addresses("http://127.0.0.1:9", "http://127.0.0.1:9", "http://127.0.0.1:9", "header"))
    print("claimed", flush=True)
    sys.stdin.read()
"""


@contextmanager
def child_with_a_world(base: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has claimed a folder below `base` and told its addresses; it ends with the block."""
    command = [sys.executable, "-c", _CODE, str(base)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "claimed\n"
        yield process
