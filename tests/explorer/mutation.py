"""A deliberate fault of the engine: a piece of a function's source is replaced."""

from __future__ import annotations
import __future__

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mutation:
    """`changes` are pairs of source text of `owner.function`: what is there, and what is there instead.

    `seeds` is within how many worlds of its `kind`, counted from seed `first`, the mutation was caught when somebody
    last looked: they are tried first. 0 for one that the races laid out by hand catch.
    """

    name: str
    owner: Any
    function: str
    changes: tuple[tuple[str, str], ...]
    seeds: int
    kind: str = "accounts"
    first: int = 0

    def function_pair(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """The function as it is, and as it is mutated; AssertionError when the source has moved on."""
        original: Callable[..., Any] = getattr(self.owner, self.function)
        source = textwrap.dedent(inspect.getsource(original))
        for old, new in self.changes:
            count = source.count(old)
            assert count == 1, f"{self.function} has {count} times {old!r}: bring this mutation up to date"
            source = source.replace(old, new)
        code = compile(source, f"<{self.name}>", "exec", flags=__future__.annotations.compiler_flag, dont_inherit=True)
        defined: dict[str, Any] = {}
        exec(code, vars(sys.modules[original.__module__]), defined)  # noqa: S102 - the source is our own
        return original, defined[self.function]

    def places(self, original: Callable[..., Any]) -> list[Any]:
        """Where the function is looked up: its class, or every module of the engine that has imported it."""
        if inspect.isclass(self.owner):
            return [self.owner]
        modules = [module for name, module in sys.modules.items() if name.startswith(("sync", "tests.explorer"))]
        return [module for module in modules if getattr(module, self.function, None) is original]


def mutation(
    name: str,
    owner: Any,
    function: str,
    old: str,
    new: str,
    seeds: int = 0,
    kind: str = "accounts",
    first: int = 0,
) -> Mutation:
    return Mutation(name, owner, function, ((old, new),), seeds, kind, first)
