"""Differences: in which columns the target does not hold what a linked record is mapped to.

A target's own columns are left out: what is set at creation only, and what is blank in the source. So are lines that
people in the target have added to a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sync.compare import Digester, same
from sync.keys import key_text
from sync.mapping.plan import Field, LineMapped, Lines, StepMapped
from sync.model import EntityRef, LineLink, Link, Scalar, Values
from sync.ports import Writer


def differing(fields: Iterable[Field], row: Values) -> list[str]:
    """The names of the fields that an update would send, and whose value is not in the row."""
    sent = (field for field in fields if field.when != "create" and field.value is not None)
    return [field.name for field in sent if not same(row.get(field.name), field.value)]


def differing_lines(
    mapped: Sequence[LineMapped], links: Sequence[LineLink], rows: Mapping[int, Values], lines: Lines
) -> list[str]:
    """What is not as it should be of a document's lines, as `line <number>` with the column or what else it is."""
    wanted = {line.id.casefold(): line for line in mapped}
    told: list[str] = []
    for link in links:
        line = None if link.gone else wanted.pop(link.id.casefold(), None)
        row = rows.get(link.number)
        if line is None:
            told += [f"line {link.number} is left over"] if row and lines.remove and not link.gone else []
        elif row is None:
            told.append(f"line {link.number} is missing")
        else:
            told += [f"line {link.number} {name}" for name in differing(line.fields, row)]
    return told + [f"a line {line.sequence or ''} is missing".replace("  ", " ") for line in wanted.values()]


def differing_steps(
    steps: Sequence[tuple[StepMapped, Link, Values]], writer: Writer, digester: Digester
) -> list[list[str]]:
    """For each step of a linked record, given with its link and its row: `<step>.<column>`, or the step's name alone
    where the row that it made is gone; few requests for many."""
    told: list[list[str]] = [[] for _ in steps]
    by_table: dict[EntityRef, list[int]] = {}
    for at, (step, link, row) in enumerate(steps):
        if step.own:
            told[at] = _of_own_row(step, link, row, digester)
        elif step.trouble is None and step.name in link.parts:
            by_table.setdefault(step.entity, []).append(at)
    for entity, members in by_table.items():
        keys = [steps[at][1].parts[steps[at][0].name] for at in members]
        names = dict.fromkeys(field.name for at in members for field in steps[at][0].fields)
        found = writer.find(entity, keys, [*entity.key, *names])
        for at, key in zip(members, keys, strict=True):
            step = steps[at][0]
            part = found.get(key_text(key))
            told[at] = [step.name] if part is None else [f"{step.name}.{name}" for name in differing(step.fields, part)]
    return told


def _of_own_row(step: StepMapped, link: Link, row: Values, digester: Digester) -> list[str]:
    """A step that is not due, or that leaves a column to whoever filled it, has nothing to say."""
    if step.trouble is not None or any(row.get(column) not in values for column, values in step.only_when.items()):
        return []
    if step.keep and not all(_is_ours(row.get(field.name), step, field, link, digester) for field in step.fields):
        return []
    return [f"{step.name}.{name}" for name in differing(step.fields, row)]


def _is_ours(value: Scalar | None, step: StepMapped, field: Field, link: Link, digester: Digester) -> bool:
    return value in (None, "") or link.digests.get(f"{step.name}.{field.name}") == digester.digest(value)
