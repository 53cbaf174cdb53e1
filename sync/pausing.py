"""Pausing: a flow that is held up reads nothing and writes nothing, and loses nothing.

Changes stay where they are: those that were not read in their source, those that were in the queue, where each message
is put back for some seconds at a time. A chunk that is being written is written to its end.
"""

from __future__ import annotations

from sync.model import Pause
from sync.ports import Clock, Pauses


def in_force(flow: str, pauses: Pauses, clock: Clock) -> Pause | None:
    """The pause that holds the flow up now."""
    pause = pauses.read(flow)
    return pause if pause is not None and pause.holds(clock.now()) else None


def told(pause: Pause) -> str:
    """Who has paused it, when, why, and how it goes on."""
    by = f" by {pause.by}" if pause.by else ""
    why = f": {pause.reason}" if pause.reason else "."
    on = f"It goes on by itself at {pause.until:%Y-%m-%d %H:%M} UTC, or when" if pause.until else "It goes on when"
    said = f"Paused on {pause.since:%Y-%m-%d %H:%M} UTC{by}{why}"
    return f"{said.rstrip('.')}. {on} somebody says `python -m sync resume {pause.flow}`."
