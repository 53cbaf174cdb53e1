"""What a mapping file's rows must be among each other and with the other files; every problem at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sync.mapping.around import Place, Surroundings, places
from sync.mapping.conditions import exclude
from sync.mapping.headcheck import check_head
from sync.mapping.linkcheck import check_links
from sync.mapping.problems import Problem, did_you_mean
from sync.mapping.rowcheck import check_row
from sync.mapping.schema import Block, Entry, MappingFile, Row
from sync.mapping.settingcheck import check_settings
from sync.mapping.sourcecheck import goes_to
from sync.mapping.stepcheck import check_order, check_steps
from sync.mapping.values import inline_map
from sync.mapping.words import OnlyIf
from sync.mapping.yaml_text import Document, Path


def check_mapping(document: Document, file: MappingFile, around: Surroundings) -> list[Problem]:
    """All problems of one file beyond its schema."""
    return [
        *_check_rows(document, file, around),
        *_check_ids(document, file),
        *_check_targets(document, file),
        *_check_keys(document, file),
        *_check_blocks(document, file),
        *_check_maps(document, file, around),
        *check_settings(document, file, around),
        *check_head(document, file),
        *check_steps(document, file),
        *check_order(document, file),
        *check_links(document, document.file.rpartition("/")[2].removesuffix(".yaml"), file, around),
    ]


def _check_rows(document: Document, file: MappingFile, around: Surroundings) -> Iterator[Problem]:
    for place in places(file):
        for at, what, remedy in check_row(place, file, around.transforms):
            yield document.problem((*place.path, *at), what, remedy)


def _check_ids(document: Document, file: MappingFile) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for place in places(file):
        line = document.problem(place.path, "", "").line
        if place.row.id in first:
            what = f'the id "{place.row.id}" is used twice, line {first[place.row.id]}'
            yield document.problem((*place.path, "id"), what, "Give this row an id of its own.")
        first.setdefault(place.row.id, line)


def _check_targets(document: Document, file: MappingFile) -> Iterator[Problem]:
    """Two rows for one target column would overwrite each other."""
    for system, other in (("finops", "sales"), ("sales", "finops")):
        if file.direction not in ("both", f"to_{system}"):
            continue
        first: dict[tuple[str, str], Place] = {}
        for place in places(file):
            column = getattr(place.row, system)
            if not isinstance(column, str) or not place.row.enabled or place.row.direction == f"to_{other}":
                continue
            before = first.setdefault((place.prefix, column), place)
            if before is not place and not exclude(before.row.only_if, place.row.only_if):
                line = document.problem(before.path, "", "").line
                what = f"{column} has two rows, {before.row.id} in line {line} and {place.row.id}"
                remedy = (
                    "Keep one, switch one off with enabled: false, or give both an only_if that excludes the other."
                )
                yield document.problem((*place.path, system), what, remedy)


def _check_keys(document: Document, file: MappingFile) -> Iterator[Problem]:
    if file.direction == "to_sales":
        if not any(place.row.match is not None or place.row.sales == file.sales.id for place in places(file)):
            remedy = "Add match: 1 to the row of the natural key."
            yield document.problem(("sales", "id"), "nothing says how a record is found in Sales", remedy)
    else:
        yield from _check_key(document, file, ("finops", "key"), file.finops.key, None)
        for at, other in enumerate(file.finops_instead):
            yield from _check_key(document, file, ("finops_instead", at, "key"), other.key, other.only_if)
    matches: dict[int, list[Row]] = {}
    for place in places(file):
        rank, row = place.row.match, place.row
        if rank is None:
            continue
        if not all(exclude(row.only_if, other.only_if) for other in matches.get(rank, ())):
            what = f"match: {rank} stands in more than one row"
            yield document.problem((*place.path, "match"), what, "Number the rows in the order of matching.")
        matches.setdefault(rank, []).append(row)


def _check_key(
    document: Document, file: MappingFile, path: Path, key: Sequence[str], only_if: OnlyIf | None
) -> Iterator[Problem]:
    for index, column in enumerate(key):
        rows = [
            place
            for place in places(file)
            if place.row.enabled
            and place.row.finops == column
            and not place.line
            and not exclude(place.row.only_if, only_if)
        ]
        if not rows:
            what, remedy = f"the key property {column} has no row", f"Add a row with finops: {column}."
            yield document.problem((*path, index), what, remedy)
        for place in rows:
            yield from _check_key_row(document, place, column)


def _check_key_row(document: Document, place: Place, column: str) -> Iterator[Problem]:
    if place.block is not None:
        yield document.problem(place.path, f"the key property {column} stands in a block", "Move it out.")
    if place.row.required is None and place.row.constant is None:
        remedy = "Add required: and the code with which records without it are parked."
        yield document.problem(place.path, f"the key property {column} may be blank", remedy)
    if place.row.fit not in (None, "refuse"):
        remedy = "Take fit away: a key is never shortened or left out."
        yield document.problem((*place.path, "fit"), f"the key property {column} may be cut or left out", remedy)


def _check_blocks(document: Document, file: MappingFile) -> Iterator[Problem]:
    yield from _blocks_of(document, file, file.fields, ("fields",))
    if file.lines is not None:
        yield from _blocks_of(document, file, file.lines.fields, ("lines", "fields"))


def _blocks_of(document: Document, file: MappingFile, entries: Iterable[Entry], place: Path) -> Iterator[Problem]:
    for index, entry in enumerate(entries):
        if not isinstance(entry, Block):
            continue
        rows = {row.finops if file.direction != "to_sales" else row.sales: row for row in entry.rows}
        for at, column in enumerate(entry.sent_when):
            path = (*place, index, "sent_when", at)
            if column not in rows:
                remedy = did_you_mean(column, (str(name) for name in rows), "row")
                yield document.problem(path, f"the block {entry.block} has no row for {column}", remedy)
            elif rows[column].default is not None or rows[column].constant is not None:
                remedy = f"Take {column} out of sent_when, or its default away."
                yield document.problem(path, f"{column} always has a value", remedy)
        if entry.unless_same and place[0] != "lines":
            what = "unless_same compares a line with its document"
            yield document.problem((*place, index, "unless_same"), what, "Take it away, or use unless.")


def _check_maps(document: Document, file: MappingFile, around: Surroundings) -> Iterator[Problem]:
    known = set(around.maps) | set(around.broken_maps)
    for place in places(file):
        row, path = place.row, (*place.path, "values")
        if row.values is None:
            continue
        if isinstance(row.values, str) and row.values not in around.maps:
            if row.values in around.broken_maps:
                yield from around.broken_maps[row.values]
            else:
                yield document.problem(
                    path, f'there is no value map "{row.values}"', did_you_mean(row.values, known, "value map")
                )
            continue
        table = around.maps[row.values] if isinstance(row.values, str) else inline_map(row.id, row.values)
        for clash in table.clashes if not isinstance(row.values, str) else ():
            what = f'"{clash.text}" leads to {clash.first} and to {clash.second}'
            yield document.problem((*path, clash.text), what, "Texts compare by letters and digits alone; keep one.")
        if table.grouped != (row.within is not None):
            what = "the value map has groups" if table.grouped else "the value map has no groups"
            remedy = "Add within: and the column that names the group." if table.grouped else "Take within away."
            yield document.problem(path, what, remedy)
        if goes_to(row, file, table.left):  # from the right side of the pairs to the left
            for clash in table.ambiguous if row.unless_clear is None else ():
                both = f'both "{clash.first}" and "{clash.second}" lead to {clash.text}'
                what = f"{both}, and the row reads the map backwards"
                yield document.problem(path, what, "A map that is read backwards must be one to one.")
            if table.grouped:
                yield document.problem(path, "a map with groups cannot be read backwards", "Add a direction.")
