"""What the one caller of the simulator may do, by entity set, and whether the service writes at all just now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.simulators.finops.errors import Refusal
from local.simulators.finops.schema import EntitySet
from local.simulators.odata.actions import Action

_READ_ONLY = "The service is in maintenance mode and does not accept changes."


class Rights:
    """Switches `no_read` and `no_write` take rights away; a read-only spell (a fault) takes all writing away."""

    def __init__(self, switch: Callable[[str], Any], refused_write: Callable[[], Action | None]) -> None:
        self._switch = switch
        self._refused_write = refused_write

    def check(self, entity_set: EntitySet, *, reads: bool) -> None:
        """Raise Refusal for what may not be done: 403 for a missing right, 503 or the fault's status for a spell."""
        if entity_set.name in self._switch("no_read" if reads else "no_write"):
            verb = "read from" if reads else "write to"
            raise Refusal(403, f"Access denied: the user is not authorized to {verb} entity '{entity_set.entity}'.")
        if not reads and (spell := self._refused_write()) is not None:
            raise Refusal(spell.status or 503, spell.message or _READ_ONLY, code=spell.code or "")
