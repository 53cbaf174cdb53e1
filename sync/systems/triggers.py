"""A feed whose records change, too, when rows of other tables change that refer to them (a contact with its orders).

The other tables are followed by their own change tracking. Their tokens are taken before the first full read of the
main table begins, so that nothing falls between; their rows are never loaded, since the full read judges every record
anyway. Where such a token is lost, the main table is read whole once more.

The position is JSON: the positions of all, whose turn it is, and whether a full read of the main table is due.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from sync.model import Page
from sync.ports import ChangeFeed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Position:
    """Where the feed stands. `turn` 0 is the main table's, 1 the first trigger's, and so on."""

    main: str = ""
    triggers: Mapping[str, str] = field(default_factory=dict)
    turn: int = 0
    due: bool = False

    def text(self) -> str:
        """The position as the engine keeps it."""
        return json.dumps(asdict(self), separators=(",", ":"))


class TriggeredFeed:
    """The ChangeFeed of a main table and of what refers to its records."""

    def __init__(self, main: ChangeFeed, triggers: Sequence[tuple[str, ChangeFeed]]) -> None:
        """`triggers` are feeds that tell records of the main table (`DeltaFeed` with `about`), each with a name of its
        own by which its position is kept."""
        self._main = main
        self._triggers = list(triggers)

    def mode(self, position: str) -> str:
        """That of the main table; "full" as well while tokens are lacking or a full read is due."""
        at = self._read(position)
        return "full" if at.due or self._lacking(at) is not None else self._main.mode(at.main)

    def page(self, position: str, *, full: bool) -> Page:
        """A page of the one whose turn it is: the main table until it has no more, then each trigger."""
        at = self._read(position)
        if full:
            at = replace(at, due=True, turn=0)
        lacking = self._lacking(at)
        if lacking is not None:
            return self._token(at, lacking)
        return self._of_trigger(at) if at.turn else self._of_main(at)

    def _lacking(self, at: Position) -> int | None:
        """The first trigger that has no token."""
        for number, (name, feed) in enumerate(self._triggers):
            if feed.mode(at.triggers.get(name, "")) != "delta":
                return number
        return None

    def _token(self, at: Position, number: int) -> Page:
        """One page on the way to a trigger's token; what it tells is left to the full read that follows."""
        name, feed = self._triggers[number]
        page = feed.page(at.triggers.get(name, ""), full=False)
        behind = replace(at, triggers={**at.triggers, name: page.position}, turn=0, due=True)
        return Page((), behind.text(), more=page.stop is None, stop=page.stop)

    def _of_main(self, at: Position) -> Page:
        page = self._main.page(at.main, full=at.due)
        behind = replace(at, main=page.position, due=False)
        return self._handed_on(page, behind)

    def _of_trigger(self, at: Position) -> Page:
        name, feed = self._triggers[at.turn - 1]
        page = feed.page(at.triggers[name], full=False)
        behind = replace(at, triggers={**at.triggers, name: page.position})
        if feed.mode(page.position) != "delta":
            log.warning("%s: its changes cannot be followed from where they were; a full read is due", name)
            due = replace(behind, turn=0, due=True)
            return Page(page.changes, due.text(), more=page.stop is None, stop=page.stop)
        return self._handed_on(page, behind)

    def _handed_on(self, page: Page, behind: Position) -> Page:
        """The page, with the turn of whoever is next behind it; a round ends behind the last trigger.

        Where a page stops the flow it stays that one's turn, or every other run would seem to go well.
        """
        if page.stop is not None:
            return Page(page.changes, behind.text(), more=False, stop=page.stop)
        turn = behind.turn if page.more else (behind.turn + 1) % (len(self._triggers) + 1)
        return Page(page.changes, replace(behind, turn=turn).text(), page.more or turn > 0)

    def _read(self, position: str) -> Position:
        """The position kept as `position`; one of the main table alone, or that cannot be read, is kept as its own."""
        try:
            kept = Position(**json.loads(position))
        except (ValueError, TypeError):
            return Position(main=position)
        names = {name for name, _ in self._triggers}
        triggers = {name: text for name, text in kept.triggers.items() if name in names}
        return replace(kept, triggers=triggers, turn=min(kept.turn, len(self._triggers)))
