"""Write: send the drafts of a chunk, and find out what became of each record."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sync.errors import DataError, SyncError, Unsure
from sync.judge import DELETED, compare
from sync.keys import key_text
from sync.lines import compare_amounts, know_lines, line_writes, look_again, number_anew
from sync.matching import find_targets, given_by, search_further, target_missing
from sync.model import Ending, EntityRef, Link, Outcome, Scalar, Values
from sync.outcomes import given_by_source, guarded, hopes_of, park, undecided
from sync.ports import Missing, Postponed, Refused, Result, Write, Written
from sync.steps import search_again, took_step
from sync.work import OTHER, RULE, Applier, Work


def write(works: Sequence[Work], tools: Applier) -> SyncError | None:
    """Send the drafts and find out what became of them; gives what kept the rest from being written, if anything did.

    A record whose row to adopt is gone is begun anew: its caller judges it once more.
    Raises Unsure, or what is a bug: then it is not known what was written.
    """
    by_table: dict[EntityRef, list[Work]] = defaultdict(list)
    for work in works:
        if work.draft is not None and not work.draft.sends and not work.fresh and work.step != "create":
            _took(work, Written(), tools)  # an adopted row that is already as it should be
        elif work.draft is not None:
            by_table[work.behind.entity if work.behind else tools.plan.flow.target].append(work)
    for entity, members in by_table.items():
        try:
            kept_from = _send(entity, members, tools)
        except Unsure:
            raise
        except SyncError as error:
            kept_from = error
        if kept_from:
            return kept_from
    return None


def _send(entity: EntityRef, works: Sequence[Work], tools: Applier) -> SyncError | None:
    try:
        results = tools.writer.write(entity, [_as_write(work, tools) for work in works], until=_until(works))
    except Exception as error:
        if isinstance(error, Unsure) or not isinstance(error, SyncError):
            for work in works:
                work.wrote = True
        raise
    if any(isinstance(result, Written) for result in results):
        tools.pulse.beat(tools.clock.now())
    done = [(work, each) for work, each in zip(works, results, strict=True) if isinstance(each, Written)]
    compare_amounts([(work, each) for work, each in done if work.behind is None], tools)
    refused: list[tuple[Work, Refused]] = []
    kept_from: SyncError | None = None
    for work, result in zip(works, results, strict=True):
        work.wrote = work.wrote or not isinstance(result, Postponed)
        if isinstance(result, Postponed):
            kept_from = result.error
        elif work.behind is not None:
            _took_behind(work, result, tools)
        elif isinstance(result, Refused):
            refused.append((work, result))
        elif isinstance(result, Written):
            _took(work, result, tools)
        elif result.line:
            look_again(work, tools)
            guarded(work, tools, lambda work: compare(work, tools))
        elif work.step == "adopt" and not work.link.linked:
            work.restart(work.link)  # it has gone meanwhile: there may be another one, or the record gets its own
        else:
            park(work, target_missing(tools), tools)
    _classify(refused, tools)
    return kept_from


def _until(works: Sequence[Work]) -> datetime | None:
    """When the first of their claims ends."""
    return min((work.link.claim.until for work in works if work.link.claim is not None), default=None)


def _as_write(work: Work, tools: Applier) -> Write:
    assert work.draft is not None  # noqa: S101 - the caller filtered
    lines = line_writes(work, tools)
    of = tools.plan.lines.target if tools.plan.lines else None
    if work.fresh or (work.step == "create" and work.behind is None):
        return Write("create", work.key, {**work.key, **work.draft.values}, lines, of)
    return Write("update", work.key, work.draft.values, lines, of)


def _took(work: Work, written: Written, tools: Applier) -> None:
    """The target took the first write: what is left are the steps behind it, if there are any."""
    ending = {"create": Ending.CREATED, "adopt": Ending.ADOPTED, "update": Ending.UPDATED, "hold": Ending.REMOVED}
    # What an earlier revision has written is not adopted, also where another delivery has taken its link over.
    written_before = work.step == "adopt" and (work.follows or work.link.hash)
    step = "update" if written_before else work.step or "update"
    outcome = Outcome(ending[step], warnings=work.warnings)
    after = _after(work, written, tools)
    work.done = work.done or outcome
    if work.step != "create":
        work.target = {**(work.target or {}), **(work.draft.values if work.draft else {})}
    work.draft = None
    if work.remaining and work.step != "hold":
        work.link = work.known = dataclasses.replace(after, claim=work.link.claim, dirty=work.link.dirty)
        return
    work.known = work.after = after
    work.outcome = outcome


def _after(work: Work, written: Written, tools: Applier) -> Link:
    """What the link knows behind the first write."""
    draft, link, plan = work.draft, work.link, tools.plan
    assert draft is not None  # noqa: S101 - only works with a draft are written
    answer: Values = {**(work.target or {}), **written.values}
    target = {name: _kept(answer.get(name), work.key[name]) for name in plan.flow.target.key}
    gives = {**given_by(answer, tools), **given_by_source(work, tools)}
    if not link.linked and (rule := _rule(work, target)):
        gives[RULE] = rule
    holding = work.step == "hold"
    return dataclasses.replace(
        link,
        state="removed" if holding else "linked",
        reason=_reason_held(work, tools) if holding else "",
        target=target,
        reserved={},
        digests=draft.digests,
        hash=draft.hash,
        gives={**link.gives, **gives},
        claim=None,
        again=False,
        awaits="",
        hopes=hopes_of(work, tools),
        since=None,
        trouble=None,
        dirty=holding and (work.stored.dirty or work.stored.claim is not None),  # a hold proves nothing of the rest
        held=holding and not work.lasting,
    )


def _rule(work: Work, target: Mapping[str, Scalar]) -> str:
    """Which row made the number of a record that is linked now; none of them where the target has another number."""
    if work.identity is None or work.identity.search != work.identity.key:
        return ""
    return work.identity.rule if key_text(target) == key_text(work.identity.key) else OTHER


def _reason_held(work: Work, tools: Applier) -> str:
    policy = tools.plan.on_deactivate
    return DELETED if work.record is None or policy is None else policy.reason


def _took_behind(work: Work, result: Result, tools: Applier) -> None:
    """What became of a step behind the first write; a row that is not as it was found is looked for once more."""
    step = work.behind
    assert step is not None  # noqa: S101 - the caller asked
    if isinstance(result, Written):
        took_step(work)
    elif isinstance(result, Missing) and step.own:
        park(work, target_missing(tools), tools)
    elif not work.searched_again and (work.fresh or isinstance(result, Missing)):
        work.searched_again = True
        search_again(work)
    else:
        refused = (
            result if isinstance(result, Refused) else Refused("its row is shown, and is not there to be written.")
        )
        park(work, _refusal(refused, step.entity, step.refused), tools)


def _kept(answered: Scalar | None, sent: Scalar) -> Scalar:
    """The key in the link is the one in the answer, not the one sent (flows.md 1.2)."""
    return sent if answered in (None, "") else answered


def _classify(refused: Sequence[tuple[Work, Refused]], tools: Applier) -> None:
    """A refused create is read by its key, never by the error's text, which is translated (design.md, Applying)."""
    creates = [work for work, _ in refused if work.step == "create"]
    outrun = number_anew([work for work, _ in refused if work.step != "create"], tools)
    for work, _ in refused:
        work.draft = None
        work.remaining = ()
    if creates:
        plan = tools.plan
        found = tools.writer.find(plan.flow.target, [work.key for work in creates], plan.target_columns)
        for work in creates:
            work.target = found.get(key_text(work.key))
        if plan.natural:
            find_targets([work for work in creates if work.target is None], tools)
        search_further(undecided(creates), tools)
        know_lines([work for work in undecided(creates) if work.target is not None], tools)
    for work, result in refused:
        if work.outcome is not None:
            continue
        if work in outrun or (work.step == "create" and work.target is not None):
            guarded(work, tools, lambda work: compare(work, tools))
        else:
            besides = tools.plan.when_refused if work.step == "create" else ""
            park(work, _refusal(result, tools.plan.flow.target, "target-refused", besides), tools)


def _refusal(result: Refused, entity: EntityRef, code: str, besides: str = "") -> DataError:
    remedy = "Mend the record or the reference data it names; it is tried again with growing pauses."
    return DataError(
        code,
        f"{entity.set} refused the record: {result.text}",
        column=result.column,
        retryable=True,
        remedy=f"{remedy} {besides}".rstrip(),
        details=result.details,
    )
