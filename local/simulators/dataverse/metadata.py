"""What the service says about its tables: `EntityDefinitions` (wire.md 1.15) and `$metadata`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID, uuid5
from xml.sax.saxutils import quoteattr

from local.simulators.dataverse import errors
from local.simulators.dataverse.addresses import Address
from local.simulators.dataverse.calls import Call, Reply, json_reply
from local.simulators.dataverse.schema import Column, Table
from local.simulators.odata.filters import Dialect, FilterError, compile_filter

_NAMES = UUID("0b5a6f0e-53f4-4d55-9a58-5b2f4f1c8a77")
_CASTS = {
    "text": "String", "int": "Integer", "bigint": "BigInt", "decimal": "Decimal", "money": "Money",
    "bool": "Boolean", "time": "DateTime", "choice": "Picklist", "state": "State", "status": "Status",
    "lookup": "Lookup", "guid": "Uniqueidentifier",
}  # fmt: skip
_FILTERED = {
    "LogicalName": "Edm.String",
    "EntitySetName": "Edm.String",
    "SchemaName": "Edm.String",
    "ChangeTrackingEnabled": "Edm.Boolean",
    "AttributeType": "Edm.String",
}
_CAST = "Microsoft.Dynamics.CRM."


class Metadata:
    """The definitions of all tables; never changes while the simulator runs."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._by_name = {table.logical: table for table in tables.values()}
        self._document = _document(list(tables.values())).encode()

    def document(self) -> Reply:
        """`$metadata`: the tables as CSDL."""
        return Reply(200, self._document, {"Content-Type": "application/xml"})

    def definitions(self, call: Call, address: Address) -> Reply:
        """`EntityDefinitions` and what hangs below one of them. Raises `errors.Refusal`."""
        wanted = dict(_options(call.query))
        if address.key is None:
            return _list(call, "EntityDefinitions", map(_definition, self._by_name.values()), wanted)
        table = self._by_name.get(address.key.removeprefix("LogicalName=").strip("'"))
        if table is None:
            raise errors.Refusal(404, "0x80060888", f"Could not find an entity with {address.key}.")
        if not address.rest:
            return json_reply({"@odata.context": f"{call.base}$metadata#EntityDefinitions/$entity",
                               **_chosen(_definition(table), wanted)})  # fmt: skip
        part, _, cast = address.rest.partition("/")
        parts: Mapping[str, Callable[[Table, str], Iterable[dict[str, Any]]]] = {
            "Attributes": _attributes,
            "Keys": lambda _, __: [],
            "ManyToOneRelationships": lambda of, _: _relationships(of),
        }
        if part not in parts:
            raise errors.no_such_segment(part)
        return _list(call, f"EntityDefinitions('{table.logical}')/{address.rest}", parts[part](table, cast), wanted)


def _options(query: str) -> Iterable[tuple[str, str]]:
    for piece in filter(None, query.split("&")):
        name, _, value = piece.partition("=")
        yield unquote_plus(name), unquote_plus(value)


def _list(call: Call, context: str, entries: Iterable[dict[str, Any]], wanted: Mapping[str, str]) -> Reply:
    found = list(entries)
    if "$filter" in wanted:
        try:
            test = compile_filter(wanted["$filter"], _FILTERED, Dialect(case_insensitive_text=False))
        except FilterError as problem:
            raise errors.bad_argument(str(problem)) from problem
        found = [entry for entry in found if test(entry)]
    value = [_chosen(entry, wanted) for entry in found]
    return json_reply({"@odata.context": f"{call.base}$metadata#{context}", "value": value})


def _chosen(entry: dict[str, Any], wanted: Mapping[str, str]) -> dict[str, Any]:
    """The selected members; members that are lists or objects are there when they are expanded."""
    select = [name.strip() for name in wanted.get("$select", "").split(",") if name.strip()]
    expanded = wanted.get("$expand", "")
    for name in select:
        if name not in entry:
            raise errors.bad_argument(f"Could not find a property named '{name}' on the metadata type.")
    return {
        name: value
        for name, value in entry.items()
        if (name.split("(")[0] in expanded if name in ("Keys", "OptionSet") else not select or name in select)
        or name == "MetadataId"
    }


def _definition(table: Table) -> dict[str, Any]:
    return {
        "MetadataId": str(uuid5(_NAMES, table.logical)),
        "LogicalName": table.logical,
        "SchemaName": table.schema,
        "EntitySetName": table.entity_set,
        "PrimaryIdAttribute": table.key,
        "PrimaryNameAttribute": table.name,
        "PrimaryImageAttribute": None,
        "ChangeTrackingEnabled": table.tracking,
        "Keys": [],
    }


def _attributes(table: Table, cast: str) -> Iterable[dict[str, Any]]:
    """All columns, or those of one kind (`Microsoft.Dynamics.CRM.PicklistAttributeMetadata`)."""
    kind = cast.removeprefix(_CAST).removesuffix("AttributeMetadata")
    if cast and cast != f"{_CAST}{kind}AttributeMetadata":
        raise errors.no_such_segment(cast)
    return [_attribute(table, column) for column in table.columns.values() if not cast or _CASTS[column.kind] == kind]


def _attribute(table: Table, column: Column) -> dict[str, Any]:
    writable = not column.readonly
    entry: dict[str, Any] = {
        "MetadataId": str(uuid5(_NAMES, f"{table.logical}.{column.attribute}")),
        "LogicalName": column.attribute,
        "AttributeType": _CASTS[column.kind],
        "IsValidForCreate": writable,
        "IsValidForUpdate": writable and not column.create_only and column.name != table.key,
        "IsValidForRead": True,
        "IsPrimaryId": column.name == table.key,
        "RequiredLevel": {"Value": "SystemRequired" if column.required or column.name == table.key else "None"},
    }
    if column.length is not None:
        entry["MaxLength"] = column.length
    if column.choices is not None:
        entry["OptionSet"] = {
            "Options": [
                {"Value": value, "Label": {"UserLocalizedLabel": {"Label": label, "LanguageCode": 1033}}}
                for value, label in column.choices.items()
            ]
        }
    return entry


def _relationships(table: Table) -> Iterable[dict[str, Any]]:
    return [
        {
            "MetadataId": str(uuid5(_NAMES, f"{table.logical}.{navigation}")),
            "ReferencingEntity": table.logical,
            "ReferencingAttribute": lookup.attribute,
            "ReferencingEntityNavigationPropertyName": navigation,
            "ReferencedEntitySetName": target,
        }
        for navigation, (lookup, target) in table.navigations.items()
    ]


def _document(tables: list[Table]) -> str:
    logical = {table.entity_set: table.logical for table in tables}
    types = "".join(_entity_type(table, logical) for table in tables)
    sets = "".join(
        f"<EntitySet Name={quoteattr(table.entity_set)} EntityType={quoteattr(_CAST + table.logical)} />"
        for table in tables
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        '<Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
        f'{types}<EntityContainer Name="System">{sets}</EntityContainer>'
        "</Schema></edmx:DataServices></edmx:Edmx>"
    )


def _entity_type(table: Table, logical: Mapping[str, str]) -> str:
    columns = "".join(
        f"<Property Name={quoteattr(column.name)} Type={quoteattr(column.edm)}"
        + (f' MaxLength="{column.length}"' if column.length is not None else "")
        + " />"
        for column in table.columns.values()
    )
    navigations = "".join(
        f"<NavigationProperty Name={quoteattr(navigation)} Type={quoteattr('mscrm.' + logical[target])}>"
        f'<ReferentialConstraint Property={quoteattr(lookup.column)} ReferencedProperty="{logical[target]}id" />'
        "</NavigationProperty>"
        for navigation, (lookup, target) in table.navigations.items()
    )
    return (
        f"<EntityType Name={quoteattr(table.logical)}><Key><PropertyRef Name={quoteattr(table.key)} /></Key>"
        f"{columns}{navigations}</EntityType>"
    )
