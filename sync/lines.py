"""Lines of documents on the record's path: read with their documents, compared, announced with the claim (flows.md 6).

What a document's lines shall be is stored before it is written, in rows of their own and with the link that is claimed.
So a link that tells of no write under way (not `dirty`) says what the target has; for any other the rows are compared.
Before a line is written the rows are read in any case, many documents in a request: a number may be other people's now.
"""

from __future__ import annotations

import dataclasses
import logging
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sync.compare import NO_LINES, LineDraft, LinesDraft, changed
from sync.documents import There, beside, draft_lines
from sync.errors import SyncError
from sync.mapping.plan import LineMapped, Lines
from sync.model import LineLink, Record, Scalar, Values
from sync.ports import LineWrite, Written
from sync.work import Applier, Work

log = logging.getLogger(__name__)


def fetch_lines(works: Sequence[Work], tools: Applier) -> None:
    """Read the lines of documents that their flow lets through, in few requests, and put each with its document.

    The version of the document was read before: a change of a line in between changes the document, too, and is found
    when it is claimed.
    """
    lines = tools.plan.lines
    if lines is None or not works:
        return
    columns = [*lines.columns, lines.parent]
    rows = tools.reader.search(lines.source, lines.parent, [work.source.id for work in works], columns)
    children: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        children[str(row.values[lines.parent]).casefold()].append(row)
    for work in works:
        own = sorted(children[work.source.id.casefold()], key=lambda row: _place(row, lines.order))
        work.record = dataclasses.replace(work.source, lines=tuple(own))


def know_lines(works: Sequence[Work], tools: Applier) -> None:
    """Read what is known of the lines of documents that differ from what was written last, on both sides."""
    lines = tools.plan.lines
    differing = [work for work in works if lines is not None and work.mapped is not None and _differs(work, tools)]
    if lines is None or not differing:
        return
    asked = [_holder(work) for work in differing if work.follows]
    asked += [work.change.id for work in differing if work.link.etag]
    links = _stored(list(dict.fromkeys(asked)), tools)
    for work in differing:
        known = links.get(_holder(work), ())
        adopting = not work.link.linked
        nothing: dict[int, Values] | None = {} if adopting and work.target is None else None
        void = links.get(work.change.id, ()) if _holder(work) != work.change.id else ()
        work.there = There(known, nothing, adopting, same=lines.another, void=void)
    _read_rows([work for work in differing if _must_read(work, tools)], lines, tools)


def _holder(work: Work) -> str:
    """The record that has the line rows: the earlier revision, until its link is taken over with the claim."""
    return work.follows.id if work.follows and work.link.claim is None else work.change.id


def _stored(ids: Sequence[str], tools: Applier) -> dict[str, tuple[LineLink, ...]]:
    """The line rows of documents, some of which are earlier revisions, and live elsewhere."""
    by_partition: dict[int, list[str]] = defaultdict(list)
    for id in ids:
        by_partition[tools.links.partition(id)].append(id)
    found: dict[str, tuple[LineLink, ...]] = {}
    for partition, members in by_partition.items():
        found |= tools.links.lines(tools.plan.flow.mapping, partition, members)
    return found


def draft_of_lines(work: Work, tools: Applier) -> LinesDraft:
    """What is to be written of the lines of a document; nothing where there are none."""
    lines = tools.plan.lines
    if lines is None or work.mapped is None:
        return NO_LINES
    draft = draft_lines(work.mapped.lines, work.there, tools.digester, remove=lines.remove)
    # What stands for no row is told gone. The lines of an earlier revision are to be known under this one.
    void = [LineLink(link.number, "", gone=True) for link in work.there.void]
    taken_over = work.there.links if work.follows else ()
    rows = {link.number: link for link in (*void, *taken_over, *draft.links)}
    return dataclasses.replace(draft, links=tuple(rows.values()))


def line_writes(work: Work, tools: Applier) -> tuple[LineWrite, ...]:
    """The writes of a document's lines, in the order of their numbers."""
    lines = tools.plan.lines
    if lines is None or work.draft is None:
        return ()
    document = lines.document(work.key)
    return tuple(
        LineWrite(each.kind, lines.key(document, each.number), each.values) for each in work.draft.lines.writes
    )


def compare_amounts(written: Sequence[tuple[Work, Written]], tools: Applier) -> None:
    """Warn of documents with a line that the target has come to another amount for than the source.

    A create answers with its amounts, changed lines are read once more. That is no reason to fail: what is written
    stays written.
    """
    lines = tools.plan.lines
    if lines is None or not lines.amount:
        return
    unread: list[tuple[Work, dict[int, LineMapped]]] = []
    for work, result in written:
        told = dict(zip((each.number for each in _sent(work)), result.lines, strict=False))
        left = {}
        for number, line in _expected(work).items():
            if (amount := told.get(number, {}).get(lines.amount)) is None:
                left[number] = line
            elif _differ(line, amount):
                _warn(work, lines.differs)
        if left:
            unread.append((work, left))
    if not unread:
        return
    try:
        columns = [lines.number, lines.amount]
        found = tools.writer.match(lines.target, [lines.document(work.key) for work, _ in unread], columns)
    except SyncError as error:
        log.warning("%s: amounts of lines could not be compared: %s", tools.plan.flow.name, error)
        return
    for (work, left), rows in zip(unread, found, strict=True):
        amounts = {int(str(row[lines.number])): row.get(lines.amount) for row in rows}
        if any(_differ(line, amounts.get(number)) for number, line in left.items()):
            _warn(work, lines.differs)


def _sent(work: Work) -> tuple[LineDraft, ...]:
    return work.draft.lines.writes if work.draft is not None else ()


def _expected(work: Work) -> dict[int, LineMapped]:
    """The lines that were written, and have an amount in the source, by number."""
    numbers = {each.number for each in _sent(work) if each.kind != "delete"}
    ids = {link.id: link.number for link in (work.draft.lines.links if work.draft is not None else ())}
    lines = work.mapped.lines if work.mapped is not None else ()
    found = {ids[line.id]: line for line in lines if line.amount is not None and line.id in ids}
    return {number: line for number, line in found.items() if number in numbers}


def _differ(line: LineMapped, amount: Scalar | None) -> bool:
    if amount is None or line.amount is None:
        return False
    return abs(Decimal(amount) - line.amount) > line.tolerance


def _warn(work: Work, code: str) -> None:
    work.warnings = tuple(dict.fromkeys((*work.warnings, code)))


def announced(work: Work) -> tuple[LineLink, ...]:
    """The line rows that are stored with the claim."""
    return work.draft.lines.links if work.draft is not None and work.behind is None else ()


def look_again(work: Work, tools: Applier) -> None:
    """A line is not there any more: the rows are read, and what is to be written is said anew."""
    work.link = dataclasses.replace(work.link, dirty=True)
    work.draft = None
    know_lines([work], tools)


def number_anew(works: Sequence[Work], tools: Applier) -> list[Work]:
    """Refused documents with new lines whose numbers somebody else has taken meanwhile: these get other ones.

    Of what was refused nothing was written, so that no row that is there now is the document's own.
    """
    lines = tools.plan.lines
    adding = [work for work in works if any(each.kind == "create" for each in _sent(work))]
    if lines is None or not adding:
        return []
    found = tools.writer.match(lines.target, [lines.document(work.key) for work in adding], [lines.number])
    outrun = []
    for work, rows in zip(adding, found, strict=True):
        taken = frozenset(int(str(row[lines.number])) for row in rows)
        lost = {each.number for each in _sent(work) if each.kind == "create"} & taken
        if not lost or work.draft is None:
            continue
        links = [link for link in work.there.links if link.number not in lost]
        void = [*work.there.void, *(link for link in work.draft.lines.links if link.number in lost)]
        work.there = dataclasses.replace(work.there, links=links, taken=work.there.taken | taken, void=void)
        outrun.append(work)
    return outrun


def _differs(work: Work, tools: Applier) -> bool:
    assert work.mapped is not None  # noqa: S101 - the caller asked
    return not work.link.linked or bool(work.follows) or changed(work.mapped, work.link, tools.digester)


def _must_read(work: Work, tools: Applier) -> bool:
    """The rows that the target has decide: what is written on trust would be wrong, or be about other people's rows."""
    if not work.link.linked:
        return work.target is not None
    return work.link.dirty or bool(draft_of_lines(work, tools).writes)


def _read_rows(works: Sequence[Work], lines: Lines, tools: Applier) -> None:
    if not works:
        return
    documents = [lines.document(work.link.target or _target_key(work, tools)) for work in works]
    found = tools.writer.match(lines.target, documents, [*lines.target.key, *lines.there])
    for work, rows in zip(works, found, strict=True):
        by_number: dict[int, Values] = {int(str(row[lines.number])): row for row in rows}
        if work.link.linked and not work.link.dirty:
            work.there = beside(work.there, by_number, tools.digester)
        else:
            work.there = dataclasses.replace(work.there, rows=by_number)


def _target_key(work: Work, tools: Applier) -> dict[str, Scalar]:
    assert work.target is not None  # noqa: S101 - the caller asked
    key = {name: work.target[name] for name in tools.plan.flow.target.key}
    return {name: value for name, value in key.items() if value is not None}


def _place(row: Record, order: Sequence[str]) -> tuple[tuple[bool, Any], ...]:
    """By these columns, blanks last; one column has values of one type."""
    values = [row.values.get(name) for name in order]
    return tuple((value is None, 0 if value is None else value) for value in values)
