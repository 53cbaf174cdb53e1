"""The brakes of a feed that is told change by change, and its second look when it was not told (promise 9).

What has changed since the last run is read to its end first, and weighed; only then it is read once more and handed on.
A single page is handed on at once. Deletes of the hour before count with those of now: who empties a table takes his
time. Where the source has forgotten what it was asked to track (an expired token) everything is read anew, which shows
no delete: afterwards every record that has a counterpart is looked for by its key.

Whole reads are not weighed: they are asked for, or a new definition, and what they show is there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sync.brakes import Brakes, Weight
from sync.model import Change, EntityRef, Link, Page
from sync.ports import ChangeFeed, Links, Reader

log = logging.getLogger(__name__)

FEWEST_GONE, FEWEST_CHANGED = 50, 500
"""So many are never a mass change: people delete and change as many by hand, or by a small import."""

WINDOW = timedelta(hours=1)
"""How long a delete counts with later ones."""

MOST_AHEAD = 100
"""Pages that are read, or steps that records are looked for in, before what was found is weighed."""

LOOKED_FOR = 500
"""Links that are read in one step."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the feed stands. `inner` is where the feed itself does.

    `gone` records that are gone were handed on since `since`; `known` had a counterpart when that was last counted.
    `weighed` are the changes, and the deletes of them, that were weighed and may be handed on from here. `stopped` is
    the weight that the flow was last stopped for (known, gone, changed), as long as nothing has gone through since;
    `permitted` tells that what is handed on goes through by a permission, which is used up when it is over. `begun`
    tells that a read has handed on changes, or has ended; `blind` that a whole read is under way by which deletes may
    go untold. `due` is when records are to be looked for behind it, `cursor` how far that has come.
    """

    inner: str = ""
    since: str = ""
    gone: int = 0
    known: int = 0
    weighed: tuple[int, ...] = ()
    stopped: tuple[int, ...] = ()
    permitted: bool = False
    begun: bool = False
    blind: bool = False
    due: str = ""
    cursor: str = ""

    def text(self) -> str:
        """The position as the engine keeps it: what is empty is left out."""
        kept = {name: value for name, value in asdict(self).items() if value}
        return json.dumps({"inner": self.inner, **kept}, separators=(",", ":"))


def read_position(text: str) -> Position:
    """The position kept as `text`; any other text is the position of the feed itself."""
    try:
        kept: dict[str, Any] = json.loads(text)
        return Position(**(kept | {name: tuple(value) for name, value in kept.items() if isinstance(value, list)}))
    except (ValueError, TypeError, AttributeError):
        return Position(text)


def stopped_for(position: str) -> Weight | None:
    """What a feed at this position was last stopped for; None when it was not, or has gone on since."""
    stopped = read_position(position).stopped
    return Weight(*stopped) if stopped else None


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What was read ahead: the first page and the last, how many changes and deletes of them, and whose they are."""

    first: Page
    end: Page
    told: int
    deleted: int
    gone: set[str]
    changed: set[str]

    @property
    def is_one_page(self) -> bool:
        return self.first is self.end and not self.first.more


class BrakedFeed:
    """The ChangeFeed `feed` with brakes, for one flow. It remembers nothing between two calls."""

    def __init__(
        self,
        feed: ChangeFeed,
        links: Links,
        reader: Reader,
        brakes: Brakes,
        *,
        mapping: str,
        entity: EntityRef,
        under_way: Callable[[], int],
        wait: timedelta,
    ) -> None:
        """`entity` is the source table of the flow, whose records `reader` fetches.

        `under_way` counts messages of the flow. `wait` is how long a record that was fetched may take until its link
        says so: only then all are known that are to be looked for.
        """
        self._feed = feed
        self._links = links
        self._reader = reader
        self._brakes = brakes
        self._mapping = mapping
        self._entity = entity
        self._under_way = under_way
        self._wait = wait

    def mode(self, position: str) -> str:
        """That of the feed itself, as long as it does not follow changes; then "stopped" from a mass change on until
        changes have gone through, "survey" while records are looked for, "delta" otherwise."""
        at = read_position(position)
        mode = self._feed.mode(at.inner)
        if mode != "delta":
            return mode
        if at.stopped:
            return "stopped"
        return "survey" if at.cursor else "delta"

    def page(self, position: str, *, full: bool) -> Page:
        """One page; one without changes when more were read ahead. Raises what reading raises."""
        at = read_position(position)
        if full or self._feed.mode(at.inner) != "delta":
            return self._whole(at, full=full)
        if at.permitted and not at.weighed and not at.cursor:
            self._brakes.use_up()
            at = replace(at, permitted=False)
        if at.due and self._brakes.clock.now() >= datetime.fromisoformat(at.due):
            return self._look_for_missing(at)
        return self._hand_on(at) if at.weighed else self._weigh(at)

    def _whole(self, at: Position, *, full: bool) -> Page:
        """A page of a whole read; one that began from nothing, and is not the first, shows no deletes."""
        page = self._feed.page(at.inner, full=full)
        read = self._feed.mode(page.position) == "delta"
        # A run that ended early may have posted changes of this very page.
        looks = not at.begun and (bool(page.changes) or read)
        blind = at.blind or (looks and self._has_begun())
        behind = replace(at, inner=page.position, weighed=(), begun=at.begun or looks, blind=blind)
        if blind and read:
            behind = replace(behind, blind=False, due=(self._brakes.clock.now() + self._wait).isoformat(), cursor="")
        return _with(page, behind)

    def _has_begun(self) -> bool:
        """A record has a link, or is about to get one."""
        return self._under_way() > 0 or any(True for _ in self._all_links())

    def _weigh(self, at: Position) -> Page:
        ahead = self._read_ahead(at.inner)
        if self._feed.mode(ahead.end.position) != "delta":
            return self._read_anew(at, ahead.end)
        if ahead.end.stop is not None:
            return Page((), at.text(), more=False, stop=ahead.end.stop)
        at = self._in_window(at)
        gone, changed = len(ahead.gone), len(ahead.changed)
        if self._brakes.is_mass(Weight(at.known, at.gone + gone, changed)):
            known = set(self._known())
            at = replace(at, known=len(known))
            gone, changed = len(ahead.gone & known), len(ahead.changed & known)
        weight = Weight(at.known, at.gone + gone, changed)
        if self._brakes.trip(weight):
            return self._stop(at, weight, midway=False)
        at = self._passed(at, weight)
        if ahead.is_one_page:
            return _with(ahead.first, replace(at, inner=ahead.first.position))
        return Page((), replace(at, weighed=(ahead.told, ahead.deleted)).text(), more=True)

    def _read_ahead(self, position: str) -> _Ahead:
        pages = [self._feed.page(position, full=False)]
        while pages[-1].more and self._feed.mode(pages[-1].position) == "delta" and len(pages) < MOST_AHEAD:
            pages.append(self._feed.page(pages[-1].position, full=False))
        last = {change.id: change for page in pages for change in page.changes}
        return _Ahead(
            pages[0],
            pages[-1],
            sum(len(page.changes) for page in pages),
            sum(map(_deleted, pages)),
            {id for id, change in last.items() if change.deleted},
            {id for id, change in last.items() if not change.deleted},
        )

    def _hand_on(self, at: Position) -> Page:
        """A page of what was weighed; what is told now and was not then is weighed first."""
        page = self._feed.page(at.inner, full=False)
        if self._feed.mode(page.position) != "delta":
            return self._read_anew(at, page)
        told, deleted = at.weighed
        left = (told - len(page.changes), deleted - _deleted(page))
        if min(left) < 0:
            return self.page(replace(at, weighed=()).text(), full=False)
        goes_on = page.more or page.stop is not None
        return _with(page, replace(at, inner=page.position, weighed=left if goes_on else ()))

    def _read_anew(self, at: Position, page: Page) -> Page:
        """From this page on all is read anew: that shows no delete which was not handed on before."""
        log.warning("%s: deletes may not have been told; they are looked for", self._brakes.flow)
        return _with(page, replace(at, inner=page.position, weighed=(), blind=True))

    def _look_for_missing(self, at: Position) -> Page:
        """The next of the records with a counterpart; those that are not found by their keys are gone."""
        at = self._in_window(at)
        lost, cursor = self._lost(at.cursor)
        weight = Weight(at.known, at.gone + sum(map(_is_known, lost)), 0)
        if self._brakes.is_mass(weight):
            at = replace(at, known=sum(1 for _ in self._known()))
            weight = replace(weight, known=at.known)
        if self._brakes.trip(weight):
            return self._stop(at, replace(weight, gone=weight.gone + self._lost_behind(cursor)), midway=at.gone > 0)
        # As long as records are looked for the hour is not over, and neither is the permission.
        permitted = at.permitted or self._brakes.is_mass(weight)
        behind = replace(at, cursor=cursor, gone=weight.gone, since=self._now() if weight.gone else "", stopped=())
        if not cursor:
            behind = replace(behind, due="", gone=0 if permitted else behind.gone)
        changes = tuple(Change(link.id, deleted=True) for link in lost)
        return Page(changes, replace(behind, permitted=permitted).text(), more=True)

    def _lost(self, cursor: str) -> tuple[list[Link], str]:
        """The links behind `cursor` whose records are gone, of one step, and how far that went ("" is the end)."""
        links = self._links.page(self._mapping, cursor, most=LOOKED_FOR)
        asked = [link for link in links.links if not link.gone]
        found = self._reader.fetch(self._entity, [link.id for link in asked], self._entity.key) if asked else {}
        return [link for link in asked if link.id not in found], links.next

    def _lost_behind(self, cursor: str) -> int:
        """How many more of them are gone, as far as that can be looked at now."""
        count = 0
        for _ in range(MOST_AHEAD):
            if not cursor:
                break
            lost, cursor = self._lost(cursor)
            count += sum(map(_is_known, lost))
        return count

    def _known(self) -> Iterator[str]:
        """The records that have a counterpart."""
        return (link.id for link in self._all_links() if _is_known(link))

    def _all_links(self) -> Iterator[Link]:
        cursor, more = "", True
        while more:
            links = self._links.page(self._mapping, cursor, most=LOOKED_FOR)
            yield from links.links
            cursor, more = links.next, bool(links.next)

    def _in_window(self, at: Position) -> Position:
        """What was gone longer ago than an hour counts no more."""
        over = at.since and self._brakes.clock.now() - datetime.fromisoformat(at.since) >= WINDOW
        return replace(at, gone=0, since="") if over else at

    def _passed(self, at: Position, weight: Weight) -> Position:
        """Weighed and to be handed on; what a permission lets through does not count on."""
        if self._brakes.is_mass(weight):
            return replace(at, gone=0, since="", stopped=(), permitted=True)
        since = at.since or (self._now() if weight.gone else "")
        return replace(at, gone=weight.gone, since=since, stopped=())

    def _stop(self, at: Position, weight: Weight, *, midway: bool) -> Page:
        if at.permitted:
            self._brakes.use_up()
        stopped = (weight.known, weight.gone, weight.changed)
        behind = replace(at, stopped=stopped, weighed=(), permitted=False)
        return Page((), behind.text(), more=False, stop=self._brakes.error(weight, midway=midway))

    def _now(self) -> str:
        return self._brakes.clock.now().isoformat()


def _with(page: Page, behind: Position) -> Page:
    return replace(page, position=behind.text())


def _deleted(page: Page) -> int:
    return sum(change.deleted for change in page.changes)


def _is_known(link: Link) -> bool:
    return bool(link.target) and not link.gone
