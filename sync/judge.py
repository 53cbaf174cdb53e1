"""Fetch, link, map, compare: what each change of a batch comes to, before anything is written.

Everything here is for many records at once: one fetch, one read of the links, one search for duplicates and one for
rows to adopt. A record that fails is parked by itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sync.compare import Draft, draft_adoption, draft_create, draft_update
from sync.errors import Busy, DataError
from sync.matching import assign_numbers, find_targets, key_of, recover, refuse_duplicates
from sync.model import Ending, Outcome, Scalar
from sync.outcomes import each, end_skipped, end_unchanged, keep, settled, undecided
from sync.work import Applier, Delivery, Step, Work

DELETED = "source-deleted"
"""The reason of a link whose source record was deleted (flows.md 1.9)."""


def judge(works: Sequence[Work], tools: Applier, delivery: Delivery) -> None:
    """Bring every work to an outcome, or to a draft that is to be written.

    The order of judgement is R5's: filter, company and number, duplicates, references, and so on. Raises Busy when
    another delivery of the same batch holds one of the links.
    """
    fetch(works, tools)
    free = link(works, tools, delivery)
    recover([work for work in free if work.link.dirty and work.link.reserved and not work.link.linked], tools)
    each(free, tools, _filter)
    numbered = assign_numbers(undecided(free), tools)
    fetch(numbered, tools)
    each(numbered, tools, _filter)
    each(undecided(free), tools, _identify)
    refuse_duplicates(_unlinked(free), tools)
    each(undecided(free), tools, _map)
    find_targets(_unlinked(free), tools)
    each(undecided(free), tools, compare)


def fetch(works: Sequence[Work], tools: Applier) -> None:
    """The newest source state of every record that is not fetched yet."""
    missing = [work for work in works if work.record is None]
    if missing:
        records = tools.reader.fetch(tools.plan.flow.source, [work.change.id for work in missing], tools.plan.columns)
        for work in missing:
            work.record = records.get(work.change.id)


def link(works: Sequence[Work], tools: Applier, delivery: Delivery) -> list[Work]:
    """Attend to the claims on the links; gives the works that nobody else is writing."""
    now = tools.clock.now()
    free = []
    for work in works:
        claim = work.link.claim
        if claim is not None and not delivery.owns(claim):
            if claim.until > now:
                if delivery.is_sibling(claim):
                    raise Busy(
                        "another delivery of this batch is at work",
                        delay=(claim.until - now).total_seconds(),
                        where=f"batch {delivery.batch}",
                    )
                work.outcome = Outcome(Ending.SUPERSEDED)
                work.after = dataclasses.replace(work.link, again=True)
                continue
            work.link = dataclasses.replace(work.link, claim=None, again=False, dirty=True)
        free.append(work)
    return free


def compare(work: Work, tools: Applier) -> None:
    """The draft of what is to be written, or unchanged."""
    plan, mapped, link = tools.plan, work.mapped, work.link
    assert mapped is not None  # noqa: S101 - _map has run
    if link.linked:
        draft = _releasing(draft_update(mapped, link, tools.digester), work, tools)
        if draft is None:
            end_unchanged(work)
        else:
            _write(work, "adopt" if link.reserved else "update", draft, dict(link.target))
    elif work.target is not None:
        if code := plan.adopt(mapped, work.target):
            raise DataError(
                code,
                f"{plan.flow.target.set} has a row under this key that is not the same record.",
                remedy="Compare the two: mend the name, or give this record another number.",
            )
        _write(work, "adopt", draft_adoption(mapped, work.target, tools.digester), key_of(work.target, tools))
    else:
        _write(work, "create", draft_create(mapped, tools.digester), dict(mapped.key))


def _filter(work: Work, tools: Applier) -> None:
    record, link, plan = work.record, work.link, tools.plan
    if record is None:
        if work.change.deleted:
            work.outcome = Outcome(Ending.REMOVED)
            work.after = settled(link, "removed", DELETED)
        elif link.state == "removed" and link.reason == DELETED:
            # Its delete came first; this older change has nothing to say any more.
            work.outcome = Outcome(Ending.SUPERSEDED)
            keep(work, settled(link, link.state, link.reason))
        else:
            # A record that is not there is not thereby deleted: the feed's delete says so.
            end_skipped(work, "not-found")
        return
    reason = plan.skip(record)
    if reason is None:
        return
    policy = plan.on_deactivate
    if policy and policy.hold and reason == policy.reason and link.linked and (not link.held or link.dirty):
        _write(work, "hold", Draft(policy.hold, link.digests, link.hash), dict(link.target))
    else:
        end_skipped(work, reason)


def _identify(work: Work, tools: Applier) -> None:
    work.identity = tools.plan.identify(work.source, tools.facts, work.link.target or None)


def _map(work: Work, tools: Applier) -> None:
    plan, link = tools.plan, work.link
    work.mapped = plan.map(work.source, tools.facts, link.target or None)
    extra = plan.key_warnings(work.mapped, link.target) if link.linked else ()
    work.warnings = (*work.mapped.warnings, *extra)


def _releasing(draft: Draft | None, work: Work, tools: Applier) -> Draft | None:
    """An active record again: take back the hold that the app itself has set (flows.md 1.9)."""
    policy = tools.plan.on_deactivate
    if not work.link.held or policy is None or not policy.release:
        return draft
    base = draft or Draft({}, work.link.digests, work.link.hash)
    return dataclasses.replace(base, values={**base.values, **policy.release})


def _write(work: Work, step: Step, draft: Draft, key: dict[str, Scalar]) -> None:
    work.step = step
    work.draft = draft
    work.key = key


def _unlinked(works: Sequence[Work]) -> list[Work]:
    return [work for work in undecided(works) if not work.link.linked]
