"""Documents: which line of the source is which row of the target, and what is to be written of each (flows.md 6.5).

A line has a number in the target that it keeps, whatever happens to its place in the source. A document that is revised
comes with lines of new ids: they are known again by what they say. What is new gets a number that no row has had yet.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from sync.compare import Digester, LineDraft, LinesDraft, same, to_create, to_update
from sync.mapping.plan import Field, LineMapped
from sync.model import LineLink, Scalar, Values


@dataclass(frozen=True, slots=True)
class There:
    """What is known of a document's lines: the links, and the rows of the target by number where they were read.

    `rows` are None where the links are believed, empty where the document is about to be made. `taken` are the numbers
    of rows that are there, where they were read for that alone. `adopting` tells that rows without a link may be taken
    over; else they are other people's, and left alone. `same` names the columns in which a row does not change. `void`
    are links that stand for no row: what they announced was not written, or is not there any more.
    """

    links: Sequence[LineLink] = ()
    rows: Mapping[int, Values] | None = None
    adopting: bool = False
    taken: frozenset[int] = frozenset()
    same: Sequence[str] = ()
    void: Sequence[LineLink] = ()


def draft_lines(lines: Sequence[LineMapped], there: There, digester: Digester, *, remove: bool = True) -> LinesDraft:
    """What is to be written so that the target has these lines, which come in the order of the source.

    With `remove`, rows whose line is gone are deleted; without, they stay as they are.
    """
    known = {link.number: link for link in there.links}
    writes: dict[int, LineDraft] = {}
    links: dict[int, LineLink] = {}
    numbers = _numbered(lines, there, digester)
    for line, number in zip(lines, numbers, strict=True):
        write, links[number] = _draft(line, number, known.get(number), there, digester)
        if write is not None:
            writes[number] = write
    for number in known.keys() - set(numbers) if remove else ():
        links[number] = _gone(known[number], there)
        if _is_there(known[number], there, digester):
            writes[number] = LineDraft("delete", number, {})
    told = (links[number] for number in sorted(links) if links[number] != known.get(number))
    return LinesDraft(tuple(writes[number] for number in sorted(writes)), tuple(told))


def _gone(link: LineLink, there: There) -> LineLink:
    """The link of a line that is gone; one that had gone before any write was under way stands for no row any more."""
    left_before = link.gone and there.rows is None
    return dataclasses.replace(link, gone=True, digests={} if left_before else link.digests)


def _is_there(link: LineLink, there: There, digester: Digester) -> bool:
    """The row of a line is there to be deleted.

    Where it was told gone before, that may not have come true; or it has, and somebody has added a row of its number.
    """
    if there.rows is None or link.number not in there.rows:
        return there.rows is None and not link.gone
    return _is_its_row(link, there.rows, there.same, digester)


def _is_its_row(link: LineLink, rows: Mapping[int, Values], same: Sequence[str], digester: Digester) -> bool:
    """The row of a link's number, as far as one is there, is that of its line: what never changes is the same."""
    found = _digests(rows.get(link.number, {}), same, digester)
    return all(link.digests.get(name) == digest for name, digest in found.items())


def beside(there: There, rows: Mapping[int, Values], digester: Digester) -> There:
    """The same where the links are believed, but for the numbers of other people: these are taken, whoever had them."""
    left = [link for link in there.links if not link.gone and not _is_its_row(link, rows, there.same, digester)]
    links = [link for link in there.links if link not in left]
    return dataclasses.replace(there, links=links, taken=frozenset(rows), void=(*there.void, *left))


def _numbered(lines: Sequence[LineMapped], there: There, digester: Digester) -> list[int]:
    """The number of each line: the one it had, or the source's own place when that is free, or the next free one."""
    rows = there.rows or {}
    own = [link for link in there.links if link.gone or _is_its_row(link, rows, there.same, digester)]
    candidates = [*own, *_ownerless(lines, own, there, digester)]
    numbers = _known_again(lines, candidates, digester)
    # A row that was announced and never written, or that somebody deleted, has left its number free.
    used = {link.number for link in candidates if there.rows is None or link.gone or link.number in there.rows}
    used |= {number for number in numbers if number is not None} | set(there.rows or ()) | there.taken
    for at, line in enumerate(lines):
        if numbers[at] is None and line.sequence is not None and line.sequence > 0 and line.sequence not in used:
            numbers[at] = line.sequence
            used.add(line.sequence)
    free = count(max(used, default=0) + 1)
    return [next(free) if number is None else number for number in numbers]


def _known_again(lines: Sequence[LineMapped], links: Sequence[LineLink], digester: Digester) -> list[int | None]:
    """The numbers of lines that were there before: known by id, then by place, then by what is alike.

    What makes a line another one, the product, say, is the same in any case.
    """
    numbers: list[int | None] = [None] * len(lines)
    digests = [digester.digests(line.fields) for line in lines]
    left = {link.number: link for link in sorted(links, key=lambda link: link.number) if not link.gone}

    def pair(of_line: Callable[[int], Hashable | None], of_link: Callable[[LineLink], Hashable]) -> None:
        waiting: dict[Hashable, deque[int]] = defaultdict(deque)
        for number, link in left.items():
            waiting[of_link(link)].append(number)
        for at in range(len(lines)):
            key = of_line(at) if numbers[at] is None else None
            if key is not None and waiting.get(key):
                numbers[at] = waiting[key].popleft()
                del left[numbers[at] or 0]

    if lines:
        unchanged, alike = lines[0].same, (*lines[0].same, *lines[0].alike)
        pair(
            lambda at: (lines[at].id.casefold(), _some(digests[at], unchanged)),
            lambda link: (link.id.casefold(), _some(link.digests, unchanged)),
        )
        pair(
            lambda at: None if lines[at].sequence is None else (lines[at].sequence, _some(digests[at], unchanged)),
            lambda link: (link.sequence, _some(link.digests, unchanged)),
        )
        pair(lambda at: _some(digests[at], alike), lambda link: _some(link.digests, alike))
    return numbers


def _some(digests: Mapping[str, str], names: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(digests.get(name) for name in names)


def _ownerless(
    lines: Sequence[LineMapped], own: Sequence[LineLink], there: There, digester: Digester
) -> list[LineLink]:
    """Rows of an adopted document that no link knows, as if each stood for the line at the place of its number."""
    if not (there.adopting and there.rows and lines):
        return []
    known = {link.number for link in own}
    return [
        LineLink(number, "", number, _digests(row, lines[0].same, digester))
        for number, row in there.rows.items()
        if number not in known
    ]


def _digests(row: Values, names: Sequence[str], digester: Digester) -> dict[str, str]:
    return {name: digester.digest(value) for name in names if (value := row.get(name)) not in (None, "")}


def _draft(
    line: LineMapped, number: int, known: LineLink | None, there: There, digester: Digester
) -> tuple[LineDraft | None, LineLink]:
    """What is to be sent of a line, None when nothing, and its link."""
    fields = [field for field in line.fields if field.when != "create"]
    wanted = digester.digests(field for field in line.fields if field.when != "create" or field.name in line.same)
    row = None if there.rows is None else there.rows.get(number)
    if row is not None and there.adopting:
        values = _differing(fields, row)
    elif row is not None or (there.rows is None and known is not None):
        values, digests = to_update(fields, known.digests if known else {}, digester, dirty=row is not None)
        wanted = {**digests, **wanted}  # a block that is left out keeps what was sent of it
    else:
        return LineDraft("create", number, to_create(line.fields)), LineLink(number, line.id, line.sequence, wanted)
    draft = LineDraft("update", number, values) if values else None
    return draft, LineLink(number, line.id, line.sequence, wanted)


def _differing(fields: Sequence[Field], row: Values) -> dict[str, Scalar | None]:
    """What is blank in the source stays in an adopted row as it is."""
    given = [field for field in fields if field.value is not None]
    return {field.name: field.value for field in given if not same(row.get(field.name), field.value)}
