"""The explorer can be trusted: deliberate faults of the engine do not get past it.

Each is caught by a race laid out by hand, or within the number of worlds that stands beside it. The sound engine breaks
no promise in those (test_races.py, test_worlds.py), so what is caught is the fault.
"""

from __future__ import annotations

import pytest

from tests.explorer import test_races
from tests.explorer.judgement import judged
from tests.explorer.mutations import MUTATIONS, Mutation

RACES = [race for name, race in vars(test_races).items() if name.startswith("test_")]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_broken_engine_is_caught(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    original, broken = mutation.function_pair()
    for place in mutation.places(original):
        monkeypatch.setattr(place, mutation.function, broken)
    caught = _by_a_seed(mutation.seeds) if mutation.seeds else _by_a_race()
    assert caught, f"nothing is broken although {mutation.name}"
    print(f"caught by {caught}")


def _by_a_seed(worlds: int) -> str:
    return next((f"seed {seed}" for seed in range(worlds) if judged(seed).problems), "")


def _by_a_race() -> str:
    for race in RACES:
        try:
            race()
        except Exception:  # a broken engine may end in anything
            return str(race.__name__)
    return ""
