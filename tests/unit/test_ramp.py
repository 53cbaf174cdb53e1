"""The gentle way back behind a gate that has opened (promise 6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.stores.memory import MemoryClock, MemoryGates
from sync.systems.ramp import SECONDS, Ramp

EVENLY = [(n + 0.5) / 900 for n in range(900)]


class Held:
    """A gate of twins, and how long each request behind it was held up."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.gates = MemoryGates(self.clock)
        self.slept: list[float] = []
        self._drawn: Iterator[float] = iter(EVENLY)
        self.ramp = Ramp(self.gates, lambda: next(self._drawn), self.slept.append)

    def requests(self, count: int) -> int:
        """So many at once; how many of them were held up."""
        return sum(self.ramp.wait("finops") for _ in range(count))


def test_a_gate_that_nobody_shut_holds_nobody_up() -> None:
    assert Held().requests(100) == 0


def test_what_waited_for_the_gate_starts_in_growing_numbers_and_none_waits_longer_than_the_ramp() -> None:
    held = Held()
    held.gates.shut("finops", 10)
    held.clock.advance(10)
    assert held.requests(900) == 900
    by_second = [sum(second <= slept < second + 1 for slept in held.slept) for second in range(3)]
    assert by_second == [100, 300, 500]
    assert max(held.slept) <= SECONDS


@pytest.mark.parametrize("later", [SECONDS, 60])
def test_behind_the_ramp_nobody_is_held_up(later: float) -> None:
    held = Held()
    held.gates.shut("finops", 10)
    held.clock.advance(10 + later)
    assert held.requests(100) == 0


def test_in_the_middle_of_the_ramp_only_some_wait_for_what_is_left() -> None:
    held = Held()
    held.gates.shut("finops", 10)
    held.clock.advance(10 + SECONDS / 2)
    assert held.requests(900) == 675
    assert max(held.slept) <= SECONDS / 2
