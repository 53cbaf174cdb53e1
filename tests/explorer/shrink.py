"""A broken world made small: of its storms those steps are left without which nothing breaks."""

from __future__ import annotations

from collections.abc import Sequence

from tests.explorer.judgement import Judgement, judged
from tests.explorer.scheduler import Cut

TRIALS = 1500
"""Worlds that are run at most: a fraction of a minute."""


class Shrinker:
    """Cuts the world of one seed as long as it breaks the same kind of promise."""

    def __init__(self, judgement: Judgement) -> None:
        assert judgement.problems, "there is nothing to look for in a world that breaks no promise"
        self._seed, self._kind = judgement.seed, judgement.kind
        self._breach = breach(judgement)
        self._trials = 0
        self.steps, self.calm, self._faulty = judgement.steps, frozenset[int](), judgement.faulty

    def shrink(self) -> Cut:
        """Leave out steps, many at a time, then one by one; then faults; then what was needed for those alone."""
        self._leave_out_steps(len(self.steps) // 2)
        for step in sorted(self._faulty.intersection(self.steps)):
            if self._breaks(self.steps, self.calm | {step}):
                self.calm |= {step}
        self._leave_out_steps(1)
        return Cut(self.steps, self.calm.intersection(self.steps))

    def _leave_out_steps(self, size: int) -> None:
        while size:
            at = len(self.steps)
            while at > 0:
                left = (*self.steps[: max(at - size, 0)], *self.steps[at:])
                if self._breaks(left, self.calm):
                    self.steps = left
                at -= size
            size //= 2

    def _breaks(self, steps: Sequence[int], calm: frozenset[int]) -> bool:
        self._trials += 1
        if self._trials > TRIALS:
            return False
        return breach(judged(self._seed, self._kind, Cut(tuple(steps), calm))) == self._breach


def breach(judgement: Judgement) -> str:
    """The kind of promise that a world broke first, "" for none."""
    return judgement.problems[0].partition(" ")[0] if judgement.problems else ""


def shrunk(judgement: Judgement) -> tuple[Judgement, Cut]:
    """A broken world as small as it gets, with a story that tells every call; and what is left of it."""
    cut = Shrinker(judgement).shrink()
    told = Cut(cut.steps, cut.calm, calls=True)
    return judged(judgement.seed, judgement.kind, told), told


def again(judgement: Judgement, cut: Cut) -> str:
    """The command that tells the same story again."""
    steps, calm = (",".join(map(str, sorted(numbers))) for numbers in (cut.steps or (), cut.calm))
    return f"python -m tests.explorer {judgement.seed} {judgement.kind} --steps {steps or '-'} --calm {calm or '-'}"
