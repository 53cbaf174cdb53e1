"""The explorer can be trusted: deliberate faults of the engine do not get past it.

Each is caught within the number of worlds that stands beside it; the sound engine breaks no promise in those worlds
(test_worlds.py), so what is caught is the fault.
"""

from __future__ import annotations

import pytest

from tests.explorer.judgement import judged
from tests.explorer.mutations import MUTATIONS, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_broken_engine_is_caught(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    original, broken = mutation.function_pair()
    for place in mutation.places(original):
        monkeypatch.setattr(place, mutation.function, broken)
    caught = next((seed for seed in range(mutation.seeds) if judged(seed).problems), None)
    assert caught is not None, f"{mutation.seeds} worlds and none is broken although {mutation.name}"
    print(f"caught by seed {caught}")
