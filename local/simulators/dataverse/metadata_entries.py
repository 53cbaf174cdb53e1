"""Entries of `EntityDefinitions`: the table itself, its alternate keys, the messages that it has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from local.simulators.dataverse.schema import Key, Table

type Entry = dict[str, Any]

_NAMES = UUID("0b5a6f0e-53f4-4d55-9a58-5b2f4f1c8a77")
_MESSAGES = ("Create", "Delete", "Retrieve", "RetrieveMultiple", "Update")
_BULK_MESSAGES = ("CreateMultiple", "UpdateMultiple")
"""UpsertMultiple is never listed (wire.md 1.9)."""


def metadata_id(*names: str) -> str:
    """The same Guid for the same names."""
    return str(uuid5(_NAMES, ".".join(names)))


def label(text: str) -> Entry:
    """A text in the only language of the simulated organisation."""
    localized = {"Label": text, "LanguageCode": 1033, "IsManaged": True, "MetadataId": metadata_id("label", text)}
    return {"LocalizedLabels": [localized], "UserLocalizedLabel": localized}


def is_custom(schema: str) -> bool:
    """Whether a schema name begins with a publisher's prefix."""
    prefix, underscore, _ = schema.partition("_")
    return bool(underscore) and prefix.islower()


def definition(table: Table) -> Entry:
    """A table as `EntityDefinitions` lists it."""
    image = "entityimage" if "entityimage" in table.columns else None
    owned = "_ownerid_value" in table.columns
    return {
        "MetadataId": metadata_id(table.logical),
        "LogicalName": table.logical,
        "SchemaName": table.schema,
        "EntitySetName": table.entity_set,
        "LogicalCollectionName": table.entity_set,
        "PrimaryIdAttribute": table.key,
        "PrimaryNameAttribute": table.name,
        "PrimaryImageAttribute": image,
        "OwnershipType": "UserOwned" if owned else "OrganizationOwned",
        "ChangeTrackingEnabled": table.tracking,
        "IsCustomEntity": is_custom(table.schema),
        "IsActivity": table.key == "activityid",
        "IsPrivate": False,
        "TableType": "Standard",
        "HasChanged": None,
    }


def key_entry(table: Table, key: Key) -> Entry:
    """An alternate key with the state of its index (wire.md 1.4)."""
    return {
        "MetadataId": metadata_id(table.logical, "key", key.name),
        "SchemaName": key.name,
        "LogicalName": key.name.lower(),
        "EntityLogicalName": table.logical,
        "KeyAttributes": [table.columns[name].attribute for name in key.columns],
        "EntityKeyIndexStatus": key.status,
        "IsCustomizable": {"Value": True, "CanBeChanged": False, "ManagedPropertyLogicalName": "iscustomizable"},
    }


def message_filters(table: Table) -> Iterable[Entry]:
    """The rows of `sdkmessagefilters` for one table."""
    for message in (*_MESSAGES, *(_BULK_MESSAGES if table.bulk else ())):
        yield {
            "sdkmessagefilterid": metadata_id(table.logical, "message", message),
            "primaryobjecttypecode": table.logical,
            "sdkmessageid": metadata_id("message", message),
            "sdkmessageid.name": message,
        }
