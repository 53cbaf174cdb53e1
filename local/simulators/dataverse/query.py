"""What a request asks for beside its path: query options and the `Prefer` header (wire.md 1.6 and 1.7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_plus

from local.simulators.dataverse import errors
from local.simulators.dataverse.schema import Table
from local.simulators.odata.filters import (
    CompiledFilter,
    Dialect,
    FilterError,
    UnknownAttributeError,
    UnknownColumnError,
    compile_filter,
)

_OFFERED = {
    "$select", "$filter", "$orderby", "$top", "$count", "$expand", "$apply", "$skiptoken", "$deltatoken",
}  # fmt: skip
_ALIAS = re.compile(r"'(?:[^']|'')*'|(?<![\w@])@\w+")
_DEEPEST = 100
_PREFERENCE = re.compile(r'\s*([\w.\-]+)\s*(?:=\s*("[^"]*"|[^,;]*))?\s*(?:[,;]|$)')
_ANNOTATIONS = {
    "formatted": "OData.Community.Display.V1.FormattedValue",
    "table": "Microsoft.Dynamics.CRM.lookuplogicalname",
    "navigation": "Microsoft.Dynamics.CRM.associatednavigationproperty",
}


@dataclass(frozen=True, slots=True)
class Options:
    """The query options of a request, decoded. `kept` is the query as it was sent, without paging tokens."""

    values: Mapping[str, str]
    kept: str = ""

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def condition(self) -> str | None:
        """The `$filter` with the values of parameter aliases in place (`@p`). Raises `errors.Refusal`."""
        text = self.values.get("$filter")
        if text is None or "@" not in text:
            return text
        return _ALIAS.sub(self._alias, text)

    def _alias(self, found: re.Match[str]) -> str:
        name = found[0]
        if name.startswith("'"):
            return name
        if name not in self.values:
            raise errors.bad_argument(f"The parameter alias '{name}' has no value in the query.")
        return self.values[name]


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the `Prefer` header asks for, as far as it is offered."""

    page_size: int | None = None
    track_changes: bool = False
    return_row: bool = False
    continue_on_error: bool = False
    annotations: frozenset[str] = frozenset()
    """Names out of formatted, table, navigation."""
    include: str | None = None
    """The wanted annotations as sent."""

    @property
    def annotate_errors(self) -> bool:
        """Whether errors have their annotations as well (wire.md 1.12)."""
        return self.include == "*"

    def applied(self, *, page_size: int | None = None, tracked: bool = False, row: bool = False) -> dict[str, str]:
        """The `Preference-Applied` header for what was done of it."""
        told = ["odata.track-changes"] if tracked else []
        if self.page_size is not None and page_size is not None:
            told.append(f"odata.maxpagesize={page_size}")
        if self.include is not None and self.annotations:
            told.append(f'odata.include-annotations="{self.include}"')
        if row and self.return_row:
            told.append("return=representation")
        return {"Preference-Applied": ",".join(told)} if told else {}


def options(query: str) -> Options:
    """Read a raw query. System query options that are not offered are refused, other parameters are left alone.

    Raises `errors.Refusal`.
    """
    values: dict[str, str] = {}
    kept: list[str] = []
    for piece in filter(None, query.split("&")):
        name, _, value = piece.partition("=")
        name = unquote_plus(name)
        if name == "$skip":
            raise errors.Refusal(400, "0x80060888", "Skip Clause is not supported in CRM")
        if name.startswith("$") and name not in _OFFERED:
            raise errors.not_offered(name)
        if name in values:
            raise errors.bad_argument(f"Query option '{name}' was specified more than once.")
        values[name] = unquote_plus(value)
        if name not in ("$skiptoken", "$deltatoken"):
            kept.append(piece)
    return Options(values, "&".join(kept))


@lru_cache(maxsize=64)
def preferences(header: str) -> Preferences:
    """Read a `Prefer` header; what is not known in it is left alone. Raises `errors.Refusal` for a wrong page size."""
    given = {name.lower(): (value or "").strip().strip('"') for name, value in _PREFERENCE.findall(header)}
    size = given.get("odata.maxpagesize")
    if size is not None and (not size.isdecimal() or int(size) < 1):
        raise errors.bad_argument(f"The page size '{size}' is no positive number.")
    include = given.get("odata.include-annotations")
    return Preferences(
        page_size=None if size is None else int(size),
        track_changes="odata.track-changes" in given,
        return_row=given.get("return") == "representation",
        continue_on_error="odata.continue-on-error" in given,
        annotations=_annotations(include or ""),
        include=include,
    )


def _annotations(wanted: str) -> frozenset[str]:
    patterns = [part.strip() for part in wanted.split(",") if part.strip()]
    return frozenset(
        short
        for short, name in _ANNOTATIONS.items()
        if any(name == one or (one.endswith("*") and name.startswith(one[:-1])) for one in patterns)
    )


def annotation(short: str) -> str:
    """The full name of an annotation."""
    return _ANNOTATIONS[short]


def selected(table: Table, select: str | None) -> tuple[str, ...] | None:
    """The columns of a `$select`, or None for all of them. Raises `errors.Refusal`."""
    if select is None or select.strip() in ("", "*"):
        return None
    names = tuple(dict.fromkeys(name.strip() for name in select.split(",")))
    for name in names:
        if name not in table.columns:
            raise errors.no_such_property(name, table.logical)
    return names


def condition(table: Table, text: str | None) -> CompiledFilter | None:
    """The test of a `$filter`, or None when there is none. Raises `errors.Refusal`."""
    if text is None:
        return None
    if text.count("(") > _DEEPEST and _depth(text) > _DEEPEST:
        raise errors.bad_argument("Recursion depth exceeded allowed limit.")
    try:
        return compile_filter(text, table.edm, _dialect(table))
    except UnknownAttributeError as problem:
        raise errors.no_such_attribute(problem.column, table.schema) from problem
    except UnknownColumnError as problem:
        raise errors.no_such_property(problem.column, table.logical) from problem
    except FilterError as problem:
        raise errors.bad_argument(str(problem)) from problem


@lru_cache(maxsize=64)
def _dialect(table: Table) -> Dialect:
    return Dialect(
        allow_query_functions=True,
        attributes={lookup.attribute: lookup.column for lookup in table.lookups.values()},
    )


def _depth(text: str) -> int:
    """How deep parentheses are nested, those in quotes aside."""
    deepest = depth = 0
    for piece in text.split("'")[::2]:
        for sign in piece:
            depth += (sign == "(") - (sign == ")")
            deepest = max(deepest, depth)
    return deepest


def whole_number(name: str, text: str) -> int:
    """The value of `$top`. Raises `errors.Refusal`."""
    if not text.isdecimal():
        raise errors.bad_argument(f"Invalid value '{text}' for {name} query option found. It must be 0 or more.")
    return int(text)
