"""Revisions: a record takes over the link of an earlier revision of itself, and with it the row of the target.

The order makes a crash harmless: the link is claimed with all that the earlier one knew, lines included; then the
earlier one is made to forget its counterpart, and keeps who has it; then the key is held; then the target is written.
Whoever comes next finds the record that has the counterpart, wherever that stopped: the holder of the key, or whom it
names. A link that was claimed and is not that one has nothing, whatever it says.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sync.errors import Contested
from sync.keys import key_text
from sync.mapping.plan import REVISION
from sync.model import Link
from sync.outcomes import end_skipped
from sync.ports import Stale
from sync.work import Applier, Work

FOLLOWED_BY = "*followed by"
"""Under this name the `gives` of a link that was made to forget its counterpart keep which record has it."""

KEPT_FROM = "*kept from"
"""Here the `gives` of a link keep who claimed to take its counterpart over and was found too late to go on."""

_TRIES = 3
"""How often the link of an earlier revision is looked at while it changes."""


def follow(works: Sequence[Work], tools: Applier) -> None:
    """Give unlinked records the link of an earlier revision; those that are no later one end as skipped.

    An earlier one that was being created when its host died has no counterpart to give, but lines that it announced.
    """
    rule = tools.plan.revisions
    asking = [(work, key_text(work.identity.key)) for work in works if work.identity is not None]
    if rule is None or not asking:
        return
    holders = tools.links.find(tools.plan.flow.mapping, [key for _, key in asking])
    for work, key in asking:
        holder, earlier = _who_has(key, holders.get(key, work.change.id), tools)
        if earlier is None or _is_of(holder, work):
            continue
        if rule.of(work.source.values) <= revision_of(earlier):
            end_skipped(work, rule.older)
            continue
        work.follows, work.own = earlier, work.link
        # Its lines are the earlier one's until it is claimed with them, whatever it was claimed with before.
        work.link = dataclasses.replace(work.link, gives=earlier.gives, claim=None)
        if earlier.linked:
            work.link = dataclasses.replace(
                work.link,
                target=earlier.target,
                reserved=dict(earlier.target),
                hash=earlier.hash,
                digests=earlier.digests,
                parts=earlier.parts,
                dirty=earlier.dirty or earlier.claim is not None,
            )


def give_up_lost(works: Sequence[Work], tools: Applier) -> None:
    """Records that were kept from taking a link over, once claimed: what another record has is not theirs.

    Who is to write after all claims it anew, with the lines as they are known then. The rows of those that were
    announced stay until then: another delivery may be about to claim the link as well.
    """
    rule, mapping = tools.plan.revisions, tools.plan.flow.mapping
    taking = [(work, key_text(work.link.reserved)) for work in works if work.link.reserved and work.link.linked]
    if rule is None or not taking:
        return
    holders = tools.links.find(mapping, [key for _, key in taking])
    for work, key in taking:
        if not _is_taken(work, key, holders.get(key, work.change.id), tools):
            work.link = dataclasses.replace(_empty(work.link), claim=None)


def _is_taken(work: Work, key: str, holder: str, tools: Applier) -> bool:
    """Whether the earlier revision has forgotten its counterpart, for this one; else it will not, for what was claimed.

    A host that is slow, not dead, is behind its lease, and may still be about to make it forget: it must find that the
    earlier one is not as it was when it was judged.
    """
    for _ in range(_TRIES):
        other, link = _who_has(key, holder, tools)
        if link is None or _is_of(other, work):
            return True
        mine = work.stored.claim
        if mine is None or link.gives.get(KEPT_FROM) == mine.holder:
            return False
        barred = dataclasses.replace(link, gives={**link.gives, KEPT_FROM: mine.holder})
        try:
            tools.links.write(tools.plan.flow.mapping, tools.links.partition(other), [barred])
        except Stale:
            continue
        return False
    raise Contested("an earlier revision is being written", delay=1, where=f"{tools.plan.flow.mapping} {holder}")


def revision_of(link: Link) -> int:
    """The revision that a link stands for."""
    return int(link.gives.get(REVISION) or 0)


def made_to_forget(id: str, key: str, by: Work, tools: Applier) -> bool:
    """Whether a record that has the row of a key is an earlier revision; then it has forgotten its counterpart.

    Raises Contested while somebody is writing it, and when somebody has since it was judged what is to be taken over.
    """
    rule = tools.plan.revisions
    if rule is None or by.record is None:
        return False
    links, mapping, partition = tools.links, tools.plan.flow.mapping, tools.links.partition(id)
    revision = rule.of(by.record.values)
    for _ in range(_TRIES):
        link = _link_of(id, tools)
        if link is None or not _has(link, key) or revision <= revision_of(link):
            return False
        running = link.claim is not None and link.claim.until > tools.clock.now()
        if running or by.follows is None or _written(link) != _written(by.follows):
            break
        empty = dataclasses.replace(_empty(link), gives={FOLLOWED_BY: by.change.id}, claim=None)
        try:
            links.write(mapping, partition, [empty])
        except Stale:
            continue  # most often it was only decided about, by somebody who is done with it
        links.drop_lines(mapping, partition, [id])
        return True
    raise Contested("an earlier revision is being written", delay=1, where=f"{mapping} {id}")


def has_forgotten(id: str, key: str, by: Work, tools: Applier) -> bool:
    """Whether a record was made to forget the row of a key by this later revision of it, and still has not got it."""
    link = _link_of(id, tools) if tools.plan.revisions is not None else None
    return link is not None and not _has(link, key) and link.gives.get(FOLLOWED_BY) == by.change.id


def _who_has(key: str, holder: str, tools: Applier) -> tuple[str, Link | None]:
    """The record that has the row of a key: its holder, or who is about to hold it; None with no link of either."""
    asked: set[str] = set()
    link = _link_of(holder, tools)
    while link is not None and not _has(link, key):
        asked.add(holder.casefold())
        holder = link.gives.get(FOLLOWED_BY, "")
        link = _link_of(holder, tools) if holder and holder.casefold() not in asked else None
    return holder, link


def _has(link: Link, key: str) -> bool:
    """It is linked to the row, or was making it when it was last heard of."""
    making = bool(link.dirty or link.claim) and not link.linked
    return key_text(link.target) == key or (making and key_text(link.reserved) == key)


def _written(link: Link) -> tuple[object, ...]:
    """What differs when the counterpart of a link may have been written."""
    return link.id.casefold(), link.hash, link.claim, link.dirty, link.gives.get(KEPT_FROM)


def _empty(link: Link) -> Link:
    """The link without a counterpart."""
    return dataclasses.replace(
        link, target={}, reserved={}, hash="", digests={}, gives={}, parts={}, dirty=False, held=False
    )


def _is_of(id: str, work: Work) -> bool:
    return id.casefold() == work.change.id.casefold()


def _link_of(id: str, tools: Applier) -> Link | None:
    links = tools.links
    return links.read(tools.plan.flow.mapping, links.partition(id), [id]).get(id)
