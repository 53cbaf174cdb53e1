"""The gentle way back after a throttling: what was held up does not start in the moment that the gate opens.

A service that has just asked to be left alone would be asked at once by all that waited, in all processes, and would
say so again. For some seconds each request waits for a moment of its own, drawn so that the rate grows evenly from
nothing to what it would be. Nobody needs to know how many processes there are, and an open gate costs nothing.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from sync.model import System
from sync.ports import Gates

SECONDS = 3.0
"""How long the rate grows, and the longest that a request waits."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """Holds requests up behind a gate that has opened a moment ago; `draw` gives numbers from 0 to 1, evenly."""

    gates: Gates
    draw: Callable[[], float] = random.random
    sleep: Callable[[float], None] = time.sleep

    def wait(self, system: System) -> bool:
        """Sleep until this request's moment; False when it has come already."""
        opened = self.gates.opened(system)
        left = SECONDS * math.sqrt(self.draw()) - opened if opened < SECONDS else 0.0
        if left <= 0:
            return False
        self.sleep(left)
        return True
