"""Which row of the target is a record's own: numbers, duplicates, announced creates, rows to adopt."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

from sync.errors import DataError, NotReady
from sync.mapping.plan import Identity
from sync.model import Record, Scalar, Values, key_text
from sync.outcomes import park, undecided
from sync.work import Applier, Work


def assign_numbers(works: Sequence[Work], tools: Applier) -> list[Work]:
    """Give a number of the app's own to records that lack one, where the flow is set to do so (flows.md 1.3).

    Gives the works whose record is to be fetched anew: written, or changed by somebody else meanwhile.
    """
    plan, allocation = tools.plan, tools.plan.allocate
    if allocation is None:
        return []
    lacking = [work for work in works if not work.link.linked and not plan.number(work.source)]
    if not lacking:
        return []
    first = tools.numbers.take(allocation.counter, len(lacking), first=allocation.first)
    assignments: list[tuple[Record, Values]] = [
        (work.source, {plan.number_column: allocation.number_for(work.change.id, first + offset)})
        for offset, work in enumerate(lacking)
    ]
    results = tools.reader.assign(plan.flow.source, assignments)
    for work, result in zip(lacking, results, strict=True):
        if isinstance(result, DataError):
            park(work, result, tools)
        else:
            work.record = None
    return undecided(lacking)


def refuse_duplicates(works: Sequence[Work], tools: Applier) -> None:
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


def recover(works: Sequence[Work], tools: Applier) -> None:
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
            work.link = dataclasses.replace(work.link, target=key_of(row, tools), dirty=True)


def find_targets(works: Sequence[Work], tools: Applier) -> None:
    """Match: the rows that exist already under the keys of unlinked records."""
    plan = tools.plan
    keys = [work.mapped.key for work in works if work.mapped]
    if not keys:
        return
    found = tools.writer.find(plan.flow.target, keys, plan.target_columns)
    for work in works:
        if work.mapped is not None:
            work.target = found.get(key_text(work.mapped.key))


def key_of(row: Values, tools: Applier) -> dict[str, Scalar]:
    key = {name: row[name] for name in tools.plan.flow.target.key}
    return {name: value for name, value in key.items() if value is not None}
