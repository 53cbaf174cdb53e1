"""Fetch, link, map, compare: what each change of a batch comes to, before anything is written.

Everything here is for many records at once: one fetch, one read of the links, one search for duplicates and one for
rows to adopt. A record that fails is parked by itself.
"""

from __future__ import annotations

import dataclasses
import logging
import traceback
from collections import defaultdict
from collections.abc import Callable, Sequence

from sync.compare import Draft, draft_adoption, draft_create, draft_update
from sync.errors import Busy, DataError, NotReady, SyncError
from sync.mapping.plan import Identity
from sync.model import Ending, Link, Outcome, Record, Scalar, Trouble, Values, key_text
from sync.work import Applier, Delivery, Step, Work

log = logging.getLogger(__name__)

DELETED = "source-deleted"
"""The reason of a link whose source record was deleted (flows.md 1.9)."""


def judge(works: Sequence[Work], tools: Applier, delivery: Delivery) -> None:
    """Bring every work to an outcome, or to a draft that is to be written.

    The order of judgement is R5's: filter, company and number, duplicates, references, and so on. Raises Busy when
    another delivery of the same batch holds one of the links.
    """
    fetch(works, tools)
    free = link(works, tools, delivery)
    _recover([work for work in free if work.link.dirty and work.link.reserved and not work.link.linked], tools)
    _each(free, tools, _filter)
    _assign_numbers(_open(free), tools)
    _each(_open(free), tools, _identify)
    _refuse_duplicates(_unlinked(free), tools)
    _each(_open(free), tools, _map)
    _find_targets(_unlinked(free), tools)
    _each(_open(free), tools, compare)


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
            _end_unchanged(work)
        else:
            _write(work, "adopt" if link.reserved else "update", draft, dict(link.target))
    elif work.target is not None:
        if code := plan.adopt(mapped, work.target):
            raise DataError(
                code,
                f"{plan.flow.target.set} has a row under this key that is not the same record.",
                remedy="Compare the two: mend the name, or give this record another number.",
            )
        _write(work, "adopt", draft_adoption(mapped, work.target, tools.digester), _key_of(work.target, tools))
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
            _store(work, settled(link, link.state, link.reason))
        else:
            # A record that is not there is not thereby deleted: the feed's delete says so.
            _end_skipped(work, "not-found")
        return
    reason = plan.skip(record)
    if reason is None:
        return
    policy = plan.on_deactivate
    if policy and policy.hold and reason == policy.reason and link.linked and (not link.held or link.dirty):
        _write(work, "hold", Draft(policy.hold, link.digests, link.hash), dict(link.target))
    else:
        _end_skipped(work, reason)


def _identify(work: Work, tools: Applier) -> None:
    work.identity = tools.plan.identify(_record(work), tools.facts, work.link.target or None)


def _map(work: Work, tools: Applier) -> None:
    plan, link = tools.plan, work.link
    work.mapped = plan.map(_record(work), tools.facts, link.target or None)
    extra = plan.key_warnings(work.mapped, link.target) if link.linked else ()
    work.warnings = (*work.mapped.warnings, *extra)


def _record(work: Work) -> Record:
    assert work.record is not None  # noqa: S101 - _filter has ended the others
    return work.record


def _assign_numbers(works: Sequence[Work], tools: Applier) -> None:
    """Give a number of the app's own to records that lack one, where the flow is set to do so (flows.md 1.3)."""
    plan, allocation = tools.plan, tools.plan.allocate
    if allocation is None:
        return
    lacking = [work for work in works if work.record and not work.link.linked and not plan.number(work.record)]
    if not lacking:
        return
    first = tools.numbers.take(allocation.counter, len(lacking), first=allocation.first)
    assignments: list[tuple[Record, Values]] = [
        (record, {plan.number_column: allocation.number_for(record.id, first + offset)})
        for offset, record in enumerate(map(_record, lacking))
    ]
    results = tools.reader.assign(plan.flow.source, assignments)
    for work, result in zip(lacking, results, strict=True):
        if isinstance(result, DataError):
            park(work, result, tools)
        else:
            work.record = None  # written, or changed by somebody else: either way there is a newer state
    newer = _open(lacking)
    fetch(newer, tools)
    _each(newer, tools, _filter)


def _refuse_duplicates(works: Sequence[Work], tools: Applier) -> None:
    """Active source records with one number in one company (flows.md 1.3, R1): none of the unlinked ones goes on."""
    plan = tools.plan
    if plan.duplicates is None or not works:
        return
    numbers = sorted({work.identity.number for work in works if work.identity})
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for other in tools.reader.find(plan.flow.source, plan.number_column, numbers, plan.columns):
        if plan.skip(other) is None and (identity := _identity(other, tools)):
            owners[identity.company, identity.number.casefold()].append(other.id)
    for work in works:
        if work.identity is None:
            continue
        same = owners[work.identity.company, work.identity.number.casefold()]
        if others := [id for id in same if id != work.change.id]:
            park(work, duplicate_number(others, tools), tools)


def duplicate_number(others: Sequence[str], tools: Applier) -> DataError:
    """The error of a record whose number other records have too; it names them by id."""
    return DataError(
        tools.plan.duplicates or "duplicate-number",
        f"{len(others) + 1} active records of {tools.plan.flow.source.set} have one number in one company.",
        column=tools.plan.number_column,
        retryable=True,  # mending one of them changes nothing on the other: the sweep looks again
        remedy="Give each its own number, or deactivate the ones that are not wanted.",
        details={"others": ",".join(others[:20])},
    )


def _identity(record: Record, tools: Applier) -> Identity | None:
    try:
        return tools.plan.identify(record, tools.facts)
    except (DataError, NotReady):
        return None


def _recover(works: Sequence[Work], tools: Applier) -> None:
    """A create that was announced and never committed may have been done: then its row is this record's own.

    It is found under the key that was announced, whatever number or name the record has by now. A record that does not
    hold this key has not come so far as to write: the row is another one's.
    """
    if not works:
        return
    plan = tools.plan
    keys = {work.change.id: key_text(work.link.reserved) for work in works}
    holders = tools.links.find(plan.flow.mapping, list(keys.values()))
    own = [work for work in works if holders.get(keys[work.change.id], "").casefold() == work.change.id.casefold()]
    found = tools.writer.find(plan.flow.target, [work.link.reserved for work in own], plan.target_columns)
    for work in works:
        work.link = dataclasses.replace(work.link, dirty=False)
    for work in own:
        row = found.get(keys[work.change.id])
        if row is not None:
            work.target = row
            work.link = dataclasses.replace(work.link, target=_key_of(row, tools), dirty=True)


def _find_targets(works: Sequence[Work], tools: Applier) -> None:
    """Match: the rows that exist already under the keys of unlinked records."""
    plan = tools.plan
    keys = [work.mapped.key for work in works if work.mapped]
    if not keys:
        return
    found = tools.writer.find(plan.flow.target, keys, plan.target_columns)
    for work in works:
        if work.mapped is not None:
            work.target = found.get(key_text(work.mapped.key))


def _key_of(row: Values, tools: Applier) -> dict[str, Scalar]:
    key = {name: row[name] for name in tools.plan.flow.target.key}
    return {name: value for name, value in key.items() if value is not None}


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


def _end_unchanged(work: Work) -> None:
    work.outcome = Outcome(Ending.UNCHANGED, warnings=work.warnings)
    _store(work, dataclasses.replace(settled(work.link, "linked"), reserved={}, dirty=False))


def _end_skipped(work: Work, reason: str) -> None:
    work.outcome = Outcome(Ending.SKIPPED, reason)
    _store(work, settled(work.link, "skipped", reason))


def _store(work: Work, after: Link) -> None:
    """Most changes change nothing: then nothing is stored either."""
    if after != work.stored:
        work.after = after


def park(work: Work, error: DataError, tools: Applier) -> None:
    """End this change as an issue; nothing is left to write."""
    number = tools.plan.number(work.record) if work.record else ""
    trouble = trouble_of(error, number)
    work.draft = None
    work.outcome = Outcome(Ending.PARKED, error.code, work.warnings)
    work.after = dataclasses.replace(settled(work.link, "parked", error.code, trouble=trouble), shown=True)


def trouble_of(error: DataError, number: str = "") -> Trouble:
    """What a link and its issue keep of an error."""
    return Trouble(
        error.code,
        error.what,
        error.remedy,
        number,
        error.column,
        retryable=error.retryable,
        details=error.details,
    )


def settled(link: Link, state: str, reason: str = "", *, trouble: Trouble | None = None, awaits: str = "") -> Link:
    """The link without a claim, in a new state."""
    return dataclasses.replace(link, state=state, reason=reason, claim=None, trouble=trouble, awaits=awaits)


def _wait(work: Work, error: NotReady) -> None:
    work.outcome = Outcome(Ending.WAITING, error.code, work.warnings)
    work.after = settled(work.link, "waiting", error.code, awaits=error.awaits)


def _open(works: Sequence[Work]) -> list[Work]:
    return [work for work in works if work.outcome is None and work.draft is None]


def _unlinked(works: Sequence[Work]) -> list[Work]:
    return [work for work in _open(works) if not work.link.linked]


def _each(works: Sequence[Work], tools: Applier, step: Callable[[Work, Applier], None]) -> None:
    for work in works:
        guarded(work, tools, step)


def guarded(work: Work, tools: Applier, step: Callable[[Work, Applier], None]) -> None:
    """Run one step for one record: what is wrong with it, a bug included, stops no other (promise 5)."""
    try:
        step(work, tools)
    except DataError as error:
        park(work, error, tools)
    except NotReady as error:
        _wait(work, error)
    except SyncError:
        raise
    except Exception as error:
        # The message of a foreign exception may hold a value of the record: only its type and place are kept.
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("%s %s: %s at %s:%s", step.__name__, work.change.id, type(error).__name__, place.name, place.lineno)
        where = f"{place.name}, line {place.lineno}"
        remedy = "This is a bug of the app: report it with this text. The record is tried again when it changes."
        park(work, DataError("unexpected-error", f"{type(error).__name__} in {where}.", remedy=remedy), tools)
