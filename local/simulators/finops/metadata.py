"""`$metadata`: the schema as CSDL, and the service document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from local.simulators.finops.schema import NAMESPACE, EntitySet, Navigation, Schema, load

_NEVER_NULL = frozenset({"Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.DateTimeOffset"})


def csdl(schema: Schema) -> bytes:
    """The EDMX document; like the real one it tells no lengths."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        f'<Schema Namespace="{NAMESPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
        f"{''.join(_enum(name, members) for name, members in schema.enums.items())}"
        f"{''.join(_entity_type(schema, entity_set) for entity_set in schema.sets.values())}"
        f"{_container(schema)}</Schema></edmx:DataServices></edmx:Edmx>"
    ).encode()


def service_document(base: str) -> dict[str, Any]:
    """The list of entity sets."""
    names = load().sets
    return {
        "@odata.context": f"{base}/data/$metadata",
        "value": [{"name": name, "kind": "EntitySet", "url": name} for name in names],
    }


def _enum(name: str, members: Mapping[str, int]) -> str:
    listed = "".join(f'<Member Name={quoteattr(member)} Value="{number}"/>' for member, number in members.items())
    return f'<EnumType Name="{name}">{listed}</EnumType>'


def _entity_type(schema: Schema, entity_set: EntitySet) -> str:
    key = "".join(f'<PropertyRef Name="{name}"/>' for name in entity_set.key)
    properties = "".join(_property(entity_set, name, kind) for name, kind in entity_set.columns.items())
    navigation = "".join(
        f'<NavigationProperty Name="{name}" Type="{_navigation_type(schema, one)}"/>'
        for name, one in entity_set.navigation.items()
    )
    return f'<EntityType Name="{entity_set.type}"><Key>{key}</Key>{properties}{navigation}</EntityType>'


def _navigation_type(schema: Schema, navigation: Navigation) -> str:
    target = f"{NAMESPACE}.{schema.sets[navigation.set].type}"
    return f"Collection({target})" if navigation.many else target


def _property(entity_set: EntitySet, name: str, kind: str) -> str:
    full = kind if kind.startswith("Edm.") else f"{NAMESPACE}.{kind}"
    filled = ' Nullable="false"' if name in entity_set.key or kind in _NEVER_NULL else ""
    return f'<Property Name="{name}" Type="{full}"{filled}/>'


def _container(schema: Schema) -> str:
    sets = "".join(
        f'<EntitySet Name="{one.name}" EntityType="{NAMESPACE}.{one.type}">{_bindings(one)}</EntitySet>'
        for one in schema.sets.values()
    )
    return f'<EntityContainer Name="Resources">{sets}</EntityContainer>'


def _bindings(entity_set: EntitySet) -> str:
    return "".join(
        f'<NavigationPropertyBinding Path="{name}" Target="{one.set}"/>' for name, one in entity_set.navigation.items()
    )
