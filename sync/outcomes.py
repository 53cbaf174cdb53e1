"""What a change comes to: parked, waiting, skipped, unchanged; and the guard that parks one record alone."""

from __future__ import annotations

import dataclasses
import logging
import traceback
from collections.abc import Callable, Sequence

from sync.errors import DataError, NotReady, SyncError
from sync.mapping.plan import says_who_replaced
from sync.model import Ending, Link, Outcome, Trouble
from sync.remember import own_name
from sync.work import Applier, Work, number_of

log = logging.getLogger(__name__)


def park(work: Work, error: DataError, tools: Applier, *, awaits: str = "") -> None:
    """End this change as an issue; nothing is left to write. With `awaits` it is released like one that waits."""
    trouble = trouble_of(error, number_of(work, tools))
    if work.link.successor:
        said = says_who_replaced(tools.plan.flow.mapping, work.link.successor)
        trouble = dataclasses.replace(trouble, cause=f"{trouble.cause} {said}")
    _leave(work)
    work.outcome = Outcome(Ending.PARKED, error.code, work.warnings)
    after = settled(_own(work), "parked", error.code, trouble=trouble, awaits=awaits)
    work.after = dataclasses.replace(after, shown=True, since=work.link.since if awaits else None)


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
    """The link in a new state: without a claim, and without a request for `again`, which this is the answer to."""
    return dataclasses.replace(
        link,
        state=state,
        reason=reason,
        claim=None,
        again=False,
        trouble=trouble,
        awaits=awaits,
        hopes=(),
        since=None,
    )


def wait(work: Work, error: NotReady, tools: Applier) -> None:
    """Let the record wait for what it needs, by name; what has waited too long is an issue that says why."""
    now = tools.clock.now()
    since = work.link.since if work.link.awaits == error.awaits and work.link.since else now
    work.link = dataclasses.replace(work.link, since=since)
    if now - since >= tools.patience:
        what = f"It has waited since {since:%Y-%m-%d %H:%M} UTC. {error.what}"
        park(work, DataError(error.code, what, retryable=True, remedy=error.remedy), tools, awaits=error.awaits)
        assert work.after is not None  # noqa: S101 - it was parked
        work.after = dataclasses.replace(work.after, hopes=error.others)
        return
    _leave(work)
    work.outcome = Outcome(Ending.WAITING, error.code, work.warnings)
    after = settled(_own(work), "waiting", error.code, awaits=error.awaits)
    work.after = dataclasses.replace(after, since=since, hopes=error.others)


def hopes_of(work: Work, tools: Applier) -> tuple[str, ...]:
    """The links whose making takes the record up once more.

    What a create leaves to updates is sent by a change of its own (flows.md R9): the record hopes for its own link.
    """
    mapped = work.mapped
    if mapped is None:
        return ()
    left = work.step == "create" and any(each.when == "update" and each.value is not None for each in mapped.fields)
    return (*mapped.hopes, own_name(tools, work.change.id)) if left else mapped.hopes


def end_unchanged(work: Work, tools: Applier) -> None:
    hopes = work.mapped.hopes if work.mapped else ()
    gives = {**work.link.gives, **given_by_source(work, tools)}
    work.outcome = Outcome(Ending.UNCHANGED, warnings=work.warnings)
    keep(work, dataclasses.replace(settled(work.link, "linked"), reserved={}, dirty=False, hopes=hopes, gives=gives))


def given_by_source(work: Work, tools: Applier) -> dict[str, str]:
    """What other flows may take from the link of what the source says; a blank is kept as one."""
    values = work.record.values if work.record else {}
    return {name: str(values.get(name) or "") for name in tools.plan.gives_source if work.record}


def end_skipped(work: Work, reason: str) -> None:
    """A record that a filter refuses; its link says which other record has taken its place, if that is known."""
    work.outcome = Outcome(Ending.SKIPPED, reason)
    keep(work, settled(work.link, "skipped", reason))


def end_removed(work: Work, reason: str) -> None:
    """A record that left its source: its counterpart is left as it is, or was there already."""
    work.outcome = Outcome(Ending.REMOVED, warnings=work.warnings)
    work.after = settled(work.link, "removed", reason)


def keep(work: Work, after: Link) -> None:
    """Most changes change nothing: then nothing is stored either."""
    if after != work.stored:
        work.after = after


def undecided(works: Sequence[Work]) -> list[Work]:
    return [work for work in works if work.outcome is None and work.draft is None]


def each(works: Sequence[Work], tools: Applier, step: Callable[[Work], None]) -> None:
    for work in works:
        guarded(work, tools, step)


def guarded(work: Work, tools: Applier, step: Callable[[Work], None]) -> None:
    """Run one step for one record: what is wrong with it, a bug included, stops no other (promise 5)."""
    try:
        step(work)
    except DataError as error:
        park(work, error, tools)
    except NotReady as error:
        wait(work, error, tools)
    except SyncError:
        raise
    except Exception as error:
        # The message of a foreign exception may hold a value of the record: only its type and place are kept.
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("%s: %s at %s:%s", work.change.id, type(error).__name__, place.name, place.lineno)
        where = f"{place.name}, line {place.lineno}"
        remedy = "This is a bug of the app: report it with this text. The record is tried again when it changes."
        park(work, DataError("unexpected-error", f"{type(error).__name__} in {where}.", remedy=remedy), tools)


def _own(work: Work) -> Link:
    """The record's link, without what it would have taken over from an earlier revision, which keeps that."""
    return work.link if work.own is None or work.link.claim is not None else work.own


def _leave(work: Work) -> None:
    """Nothing is left to write."""
    work.draft = work.behind = None
    work.remaining = ()
