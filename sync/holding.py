"""Hold: a target key belongs to one source record, whoever else wants to write under it (promise 2)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from sync.errors import SyncError
from sync.keys import key_text
from sync.matching import duplicate_number
from sync.outcomes import park
from sync.ports import Stale
from sync.revisions import has_forgotten, made_to_forget
from sync.work import Applier, Work


def reserve(works: Sequence[Work], tools: Applier) -> None:
    """Hold the target key of every create; where another record holds it, the create is off."""
    wanted: dict[str, Work] = {}
    for work in works:
        if work.step in ("create", "adopt"):
            first = wanted.setdefault(key_text(work.key), work)
            if first is not work:
                _yield_key(work, first.change.id, tools)
    if not wanted:
        return
    for work, other in _held_by_others(wanted, tools):
        _yield_key(work, other, tools)


def hold_answered_keys(works: Sequence[Work], tools: Applier) -> None:
    """Where the target gave another key than the one that was sent, hold that one instead (flows.md 1.2).

    Where another record holds the key that was given, the row is that record's, whoever made it: this one is parked,
    without a counterpart.
    """
    held = [(work, key_text(work.known.target)) for work in works if work.known is not None and work.known.target]
    changed = [(work, key) for work, key in held if key != key_text(work.key)]
    if not changed:
        return
    wanted: dict[str, Work] = {}
    lost = []
    for work, key in changed:
        first = wanted.setdefault(key, work)
        if first is not work:
            lost.append((work, first.change.id))
    try:
        lost += _held_by_others(wanted, tools)
    except SyncError:
        _hold_later([work for work, _ in changed])
        raise
    tools.links.unreserve(tools.plan.flow.mapping, {key_text(work.key): work.change.id for work, _ in changed})
    for work, other in lost:
        _disown(work, other, tools)


def _hold_later(works: Sequence[Work]) -> None:
    """What the target has taken is known, and its key not held yet: the next delivery does both, as in an adoption."""
    for work in works:
        if work.known is not None:
            work.known = dataclasses.replace(work.known, reserved=work.known.target, dirty=True)


def _held_by_others(wanted: Mapping[str, Work], tools: Applier) -> list[tuple[Work, str]]:
    """Hold these keys; gives the works whose key another record holds and does not let go, with that record's id."""
    taken = tools.links.reserve(tools.plan.flow.mapping, {key: work.change.id for key, work in wanted.items()})
    return [(wanted[key], other) for key, other in taken.items() if not _take_over(key, wanted[key], other, tools)]


def _disown(work: Work, other: str, tools: Applier) -> None:
    """The row that the target took this record for is another's: as far as this one goes, nothing was written."""
    work.link = dataclasses.replace(work.link, hash="", digests={}, gives={}, parts={})
    work.done = None
    _yield_key(work, other, tools)
    work.known = dataclasses.replace(work.link, claim=None)


def _yield_key(work: Work, other: str, tools: Applier) -> None:
    work.link = dataclasses.replace(work.link, target={}, reserved={})
    park(work, duplicate_number([other], tools), tools)


def _take_over(key: str, work: Work, other: str, tools: Applier) -> bool:
    """Hold a key whose holder has let go of it; that one then has no counterpart any more, should it come back.

    The holder claims its link before it looks at the key, here the key is taken before the link is looked at again:
    one of the two sees the other.
    """
    links, mapping, id = tools.links, tools.plan.flow.mapping, work.change.id
    earlier = other, key, work, tools
    let_go = _let_go(other, key, tools) or made_to_forget(*earlier) or has_forgotten(*earlier)
    if work.follows and work.follows.id.casefold() != other.casefold():  # it was about to hold the key itself
        let_go = let_go and made_to_forget(work.follows.id, key, work, tools)
    if not let_go or not links.take_over(mapping, key, id, holder=other):
        return False
    if _let_go(other, key, tools) or has_forgotten(*earlier):  # which may be claimed again by now
        return True
    links.take_over(mapping, key, other, holder=id)
    return False


def _let_go(id: str, key: str, tools: Applier) -> bool:
    """The holder of a target key has no counterpart there and no create under way; it is made to forget it."""
    links, mapping, partition = tools.links, tools.plan.flow.mapping, tools.links.partition(id)
    link = links.read(mapping, partition, [id]).get(id)
    if link is None or (link.claim is None and key not in (key_text(link.target), key_text(link.reserved))):
        return True
    deleted = link.state == "removed" and link.reason == "source-deleted"
    if link.claim or not (deleted or not (link.linked or link.dirty)):
        return False
    empty = dataclasses.replace(link, target={}, reserved={}, hash="", digests={}, dirty=False, held=False)
    try:
        links.write(mapping, partition, [empty])
    except Stale:
        return False
    return True
