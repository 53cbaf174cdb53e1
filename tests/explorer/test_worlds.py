"""Promises 1 to 4 hold in every seeded world, and the worlds are rough enough for that to mean something.

Seeds take turns with the kinds of worlds. To see one seed again: `python -m tests.explorer SEED` prints its story and
what it breaks.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import FIRST_FRESH
from tests.explorer.judgement import Judgement, judged
from tests.explorer.shrink import again, shrunk

WORLDS = 900
SHARES = 20
FRESH = 30
LOOKED_AT = 300
"""The first worlds must have met everything."""

FAULTS = {
    *("crash", "crash-after", "fail", "fail-after", "throttle", "stop", "unavailable", "bug", "bug-after", "refuse"),
    *("busy", "unsure-done", "unsure-late", "unsure-lost", "overslept", "outage"),
    *("redelivery", "delivery failed", "poison", "poison failed", "detect failed", "swept"),
    *("definition changed", "definition rolled out", "token expired", "quotes expired", "links lost", "allowed"),
}
DEEDS = {
    *("rename", "phone", "move", "switch", "switch twice", "renumber", "new number"),
    *("delete", "restore", "other parent", "refuse", "poisonous"),
    *("mail", "quote", "decide", "quotes gone", "primary", "number", "a day passes"),
    *("reprice", "unit", "currency", "stop", "gone", "back", "list opened", "list changed", "unit moved"),
    *("by hand", "retired", "revised", "deleted in Sales", "item torn", "item by hand", "default list"),
    *("revise", "edit", "activate", "end", "sell", "clerk's line", "sent out"),
}
ENDINGS = {
    *("created", "adopted", "updated", "unchanged", "superseded", "skipped", "waiting", "parked", "removed"),
    *("void split", "void void"),
}


def broken(judgements: list[Judgement]) -> str:
    """The short story of the first world that broke a promise, and the seeds of the others."""
    failed = [judgement for judgement in judgements if judgement.problems]
    if not failed:
        return ""
    small, cut = shrunk(failed[0])
    return f"{small}\nagain: {again(small, cut)}\nalso broken: {[other.seed for other in failed[1:]]}"


@pytest.mark.parametrize("share", range(SHARES))
def test_no_world_breaks_a_promise(share: int) -> None:
    story = broken([judged(seed) for seed in range(LOOKED_AT + share, WORLDS, SHARES)])
    assert not story, story


def test_no_fresh_world_breaks_a_promise() -> None:
    first = int(os.environ[FIRST_FRESH])  # tests/conftest.py draws and prints it
    story = broken([judged(seed) for seed in range(first, first + FRESH)])
    assert not story, story


def test_the_first_worlds_meet_every_kind_of_trouble_and_every_ending() -> None:
    judgements = [judged(seed) for seed in range(LOOKED_AT)]
    met = sum((judgement.met for judgement in judgements), Counter[str]())
    endings = sum((judgement.endings for judgement in judgements), Counter[str]())
    story = broken(judgements)
    assert not story, story
    assert not (never := sorted(kind for kind in FAULTS | DEEDS if not met[kind])), f"never met: {never}"
    assert not {kind: endings[kind] for kind in ENDINGS if endings[kind] < 3}, endings


def test_a_seed_tells_the_same_story_in_every_process() -> None:
    """Texts hash differently in every process: nothing may depend on the order of a set."""
    for seed in range(18, 24):  # a world of each kind
        told = [_told(seed, hash_seed) for hash_seed in ("1", "2")]
        assert told[0] == told[1]
        assert len(told[0].splitlines()) > 10


def _told(seed: int, hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-m", "tests.explorer", str(seed)]
    root = Path(__file__).parents[2]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True).stdout
