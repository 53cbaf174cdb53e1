"""How checkers look at a world."""

from __future__ import annotations

from sync.model import Link
from tests.explorer.world import World


def links_of(world: World, mapping: str) -> dict[str, Link]:
    """The links of a mapping by id."""
    return {link.id: link for link in world.links.all_links(mapping)}


def orderly(world: World) -> bool:
    """No process has ended before its time."""
    return not any(world.scheduler.met[fault] for fault in ("crash", "crash-after", "fail", "fail-after", "outage"))
