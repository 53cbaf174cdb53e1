"""`$metadata` as CSDL: every table with its properties, navigation properties and key, the actions, the entity sets.

A navigation property whose target is a table that the simulator does not have is left out, so that every type that the
document names is in it. Choices are integers. Lengths, precision and whether a value can be missing stand on the
properties, and with `annotated` whether a table's changes are tracked (wire.md 1.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import quoteattr

from local.simulators.dataverse.schema import Column, Lookup, Table

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
    '<Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
)
_TAIL = "</Schema></edmx:DataServices></edmx:Edmx>"
_READ = (
    '<Annotation Term="Org.OData.Core.V1.Permissions"><EnumMember>Org.OData.Core.V1.PermissionType/Read</EnumMember>'
    "</Annotation>"
)
_TRACKED = (
    '<Annotation Term="Org.OData.Capabilities.V1.ChangeTracking"><Record>'
    '<PropertyValue Property="Supported" Bool="true" /></Record></Annotation>'
)
_BASE = '<EntityType Name="crmbaseentity" Abstract="true" />'
_PRINCIPAL = (
    '<EntityType Name="principal" BaseType="mscrm.crmbaseentity"><Key><PropertyRef Name="ownerid" /></Key>'
    '<Property Name="ownerid" Type="Edm.Guid" Nullable="false" /></EntityType>'
)
"""What owners are: users and teams."""
_ACTIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "WinQuote": (("QuoteClose", "mscrm.quoteclose"), ("Status", "Edm.Int32")),
    "CloseQuote": (("QuoteClose", "mscrm.quoteclose"), ("Status", "Edm.Int32")),
    "ReviseQuote": (("QuoteId", "Edm.Guid"), ("ColumnSet", "mscrm.ColumnSet")),
    "Merge": (
        ("Target", "mscrm.crmbaseentity"),
        ("Subordinate", "mscrm.crmbaseentity"),
        ("UpdateContent", "mscrm.crmbaseentity"),
        ("PerformParentingChecks", "Edm.Boolean"),
    ),
}
_OPTIONAL = ("UpdateContent",)
"""Parameters that may be left out."""


def document(tables: Mapping[str, Table], *, annotated: bool) -> str:
    """The whole document."""
    types = "".join(_entity_type(table, tables) for table in tables.values())
    sets = "".join(_entity_set(table, tables, annotated=annotated) for table in tables.values())
    calls = "".join(_actions(tables))
    imports = "".join(f'<ActionImport Name="{name}" Action="mscrm.{name}" />' for name in _ACTIONS)
    function = (
        '<ComplexType Name="WhoAmIResponse"><Property Name="BusinessUnitId" Type="Edm.Guid" Nullable="false" />'
        '<Property Name="UserId" Type="Edm.Guid" Nullable="false" />'
        '<Property Name="OrganizationId" Type="Edm.Guid" Nullable="false" /></ComplexType>'
        '<Function Name="WhoAmI"><ReturnType Type="mscrm.WhoAmIResponse" Nullable="false" /></Function>'
    )
    container = f'<FunctionImport Name="WhoAmI" Function="mscrm.WhoAmI" />{imports}'
    return (
        f"{_HEAD}{_BASE}{_PRINCIPAL}{types}{function}{calls}"
        f'<EntityContainer Name="System">{sets}{container}</EntityContainer>{_TAIL}'
    )


def _entity_type(table: Table, tables: Mapping[str, Table]) -> str:
    base = "mscrm.principal" if table.logical in ("systemuser", "team") else "mscrm.crmbaseentity"
    key = "" if base == "mscrm.principal" else f'<Key><PropertyRef Name="{table.key}" /></Key>'
    properties = "".join(_property(table, column) for column in table.columns.values())
    navigations = "".join(
        _navigation(navigation, lookup, tables)
        for navigation, (lookup, target) in table.navigations.items()
        if target in tables
    )
    collections = "".join(
        f'<NavigationProperty Name={quoteattr(one.name)} Type="Collection(mscrm.{tables[one.entity_set].logical})" '
        f"Partner={quoteattr(one.navigation)} />"
        for one in table.collections.values()
    )
    return (
        f'<EntityType Name="{table.logical}" BaseType="{base}">{key}{properties}{navigations}{collections}</EntityType>'
    )


def _property(table: Table, column: Column) -> str:
    facts = f' MaxLength="{column.length}"' if column.length is not None else ""
    if column.edm == "Edm.Decimal":
        facts += f' Scale="{column.places}"' if column.places is not None else ' Scale="Variable"'
    if column.name == table.key:
        facts += ' Nullable="false"'
    head = f'<Property Name="{column.name}" Type="{column.edm}"{facts}'
    return f"{head}>{_READ}</Property>" if column.readonly else f"{head} />"


def _navigation(navigation: str, lookup: Lookup, tables: Mapping[str, Table]) -> str:
    sets = lookup.leads_to(navigation)
    target = "principal" if len(sets) > 1 else tables[sets[0]].logical
    key = "ownerid" if len(sets) > 1 else tables[sets[0]].key
    return (
        f'<NavigationProperty Name={quoteattr(navigation)} Type="mscrm.{target}">'
        f'<ReferentialConstraint Property="{lookup.column}" ReferencedProperty="{key}" /></NavigationProperty>'
    )


def _entity_set(table: Table, tables: Mapping[str, Table], *, annotated: bool) -> str:
    bindings = "".join(
        f'<NavigationPropertyBinding Path={quoteattr(navigation)} Target="{target}" />'
        for navigation, (lookup, target) in table.navigations.items()
        if target in tables and len(lookup.leads_to(navigation)) == 1
    )
    told = _TRACKED if annotated and table.tracking else ""
    return (
        f'<EntitySet Name="{table.entity_set}" EntityType="Microsoft.Dynamics.CRM.{table.logical}">'
        f"{bindings}{told}</EntitySet>"
    )


def _actions(tables: Mapping[str, Table]) -> Iterable[str]:
    """The actions on quotes (wire.md 1.14), Merge, and the bulk messages of the tables that have them (wire.md 1.9)."""
    for name, parameters in _ACTIONS.items():
        yield _action(name, parameters, returns="mscrm.quote" if name == "ReviseQuote" else "")
    yield (
        '<ComplexType Name="ColumnSet"><Property Name="AllColumns" Type="Edm.Boolean" Nullable="false" />'
        '<Property Name="Columns" Type="Collection(Edm.String)" /></ComplexType>'
    )
    yield (
        '<ComplexType Name="CreateMultipleResponse"><Property Name="Ids" Type="Collection(Edm.Guid)" Nullable="false"'
        " /></ComplexType>"
    )
    for table in tables.values():
        if table.bulk:
            rows = f"Collection(mscrm.{table.logical})"
            targets = (("entityset", rows), ("Targets", rows))
            yield _action("CreateMultiple", targets, bound=True, returns="mscrm.CreateMultipleResponse")
            yield _action("UpdateMultiple", targets, bound=True)
            yield _action("UpsertMultiple", targets, bound=True)


def _action(name: str, parameters: tuple[tuple[str, str], ...], *, bound: bool = False, returns: str = "") -> str:
    given = "".join(
        f'<Parameter Name="{one}" Type="{kind}" Nullable="{str(one in _OPTIONAL).lower()}" />'
        for one, kind in parameters
    )
    answer = f'<ReturnType Type="{returns}" Nullable="false" />' if returns else ""
    return f'<Action Name="{name}"{" IsBound=" + quoteattr("true") if bound else ""}>{given}{answer}</Action>'
