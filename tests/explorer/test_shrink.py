"""A world that breaks a promise is told as a short story, which is the same every time."""

from __future__ import annotations

from itertools import count

import pytest
from click.testing import CliRunner

from tests.explorer.__main__ import main
from tests.explorer.judgement import Judgement, judged
from tests.explorer.mutations import MUTATIONS
from tests.explorer.shrink import again, breach, shrunk


def broken_by(name: str, monkeypatch: pytest.MonkeyPatch) -> Judgement:
    """The first world that breaks a promise under a deliberate fault of the engine."""
    (mutation,) = (each for each in MUTATIONS if each.name == name)
    original, broken = mutation.function_pair()
    for place in mutation.places(original):
        monkeypatch.setattr(place, mutation.function, broken)
    return next(judgement for seed in count() if (judgement := judged(seed, mutation.kind)).problems)


@pytest.mark.parametrize("name", ["ETags of links are not checked", "a tally is written over"])
def test_what_is_left_of_a_broken_world_is_what_breaks_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = broken_by(name, monkeypatch)
    small, cut = shrunk(whole)
    assert cut.steps is not None
    assert len(cut.steps) < max(len(whole.steps) / 5, 40)
    assert breach(small) == breach(whole)
    assert len(small.story) < 150
    told = CliRunner().invoke(main, again(small, cut).split()[3:])
    assert told.exit_code == 1
    assert told.output.splitlines()[:-1] == str(small).splitlines(), "it replays exactly"


def test_a_sound_world_is_told_as_it_is() -> None:
    told = CliRunner().invoke(main, ["3"])
    assert told.exit_code == 0
    assert told.output.splitlines() == str(judged(3)).splitlines()
