"""Filters and adopt tests of a mapping file, compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sync.mapping.parts import TABLE_OF, AdoptCheck, FilterTest
from sync.mapping.schema import AdoptTest, Filter, Referring
from sync.mapping.side import lookup_name
from sync.mapping.terms import Facts, Mapped
from sync.mapping.text import clean, same_name, same_text
from sync.model import Record, Scalar, System, Use, Values


def filter_test(test: Filter, source: System, *, replaced_by: str | None) -> FilterTest:
    """The filter as a test of a record; `replaced_by` is None where the column of that name is lacking."""
    successor = lookup_name(replaced_by) if replaced_by else ""
    return FilterTest(_passes(test, source), test.else_, test.linked, successor, test.warns)


def filter_columns(test: Filter, source: System) -> tuple[str, ...]:
    """The source columns that a filter tests, as they are selected."""
    column = test.sales if source == "sales" else test.finops
    if column is None:
        return ()
    return (lookup_name(column), lookup_name(column) + TABLE_OF) if test.table is not None else (column,)


def uses_of(test: Filter) -> tuple[Use, ...]:
    """What a filter asks of other tables."""
    return tuple(_use(each) for each in test.referred_by or ())


def _passes(test: Filter, source: System) -> Callable[[Record, Facts], bool]:
    if test.referred_by is not None:
        uses, wanted = uses_of(test), test.is_ is not False
        return lambda record, facts: any(facts.referred(use, record.id) for use in uses) is wanted
    if test.link_of is not None:
        mapping, linked = test.link_of, test.is_ is not False
        return lambda record, facts: _is_linked(facts, mapping, record.id) is linked
    column = filter_columns(test, source)[-1]
    values: Iterable[Scalar | None] = test.is_ if isinstance(test.is_, tuple) else (test.is_,)
    passes = frozenset((test.table,) if test.table is not None else values)
    return lambda record, _: record.values.get(column) in passes


def _is_linked(facts: Facts, mapping: str, id: str) -> bool:
    link = facts.link(mapping, id)
    return link is not None and link.linked


def _use(rows: Referring) -> Use:
    where = rows.where or rows.where_not or {}
    column = next(iter(where), "")
    return Use(rows.table, rows.column, column, where.get(column, ()), among=rows.where_not is None)


def adopt_check(test: AdoptTest, target: System, field: str, limit: int | None) -> AdoptCheck:
    """The test of an existing row; `field` is the name of its column as it is read, `limit` the row's max."""
    column = (test.finops if target == "finops" else test.sales) or ""
    values = () if test.is_ is None else test.is_ if isinstance(test.is_, tuple) else (test.is_,)
    allowed = frozenset(str(value).casefold() for value in values)

    def passes(mapped: Mapped | None, row: Values) -> bool:
        theirs = _text(row.get(field))
        if test.never or (allowed and theirs.casefold() not in allowed):
            return False
        if test.same or test.same_text or test.same_name:
            ours = _text(_mapped_values(mapped).get(field))
            compare = same_name if test.same_name else same_text
            return compare(ours, theirs, None if test.same else limit)
        return True

    return AdoptCheck(passes, test.else_, column, test.always, test.title or "", test.remedy or "")


def _text(value: Scalar | None) -> str:
    return "" if value is None else clean(str(value))


def _mapped_values(mapped: Mapped | None) -> Mapping[str, Scalar | None]:
    return {} if mapped is None else {**{field.name: field.value for field in mapped.fields}, **mapped.key}
