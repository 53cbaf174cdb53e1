"""The head of a mapping file: filters, adopt tests, searches, numbers, what happens on deactivation."""

from __future__ import annotations

from collections.abc import Iterator

from sync.mapping.around import places
from sync.mapping.problems import Problem, did_you_mean
from sync.mapping.schema import AdoptTest, Filter, MappingFile, Referring
from sync.mapping.yaml_text import Document, Path

COMPANY = "dataAreaId"


def check_head(document: Document, file: MappingFile) -> Iterator[Problem]:
    """All problems of the head."""
    for index, test in enumerate(file.only):
        for path, what, remedy in _check_filter(test):
            yield document.problem(("only", index, *path), what, remedy)
    for index, adopt in enumerate(file.adopt):
        for path, what, remedy in _check_adopt(adopt, file):
            yield document.problem(("adopt", index, *path), what, remedy)
    yield from _check_searches(document, file)
    yield from _check_recovery(document, file)
    yield from _check_numbers(document, file)
    yield from _check_source(document, file)
    codes = {test.else_ for test in file.only}
    reason = file.on_deactivate.reason if file.on_deactivate else None
    if reason is not None and reason not in codes:
        what = f"no filter gives the reason {reason}"
        remedy = did_you_mean(reason, codes, "code")
        yield document.problem(("on_deactivate", "reason"), what, remedy)


def _check_filter(test: Filter) -> Iterator[tuple[Path, str, str]]:
    tested = [key for key in ("sales", "finops", "referred_by", "link_of") if getattr(test, key) is not None]
    if len(tested) != 1:
        remedy = "Write one of sales, finops, referred_by and link_of."
        yield (), "the filter tests nothing, or several things", remedy
        return
    says = "is_" in test.model_fields_set
    if tested[0] in ("referred_by", "link_of"):
        if test.table is not None:
            yield ("table",), "table is for a Sales column", "Write sales: and the lookup column."
        if says and not isinstance(test.is_, bool):
            yield ("is",), f"{tested[0]} is true or false", "Write is: true or is: false."
    elif says is (test.table is not None):
        remedy = "Write is: and the values that pass, or table: and the table that a lookup must point to."
        yield (), "the filter does not say what passes, or says it twice", remedy
    elif test.table is not None and test.sales is None:
        yield ("table",), "table is for a Sales column", "Write sales: and the lookup column."
    if test.replaced_by is not None and test.finops is not None:
        yield ("replaced_by",), "replaced_by is a lookup of Sales", "Take it away."
    for index, rows in enumerate(test.referred_by or ()):
        if not _is_clear(rows):
            remedy = "Write where or where_not with one column, or none."
            yield ("referred_by", index), "only one column can be asked for", remedy


def _is_clear(rows: Referring) -> bool:
    asked = [where for where in (rows.where, rows.where_not) if where is not None]
    return len(asked) <= 1 and all(len(where) == 1 for where in asked)


def _check_adopt(test: AdoptTest, file: MappingFile) -> Iterator[tuple[Path, str, str]]:
    if (test.finops is None) is (test.sales is None):
        yield (), "the test looks at no column, or at two", "Write finops (flows to F&O) or sales (flows to Sales)."
        return
    kinds = [
        key for key in ("is_", "same", "same_text", "same_name", "never") if getattr(test, key) not in (None, False)
    ]
    if len(kinds) != 1:
        yield (
            (),
            "the test says not what must hold, or two things",
            "Write one of is, same, same_text, same_name, never.",
        )
        return
    column = test.finops or test.sales
    rows = {str(place.row.finops if test.finops else place.row.sales) for place in places(file) if not place.prefix}
    if kinds[0].startswith("same"):
        if column not in rows:
            yield (
                ("finops" if test.finops else "sales",),
                f"{column} has no row whose value could be compared",
                ("Add the row, or test with is."),
            )
        if test.always:
            yield ("always",), "a linked record's own values may change", "Test with is, or take always away."


def _check_searches(document: Document, file: MappingFile) -> Iterator[Problem]:
    if file.also_match and file.direction != "to_finops":
        yield document.problem(("also_match",), "further searches are for flows to F&O", "Take them away.")
    rows = {str(place.row.finops) for place in places(file) if place.row.finops is not None and not place.line}
    for index, search in enumerate(file.also_match):
        for column, ours in search.by.items():
            if ours not in rows:
                path: Path = ("also_match", index, "by", column)
                yield document.problem(path, f"{ours} has no row", did_you_mean(ours, rows, "row"))


def _check_recovery(document: Document, file: MappingFile) -> Iterator[Problem]:
    if file.recover_by and file.direction != "to_finops":
        what = "in Sales the app chooses the keys of new rows, and knows them again"
        yield document.problem(("recover_by",), what, "Take recover_by away.")
        return
    rows = {str(place.row.finops): place.row for place in places(file) if place.row.finops is not None}
    entities = (file.finops, *file.finops_instead)
    numbers = {entity.number or "" for entity in entities} | {
        name for name, row in rows.items() if file.sales.number is not None and row.sales == file.sales.number
    }
    for index, column in enumerate(file.recover_by):
        if column not in rows:
            yield document.problem(("recover_by", index), f"{column} has no row", did_you_mean(column, rows, "row"))
        elif column in numbers:
            what = f"{column} is the number, which F&O may replace"
            yield document.problem(("recover_by", index), what, "Name columns that F&O keeps as they are sent.")
    constant = [column in rows and (rows[column].constant is not None) for column in file.recover_by]
    if constant and all(constant):
        what = "every row of the app has the same in these columns"
        yield document.problem(("recover_by",), what, "Add one that differs from record to record, a name for example.")


def _check_numbers(document: Document, file: MappingFile) -> Iterator[Problem]:
    to_finops = file.direction != "to_sales"
    entities = [(("finops",), file.finops), *((("finops_instead", i), e) for i, e in enumerate(file.finops_instead))]
    for path, entity in entities:
        if to_finops and entity.number is not None and entity.number not in entity.key:
            remedy = did_you_mean(entity.number, entity.key, "key property")
            yield document.problem((*path, "number"), f"{entity.number} is no key property", remedy)
    named = file.sales.number is not None or all(entity.number is not None for _, entity in entities)
    if (file.duplicates or file.allocate) and to_finops and not named:
        path = ("duplicates",) if file.duplicates else ("allocate",)
        remedy = "Name its column under sales: number, or its property under finops: number."
        yield document.problem(path, "the table has no number", remedy)
    if file.allocate and file.sales.number is None and named:
        yield document.problem(("allocate",), "there is no column to write a number to", "Name it under sales: number.")


def _check_source(document: Document, file: MappingFile) -> Iterator[Problem]:
    if file.direction == "to_finops":
        if file.finops.company is not None:
            yield document.problem(("finops", "company"), "the flow reads from Sales", "Take company away.")
        return
    if file.triggers and file.direction == "to_sales":
        yield document.problem(("triggers",), "triggers are for flows to F&O", "Take them away.")
    if file.direction == "to_sales" and COMPANY in file.finops.key and file.finops.company is None:
        remedy = "Add company: {setting: company} under finops."
        yield document.problem(("finops", "key"), "the flow does not say which company it reads", remedy)
