"""Revisions: a record takes over the link of an earlier revision of itself, and with it the row of the target.

The order makes a crash harmless: the link is claimed with all that the earlier one knew, lines included; then the
earlier one is made to forget its counterpart; then the key is held; then the target is written.
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


def follow(works: Sequence[Work], tools: Applier) -> None:
    """Give unlinked records the link of an earlier revision; those that are no later one end as skipped."""
    rule = tools.plan.revisions
    asking = [(work, key_text(work.identity.key)) for work in works if work.identity is not None]
    if rule is None or not asking:
        return
    holders = tools.links.find(tools.plan.flow.mapping, [key for _, key in asking])
    for work, key in asking:
        holder = holders.get(key, work.change.id)
        if holder.casefold() == work.change.id.casefold():
            continue
        earlier = _link_of(holder, tools)
        if earlier is None or key_text(earlier.target) != key:
            continue
        if rule.of(work.source.values) > revision_of(earlier):
            work.link = dataclasses.replace(
                work.link,
                target=earlier.target,
                reserved=dict(earlier.target),
                hash=earlier.hash,
                digests=earlier.digests,
                gives=earlier.gives,
                parts=earlier.parts,
                dirty=earlier.dirty or earlier.claim is not None,
            )
            work.follows = holder
        else:
            end_skipped(work, rule.older)


def revision_of(link: Link) -> int:
    """The revision that a link stands for."""
    return int(link.gives.get(REVISION) or 0)


def made_to_forget(id: str, key: str, by: Work, tools: Applier) -> bool:
    """Whether the holder of a target key is an earlier revision; then it has forgotten its counterpart.

    Raises Contested while somebody is writing it.
    """
    rule = tools.plan.revisions
    link = _link_of(id, tools) if rule is not None else None
    if rule is None or link is None or key_text(link.target) != key:
        return False
    if by.record is None or rule.of(by.record.values) <= revision_of(link):
        return False
    if link.claim is not None and link.claim.until > tools.clock.now():
        raise Contested("an earlier revision is being written", delay=5, where=f"{tools.plan.flow.mapping} {id}")
    links, mapping, partition = tools.links, tools.plan.flow.mapping, tools.links.partition(id)
    empty = dataclasses.replace(
        link, target={}, reserved={}, hash="", digests={}, gives={}, parts={}, claim=None, dirty=False, held=False
    )
    try:
        links.write(mapping, partition, [empty])
    except Stale:
        return False
    links.drop_lines(mapping, partition, [id])
    return True


def _link_of(id: str, tools: Applier) -> Link | None:
    links = tools.links
    return links.read(tools.plan.flow.mapping, links.partition(id), [id]).get(id)
