"""Attributes of a table as `EntityDefinitions(...)/Attributes` tells them, whole or cast to one of their types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from local.simulators.dataverse import errors
from local.simulators.dataverse.metadata_entries import Entry, is_custom, label, metadata_id
from local.simulators.dataverse.schema import Column, Table

CAST = "Microsoft.Dynamics.CRM."
_TYPES = {
    "text": "String", "memo": "Memo", "int": "Integer", "bigint": "BigInt", "decimal": "Decimal", "double": "Double",
    "money": "Money", "bool": "Boolean", "time": "DateTime", "date": "DateTime", "choice": "Picklist",
    "state": "State", "status": "Status", "lookup": "Lookup", "guid": "Uniqueidentifier", "image": "Virtual",
}  # fmt: skip
_IMAGE = "Image"
_INT32 = (-(2**31), 2**31 - 1)
_INT64 = (-(2**63), 2**63 - 1)
_MONEY = (-922337203685477, 922337203685477)
_DECIMAL = (-100000000000, 100000000000)


def attributes(table: Table, tables: Mapping[str, Table], cast: str) -> Iterable[Entry]:
    """All columns, or those of one type (`Microsoft.Dynamics.CRM.PicklistAttributeMetadata`).

    Raises `errors.Refusal` for a cast to something that is no type of attributes.
    """
    kind = cast.removeprefix(CAST).removesuffix("AttributeMetadata")
    if cast and (cast != f"{CAST}{kind}AttributeMetadata" or kind not in {*_TYPES.values(), _IMAGE}):
        raise errors.no_such_segment(cast)
    return [_attribute(table, tables, column) for column in table.columns.values() if not cast or _cast(column) == kind]


def _cast(column: Column) -> str:
    return _IMAGE if column.kind == "image" else _TYPES[column.kind]


def _type(table: Table, column: Column) -> str:
    """The attribute type: lookups of owners and customers have types of their own."""
    if column.name == "_ownerid_value":
        return "Owner"
    if column.kind == "lookup" and set(table.lookups[column.attribute].sets) == {"accounts", "contacts"}:
        return "Customer"
    return _TYPES[column.kind]


def _attribute(table: Table, tables: Mapping[str, Table], column: Column) -> Entry:
    level = "SystemRequired" if column.name == table.key else column.level
    writable = not column.readonly
    return {
        "@odata.type": f"#{CAST}{_cast(column)}AttributeMetadata",
        "MetadataId": metadata_id(table.logical, column.attribute),
        "LogicalName": column.attribute,
        "SchemaName": column.schema,
        "EntityLogicalName": table.logical,
        "AttributeType": _type(table, column),
        "AttributeTypeName": {"Value": f"{_cast(column)}Type"},
        "AttributeOf": None,
        "IsPrimaryId": column.name == table.key,
        "IsPrimaryName": column.name == table.name,
        "IsCustomAttribute": is_custom(column.schema),
        "IsLogical": column.kind == "image",
        "IsValidForCreate": writable and not column.update_only,
        "IsValidForUpdate": writable and not column.create_only,
        "IsValidForRead": True,
        "RequiredLevel": {"Value": level, "CanBeChanged": False, "ManagedPropertyLogicalName": "canmodifyrequirement"},
        **_limits(column),
        **_kind(table, tables, column),
    }


def _limits(column: Column) -> Entry:
    if column.kind in ("text", "memo"):
        return {"MaxLength": column.length}
    usual = {"int": _INT32, "bigint": _INT64, "money": _MONEY, "decimal": _DECIMAL, "double": _DECIMAL}
    if column.kind not in usual:
        return {}
    low, high = usual[column.kind]
    told: Entry = {"MinValue": low if column.low is None else column.low,
                   "MaxValue": high if column.high is None else column.high}  # fmt: skip
    if column.kind not in ("int", "bigint"):
        told["Precision"] = column.places if column.places is not None else 4 if column.kind == "money" else 10
    return told


def _kind(table: Table, tables: Mapping[str, Table], column: Column) -> Entry:
    """What only attributes of this kind have."""
    match column.kind:
        case "time" | "date":
            behavior = (
                "DateOnly" if column.kind == "date" else "TimeZoneIndependent" if column.zone_free else "UserLocal"
            )
            return {
                "Format": "DateOnly" if column.day_only else "DateAndTime",
                "DateTimeBehavior": {"Value": behavior},
            }
        case "lookup":
            sets = table.lookups[column.attribute].sets
            return {"Targets": [tables[one].logical for one in sets if one in tables]}
        case "bool":
            off, on = column.flags
            options = {"TrueOption": _option(1, on), "FalseOption": _option(0, off)}
            return {"DefaultValue": False, "OptionSet": {**_option_set(table, column, "Boolean"), **options}}
        case "choice" | "state" | "status":
            kind = _TYPES[column.kind]
            options_of = [_with_state(table, column, value, text) for value, text in (column.choices or {}).items()]
            return {"OptionSet": {**_option_set(table, column, kind), "Options": options_of}}
    return {}


def _option_set(table: Table, column: Column, kind: str) -> Entry:
    name = f"{table.logical}_{column.name}"
    return {"MetadataId": metadata_id("options", name), "Name": name, "IsGlobal": False, "OptionSetType": kind}


def _option(value: int, text: str) -> Entry:
    return {"Value": value, "Label": label(text)}


def _with_state(table: Table, column: Column, value: int, text: str) -> Entry:
    """A state says which status it begins with, a status to which state it belongs."""
    option = _option(value, text)
    if column.kind == "state":
        option |= {"DefaultStatus": next(iter(table.states.get(value, ())), None), "InvariantName": text}
    if column.kind == "status":
        option["State"] = next((state for state, of in table.states.items() if value in of), None)
    return option
