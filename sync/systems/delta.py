"""The change feed of Dataverse tables with change tracking (wire.md 1.7; design.md "Detecting").

A full read goes through four phases, one page at a time:

    token   page the tracked table for ids alone, yield nothing, keep the delta link of the last page
    load    page the table in primary-key order; every row is a change
    since   the rows with `modifiedon` since the start of the token phase, less five minutes, once more
    delta   follow the delta link, for ever

A feed that is about other records, those that a lookup of its rows leads to, has no load and no since: what tells those
records reads them whole (see `triggers`).

The position is JSON: the phase, the page link to go on from ("" for its first page), the delta link, and when the full
read started. A link that no longer works starts its phase again, an expired delta link a new full read. Where that
happens again and again and no read comes to its end, the flow stops and says so; every later run tries once more.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sync.errors import ConfigError
from sync.model import Change, EntityRef, Page
from sync.systems import odata
from sync.systems.answers import Answer
from sync.systems.origin import inside
from sync.systems.sales import SalesSystem
from sync.systems.sales_terms import READING
from sync.systems.trouble import refused_read

log = logging.getLogger(__name__)

type Phase = Literal["token", "load", "since", "delta"]

_PHASES = ("token", "load", "since", "delta")
_EXPIRED = "0x80044352"
_LINK_IS_GONE = (400, 404, 410)
_OVERLAP = timedelta(minutes=5)
_MOST_RESTARTS = 3


@dataclass(frozen=True, slots=True)
class Position:
    """Where a feed stands. `started` is empty when the rows changed since then need no second reading; `restarts`
    counts the links that no longer worked since a read came to its end."""

    phase: Phase = "token"
    link: str = ""
    delta: str = ""
    started: str = ""
    restarts: int = 0

    def text(self) -> str:
        """The position as the engine keeps it: what is empty is left out."""
        kept = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(kept, separators=(",", ":"))


class DeltaFeed:
    """The ChangeFeed of one tracked table; `entity.key` is its primary key column."""

    def __init__(
        self,
        sales: SalesSystem,
        entity: EntityRef,
        *,
        page_size: int = 5000,
        modified_on: str = "modifiedon",
        about: str = "",
    ) -> None:
        """`page_size` is asked for in every request; Dataverse gives at most 5,000 rows a page.

        `about` is the logical name of a lookup: the feed then tells the records that changed rows lead to by it,
        without versions; what was deleted leads nowhere. A lookup that can lead to several tables is not meant.
        """
        self._sales = sales
        self._entity = entity
        self._id = entity.key[0]
        self._about = f"_{about}_value" if about else ""
        self._modified_on = modified_on
        size = f"odata.maxpagesize={page_size}"
        self._plain = {**READING, "Prefer": size}
        self._tracked = {**READING, "Prefer": f"odata.track-changes,{size}"}

    def mode(self, position: str) -> str:
        """ "full" while a full read is under way or due, "delta" afterwards."""
        return "delta" if read_position(position).phase == "delta" else "full"

    def page(self, position: str, *, full: bool) -> Page:
        """One page, normally by one request; `more` is False only behind the last page of a delta, or with a `stop`.

        Raises ConfigError when Sales refuses the table or its tracking, and what `HttpClient.send` raises.
        """
        at = read_position(position)
        if full and at.phase != "token" and not self._about:
            # The delta link stays good whatever is loaded, so the load begins at once.
            at = replace(at, phase="load", link="")
        answer = self._answer(at)
        if not answer.ok:
            return self._after_refusal(at, answer)
        document = odata.document_of(self._sales.http, answer, self._entity.set)
        behind = self._behind(at, document, answer)
        changes = () if at.phase == "token" else self._changes(document.get("value", ()))
        return Page(changes, behind.text(), more=behind.phase != "delta" or bool(behind.link) or at.phase != "delta")

    def _answer(self, at: Position) -> Answer:
        tracked = at.phase in ("token", "delta")
        return self._sales.http.send(
            "GET",
            at.link or self._first(at),
            about=self._entity.set,
            writes=False,
            headers=self._tracked if tracked else self._plain,
        )

    def _first(self, at: Position) -> str:
        """The address of a phase's first page."""
        if at.phase == "delta":
            return at.delta
        columns = filter(None, (self._id, self._about))
        url = self._sales.address(f"{self._entity.set}?{odata.select(columns)}")
        if at.phase == "token":
            return url
        if at.phase == "since":
            url += f"&$filter={self._modified_on}%20ge%20{at.started}"
        return f"{url}&$orderby={self._id}%20asc"

    def _behind(self, at: Position, document: dict[str, Any], answer: Answer) -> Position:
        """The position behind a page."""
        if at.phase == "token" and not at.started:
            at = replace(at, started=_moment((answer.server_time or datetime.now(UTC)) - _OVERLAP))
        link = self._link(document, "@odata.nextLink")
        if link:
            if link == at.link:
                raise odata.repeated_link(self._sales.http, self._entity.set)
            return replace(at, link=link)
        delta = self._link(document, "@odata.deltaLink")
        match at.phase:
            case "token" if not delta:
                raise self._not_tracked(answer)
            case "token" if self._about:
                return replace(at, phase="delta", link="", delta=delta, started="")
            case "token":
                return replace(at, phase="load", link="", delta=delta)
            case "load" if at.started:
                return replace(at, phase="since", link="")
            case "load" | "since":
                return replace(at, phase="delta", link="", started="")
            case "delta":
                # An answer without changes may come without any member (wire.md 1.7): the old link stays good.
                return Position("delta", delta=delta or at.delta)

    def _link(self, document: dict[str, Any], member: str) -> str:
        """A link of a page, if it has one; one that leads elsewhere is never kept."""
        link = document.get(member)
        return inside(str(link), self._sales.http.base) if link else ""

    def _not_tracked(self, answer: Answer) -> ConfigError:
        return ConfigError(
            f"Sales gave no delta link for {self._entity.set}.",
            where=self._sales.http.base,
            remedy="Switch on change tracking for the table in Power Apps (Properties > Advanced options).",
            details=answer.details(),
        )

    def _changes(self, rows: list[dict[str, Any]]) -> tuple[Change, ...]:
        """Each id once, as it stands last on the page: deletions come behind updates."""
        changes: dict[str, Change] = {}
        for row in rows:
            deleted = "reason" in row or str(row.get("@odata.context", "")).endswith("/$deletedEntity")
            if self._about:
                if deleted or not row.get(self._about):
                    continue
                change = Change(str(row[self._about]))
            elif deleted:
                change = Change(str(row["id"]), deleted=True)
            else:
                change = Change(str(row[self._id]), str(row.get("@odata.etag", "")))
            changes[change.id] = change
        return tuple(changes.values())

    def _after_refusal(self, at: Position, answer: Answer) -> Page:
        """Where to go on when a link that was kept is refused; raises ConfigError when it was no such link."""
        restarts = at.restarts + 1
        if answer.error().code == _EXPIRED or (answer.status == 410 and at.phase in ("token", "delta")):
            log.warning("%s: the delta link has expired, a full read starts", self._entity.set)
            behind = Position(restarts=restarts)
        elif at.link and answer.status in _LINK_IS_GONE:
            log.warning("%s: a page link of phase %s no longer works, it starts again", self._entity.set, at.phase)
            behind = replace(at, link="", restarts=restarts)
        else:
            raise refused_read(self._sales.http.words, self._sales.http.base, self._entity.set, answer)
        if restarts < _MOST_RESTARTS:
            return Page((), behind.text(), more=True)
        return Page((), behind.text(), more=False, stop=self._never_ends(restarts, answer))

    def _never_ends(self, restarts: int, answer: Answer) -> ConfigError:
        return ConfigError(
            f"{self._entity.set} cannot be read to its end: Sales refused a link that it had given itself "
            f"({answer.status}), {restarts} times in a row.",
            where=self._sales.http.base,
            remedy="Every run tries once more and goes on when the links work. If they never do, look for a gateway "
            "that changes long addresses, or report it to the system's support with the request ids.",
            details=answer.details(),
        )


def read_position(text: str) -> Position:
    """The position kept as `text`; one that cannot be read stands at the beginning, which loses nothing."""
    if not text:
        return Position()
    try:
        kept = Position(**json.loads(text))
    except (ValueError, TypeError):
        kept = None
    if kept is None or kept.phase not in _PHASES or (kept.phase != "token" and not kept.delta):
        log.warning("The feed's position cannot be read; a full read starts.")
        return Position()
    return kept


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
