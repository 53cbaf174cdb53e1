"""The explorer can be trusted: deliberate faults of the engine do not get past it.

Each is caught by a race laid out by hand, or within 2,000 worlds, those first in which it was caught before. The sound
engine breaks no promise in those (the tests of races, test_worlds.py), so what is caught is the fault.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.explorer import (
    test_counting_races,
    test_document_races,
    test_hold_races,
    test_numbered_races,
    test_people_races,
    test_races,
    test_shop_races,
    test_void_races,
)
from tests.explorer.judgement import judged
from tests.explorer.mutation import Mutation
from tests.explorer.mutations import MUTATIONS

MOST_WORLDS = 2000


def _givens(race: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """What a race is given, as pytest would give it."""
    marks = [mark for mark in getattr(race, "pytestmark", []) if mark.name == "parametrize"]
    for values in itertools.product(*(mark.args[1] for mark in marks)):
        yield {name: given for mark, value in zip(marks, values, strict=True) for name, given in _named(mark, value)}


def _named(mark: pytest.Mark, value: Any) -> Iterator[tuple[str, Any]]:
    """One set of values of a mark, by name: it may name several at once."""
    names = mark.args[0]
    if isinstance(names, str):
        yield names, value
    else:
        yield from zip(names, value, strict=True)


MODULES = (
    *(test_races, test_counting_races, test_hold_races, test_void_races),
    *(test_people_races, test_numbered_races, test_shop_races, test_document_races),
)

RACES = [
    functools.partial(race, **given)
    for module in MODULES
    for name, race in vars(module).items()
    if name.startswith("test_")
    for given in _givens(race)
]


@pytest.mark.parametrize("race", RACES, ids=lambda race: f"{race.func.__name__} {race.keywords}")
def test_a_race_is_won_by_the_sound_engine(race: Callable[[], None]) -> None:
    """What races catch is the fault, not the way in which they are called here."""
    race()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_broken_engine_is_caught(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    original, broken = mutation.function_pair()
    for place in mutation.places(original):
        monkeypatch.setattr(place, mutation.function, broken)
    caught = _by_a_seed(mutation) if mutation.seeds else _by_a_race()
    assert caught, f"nothing is broken although {mutation.name}"
    print(f"caught by {caught}")


def _by_a_seed(mutation: Mutation) -> str:
    known = range(mutation.first, mutation.first + mutation.seeds)
    seeds = itertools.chain(known, (seed for seed in range(MOST_WORLDS) if seed not in known))
    return next((f"seed {seed}" for seed in seeds if judged(seed, mutation.kind).problems), "")


def _by_a_race() -> str:
    for race in RACES:
        try:
            race()
        except Exception:  # a broken engine may end in anything
            return f"{race.func.__name__} {race.keywords}"
    return ""
