"""The feed of a table that tells no changes: it is read whole and compared with what the links say.

A round goes through these phases, one page at a time, over any number of runs and processes:

    load      the first round, and one that is asked for in full: every row is a change
    survey    every other round: rows that are new or differ are noted, nothing is handed on
    missing   records that no row has shown are looked for by key: a delete between two pages hides a row that stays
              (wire.md 2.3), so a record counts as gone only when it is not found by its key either (flows.md PE17)
    stopped   a mass change: nothing more is handed on, the flow says so, and the next run begins a new survey
    again     more has changed than a position can hold: the pages are read once more, what differs is handed on
    gone      more are gone than a position can hold: they are looked for once more and handed on
    rest      the round is over; the next run begins another

What few rounds find fits into the position and is handed on with the last page that was looked at. A round that a
process goes on with that did not begin it has seen part of the rows only: it begins anew (what was handed on before is
found again or done), but once only; from then on every record that this process has not seen is looked for by key.

What is read once more may have become worse meanwhile, so `again` and `gone` count what they hand on: more than the
round was weighed with, and than would pass by itself, is not handed on and stops the flow.
"""

from __future__ import annotations

import logging
import uuid
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sync.brakes import Brakes, Weight
from sync.errors import ConfigError
from sync.keys import key_of_record
from sync.known import Known, Look
from sync.mapping.plan import COMPANY
from sync.model import Change, EntityRef, Page, Seen, Values
from sync.ports import Gone, Links, Reader, Whole
from sync.rounds import Position, fitting, noted, read_position

log = logging.getLogger(__name__)

_BETWEEN_ROUNDS = ("new", "stopped", "rest")
_MODES = {"new": "full", "load": "full", "rest": "rest"}

LOOKED_FOR = 500
"""Records that are looked for by key in one step."""

MOST_RESTARTS = 3
"""So many page links in a row that do not work stop the flow: it would read the same pages for ever."""


@dataclass(slots=True)
class _Round:
    """What this process knows of a round; `candidates` are the ids that no row has shown, in order."""

    name: str
    known: Known
    candidates: list[str] | None = None


class SnapshotFeed:
    """The ChangeFeed of one table that is read whole, for one flow under one definition.

    It remembers a round while it lasts: the same object should serve all runs of a process.
    """

    def __init__(
        self,
        table: Whole,
        reader: Reader,
        links: Links,
        brakes: Brakes,
        *,
        mapping: str,
        entity: EntityRef,
        columns: Sequence[str],
        digest: Callable[[Values], str],
        company: str = "",
        name_round: Callable[[], str] = lambda: uuid.uuid4().hex[:8],
    ) -> None:
        """`digest` stands for the values of `columns`: what a link keeps as `version` of those it was judged by.

        `company` is the one that is read, "" for all or none; records of others are neither compared nor missed.
        """
        self._table = table
        self._reader = reader
        self._links = links
        self._brakes = brakes
        self._mapping = mapping
        self._entity = entity
        self._columns = columns
        self._digest = digest
        self._company = company.lower() if COMPANY in entity.key else ""
        self._name_round = name_round
        self._kept: _Round | None = None

    def mode(self, position: str) -> str:
        """ "full" while every row is or will be handed on, "survey" in any other round, "rest" between two; "stopped"
        from a mass change, or page links that do not work, on until a round has gone through."""
        at = read_position(position)
        return "stopped" if at.stopped or at.restarts >= MOST_RESTARTS else _MODES.get(at.phase, "survey")

    def page(self, position: str, *, full: bool) -> Page:
        """One step of a round; `more` is False when it is over, or stopped. Raises what reading raises."""
        at = self._standing(read_position(position), full=full)
        try:
            match at.phase:
                case "load":
                    return self._load(at)
                case "survey":
                    return self._survey(at)
                case "again":
                    return self._again(at)
                case "gone":
                    return self._hand_on_gone(at)
                case _:
                    return self._look_for_missing(at)
        except Gone as gone:
            return self._restarted(replace(at, restarts=at.restarts + 1), gone)

    def _restarted(self, at: Position, gone: Gone) -> Page:
        """The phase begins again: at once, or in the next run when links have failed too often in a row."""
        log.warning("%s: a page link of phase %s no longer works, it starts again", self._entity.set, at.phase)
        again = self._begun(at, anew=at.anew) if at.phase == "survey" else replace(at, link="", told=0)
        if at.restarts < MOST_RESTARTS:
            return Page((), again.text(), more=True)
        stop = ConfigError(
            f"{self._entity.set} cannot be read to its end: a page link did not work, {at.restarts} times in a row. "
            f"{gone}".rstrip(),
            where=f"flow {self._brakes.flow}",
            remedy="Every run tries once more and goes on when the links work. If they never do, look for a gateway "
            "that changes long addresses, or report it to the system's support.",
        )
        return Page((), again.text(), more=False, stop=stop)

    def _standing(self, at: Position, *, full: bool) -> Position:
        """Where to go on, or how to begin."""
        if at.permitted and (full or at.phase in _BETWEEN_ROUNDS):
            self._brakes.use_up()
        if full:
            self._kept = None
            return Position("load")
        if at.phase in _BETWEEN_ROUNDS:
            return self._begun(replace(at, permitted=False), anew=False)
        if not at.anew and not self._remembers(at):
            return self._begun(at, anew=True)
        if at.phase == "again" and not at.known:  # as it was kept before this phase was weighed
            return replace(at, known=len(self._round(at).known))
        return at

    def _begun(self, at: Position, *, anew: bool) -> Position:
        self._kept = None
        begun = Position(
            "survey",
            self._name_round(),
            anew=anew,
            stopped=at.stopped,
            permitted=at.permitted,
            restarts=at.restarts,
        )
        known = self._round(begun).known
        return replace(begun, known=len(known)) if known else Position("load")

    def _load(self, at: Position) -> Page:
        rows = self._table.rows_page(self._entity, self._columns, company=self._company, link=at.link)
        changes = tuple(Change(row.id) for row in rows.rows)
        behind = replace(at, link=rows.next) if rows.next else Position("rest")
        return Page(changes, behind.text(), more=bool(rows.next))

    def _survey(self, at: Position) -> Page:
        known = self._round(at).known
        rows = self._table.rows_page(self._entity, self._columns, company=self._company, link=at.link)
        looks = [(row.id, known.look(row.id, self._digest(row.values))) for row in rows.rows]
        at = replace(noted(at, looks), link=rows.next)
        if rows.next:
            return Page((), at.text(), more=True)
        return self._look_for_missing(replace(at, phase="missing"))

    def _look_for_missing(self, at: Position) -> Page:
        """The next of them; behind the last one the round is weighed."""
        candidates = self._candidates(at)
        start = bisect_right(candidates, at.cursor) if at.cursor else 0
        asked = candidates[start : start + LOOKED_FOR]
        left = len(candidates) - start - len(asked)
        if asked and not self._brakes.trip(Weight(at.known, at.gone, at.changed)):
            at = self._looked_for(at, asked)
        else:
            left += len(asked)
        weight = Weight(at.known, at.gone, at.changed)
        if self._brakes.trip(weight):
            return self._stop(at, replace(weight, gone=at.gone + left))
        if left:
            return Page((), replace(at, cursor=asked[-1]).text(), more=True)
        return self._hand_on(at, permitted=at.permitted or self._brakes.is_mass(weight))

    def _looked_for(self, at: Position, asked: Sequence[str]) -> Position:
        records = self._reader.fetch(self._entity, asked, self._columns)
        known = self._round(at).known
        looks = [(id, known.look(id, self._digest(record.values))) for id, record in records.items()]
        lost = [id for id in asked if id not in records]
        fits = len(at.lost) == at.gone
        return replace(noted(at, looks), gone=at.gone + len(lost), lost=fitting(at.lost, lost) if fits else ())

    def _stop(self, at: Position, weight: Weight, *, midway: bool = False) -> Page:
        """A permission by which part of the round was handed on is used up: the rest is more than was allowed."""
        if at.permitted:
            self._brakes.use_up()
        self._kept = None
        behind = Position("stopped", stopped=(weight.known, weight.gone, weight.changed))
        return Page((), behind.text(), more=False, stop=self._brakes.error(weight, midway=midway))

    def _hand_on(self, at: Position, *, permitted: bool) -> Page:
        """What a weighed round has found, as far as it fits into one page; what does not comes behind it."""
        changes = [Change(id) for id in at.ids] + [Change(id, deleted=True) for id in at.lost]
        rest_gone = 0 if len(at.lost) == at.gone else at.gone
        behind = replace(
            at, phase="again", ids=(), found=0, lost=(), gone=rest_gone, cursor="", stopped=(), permitted=permitted
        )
        return self._page(changes, self._behind_again(behind) if len(at.ids) == at.found else behind)

    def _again(self, at: Position) -> Page:
        known = self._round(at).known
        rows = self._table.rows_page(self._entity, self._columns, company=self._company, link=at.link)
        looks = [(row.id, known.look_again(row.id, self._digest(row.values))) for row in rows.rows]
        told = at.told + sum(look is Look.CHANGED for _, look in looks)
        if told > at.changed and self._brakes.trip(Weight(at.known, 0, told)):
            return self._stop(at, Weight(at.known, at.gone, told), midway=True)
        differing = [Change(id) for id, look in looks if look is not Look.SAME]
        at = replace(at, link=rows.next, told=told)
        return self._page(differing, at if rows.next else self._behind_again(at))

    @staticmethod
    def _behind_again(at: Position) -> Position:
        if at.gone:
            return replace(at, phase="gone", told=0)
        return Position("rest", at.round, permitted=at.permitted)

    def _hand_on_gone(self, at: Position) -> Page:
        candidates = self._candidates(at)
        start = bisect_right(candidates, at.cursor) if at.cursor else 0
        asked = candidates[start : start + LOOKED_FOR]
        found = self._reader.fetch(self._entity, asked, self._columns) if asked else {}
        gone = [Change(id, deleted=True) for id in asked if id not in found]
        told = at.told + len(gone)
        if told > at.gone and self._brakes.trip(Weight(at.known, told, 0)):
            return self._stop(at, Weight(at.known, told, at.changed), midway=True)
        if start + len(asked) < len(candidates):
            return self._page(gone, replace(at, cursor=asked[-1], told=told))
        return self._page(gone, Position("rest", at.round, permitted=at.permitted))

    def _page(self, changes: Sequence[Change], behind: Position) -> Page:
        if behind.phase == "rest":
            self._kept = None
        return Page(tuple(changes), behind.text(), more=behind.phase != "rest")

    def _remembers(self, at: Position) -> bool:
        """This process has seen what the phase goes by; the phases that hand on every row, or differing ones, go by
        the links."""
        if at.phase in ("load", "again"):
            return True
        if self._kept is None or self._kept.name != at.round:
            return False
        return at.phase != "gone" or self._kept.candidates is not None

    def _round(self, at: Position) -> _Round:
        """What this process knows of the round; a process that comes to it late knows the links only."""
        if self._kept is None or self._kept.name != at.round:
            self._kept = _Round(at.round, Known(filter(self._is_read, self._links.versions(self._mapping))))
        return self._kept

    def _candidates(self, at: Position) -> list[str]:
        round = self._round(at)
        if round.candidates is None:
            seen = self._links.versions(self._mapping) if round.known.unseen else ()
            round.candidates = sorted(link.id for link in seen if round.known.misses(link.id))
        return round.candidates

    def _is_read(self, link: Seen) -> bool:
        """A record of the table and company that this feed reads: a setting may have named others before."""
        if link.id.count("|") + 1 != len(self._entity.key):
            return False
        return not self._company or str(key_of_record(self._entity, link.id)[COMPANY]) == self._company
