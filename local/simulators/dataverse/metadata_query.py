"""Query options over metadata: which entries pass `$filter`, which members of them `$select` and `$expand` leave."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import unquote_plus

from local.simulators.dataverse import errors
from local.simulators.dataverse.metadata_entries import Entry
from local.simulators.odata.filters import Dialect, FilterError, compile_filter

METADATA_COLUMNS: Mapping[str, str] = {
    "MetadataId": "Edm.Guid",
    "LogicalName": "Edm.String",
    "EntityLogicalName": "Edm.String",
    "EntitySetName": "Edm.String",
    "SchemaName": "Edm.String",
    "PrimaryIdAttribute": "Edm.String",
    "PrimaryNameAttribute": "Edm.String",
    "ChangeTrackingEnabled": "Edm.Boolean",
    "IsCustomEntity": "Edm.Boolean",
    "IsPrivate": "Edm.Boolean",
    "IsActivity": "Edm.Boolean",
    "IsPrimaryId": "Edm.Boolean",
    "IsValidForCreate": "Edm.Boolean",
    "IsValidForRead": "Edm.Boolean",
    "IsValidForUpdate": "Edm.Boolean",
    "AttributeType": "Edm.String",
    "AttributeOf": "Edm.String",
    "ReferencedEntity": "Edm.String",
    "ReferencedAttribute": "Edm.String",
    "ReferencingEntity": "Edm.String",
    "ReferencingAttribute": "Edm.String",
}
"""What a filter over metadata can name."""
MESSAGE_COLUMNS: Mapping[str, str] = {
    "sdkmessagefilterid": "Edm.Guid",
    "primaryobjecttypecode": "Edm.String",
    "sdkmessageid_name": "Edm.String",
}
_ALWAYS_EXPANDED = frozenset({"Keys", "Attributes"})
_ONLY_EXPANDED = frozenset({"OptionSet"})
_OFFERED = frozenset({"$select", "$filter", "$expand", "$top", "$count"})
_OUTSIDE_QUOTES = re.compile(r"'(?:[^']|'')*'|@\w+|sdkmessageid/name")

type Expand = Callable[[Entry, str], Iterable[Entry] | None]


def options(query: str) -> Mapping[str, str]:
    """The query options by name, decoded. Raises `errors.Refusal` for one that metadata does not offer."""
    found = {}
    for piece in filter(None, query.split("&")):
        name, _, value = piece.partition("=")
        name = unquote_plus(name)
        if name.startswith("$") and name not in _OFFERED:
            raise errors.not_offered(name)
        found[name] = unquote_plus(value)
    return found


def without_paths(wanted: Mapping[str, str]) -> Mapping[str, str]:
    """Options whose filter names no parameter alias (`@message`) and no path: those are put into its text."""

    def plain(found: re.Match[str]) -> str:
        text = found.group()
        if text.startswith("@"):
            if text not in wanted:
                raise errors.bad_argument(f"The parameter alias '{text}' has no value.")
            return wanted[text]
        return text.replace("/", "_") if text.startswith("sdk") else text

    if "$filter" not in wanted:
        return wanted
    return {**wanted, "$filter": _OUTSIDE_QUOTES.sub(plain, wanted["$filter"])}


def passing(entries: Iterable[Entry], wanted: Mapping[str, str], columns: Mapping[str, str]) -> list[Entry]:
    """The entries that the filter lets through. Raises `errors.Refusal`."""
    found = list(entries)
    if "$filter" in wanted:
        try:
            test = compile_filter(wanted["$filter"], columns, Dialect(case_insensitive_text=False))
        except FilterError as problem:
            raise errors.bad_argument(str(problem)) from problem
        found = [entry for entry in found if test.test(_flat(entry))]
    return found[: _whole(wanted["$top"])] if "$top" in wanted else found


def _flat(entry: Entry) -> Entry:
    return {name.replace(".", "_"): value for name, value in entry.items()}


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise errors.bad_argument(f"The value '{text}' of $top is no number from 0 up.")
    return int(text)


def chosen(entry: Entry, wanted: Mapping[str, str], expand: Expand | None = None) -> Entry:
    """The selected members of an entry, and those that are expanded. Raises `errors.Refusal`."""
    select = _names(wanted.get("$select", ""))
    expanded = _items(wanted.get("$expand", ""))
    for name in select:
        if name not in entry:
            raise errors.bad_argument(f"Could not find a property named '{name}' on the metadata type.")
    shown = {
        name: value
        for name, value in entry.items()
        if name == "MetadataId" or (name not in _ONLY_EXPANDED and (not select or name in select))
        or name == "@odata.type"
    }  # fmt: skip
    for name, inner in expanded.items():
        shown[name] = _expanded(entry, name, options(inner.replace(";", "&")), expand)
    return shown


def _expanded(entry: Entry, name: str, inner: Mapping[str, str], expand: Expand | None) -> object:
    if name in _ONLY_EXPANDED and name in entry:
        return chosen(entry[name], inner)
    found = expand(entry, name) if expand else None
    if found is None:
        raise errors.bad_argument(f"Could not find a property named '{name}' on the metadata type.")
    return [chosen(one, inner) for one in passing(found, inner, METADATA_COLUMNS)]


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _items(text: str) -> Mapping[str, str]:
    """`Keys($select=A,B),Attributes` as name to what stands in the parentheses."""
    found, depth, start = {}, 0, 0
    for place, character in enumerate(f"{text},"):
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            name, _, inner = text[start:place].strip().partition("(")
            if name:
                found[name] = inner.removesuffix(")")
            start = place + 1
    if depth:
        raise errors.bad_argument(f"syntax error in $expand near {text!r}.")
    return found
