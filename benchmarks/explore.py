"""Many seeded worlds of the explorer, one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from rich.console import Console

from tests.explorer.judgement import judged

SHOWN = 100
"""Failures that are told in full; one seed is enough to find a fault, and a broken engine breaks most worlds."""


def run(seeds: Iterable[int], console: Console) -> dict[str, Any]:
    """`{"worlds", "broken", "seconds", "failures": [{"seed", "problems"}]}`; the failures of the first hundred."""
    began = time.monotonic()
    worlds = 0
    failures = []
    for seed in seeds:
        worlds += 1
        if problems := judged(seed).problems:
            failures.append({"seed": seed, "problems": list(problems)})
            console.print(f"seed {seed}: {problems[0]}", markup=False)
    return {
        "worlds": worlds,
        "broken": len(failures),
        "seconds": round(time.monotonic() - began, 1),
        "failures": failures[:SHOWN],
    }
