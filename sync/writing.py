"""Write: send the drafts of a chunk, and find out what became of each record."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from sync.errors import DataError, SyncError, Unsure
from sync.judge import compare
from sync.model import Ending, Outcome, Scalar, Values, key_text
from sync.outcomes import guarded, park
from sync.ports import Missing, Postponed, Refused, Write, Written
from sync.work import Applier, Work


def write(works: Sequence[Work], tools: Applier) -> SyncError | None:
    """Send the drafts and find out what became of them; gives what kept the rest from being written, if anything did.

    Raises Unsure, or what is a bug: then it is not known what was written.
    """
    sending = [work for work in works if work.draft is not None and work.draft.values]
    for work in works:
        if work.draft is not None and not work.draft.values:
            _took(work, Written(), tools)  # an adopted row that is already as it should be
    try:
        return _send(sending, tools) if sending else None
    except Unsure:
        raise
    except SyncError as error:
        return error


def _send(works: Sequence[Work], tools: Applier) -> SyncError | None:
    target = tools.plan.flow.target
    try:
        results = tools.writer.write(target, [_as_write(work) for work in works], until=_until(works))
    except Exception as error:
        if isinstance(error, Unsure) or not isinstance(error, SyncError):
            for work in works:
                work.wrote = True
        raise
    refused: list[tuple[Work, Refused]] = []
    kept_from: SyncError | None = None
    for work, result in zip(works, results, strict=True):
        work.wrote = work.wrote or not isinstance(result, Postponed)
        match result:
            case Written():
                _took(work, result, tools)
            case Missing():
                park(work, _missing(tools), tools)
            case Refused():
                refused.append((work, result))
            case Postponed(by):
                kept_from = by
    _classify(refused, tools)
    return kept_from


def _until(works: Sequence[Work]) -> datetime | None:
    """When the first of their claims ends."""
    return min((work.link.claim.until for work in works if work.link.claim is not None), default=None)


def _as_write(work: Work) -> Write:
    assert work.draft is not None  # noqa: S101 - the caller filtered
    if work.step == "create":
        return Write("create", work.key, {**work.key, **work.draft.values})
    return Write("update", work.key, work.draft.values)


def _took(work: Work, written: Written, tools: Applier) -> None:
    draft, link, plan = work.draft, work.link, tools.plan
    assert draft is not None  # noqa: S101 - only works with a draft are written
    answer: Values = {**(work.target or {}), **written.values}
    target = {name: _kept(answer.get(name), work.key[name]) for name in plan.flow.target.key}
    gives = {name: str(answer[name]) for name in plan.gives if answer.get(name) not in (None, "")}
    holding = work.step == "hold"
    work.known = work.after = dataclasses.replace(
        link,
        state="removed" if holding else "linked",
        reason="not-active" if holding else "",
        target=target,
        reserved={},
        digests=draft.digests,
        hash=draft.hash,
        gives={**link.gives, **gives},
        claim=None,
        again=False,
        awaits="",
        trouble=None,
        dirty=work.stored.dirty and holding,
        held=holding,
    )
    ending = {"create": Ending.CREATED, "adopt": Ending.ADOPTED, "update": Ending.UPDATED, "hold": Ending.REMOVED}
    work.outcome = Outcome(ending[work.step or "update"], warnings=work.warnings)
    work.done = work.done or work.outcome
    work.draft = None


def _kept(answered: Scalar | None, sent: Scalar) -> Scalar:
    """The key in the link is the one in the answer, not the one sent (flows.md 1.2)."""
    return sent if answered in (None, "") else answered


def _missing(tools: Applier) -> DataError:
    return DataError(
        "target-missing",
        f"The row of {tools.plan.flow.target.set} that this record is linked to is gone.",
        remedy="Restore it, or ask for the record to be created again.",
    )


def _classify(refused: Sequence[tuple[Work, Refused]], tools: Applier) -> None:
    """A refused create is read by its key, never by the error's text, which is translated (design.md, Applying)."""
    creates = [work for work, _ in refused if work.step == "create"]
    plan = tools.plan
    found = tools.writer.find(plan.flow.target, [work.key for work in creates], plan.target_columns) if creates else {}
    for work, result in refused:
        existing = found.get(key_text(work.key)) if work.step == "create" else None
        work.draft = None
        if existing is None:
            park(work, _refusal(result, tools), tools)
        else:
            work.target = existing
            guarded(work, tools, compare)


def _refusal(result: Refused, tools: Applier) -> DataError:
    return DataError(
        "target-refused",
        f"{tools.plan.flow.target.set} refused the record: {result.text}",
        column=result.column,
        retryable=True,
        remedy="Mend the record or the reference data it names; it is tried again with growing pauses.",
        details=result.details,
    )
