"""What Sales says about its tables: `EntityDefinitions` and what hangs below it (wire.md 1.11, 1.15)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from sync.systems import odata
from sync.systems.http import HttpClient
from sync.systems.metadata import Column, Kind, Table
from sync.systems.sales_terms import API, READING

_ABOUT = "EntityDefinitions"
_FRESH = {**READING, "Consistency": "Strong"}
"""Past the cache: a check is run right after something was mended."""
_ATTRIBUTE = "LogicalName,AttributeType,AttributeOf,RequiredLevel,IsValidForCreate,IsValidForUpdate"
_RELATION = "ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName"
_OPTIONS = "$select=LogicalName&$expand=OptionSet($select=Options)"
_BY_CAST: Mapping[str, str] = {
    "String": "$select=LogicalName,MaxLength",
    "Memo": "$select=LogicalName,MaxLength",
    "DateTime": "$select=LogicalName,DateTimeBehavior",
    "Picklist": _OPTIONS,
    "State": _OPTIONS,
    "Status": _OPTIONS,
}
"""What only attributes of one type have is to be asked for by that type."""
_KINDS: Mapping[str, Kind] = {
    "String": "text",
    "Memo": "text",
    "Integer": "whole",
    "BigInt": "whole",
    "Decimal": "decimal",
    "Double": "decimal",
    "Money": "decimal",
    "Boolean": "yes_no",
    "DateTime": "moment",
    "Uniqueidentifier": "guid",
    "Lookup": "lookup",
    "Customer": "lookup",
    "Owner": "lookup",
    "Picklist": "choice",
    "State": "choice",
    "Status": "choice",
}

type Entry = Mapping[str, Any]


def read_tables(http: HttpClient, sets: Collection[str]) -> dict[str, Table | None]:
    """The tables with these entity sets, by set; None for one that Sales does not have (case counts).

    One request for all, and two to seven for each table. Columns that only repeat another one (its name, its type) are
    left out. Raises ConfigError when the app's user may not read metadata.
    """
    reading = _Reading(http)
    definitions = {str(entry["EntitySetName"]): entry for entry in reading.definitions() if entry["EntitySetName"]}
    sets_of = {str(entry["LogicalName"]): set for set, entry in definitions.items()}
    return {set: reading.table(definitions[set], sets_of) if set in definitions else None for set in sets}


@dataclass(slots=True)
class _Lookups:
    """Where the lookups of a table lead, by attribute."""

    targets: dict[str, list[str]] = field(default_factory=dict)
    binds: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)


class _Reading:
    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def definitions(self) -> Iterator[Entry]:
        """Every table, in one answer: those that lookups lead to are told by their logical names."""
        return self._entries("?$select=LogicalName,EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled")

    def table(self, definition: Entry, sets_of: Mapping[str, str]) -> Table:
        logical = str(definition["LogicalName"])
        path = f"(LogicalName='{quote(logical)}')"
        parts = f"$expand=Attributes($select={_ATTRIBUTE}),ManyToOneRelationships($select={_RELATION})"
        document = self._document(f"{path}?$select=LogicalName&{parts}")
        entries = [entry for entry in document.get("Attributes", ()) if not entry["AttributeOf"]]
        casts = {str(entry["AttributeType"]) for entry in entries} & _BY_CAST.keys()
        details = {
            str(detail["LogicalName"]): detail
            for cast in sorted(casts)
            for detail in self._entries(
                f"{path}/Attributes/Microsoft.Dynamics.CRM.{cast}AttributeMetadata?{_BY_CAST[cast]}"
            )
        }
        lookups = _lookups(document.get("ManyToOneRelationships", ()), sets_of)
        columns = [_column(entry, details.get(str(entry["LogicalName"]), {}), lookups) for entry in entries]
        return Table(
            str(definition["EntitySetName"]),
            logical,
            (str(definition["PrimaryIdAttribute"]),),
            {column.name: column for column in columns},
            bool(definition["ChangeTrackingEnabled"]),
        )

    def _entries(self, rest: str) -> Iterator[Entry]:
        return odata.rows_of(self._http, self._address(rest), about=_ABOUT, headers=_FRESH)

    def _document(self, rest: str) -> Entry:
        answer = self._http.send("GET", self._address(rest), about=_ABOUT, writes=False, headers=_FRESH)
        return odata.document_of(self._http, answer, _ABOUT)

    def _address(self, rest: str) -> str:
        return f"{self._http.base}{API}/{_ABOUT}{rest}"


def _lookups(relations: Collection[Entry], sets_of: Mapping[str, str]) -> _Lookups:
    lookups = _Lookups()
    for relation in relations:
        attribute, target = str(relation["ReferencingAttribute"]), str(relation["ReferencedEntity"])
        lookups.targets.setdefault(attribute, []).append(target)
        navigation = relation["ReferencingEntityNavigationPropertyName"]
        if navigation and target in sets_of:
            binds = lookups.binds.setdefault(attribute, {})
            binds[str(navigation)] = (*binds.get(str(navigation), ()), sets_of[target])
    return lookups


def _column(entry: Entry, detail: Entry, lookups: _Lookups) -> Column:
    attribute, type = str(entry["LogicalName"]), str(entry["AttributeType"])
    kind = _KINDS.get(type, "other")
    if kind == "moment" and _value(detail.get("DateTimeBehavior")) == "DateOnly":
        kind = "date"
    return Column(
        f"_{attribute}_value" if kind == "lookup" else attribute,
        kind,
        type,
        max_length=detail.get("MaxLength"),
        required=_value(entry["RequiredLevel"]) == "SystemRequired",
        creatable=bool(entry["IsValidForCreate"]),
        updatable=bool(entry["IsValidForUpdate"]),
        options=_options(detail.get("OptionSet")),
        targets=tuple(dict.fromkeys(lookups.targets.get(attribute, ()))),
        binds=lookups.binds.get(attribute, {}),
    )


def _options(option_set: Entry | None) -> Mapping[int, str] | None:
    """The numbers of an option set with their labels; None when it is not told."""
    if option_set is None:
        return None
    return {int(option["Value"]): _label(option.get("Label")) for option in option_set.get("Options", ())}


def _label(label: Entry | None) -> str:
    localized = (label or {}).get("UserLocalizedLabel") or {}
    return str(localized.get("Label") or "")


def _value(managed: Entry | None) -> object:
    """What stands inside a managed property."""
    return None if managed is None else managed.get("Value")
