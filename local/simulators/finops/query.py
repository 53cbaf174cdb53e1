"""Query options: what a read asks for, and carrying it out (wire.md 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

from local.simulators.finops.errors import unreadable
from local.simulators.finops.expanding import Expansion, read_expand, read_select
from local.simulators.finops.schema import COMPANY, NAMESPACE, EntitySet, Schema
from local.simulators.finops.store import Row, Table
from local.simulators.odata.filter_values import fold
from local.simulators.odata.filters import Dialect, FilterError, compile_filter, compile_orderby

OF_SETS = frozenset({"$select", "$filter", "$orderby", "$top", "$skip", "$count", "$expand"})
OF_NUMBERS = frozenset({"$filter"})
OF_ROWS = frozenset({"$select", "$expand"})
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Options:
    """The query options of one request."""

    select: tuple[str, ...] | None = None
    filter: str | None = None
    orderby: str | None = None
    top: int | None = None
    skip: int = 0
    count: bool = False
    expand: tuple[Expansion, ...] = ()
    cross_company: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)
    """The options as sent, decoded, for the link to the next page."""


_PLAIN = {"": Options(), "cross-company=true": Options(cross_company=True, texts={"cross-company": "true"})}
"""What nearly every write of a batch asks for, read once."""


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one page, the number of all rows that fit the filter, and the options that lead to the next page."""

    rows: list[Row]
    total: int
    following: str | None


def read_options(schema: Schema, entity_set: EntitySet, query: str, known: frozenset[str] = OF_SETS) -> Options:
    """The options of a query string. Raises Refusal (400) for repeated or malformed ones, and for those not known."""
    if query in _PLAIN:
        return _PLAIN[query]
    texts: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in texts:
            raise unreadable(
                f"Query option '{name}' was specified more than once, but it must be specified at most once."
            )
        if name.startswith("$") and name not in known:
            raise unreadable(f"The query option '{name}' is not supported for '{entity_set.name}'.")
        texts[name] = value
    top = texts.get("$top")
    return Options(
        select=read_select(entity_set, texts["$select"]) if "$select" in texts else None,
        filter=texts.get("$filter"),
        orderby=texts.get("$orderby"),
        top=None if top is None else _number("$top", top),
        skip=_number("$skip", texts.get("$skip", "0")),
        count=_flag("$count", texts.get("$count", "false")),
        expand=read_expand(schema, entity_set, texts["$expand"]) if "$expand" in texts else (),
        cross_company=texts.get("cross-company", "").lower() == "true",
        texts=texts,
    )


def dialect(schema: Schema) -> Dialect:
    """How filters are written over this schema."""
    return Dialect(
        wildcard_equals=True,
        enums={f"{NAMESPACE}.{name}": frozenset(members) for name, members in schema.enums.items()},
        case_insensitive_text=True,
    )


def find(table: Table, entity_set: EntitySet, options: Options, company: str, dialect: Dialect) -> list[Row]:
    """The rows that fit filter and company, in order.

    `entity_set` is the set as the caller sees it, as is `dialect`; `company` is the caller's default company.
    """
    own_company = fold(company) if entity_set.by_company and not options.cross_company else None
    try:
        if options.filter is None:
            rows = list(table.rows.values())
        else:
            wanted = compile_filter(options.filter, entity_set.columns, dialect)
            rows = [row for row in table.candidates(wanted.equals) if wanted(row)]
        if own_company is not None:
            rows = [row for row in rows if fold(row[COMPANY]) == own_company]
        if options.orderby is not None:
            rows = compile_orderby(options.orderby, entity_set.columns)(rows)
    except FilterError as problem:
        raise unreadable(f"The query specified in the URI is not valid. {problem}") from problem
    return rows


def page(rows: list[Row], options: Options, size: int, *, repeat: bool) -> Page:
    """The page of `rows` that the options ask for, never longer than `size`.

    With `repeat` (a fault) a page that follows another begins with the last row of that one.
    """
    end = len(rows) if options.top is None else min(len(rows), options.skip + options.top)
    stop = min(end, options.skip + size)
    following = None
    if stop < end:
        texts = {**options.texts, "$skip": str(stop)}
        if options.top is not None:
            texts["$top"] = str(options.skip + options.top - stop)
        following = "&".join(f"{quote(name, safe='$')}={quote(value, safe="$'(),:")}" for name, value in texts.items())
    start = options.skip - 1 if repeat and options.skip else options.skip
    return Page(rows[start:stop], len(rows), following)


def shown(entity_set: EntitySet, row: Row, select: tuple[str, ...] | None) -> dict[str, Any]:
    """A row as JSON: the chosen properties, or all, after its ETag."""
    if select is not None:
        return {"@odata.etag": row.etag, **{name: row[name] for name in select}}
    document = entity_set.blank.copy()  # Copying a whole dictionary is several times as fast as spreading it.
    document.update(row)
    document["@odata.etag"] = row.etag
    for name in entity_set.hidden:
        document.pop(name, None)
    return document


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise unreadable(f"Invalid value '{text}' for {name} query option found. It requires a non-negative integer.")
    return int(text)


def _flag(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise unreadable(f"Invalid value '{text}' for {name} query option found. Valid values are 'true' and 'false'.")
    return text == "true"
