"""How long an idle listener waits: short at first, growing at random up to a maximum (functions-host.md 1.1)."""

from __future__ import annotations

import random

_SHORTEST = 0.1


class Backoff:
    """Waits in seconds. The randomness keeps many listeners from asking in step."""

    def __init__(self, longest: float) -> None:
        self._longest = max(longest, _SHORTEST)
        self._empty = 0

    def reset(self) -> None:
        """There was work: start again with the shortest wait."""
        self._empty = 0

    def next(self) -> float:
        """The wait after one more empty answer."""
        self._empty += 1
        if self._empty == 1:
            return _SHORTEST
        grown = _SHORTEST + _SHORTEST * 2.0 ** min(self._empty - 2, 30) * random.uniform(0.8, 1.2)
        return min(grown, self._longest)
