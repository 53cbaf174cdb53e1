"""Write: claim the links, hold the target keys, send, and find out what became of each record.

Two workers on one record, and how the newer state wins (promise 3):

    worker A                          link row                       worker B
    reads link, etag 1                etag 1                         reads link, etag 1
    claims it, on etag 1              etag 2, claim A
                                                                     claims it, on etag 1: refused
                                                                     reads it again: claim A is running
                                      etag 3, claim A, again    <--  sets again on etag 2, ends superseded
    writes to the target
    remembers, on etag 2: refused
    reads it again: again is set
    fetches, writes once more
    remembers, on etag 3              etag 4, no claim

B set `again` after it had fetched, so what A fetches afterwards is at least as new as what B saw.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from sync.errors import Busy, ConfigError, DataError, Throttled
from sync.judge import compare, duplicate_number, guarded, park
from sync.model import Claim, Ending, Link, Outcome, Scalar, Values, key_text
from sync.ports import Missing, Refused, Result, Stale, Write, Written
from sync.work import Applier, Delivery, Work


def claim(works: Sequence[Work], tools: Applier, delivery: Delivery) -> list[Work]:
    """Take the lease on every link; gives the works whose source changed since it was fetched.

    Raises Stale when a link changed since it was read. A link that was seen for the first time cannot have been judged
    by anybody else, since whatever another worker concludes writes it; any other may have been found unchanged with a
    newer source state, so the version is asked for once more.
    """
    mapping = tools.plan.flow.mapping
    lease = Claim(delivery.holder, tools.clock.now() + tools.lease)
    claimed = [_claimed(work, lease) for work in works]
    stored = tools.links.write(mapping, tools.links.partition(works[0].change.id), claimed)
    if given_up := _given_up(works, claimed):
        tools.links.unreserve(mapping, given_up)
    known = [work for work in works if work.link.etag is not None]
    for work, link in zip(works, stored, strict=True):
        work.link = link
    return _moved_on(known, tools)


def lease_suffices(works: Sequence[Work], tools: Applier) -> bool:
    """Every claim outlasts the longest write that may start now."""
    needed = tools.clock.now() + tools.longest_write
    return all(work.link.claim is not None and work.link.claim.until > needed for work in works)


def release(works: Sequence[Work], tools: Applier, delivery: Delivery) -> None:
    """Give the leases of this delivery back: the target said no to the whole request and nothing was written."""
    own = [work for work in works if delivery.owns(work.link.claim) and not work.wrote]
    free = [dataclasses.replace(work.link, claim=None) for work in own]
    if free:
        try:
            tools.links.write(tools.plan.flow.mapping, tools.links.partition(free[0].id), free)
        except Stale:
            return  # somebody asked for `again`: the lease runs out and the message comes back


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
    taken = tools.links.reserve(tools.plan.flow.mapping, {key: work.change.id for key, work in wanted.items()})
    for key, other in taken.items():
        if not _take_over(key, wanted[key], other, tools):
            _yield_key(wanted[key], other, tools)


def write(works: Sequence[Work], tools: Applier) -> None:
    """Send the drafts and read what became of them. Raises Throttled, Busy or Unsure for all of them at once."""
    target = tools.plan.flow.target
    sending = [work for work in works if work.draft is not None and work.draft.values]
    for work in works:
        if work.draft is not None and not work.draft.values:
            _took(work, Written(), tools)  # an adopted row that is already as it should be
    if not sending:
        return
    try:
        results = tools.writer.write(target, [_as_write(work) for work in sending], until=_until(sending))
    except (Throttled, Busy, ConfigError):
        raise  # nothing was done
    except Exception:
        for work in sending:
            work.wrote = True
        raise
    refused = []
    for work, result in zip(sending, results, strict=True):
        work.wrote = True
        if isinstance(result, Written):
            _took(work, result, tools)
        elif isinstance(result, Missing):
            park(work, _missing(tools), tools)
        else:
            refused.append((work, result))
    _classify(refused, tools)


def hold_answered_keys(works: Sequence[Work], tools: Applier) -> None:
    """Where the target gave another key than the one that was sent, hold that one too (flows.md 1.2)."""
    mapping = tools.plan.flow.mapping
    other = [
        work
        for work in works
        if work.after is not None and work.after.target and key_text(work.after.target) != key_text(work.key)
    ]
    if other:
        tools.links.reserve(mapping, {key_text(work.after.target): work.change.id for work in other if work.after})
        tools.links.unreserve(mapping, {key_text(work.key): work.change.id for work in other})


def _claimed(work: Work, claim: Claim) -> Link:
    """The link with the lease, and with what must be known should nothing be heard of this delivery any more."""
    link = dataclasses.replace(work.link, claim=claim, again=False)
    match work.step:
        case "create" | "adopt":
            return dataclasses.replace(link, reserved=dict(work.key))
        case "hold":
            return dataclasses.replace(link, held=True, dirty=True)
        case _:
            return link


def _given_up(works: Sequence[Work], claimed: Sequence[Link]) -> dict[str, str]:
    """Keys that an earlier, refused create held, under a number that has changed since."""
    pairs = [(work.link.reserved, link.reserved, work.change.id) for work, link in zip(works, claimed, strict=True)]
    return {key_text(old): id for old, new, id in pairs if old and key_text(old) != key_text(new)}


def _moved_on(works: Sequence[Work], tools: Applier) -> list[Work]:
    if not works:
        return []
    source = tools.plan.flow.source
    current = tools.reader.fetch(source, [work.change.id for work in works], source.key)
    return [work for work in works if _version(current.get(work.change.id)) != _version(work.record)]


def _version(record: object) -> str | None:
    return getattr(record, "version", None)


def _yield_key(work: Work, other: str, tools: Applier) -> None:
    work.link = dataclasses.replace(work.link, target={}, reserved={})
    park(work, duplicate_number([other], tools), tools)


def _take_over(key: str, work: Work, other: str, tools: Applier) -> bool:
    """Hold a key whose holder has let go of it; that one then has no counterpart any more, should it come back.

    The holder claims its link before it looks at the key, here the key is taken before the link is looked at again:
    one of the two sees the other.
    """
    links, mapping, id = tools.links, tools.plan.flow.mapping, work.change.id
    if not _let_go(other, key, tools) or not links.take_over(mapping, key, id, holder=other):
        return False
    if _let_go(other, key, tools):
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


def _refusal(result: Result, tools: Applier) -> DataError:
    text = result.text if isinstance(result, Refused) else ""
    return DataError(
        "target-refused",
        f"{tools.plan.flow.target.set} refused the record: {text}",
        column=result.column if isinstance(result, Refused) else "",
        retryable=True,
        remedy="Mend the record or the reference data it names; it is tried again with growing pauses.",
        details=result.details if isinstance(result, Refused) else {},
    )
