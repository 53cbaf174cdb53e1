"""`python -m local demo` over AdventureWorks, run once for all modules that look at what it leaves."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.acceptance_rules import read
from tests.acceptance.acceptance_world import ROOT

ADVENTURE_WORKS = ROOT.parent / "shared" / "data" / "adventureworks-lt"
SECONDS = 220
needs_adventure_works = pytest.mark.skipif(
    not ADVENTURE_WORKS.is_dir(), reason="the data folder of AdventureWorks is not beside the project"
)
FLOW_FORM = {"detected": int, "created": int, "adopted": int, "updated": int, "unchanged": int, "superseded": int,
             "skipped": dict, "waiting": dict, "parked": dict, "removed": int, "warnings": dict}  # fmt: skip


@dataclass(frozen=True)
class DemoRun:
    """What a run of the demo left: the folder of its dump, and its summary."""

    data: Path
    out: Path
    summary: dict[str, Any]

    def flow(self, name: str) -> dict[str, Any]:
        """The counts of a flow without what is zero or empty, after their form was checked."""
        counts = self.summary["flows"][name]
        assert {each: type(value) for each, value in counts.items()} == FLOW_FORM
        for each, kind in FLOW_FORM.items():
            assert kind is int or all(type(count) is int for count in counts[each].values())
        ended = [counts[each] for each in FLOW_FORM if each not in ("detected", "warnings")]
        assert counts["detected"] == sum(sum(each.values()) if isinstance(each, dict) else each for each in ended)
        return {each: value for each, value in counts.items() if value}

    def came(self, name: str) -> dict[str, Any]:
        """What came of a flow's records: its counts without how often a record was looked at for nothing.

        Two flows that run at once may both release a record that waited; the second finds nothing to do.
        """
        counts = self.flow(name)
        return {each: value for each, value in counts.items() if each not in ("detected", "unchanged", "superseded")}

    def rows(self, system: str, set: str) -> list[dict[str, str]]:
        """The rows of a set as the demo dumped them."""
        return read(self.out / system, set)


def over_adventure_works(shared: Path) -> DemoRun:
    """The run over AdventureWorks that left its files in this folder, or else one that does so now."""
    out, summary = shared / "adventure-works", shared / "adventure-works.json"
    with (shared / "adventure-works.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not summary.exists():
            run = subprocess.run(
                [sys.executable, "-m", "local", "demo", "--data", os.path.relpath(ADVENTURE_WORKS, ROOT),
                 "--dump", out, "--json", summary],
                cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False,
            )  # fmt: skip
            assert run.returncode == 0, run.stdout + run.stderr
    return DemoRun(ADVENTURE_WORKS, out, json.loads(summary.read_text(encoding="utf-8")))
