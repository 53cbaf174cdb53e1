"""Many seeded worlds of the explorer, one after the other."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

from rich.console import Console

from tests.explorer.checker import broken_promises
from tests.explorer.explore import explore, new_world

SHOWN = 100
"""Failures that are told in full; one seed is enough to find a fault, and a broken engine breaks most worlds."""


def run(seeds: Iterable[int], console: Console) -> dict[str, Any]:
    """`{"worlds", "broken", "seconds", "failures": [{"seed", "problems"}]}`; the failures of the first hundred."""
    logging.getLogger("sync").setLevel(logging.CRITICAL)  # injected faults are no news
    began = time.monotonic()
    worlds = 0
    failures = []
    for seed in seeds:
        worlds += 1
        if problems := problems_of(seed):
            failures.append({"seed": seed, "problems": problems})
            console.print(f"seed {seed}: {problems[0]}", markup=False)
    return {
        "worlds": worlds,
        "broken": len(failures),
        "seconds": round(time.monotonic() - began, 1),
        "failures": failures[:SHOWN],
    }


def problems_of(seed: int) -> list[str]:
    """The promises that the world of this seed breaks; a world that ends with an error breaks one too."""
    try:
        world = new_world(seed)
        explore(world)
    except Exception as error:
        return [f"the world ended with {type(error).__name__}: {error}"]
    return broken_promises(world)
