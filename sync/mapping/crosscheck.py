"""What a mapping file's rows must be among each other and with the other files; every problem at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sync.mapping.around import Place, Surroundings, condition_texts, places
from sync.mapping.problems import Problem, did_you_mean
from sync.mapping.rowcheck import check_row
from sync.mapping.schema import Block, MappingFile, Row
from sync.mapping.settingcheck import check_settings
from sync.mapping.values import inline_map
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
        *_check_head(document, file),
    ]


def _check_rows(document: Document, file: MappingFile, around: Surroundings) -> Iterator[Problem]:
    for place in places(file):
        for at, what, remedy in check_row(place.row, file, place.block, around.transforms):
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
        first: dict[str, Place] = {}
        for place in places(file):
            column = getattr(place.row, system)
            if not isinstance(column, str) or not place.row.enabled or place.row.direction == f"to_{other}":
                continue
            before = first.setdefault(column, place)
            if before is not place and not _excluded(before.row, place.row):
                line = document.problem(before.path, "", "").line
                what = f"{column} has two rows, {before.row.id} in line {line} and {place.row.id}"
                remedy = (
                    "Keep one, switch one off with enabled: false, or give both an only_if that excludes the other."
                )
                yield document.problem((*place.path, system), what, remedy)


def _excluded(first: Row, second: Row) -> bool:
    """Whether two rows can never hold at once: their conditions name other values of one setting."""
    one, two = first.only_if, second.only_if
    if one is None or two is None or one.setting != two.setting:
        return False
    return not condition_texts(one) & condition_texts(two)


def _check_keys(document: Document, file: MappingFile) -> Iterator[Problem]:
    if file.direction == "to_sales":
        return
    rows = {place.row.finops: place for place in places(file) if place.row.enabled}
    for index, column in enumerate(file.finops.key):
        place = rows.get(column)
        if place is None:
            what, remedy = f"the key property {column} has no row", f"Add a row with finops: {column}."
            yield document.problem(("finops", "key", index), what, remedy)
            continue
        if place.block is not None:
            yield document.problem(place.path, f"the key property {column} stands in a block", "Move it out.")
        if place.row.required is None and place.row.constant is None:
            remedy = "Add required: and the code with which records without it are parked."
            yield document.problem(place.path, f"the key property {column} may be blank", remedy)
        if place.row.fit not in (None, "refuse"):
            remedy = "Take fit away: a key is never shortened or left out."
            yield document.problem((*place.path, "fit"), f"the key property {column} may be cut or left out", remedy)
    matches = Counter(place.row.match for place in places(file) if place.row.match is not None)
    for place in places(file):
        if place.row.match is not None and matches[place.row.match] > 1:
            what = f"match: {place.row.match} stands in more than one row"
            yield document.problem((*place.path, "match"), what, "Number the rows in the order of matching.")


def _check_blocks(document: Document, file: MappingFile) -> Iterator[Problem]:
    for index, entry in enumerate(file.fields):
        if not isinstance(entry, Block):
            continue
        rows = {row.finops if file.direction != "to_sales" else row.sales: row for row in entry.rows}
        for at, column in enumerate(entry.sent_when):
            path = ("fields", index, "sent_when", at)
            if column not in rows:
                remedy = did_you_mean(column, (str(name) for name in rows), "row")
                yield document.problem(path, f"the block {entry.block} has no row for {column}", remedy)
            elif rows[column].default is not None or rows[column].constant is not None:
                remedy = f"Take {column} out of sent_when, or its default away."
                yield document.problem(path, f"{column} always has a value", remedy)


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
        if file.direction != "to_finops" and row.direction != "to_finops":
            for clash in table.ambiguous:
                what = f'both "{clash.first}" and "{clash.second}" lead to {clash.text}, and the row goes both ways'
                yield document.problem(path, what, "A map for both directions must be one to one.")
            if table.grouped:
                yield document.problem(path, "a map with groups goes to F&O only", "Add direction: to_finops.")


def _check_head(document: Document, file: MappingFile) -> Iterator[Problem]:
    targets = {place.row.finops for place in places(file)}
    for index, adopt in enumerate(file.adopt):
        if adopt.same_name and adopt.finops not in targets:
            what = f"{adopt.finops} has no row whose value could be compared"
            yield document.problem(("adopt", index, "finops"), what, "Add the row, or test with is.")
    if (file.duplicates or file.allocate) and file.direction != "to_sales" and file.sales.number is None:
        path: Path = ("duplicates",) if file.duplicates else ("allocate",)
        yield document.problem(path, "the table has no number", "Name its column under sales: number.")
    codes = {test.else_ for test in file.only}
    if file.on_deactivate and file.on_deactivate.reason not in codes:
        what = f"no filter gives the reason {file.on_deactivate.reason}"
        yield document.problem(
            ("on_deactivate", "reason"), what, did_you_mean(file.on_deactivate.reason, codes, "code")
        )
    for index, test in enumerate(file.only):
        if (test.sales is None) == (test.finops is None):
            yield document.problem(("only", index), "the filter tests no column, or two", "Write sales or finops.")
