"""Relationships as `EntityDefinitions(...)` lists them, from the side that points and from the side pointed to.

A relationship whose name is not known (see `schema.Collection`) has no entry of its own: clients find the lookup by
`$metadata` and by `/Attributes`. The lists of lookups tell every one whose target is a table of the simulator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from local.simulators.dataverse.metadata_attributes import CAST
from local.simulators.dataverse.metadata_entries import Entry, metadata_id
from local.simulators.dataverse.schema import Lookup, Table

_ON_DELETE = {"cascade": "Cascade", "clear": "RemoveLink", "restrict": "Restrict", "keep": "NoCascade"}


def collection_relations(table: Table, tables: Mapping[str, Table]) -> Iterable[Entry]:
    """The relationships in which rows of other tables point to this one."""
    for one in table.collections.values():
        yield _entry(one.name, tables[one.entity_set], one.lookup, one.navigation, table)


def lookup_relations(table: Table, tables: Mapping[str, Table]) -> Iterable[Entry]:
    """The relationships in which rows of this table point to others."""
    for navigation, (lookup, _) in table.navigations.items():
        for target in filter(tables.__contains__, lookup.leads_to(navigation)):
            known = tables[target].collections.values()
            name = next((one.name for one in known if one.lookup is lookup and one.navigation == navigation), None)
            yield _entry(name, table, lookup, navigation, tables[target])


def _entry(name: str | None, referencing: Table, lookup: Lookup, navigation: str, referenced: Table) -> Entry:
    return {
        "@odata.type": f"#{CAST}OneToManyRelationshipMetadata",
        "MetadataId": metadata_id("relation", referencing.logical, navigation, referenced.logical),
        "SchemaName": name,
        "RelationshipType": "OneToManyRelationship",
        "ReferencedEntity": referenced.logical,
        "ReferencedAttribute": referenced.key,
        "ReferencedEntityNavigationPropertyName": name,
        "ReferencingEntity": referencing.logical,
        "ReferencingAttribute": lookup.attribute,
        "ReferencingEntityNavigationPropertyName": navigation,
        "IsHierarchical": referenced is referencing and lookup.attribute.startswith("parent"),
        "CascadeConfiguration": {"Delete": _ON_DELETE[lookup.on_delete]},
    }
