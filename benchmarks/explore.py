"""Many seeded worlds of the explorer, one after the other."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from rich.console import Console

from tests.explorer.judgement import Judgement, judged
from tests.explorer.shrink import again, shrunk

SHOWN = 100
"""Failures that are given; one seed is enough to find a fault, and a broken engine breaks most worlds."""

TOLD = 3
"""Failures that are made small and told, which takes some seconds each."""


def run(seeds: Iterable[int], console: Console, kind: str = "") -> dict[str, Any]:
    """`{"worlds", "kinds": {kind: worlds}, "broken", "seconds", "failures": [{"seed", "kind", "problems", "story"}]}`.

    The kinds of worlds take turns, unless one is given. The story is that of the smallest world that breaks the same,
    and ends with the command that tells it again.
    """
    began = time.monotonic()
    kinds: Counter[str] = Counter()
    failures: list[dict[str, Any]] = []
    for seed in seeds:
        judgement = judged(seed, kind)
        kinds[judgement.kind] += 1
        if judgement.problems:
            story = _told(judgement) if len(failures) < TOLD else []
            failures.append({"seed": seed, "kind": judgement.kind, "problems": judgement.problems, "story": story})
            for line in story or [f"seed {seed}, {judgement.kind}", judgement.problems[0]]:
                console.print(line, markup=False, highlight=False, soft_wrap=True)
    return {
        "worlds": kinds.total(),
        "kinds": dict(kinds),
        "broken": len(failures),
        "seconds": round(time.monotonic() - began, 1),
        "failures": failures[:SHOWN],
    }


def _told(judgement: Judgement) -> list[str]:
    small, cut = shrunk(judgement)
    return [*str(small).splitlines(), f"again: {again(small, cut)}"]
