"""How checkers look at a world."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sync.keys import key_text
from sync.model import Link, Scalar
from tests.explorer.systems import MemorySales
from tests.explorer.world import World

if TYPE_CHECKING:
    from tests.explorer.accounts import AccountsWorld


DISORDER = (
    "crash",
    "crash-after",
    "fail",
    "fail-after",
    "bug",
    "bug-after",
    "unavailable",
    "outage",
    "overslept",
    "held late",
)


def links_of(world: World, mapping: str) -> dict[str, Link]:
    """The links of a mapping by id."""
    return {link.id: link for link in world.links.all_links(mapping)}


def orderly(world: World) -> bool:
    """No process has ended before its time, or gone on behind it."""
    return not any(world.scheduler.met[fault] for fault in DISORDER)


def is_undecided(link: Link) -> bool:
    """Of a create that was announced nobody knows whether it was done."""
    return link.dirty and bool(link.reserved) and not link.linked


def undecided(link: Link, world: AccountsWorld, column: str, value: Scalar | None) -> bool:
    """Nor can anybody know: F&O numbers its rows, or what tells whose row it is has changed since."""
    then = link.digests.get(f"*{column}")
    return is_undecided(link) and (bool(world.finops.sent) or then != world.digester.digest(str(value)))


def deletes_are_known(world: World, mapping: str, source: MemorySales) -> Iterator[str]:
    """A link says that its record was deleted, if there was a record when it was judged."""
    links = links_of(world, mapping)
    for id in source.gone.keys() & links.keys():
        link = links[id]
        never_there = (link.state, link.reason, link.linked) == ("skipped", "not-found", False)
        known = (link.state, link.reason) == ("removed", "source-deleted")
        if not never_there and not known:
            yield f"deleted: {id} is gone and its link is {link}"
    yield from (
        f"deleted: {id} is there, its link says no: {links[id]}" for id in source.rows if id in links and links[id].gone
    )


def excused(links: Iterable[Link]) -> set[str]:
    """Keys under which rows may have been made that no link knows yet: those who announced them know that they do not
    know."""
    return {key_text(link.reserved) for link in links if is_undecided(link)}
