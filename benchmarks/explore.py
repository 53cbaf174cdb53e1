"""Many seeded worlds of the explorer, one after the other."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from rich.console import Console

from tests.explorer.judgement import judged

SHOWN = 100
"""Failures that are told in full; one seed is enough to find a fault, and a broken engine breaks most worlds."""


def run(seeds: Iterable[int], console: Console) -> dict[str, Any]:
    """`{"worlds", "kinds": {kind: worlds}, "broken", "seconds", "failures": [{"seed", "kind", "problems"}]}`.

    The kinds of worlds take turns; only the first hundred failures are given.
    """
    began = time.monotonic()
    kinds: Counter[str] = Counter()
    failures = []
    for seed in seeds:
        judgement = judged(seed)
        kinds[judgement.kind] += 1
        if judgement.problems:
            failures.append({"seed": seed, "kind": judgement.kind, "problems": list(judgement.problems)})
            console.print(f"seed {seed}: {judgement.problems[0]}", markup=False)
    return {
        "worlds": kinds.total(),
        "kinds": dict(kinds),
        "broken": len(failures),
        "seconds": round(time.monotonic() - began, 1),
        "failures": failures[:SHOWN],
    }
