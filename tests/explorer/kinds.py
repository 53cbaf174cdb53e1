"""The kinds of worlds, and which one a seed stands for."""

from __future__ import annotations

from collections.abc import Callable

from tests.explorer.accounts import accounts_of_seed
from tests.explorer.market import market_of_seed
from tests.explorer.people import numbered_of_seed, people_of_seed
from tests.explorer.quotes import quotes_of_seed
from tests.explorer.shop import shop_of_seed
from tests.explorer.world import World

KINDS: dict[str, Callable[[int], World]] = {
    "people": people_of_seed,
    "accounts": accounts_of_seed,
    "quotes": quotes_of_seed,
    "numbered": numbered_of_seed,
    "shop": shop_of_seed,
    "market": market_of_seed,
}

_TURNS = tuple(KINDS)


def kind_of(seed: int) -> str:
    """Kinds take turns."""
    return _TURNS[seed % len(_TURNS)]


def new_world(seed: int, kind: str = "") -> World:
    """The world of a seed, of its kind or of the given one."""
    return KINDS[kind or kind_of(seed)](seed)
