"""Fetch, link, map, compare: what each change of a batch comes to, before anything is written.

Everything here is for many records at once: one fetch, one read of the links, one search for duplicates and one for
rows to adopt. A record that fails is parked by itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sync.compare import Draft, draft_adoption, draft_create, draft_update, moved, same
from sync.errors import Busy, DataError
from sync.facts import BatchFacts
from sync.keys import key_text
from sync.lines import draft_of_lines, fetch_lines, know_lines
from sync.mapping.plan import Facts
from sync.matching import (
    assign_numbers,
    find_targets,
    forget_gone,
    key_of,
    read_targets,
    refuse_duplicates,
    search_further,
)
from sync.model import Ending, Outcome, Scalar, Values
from sync.outcomes import each, end_removed, end_skipped, end_unchanged, keep, settled, undecided
from sync.recovery import recover, refuse_unrecovered
from sync.revisions import follow, give_up_lost
from sync.work import RULE, Applier, Delivery, Step, Work

DELETED = "source-deleted"
"""The reason of a link whose source record was deleted, or is delivered no more (flows.md 1.9)."""


def judge(works: Sequence[Work], tools: Applier, delivery: Delivery) -> None:
    """Bring every work to an outcome, to a draft that is to be written, or to the steps behind the first write.

    The order of judgement is R5's: filter, company and number, duplicates, references, and so on. Raises Busy when
    another delivery of the same batch holds one of the links, Transient when another flow decides about a record.
    """
    fetch(works, tools)
    free = link(works, tools, delivery)
    if delivery.anew:
        forget_gone(free, tools)
    facts = BatchFacts(tools.tables, tools.links, tools.reader, tools.clock)
    facts.prepare(tools.plan, [work.record for work in free if work.record])
    recover([work for work in free if work.link.dirty and work.link.reserved and not work.link.linked], tools, facts)
    give_up_lost(free, tools)
    free = undecided(free)
    each(free, tools, lambda work: _filter(work, tools, facts))
    leave_held([work for work in free if work.step == "hold" and work.draft], tools)
    numbered = assign_numbers(undecided(free), tools)
    fetch(numbered, tools)
    each(numbered, tools, lambda work: _filter(work, tools, facts))
    fetch_lines(undecided(free), tools)
    facts.prepare_lines(tools.plan, [work.source for work in undecided(free)])
    each(undecided(free), tools, lambda work: _identify(work, tools, facts))
    refuse_duplicates(_unlinked(free), tools, facts)
    follow(_unlinked(free), tools)
    find_targets(_unlinked(free), tools)
    read_targets(undecided(free), tools)
    each(undecided(free), tools, lambda work: _map(work, tools, facts))
    search_further(_unlinked(free), tools)
    know_lines(undecided(free), tools)
    each(undecided(free), tools, lambda work: compare(work, tools))
    each([work for work in free if _begins(work)], tools, lambda work: _watch(work, tools, facts))


def fetch(works: Sequence[Work], tools: Applier) -> None:
    """The newest source state of every record that is not fetched yet."""
    missing = [work for work in works if work.record is None]
    if missing:
        records = tools.reader.fetch(tools.plan.flow.source, [work.change.id for work in missing], tools.plan.columns)
        for work in missing:
            work.record = records.get(work.change.id)
            if work.record is not None and work.link.gone:
                work.link = dataclasses.replace(work.link, gone=False)  # it has come back


def link(works: Sequence[Work], tools: Applier, delivery: Delivery) -> list[Work]:
    """Attend to the claims on the links; gives the works that nobody else is writing."""
    now = tools.clock.now()
    free = []
    for work in works:
        if delivery.resend and work.link.linked and work.done is None:
            # A link that proves nothing has everything sent, by whoever comes to it, however late that is.
            work.link = dataclasses.replace(work.link, dirty=True)
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
        if work.link.linked and set(work.link.target) != set(tools.plan.flow.target.key):
            # It was linked to another entity, before a setting chose this one: it is matched anew.
            work.link = dataclasses.replace(work.link, target={}, reserved={}, hash="", digests={}, parts={})
        free.append(work)
    return free


def compare(work: Work, tools: Applier) -> None:
    """The draft of what is to be written first, or the steps behind it, or unchanged."""
    plan, mapped, link = tools.plan, work.mapped, work.link
    assert mapped is not None  # noqa: S101 - _map has run
    if not link.linked and work.target is not None:
        plan.refuse_another(mapped, work.target)
    _refuse_moved(work, tools)
    work.remaining = mapped.steps
    lines = draft_of_lines(work, tools)
    if link.linked:
        draft = draft_update(mapped, link, tools.digester, lines)
        if draft is None and (work.follows or link.reserved):  # the same in other words: it is taken over all the same
            draft = Draft({}, link.digests, link.hash, lines)
        draft = _releasing(draft, work, tools)
        if draft is not None:
            _write(work, "adopt" if link.reserved else "update", draft, dict(link.target))
        elif mapped.steps:
            work.key = dict(link.target)
        else:
            end_unchanged(work, tools)
    elif work.target is not None:
        _write(work, "adopt", draft_adoption(mapped, work.target, tools.digester, lines), key_of(work.target, tools))
    else:
        refuse_unrecovered(work, tools)
        _write(work, "create", draft_create(mapped, tools.digester, lines), dict(mapped.key))


def _refuse_moved(work: Work, tools: Applier) -> None:
    assert work.mapped is not None  # noqa: S101 - _map has run
    field = moved(work.mapped, work.link, work.target, tools.digester)
    if field is not None and field.fixed is not None:
        column = field.name.removeprefix("_").removesuffix("_value")  # as it is written, also where it is a lookup
        raise DataError(
            field.fixed.code,
            f"{column} must stay what it was when the record was linked, and the source says otherwise.",
            column=column,
            retryable=True,
            remedy="Take the change back in the source, or link the record anew.",
        )


def _filter(work: Work, tools: Applier, facts: Facts) -> None:
    record, link, plan = work.record, work.link, tools.plan
    if record is None:
        _absent(work, tools)
        return
    work.version = tools.digester.row(record.values, plan.columns) if plan.feed == "snapshot" else ""
    verdict = plan.verdict(record, facts, linked=link.linked)
    work.warnings = verdict.warnings
    if link.successor != verdict.successor:
        work.link = link = dataclasses.replace(link, successor=verdict.successor)
    policy = plan.on_deactivate
    stopped = policy is not None and policy.reason in (verdict.reason, *verdict.warnings)
    if stopped and link.linked and (not link.held or link.dirty) and policy and policy.hold:
        _write(work, "hold", Draft(policy.hold, link.digests, link.hash), dict(link.target))
    elif verdict.reason is not None:
        end_skipped(work, verdict.reason)
    elif stopped and link.held and policy and policy.hold:
        end_skipped(work, policy.reason)
    elif link.held and policy and not policy.release:
        # It goes on, and the app never opens it: whatever holds the counterpart from now on, the next hold is new.
        work.link = dataclasses.replace(link, held=False)


def _absent(work: Work, tools: Applier) -> None:
    """A record that is not there is not thereby deleted: the feed's delete says so, whoever was told of it."""
    link, policy = work.link, tools.plan.on_deactivate
    left = link.state == "removed" and link.reason == DELETED
    if work.change.deleted or (link.gone and not left) or (left and link.dirty):
        if policy and link.linked and policy.gone:
            work.warnings = (policy.gone,)
        if policy and policy.hold and policy.when_gone and link.linked and (not link.held or link.dirty):
            _write(work, "hold", Draft(policy.hold, link.digests, link.hash), dict(link.target))
        else:
            end_removed(work, DELETED)
    elif left:
        # Its delete came first; this older change has nothing to say any more.
        work.outcome = Outcome(Ending.SUPERSEDED)
        keep(work, settled(link, link.state, link.reason))
    else:
        # No row is like that: a feed that compares tells it as changed when it is back, and as gone when it stays away.
        work.version = "not-found" if tools.plan.feed == "snapshot" else ""
        end_skipped(work, "not-found")


def leave_held(works: Sequence[Work], tools: Applier) -> None:
    """Counterparts that are on hold already, or gone: nothing is written to them.

    The app takes back its own holds only (flows.md 1.9): not one that a person had set before, whatever it was.
    """
    policy, target = tools.plan.on_deactivate, tools.plan.flow.target
    if not works or policy is None or policy.hold is None:
        return
    keys, columns = [work.link.target for work in works], [*target.key, *policy.hold]
    found = tools.writer.find(target, keys, columns)
    for work in works:
        row = found.get(key_text(work.link.target))
        if row is None or all(same(row.get(name), value) for name, value in policy.hold.items()):
            ours = row is not None and (work.link.held or not policy.release)
            work.draft = work.step = None
            work.link = dataclasses.replace(work.link, held=ours)  # it may be dirty for what was written before
            end_removed(work, policy.reason if work.record else DELETED)
        else:
            work.lasting = any(_is_foreign(row.get(name), policy.release, name) for name in policy.hold)


def _is_foreign(theirs: Scalar | None, release: Values | None, name: str) -> bool:
    """A person has put something there that the release would not bring back."""
    return bool(release) and theirs not in (None, "") and not same(theirs, (release or {}).get(name))


def _identify(work: Work, tools: Applier, facts: Facts) -> None:
    work.identity = tools.plan.identify(work.source, facts, work.link.target or None)


def _map(work: Work, tools: Applier, facts: Facts) -> None:
    plan, link = tools.plan, work.link
    work.mapped = plan.map(work.source, facts, link.target or None, work.target, link.gives)
    extra = plan.key_warnings(work.mapped, link.target, link.gives.get(RULE, "")) if link.linked else ()
    work.warnings = (*work.warnings, *work.mapped.warnings, *extra)


def _begins(work: Work) -> bool:
    """It is about to get a counterpart."""
    return work.draft is not None and work.step in ("create", "adopt") and not work.link.linked


def _watch(work: Work, tools: Applier, facts: BatchFacts) -> None:
    work.watched = facts.deciding(tools.plan, work.source)


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
