"""Deliberate faults of the engine, each caught by the explorer within a few worlds: what it does not see, it cannot judge.

A mutation replaces one piece of a function's source. Each stands for a rule that is written in the engine, or for a
fault that the explorer once found in it.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sync import detect


@dataclass(frozen=True)
class Mutation:
    """`changes` are pairs of source text: what is there, what is there instead."""

    name: str
    owner: Any
    function: str
    changes: tuple[tuple[str, str], ...]
    seeds: int

    def __str__(self) -> str:
        return self.name


def mutation(name: str, owner: Any, function: str, old: str, new: str, *, seeds: int) -> Mutation:
    return Mutation(name, owner, function, ((old, new),), seeds)


MUTATIONS = [
    Mutation(
        "the watermark is confirmed before its changes are posted",
        detect,
        "_hand_on",
        (
            ("tools.outbox.post(batches)", "pass"),
            ("report.pages += 1", "tools.outbox.post(batches); report.pages += 1"),
        ),
        seeds=5,
    ),
]


def mutated(owner: Any, function: str, changes: tuple[tuple[str, str], ...]) -> Callable[..., Any]:
    """The function with its source changed, in the namespace of its module."""
    original = getattr(owner, function)
    source = textwrap.dedent(inspect.getsource(original))
    for old, new in changes:
        assert source.count(old) == 1, (
            f"{function} has {source.count(old)} times {old!r}: bring the mutation up to date"
        )
        source = source.replace(old, new)
    module = sys.modules[original.__module__]
    namespace = dict(vars(module))
    exec(compile(source, f"<mutation of {function}>", "exec", flags=_ANNOTATIONS, dont_inherit=True), namespace)  # noqa: S102
    return namespace[function]  # type: ignore[no-any-return]
