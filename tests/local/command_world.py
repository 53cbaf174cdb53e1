"""What the tests of `python -m local` share: running a command in an otherwise empty environment, and its children."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from local.world import ROOT
from tests.shipped import shipped_mappings

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it wrote."""

    status: int
    out: str
    err: str


def empty_environment() -> dict[str, str]:
    """PATH and HOME, as on a fresh machine."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    """`python -m local ...`, running."""
    return subprocess.Popen(
        [sys.executable, "-m", "local", *map(str, arguments)],
        cwd=ROOT,
        env={**empty_environment(), "MAPPINGS": str(shipped_mappings())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], *, seconds: float = 100) -> Ended:
    """Wait for a command's end; it is ended by force when the time is over."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.communicate(timeout=30)
        raise
    return Ended(process.returncode, out, err)


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Every process below a running command."""
    found: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
    return found


def wait_for_children(process: subprocess.Popen[str], least: int) -> list[psutil.Process]:
    """The processes below a command, as soon as there are so many."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if len(found := descendants(process)) >= least:
            return found
        time.sleep(0.05)
    raise AssertionError(f"the command never had {least} children")


def alive(processes: list[psutil.Process]) -> list[str]:
    """Those that still run, by what they are."""
    return [
        " ".join(each.cmdline()) for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE
    ]
