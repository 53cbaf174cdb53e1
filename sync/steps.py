"""Steps: the writes behind a record's first one, in the plan's order, each remembered before the next (flows.md 2.3).

A step writes the record's own row once more, or a row of a child table that is found by its natural key and made when
it is not there. What a step wrote last is known by digests in the link, so that a step with nothing new to say costs
nothing; where a claim ran out, nothing is known and every step is looked at again.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

from sync.compare import Draft, same
from sync.errors import DataError
from sync.keys import chosen_key, key_text
from sync.mapping.plan import Field, StepMapped
from sync.model import Ending, EntityRef, Outcome, Scalar, Values
from sync.outcomes import end_unchanged, guarded, hopes_of, keep, park, settled, wait
from sync.work import Applier, Work


def advance(works: Sequence[Work], tools: Applier) -> None:
    """Give every record behind its first write the next step that has something to write; end those that have none."""
    behind = [work for work in works if work.mapped is not None and work.draft is None and work.outcome is None]
    _read_back([work for work in behind if _looks_at_target(work)], tools)
    while ready := [work for work in behind if work.draft is None and work.outcome is None]:
        for work in ready:
            guarded(work, tools, lambda work: _begin(work, tools))
        _search(
            [work for work in ready if work.draft is None and work.outcome is None and _searches(work, tools)], tools
        )


def took_step(work: Work) -> None:
    """The target took the draft of a step: the link knows it from now on."""
    if work.behind is not None and work.behind.own and work.draft is not None:
        work.target = {**(work.target or {}), **work.draft.values}
    work.done = work.done or Outcome(Ending.UPDATED, warnings=work.warnings)
    _know(work)


def search_again(work: Work) -> None:
    """The row of a step is not as it was found: somebody else made it, or took it away."""
    assert work.behind is not None  # noqa: S101 - the caller asked
    parts = {name: key for name, key in work.link.parts.items() if name != work.behind.name}
    work.link = dataclasses.replace(work.link, parts=parts)
    work.draft = work.behind = None


def _begin(work: Work, tools: Applier) -> None:
    """Look at the next step: over, in trouble, nothing to say, to be written; a child row is looked for first."""
    if not work.remaining:
        _end(work, tools)
        return
    step = work.remaining[0]
    if isinstance(step.trouble, DataError):
        park(work, step.trouble, tools)
    elif step.trouble is not None:
        wait(work, step.trouble, tools)
    elif step.own:
        _own(work, step, tools)
    elif _is_known(work, step, tools):
        work.remaining = work.remaining[1:]


def _searches(work: Work, tools: Applier) -> bool:
    step = next(iter(work.remaining), None) if work.draft is None and work.outcome is None else None
    return step is not None and not step.own and step.trouble is None and not _is_known(work, step, tools)


def _end(work: Work, tools: Applier) -> None:
    if work.done is None:
        end_unchanged(work, tools)
        return
    work.outcome = dataclasses.replace(work.done, warnings=work.warnings)
    hopes = hopes_of(work, tools)
    keep(work, dataclasses.replace(settled(work.link, "linked"), reserved={}, dirty=False, hopes=hopes))


def _own(work: Work, step: StepMapped, tools: Applier) -> None:
    """What is still to be written to the record's own row."""
    row = work.target or {}
    wanted = {field.name: field.value for field in step.fields if field.value is not None}
    differs = {name: value for name, value in wanted.items() if not same(row.get(name), value)}
    due = all(row.get(column) in values for column, values in step.only_when.items())
    if not due or not differs or (step.keep and not _is_ours(work, step, row, tools)):
        work.remaining = work.remaining[1:]
        return
    _draft(work, step, differs, dict(work.link.target), tools)


def _is_ours(work: Work, step: StepMapped, row: Values, tools: Applier) -> bool:
    """Every column of the step is empty, or holds what the app put there."""
    for field in step.fields:
        value = row.get(field.name)
        if value not in (None, "") and work.link.digests.get(_name(step, field)) != tools.digester.digest(value):
            return False
    return True


def _is_known(work: Work, step: StepMapped, tools: Applier) -> bool:
    """The child row holds what is wanted, as far as the link knows."""
    digests = _digests(step, tools)
    known = work.link.digests
    return (
        not work.link.dirty
        and step.name in work.link.parts
        and all(known.get(name) == digest for name, digest in digests.items())
    )


def _search(works: Sequence[Work], tools: Applier) -> None:
    """Look for the child rows by their natural keys, and say what is to be written to each."""
    by_table: dict[EntityRef, list[Work]] = defaultdict(list)
    for work in works:
        by_table[work.remaining[0].entity].append(work)
    for entity, members in by_table.items():
        wanted = [_natural(work.remaining[0]) for work in members]
        columns = dict.fromkeys((*entity.key, *(field.name for field in members[0].remaining[0].fields)))
        for work, rows in zip(members, tools.writer.match(entity, wanted, list(columns)), strict=True):
            _child(work, work.remaining[0], rows, tools)


def _child(work: Work, step: StepMapped, rows: Sequence[Values], tools: Applier) -> None:
    key_column = step.entity.key[0]
    if rows:
        row = min(rows, key=lambda row: str(row[key_column]))
        key: dict[str, Scalar] = {key_column: str(row[key_column])}
        sent = [field for field in step.fields if field.when != "create" and field.name not in step.match]
    else:
        row, key = {}, _chosen(step, work)
        sent = list(step.fields)
    before = work.link.parts.get(step.name)
    if before is not None and step.replaced and key_text(before) != key_text(key):
        work.warnings = (*work.warnings, step.replaced)
    values = {field.name: field.value for field in sent if field.value is not None}
    differs = {name: value for name, value in values.items() if not same(row.get(name), value)}
    _draft(work, step, differs, key, tools)
    work.fresh = not rows
    if rows and not differs:
        _know(work)


def _know(work: Work) -> None:
    """The row of a step is as it should be."""
    step, draft = work.behind, work.draft
    assert step is not None  # noqa: S101 - the caller made the draft
    assert draft is not None  # noqa: S101
    parts = work.link.parts if step.own else {**work.link.parts, step.name: dict(work.key)}
    work.link = work.known = dataclasses.replace(work.link, digests=draft.digests, parts=parts)
    work.draft = work.behind = None
    work.searched_again = False
    work.remaining = work.remaining[1:]


def _draft(work: Work, step: StepMapped, values: Values, key: dict[str, Scalar], tools: Applier) -> None:
    own = {name: digest for name, digest in work.link.digests.items() if not name.startswith(f"{step.name}.")}
    work.draft = Draft(values, own | _digests(step, tools), work.link.hash)
    work.behind = step
    work.fresh = False
    work.key = key


def _digests(step: StepMapped, tools: Applier) -> dict[str, str]:
    kept = [field for field in step.fields if field.when != "create" or field.name in step.match]
    return {_name(step, field): tools.digester.digest(field.value) for field in kept if field.value is not None}


def _name(step: StepMapped, field: Field) -> str:
    return f"{step.name}.{field.name}"


def _natural(step: StepMapped) -> dict[str, Scalar]:
    return {field.name: field.value for field in step.fields if field.name in step.match and field.value is not None}


def _chosen(step: StepMapped, work: Work) -> dict[str, Scalar]:
    """The key of a new child row: the same at every try, so that a create that is repeated is refused."""
    return {step.entity.key[0]: chosen_key(step.entity.set, key_text(work.link.target), key_text(_natural(step)))}


def _looks_at_target(work: Work) -> bool:
    created = work.step == "create" and not work.fetched_back
    return (created or work.target is None) and any(step.own for step in work.remaining)


def _read_back(works: Sequence[Work], tools: Applier) -> None:
    """What a row looks like after its first write: the target fills in states and defaults of its own."""
    if not works:
        return
    target, columns = tools.plan.flow.target, tools.plan.target_columns
    found = tools.writer.find(target, [work.link.target for work in works], columns)
    for work in works:
        work.target = found.get(key_text(work.link.target), work.target)
        work.fetched_back = True
