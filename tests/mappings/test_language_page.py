"""The reference page of the mapping language: its examples run, and together they show what every key does."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from pydantic import BaseModel

from sync.mapping.refresh import models
from tests.mappings.page_world import (
    Occurrence,
    Seen,
    Shown,
    altered,
    declared_by,
    kinds_of,
    look,
    occurrences,
    sent_instead,
    shown,
    without,
)

FILES = shown()
MAPPINGS = [file for file in FILES if file.kind == "mapping"]
type Look = Callable[[Shown, Shown | None], Seen]


@pytest.fixture
def seen(tmp_path: Path) -> Look:
    """What a file of the page does, with another file of the page changed, if wanted."""
    names = count()
    return lambda file, beside: look(tmp_path / f"folder {next(names)}", FILES, file, beside=beside)


@functools.cache
def _places() -> dict[tuple[str, str], list[Occurrence]]:
    """Where the page shows a key, by model and key."""
    found: dict[tuple[str, str], list[Occurrence]] = defaultdict(list)
    for file in FILES:
        for place in occurrences(file):
            found[place.model, place.key].append(place)
    return found


@pytest.mark.parametrize("file", MAPPINGS, ids=lambda file: file.name)
def test_an_example_of_the_page_holds_and_tells_what_becomes_of_records(file: Shown, seen: Look) -> None:
    came = seen(file, None)
    assert (came.problems, came.findings) == ((), ())
    assert came.told == file.story


@pytest.mark.parametrize("model", models().values(), ids=lambda model: model.__name__)
def test_the_page_shows_what_every_key_does(model: type[BaseModel], seen: Look) -> None:
    """Without the key, or with another value, an example fails, other things become of the records, or the engine is
    told something else. A code must show by itself. What a file must have need only be there."""
    before = functools.cache(lambda name: seen(next(file for file in MAPPINGS if file.name == name), None))
    own = {name: field for name, field in model.model_fields.items() if declared_by(model, name) == model.__name__}
    unseen = []
    for name, field in own.items():
        key, kinds = field.alias or name, kinds_of(field.annotation)
        places = _places()[model.__name__, key]
        there = field.is_required() or kinds == {field.default}
        if "Code" not in kinds and there and places:
            continue
        if not any(_matters(place, seen, before, code="Code" in kinds) for place in places):
            unseen.append(key)
    assert unseen == []


def _matters(place: Occurrence, seen: Look, before: Callable[[str], Seen], *, code: bool) -> bool:
    """Whether the key does something at this place. That a file without it is none shows something, too, but that a
    file with a wrong value is none shows nothing."""
    change = sent_instead if place.key == "lacks" else altered
    for changed, may_break in ((without(place.file, place.spot), not code), (change(place.file, place.spot), False)):
        for file in [place.file] if place.file.kind == "mapping" else MAPPINGS:
            came = seen(changed, None) if file is place.file else seen(file, changed)
            if came != before(file.name) and (may_break or not came.problems):
                return True
    return False
