"""Which row of the target is a record's own: numbers, duplicates, rows to adopt."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sync.errors import DataError, NotReady
from sync.keys import key_text
from sync.mapping.plan import Facts, Identity
from sync.model import Record, Scalar, Values
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


def refuse_duplicates(works: Sequence[Work], tools: Applier, facts: Facts) -> None:
    """Active source records with one number in one company (flows.md 1.3, R1): none of the unlinked ones goes on."""
    plan = tools.plan
    if plan.duplicates is None or not plan.number_column or not works:
        return
    numbers = sorted({work.identity.number for work in works if work.identity})
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    # Sales compares leading blanks, the rule does not (R1).
    spelt = [*numbers, *(f" {number}" for number in numbers)]
    for other in tools.reader.search(plan.flow.source, plan.number_column, spelt, plan.columns):
        if identity := _identity(other, tools, facts):
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


def _identity(record: Record, tools: Applier, facts: Facts) -> Identity | None:
    """Of a record that passes the filters."""
    try:
        refused = tools.plan.verdict(record, facts, linked=False).reason
        return None if refused else tools.plan.identify(record, facts)
    except (DataError, NotReady):
        return None


def find_targets(works: Sequence[Work], tools: Applier) -> None:
    """Match: the rows that exist already under the keys, or the natural keys, of unlinked records."""
    plan = tools.plan
    identified = [(work, work.identity) for work in works if work.identity]
    if not identified:
        return
    if plan.natural:
        _search([(work, identity.search) for work, identity in identified], tools)
        return
    found = tools.writer.find(plan.flow.target, [identity.key for _, identity in identified], plan.target_columns)
    for work, identity in identified:
        work.target = found.get(key_text(identity.key))


def search_further(works: Sequence[Work], tools: Applier) -> None:
    """Match, where the key found nothing, by what else the plan names, one after the other."""
    rounds = [(work, tools.plan.also_match(work.mapped)) for work in works if work.target is None and work.mapped]
    for number in range(max((len(searches) for _, searches in rounds), default=0)):
        left = [
            (work, searches[number])
            for work, searches in rounds
            if number < len(searches) and work.target is None and work.outcome is None
        ]
        _search(left, tools)


def read_targets(works: Sequence[Work], tools: Applier) -> None:
    """The rows that linked records are linked to, where mapping must know them."""
    plan = tools.plan
    linked = [work for work in works if work.link.linked and work.target is None] if plan.reads_target else []
    if not linked:
        return
    found = tools.writer.find(plan.flow.target, [work.link.target for work in linked], plan.target_columns)
    for work in linked:
        work.target = found.get(key_text(work.link.target))
        if work.target is None:
            park(work, target_missing(tools), tools)


def forget_gone(works: Sequence[Work], tools: Applier) -> None:
    """Linked records whose counterpart somebody has deleted are matched, or created, like new ones."""
    linked = [work for work in works if work.link.linked]
    if not linked:
        return
    target = tools.plan.flow.target
    found = tools.writer.find(target, [work.link.target for work in linked], target.key)
    for work in linked:
        if key_text(work.link.target) not in found:
            work.link = dataclasses.replace(
                work.link, target={}, reserved={}, hash="", digests={}, parts={}, held=False, dirty=False
            )


def target_missing(tools: Applier) -> DataError:
    """The error of a linked record whose counterpart somebody has deleted: it is not made again unasked."""
    return DataError(
        "target-missing",
        f"The row of {tools.plan.flow.target.set} that this record is linked to is gone.",
        remedy="Restore it, or ask for the record to be created again.",
    )


def _search(wanted: Sequence[tuple[Work, Mapping[str, Scalar]]], tools: Applier) -> None:
    if not wanted:
        return
    target = tools.plan.flow.target
    found = tools.writer.match(target, [values for _, values in wanted], tools.plan.target_columns)
    for (work, values), rows in zip(wanted, found, strict=True):
        if len(rows) > 1:
            park(work, _ambiguous(rows, values, tools), tools)
        elif rows:
            work.target = rows[0]


def _ambiguous(rows: Sequence[Values], values: Mapping[str, Scalar], tools: Applier) -> DataError:
    target = tools.plan.flow.target
    keys = [key_text(key_of(row, tools)) for row in rows[:20]]
    return DataError(
        "ambiguous-match",
        f"{len(rows)} rows of {target.set} have the same {', '.join(values)}.",
        column=list(values)[-1],  # the company and the party stand before what tells them apart
        retryable=True,  # mending them changes nothing in the source
        remedy="Leave one of them, or give the others values of their own.",
        details={"others": ",".join(keys)},
    )


def given_by(row: Values, tools: Applier) -> dict[str, str]:
    """What other flows may refer to, as far as the row has it."""
    return {name: str(row[name]) for name in tools.plan.gives if row.get(name) not in (None, "")}


def key_of(row: Values, tools: Applier) -> dict[str, Scalar]:
    key = {name: row[name] for name in tools.plan.flow.target.key}
    return {name: value for name, value in key.items() if value is not None}
