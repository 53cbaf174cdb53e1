"""What is wrong with a mapping file: every problem with its place and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sync.errors import ConfigError


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One problem. `line` and `column` count from 1; 0 means the whole file."""

    file: str
    line: int
    column: int
    what: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.what}. {self.remedy}".rstrip()


class MappingProblems(ConfigError):
    """All problems that keep one mapping file from being used; its flows stop, the others go on."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.name = name
        self.problems = tuple(sorted(set(problems)))
        super().__init__(f"the mapping {name} cannot be used:\n" + "\n".join(map(str, self.problems)))


def nearest(word: str, known: Iterable[str], alike: float = 0.55) -> str:
    """The word that was probably meant, "" when none is as much `alike` (1 is the same)."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=alike)
    return near[0] if near else ""


def did_you_mean(word: str, known: Iterable[str], label: str) -> str:
    """A remedy for a word nobody knows: the nearest known one, or all of them."""
    names = sorted(set(known))
    near = nearest(word, names)
    if near:
        return f'Did you mean "{near}"?'
    if not names:
        return f"There is no {label} yet."
    return f"Known: {', '.join(names)}."
