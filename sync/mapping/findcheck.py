"""Rows that take values from reference data, or from other records."""

from __future__ import annotations

from collections.abc import Iterator

from sync.mapping.schema import MappingFile, Row
from sync.mapping.sourcecheck import Finding, goes_to

_BOTH_DAYS = 2


def check_finding(row: Row, file: MappingFile) -> Iterator[Finding]:
    """All problems of `lookup`, `reference` and `resolve`."""
    for key in ("lookup", "reference"):
        if getattr(row, key) is None:
            continue
        if goes_to(row, file, "sales"):
            yield (key,), f"a {key} cannot be written back", "Add direction: to_finops."
        of = row.lookup.of if key == "lookup" and row.lookup is not None else None
        if of is None and not isinstance(row.sales, str):
            yield (key,), f"a {key} needs one Sales column", "Write sales: and the lookup column."
        elif of is not None and (row.combine is None or not isinstance(row.sales, tuple) or of not in row.sales):
            yield (key, "of"), f"{of} is not among several columns that are combined", "Take of away."
    if row.lookup is not None and row.reference is not None:
        yield ("reference",), "the row has a lookup and a reference", "Keep one of the two."
    if row.resolve is not None and row.exists is not None:
        yield ("exists",), "what is resolved exists", "Keep resolve."
    yield from _reference(row)
    yield from _resolve(row)


def _reference(row: Row) -> Iterator[Finding]:
    rule = row.reference
    if rule is None:
        return
    if rule.optional is (rule.waiting is not None):
        what = "a reference waits with a code, or is optional"
        yield ("reference",), what, "Write waiting: and a code, or optional: true."
    if rule.decides and not rule.optional:
        yield ("reference", "decides"), "a record waits for what it needs", "Take decides away."


def _resolve(row: Row) -> Iterator[Finding]:
    rule = row.resolve
    if rule is None:
        return
    if (rule.code is None) is (rule.waiting is None):
        yield ("resolve",), "resolve says not what happens when nothing is found", "Write code, or waiting."
    if rule.by is None and not rule.within:
        yield ("resolve",), "resolve says not what is looked for", "Write by: and a column, or within."
    if rule.valid is not None and len(rule.valid) != _BOTH_DAYS:
        yield ("resolve", "valid"), "valid has two columns", "Write the column of the first day, then of the last."
    if rule.by is None and rule.name is None:
        yield ("resolve",), "of several rows that fit, none is the first", "Write name: and the column with the name."
    if rule.by is not None and (rule.name is not None or rule.named is not None):
        key = "name" if rule.name is not None else "named"
        yield ("resolve", key), f"{key} is for rules without by", "Take it away."
