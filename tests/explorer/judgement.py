"""What came of one seed, as tests and the command of the explorer need it."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.explorer.checker import broken_promises
from tests.explorer.explore import explore
from tests.explorer.kinds import kind_of, new_world
from tests.explorer.scheduler import Cut

WHOLE = Cut()


@dataclass(frozen=True)
class Judgement:
    """The promises that a seed's world broke, its story, and how often which kinds of things happened in it."""

    seed: int
    kind: str
    problems: tuple[str, ...]
    story: tuple[str, ...]
    met: Counter[str]
    endings: Counter[str]
    steps: tuple[int, ...]
    faulty: frozenset[int]

    def __str__(self) -> str:
        lines = (f"seed {self.seed}, {self.kind}", *self.story, *self.problems)
        return "\n".join(lines)


def judged(seed: int, kind: str = "", cut: Cut = WHOLE) -> Judgement:
    """Run the world of a seed, of its own kind or of the given one, whole or as far as it is not cut.

    An engine that fails, or never comes to rest, breaks a promise too.
    """
    kind = kind or kind_of(seed)
    world = new_world(seed, kind)
    world.scheduler.cut = cut
    with _silence():
        try:
            explore(world)
            problems = broken_promises(world)
        except Exception:
            problems = [f"failed: {traceback.format_exc()}"]
    endings: Counter[str] = Counter()
    for lane in world.lanes.values():
        for tally in world.links.all_tallies(lane.mapping, lane.flow):
            endings.update({name.partition("/")[0]: count for name, count in tally.outcomes.items()})
            endings[f"void {tally.void}"] += bool(tally.void)
    scheduler = world.scheduler
    return Judgement(
        *(seed, kind, tuple(problems), tuple(scheduler.story), scheduler.met, endings),
        tuple(scheduler.steps),
        frozenset(scheduler.faulty),
    )


@contextmanager
def _silence() -> Iterator[None]:
    """Worlds in which everything goes wrong log a lot; their story tells more."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
