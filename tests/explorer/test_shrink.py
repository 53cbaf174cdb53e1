"""A world that breaks a promise is told as a short story, which is the same every time."""

from __future__ import annotations

from itertools import count

import pytest
from click.testing import CliRunner

from tests.explorer.__main__ import main
from tests.explorer.judgement import Judgement, judged
from tests.explorer.mutations import MUTATIONS
from tests.explorer.shrink import again, breach, shrunk

EVENTFUL = 200
"""Steps of a storm of which most have nothing to do with what breaks."""


def broken_by(name: str, monkeypatch: pytest.MonkeyPatch) -> Judgement:
    """The first eventful world that breaks a promise under a deliberate fault of the engine."""
    (mutation,) = (each for each in MUTATIONS if each.name == name)
    original, broken = mutation.function_pair()
    for place in mutation.places(original):
        monkeypatch.setattr(place, mutation.function, broken)
    worlds = (judged(seed, mutation.kind) for seed in count())
    return next(world for world in worlds if world.problems and len(world.steps) >= EVENTFUL)


@pytest.mark.parametrize("name", ["ETags of links are not checked", "a tally is written over"])
def test_what_is_left_of_a_broken_world_is_what_breaks_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = broken_by(name, monkeypatch)
    small, cut = shrunk(whole)
    assert cut.steps is not None
    assert len(cut.steps) < len(whole.steps) / 5
    assert breach(small) == breach(whole)
    assert len(small.story) < 150
    told = CliRunner().invoke(main, again(small, cut).split()[3:])
    assert told.exit_code == 1
    assert told.output.splitlines()[:-1] == str(small).splitlines(), "it replays exactly"


def test_a_sound_world_is_told_as_it_is() -> None:
    told = CliRunner().invoke(main, ["3"])
    assert told.exit_code == 0
    assert told.output.splitlines() == str(judged(3)).splitlines()
