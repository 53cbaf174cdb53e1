"""Where a round of a feed that compares whole reads stands, as it is kept between two steps."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from sync.brakes import Weight
from sync.known import Look

log = logging.getLogger(__name__)

type Phase = Literal["new", "load", "survey", "missing", "stopped", "again", "gone", "rest"]

_PHASES = ("new", "load", "survey", "missing", "stopped", "again", "gone", "rest")

ROOM = 9000
"""Characters of ids that a position takes of each kind; it must stay below 32,768 with a page link in it."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a round stands. `ids` has what is to be handed on, `lost` what is gone, each as long as it fits.

    `found` counts all that are to be handed on, `changed` those of them that were known, `gone` those that are gone.
    `cursor` is the last record that was looked for by key. `stopped` is the weight that the flow was last stopped for
    (known, gone, changed), as long as no round has gone through since. `permitted` tells that this round went through
    by a permission, which is used up when it is over. `told` counts what a phase that reads once more
    has handed on of what the brakes weigh, `restarts` the page links that did not work since a round was over.
    """

    phase: Phase = "new"
    round: str = ""
    link: str = ""
    anew: bool = False
    known: int = 0
    found: int = 0
    changed: int = 0
    ids: tuple[str, ...] = ()
    gone: int = 0
    lost: tuple[str, ...] = ()
    cursor: str = ""
    stopped: tuple[int, ...] = ()
    permitted: bool = False
    told: int = 0
    restarts: int = 0

    def text(self) -> str:
        """The position as the engine keeps it: what is empty is left out."""
        kept = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def read_position(text: str) -> Position:
    """The position kept as `text`; one that cannot be read stands at the beginning, which loses nothing."""
    if not text:
        return Position()
    try:
        kept: dict[str, Any] = json.loads(text)
        kept |= {name: tuple(value) for name, value in kept.items() if isinstance(value, list)}
        at = Position(**kept)
    except (ValueError, TypeError, AttributeError):
        at = Position()
    if at.phase not in _PHASES or at.phase == "new":
        log.warning("The feed's position cannot be read; a new round begins.")
        return Position()
    return at


def stopped_for(position: str) -> Weight | None:
    """What a feed at this position was last stopped for; None when it was not, or has gone on since."""
    stopped = read_position(position).stopped
    return Weight(*stopped) if stopped else None


def noted(at: Position, looks: Sequence[tuple[str, Look]]) -> Position:
    """The position with what these rows are."""
    found = [id for id, look in looks if look in (Look.NEW, Look.CHANGED)]
    fits = len(at.ids) == at.found
    return replace(
        at,
        found=at.found + len(found),
        changed=at.changed + sum(look is Look.CHANGED for _, look in looks),
        ids=fitting(at.ids, found) if fits else (),
    )


def fitting(ids: tuple[str, ...], more: Sequence[str]) -> tuple[str, ...]:
    """All of them, or none when they take more room than a position has."""
    together = (*ids, *more)
    return together if len(json.dumps(together, ensure_ascii=False)) <= ROOM else ()
