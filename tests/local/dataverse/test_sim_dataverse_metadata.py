"""What the Dataverse simulator says about itself: `$metadata`, `EntityDefinitions`, option sets, messages."""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from collections.abc import Iterator
from typing import Any

import pytest

from local.simulators.dataverse.schema import Table, load_tables
from tests.local.dataverse.dataverse_simulated import Dataverse, code, simulated

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
ACCOUNT = "EntityDefinitions(LogicalName='account')"
CRM = "Microsoft.Dynamics.CRM."


@pytest.fixture(scope="module")
def sales() -> Iterator[Dataverse]:
    with simulated() as session:
        yield session


def values(sales: Dataverse, address: str) -> list[dict[str, Any]]:
    answer = sales.get(address)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


def schema(sales: Dataverse, query: str = "") -> Xml.Element:
    answer = sales.get(f"$metadata{query}")
    assert answer.headers["Content-Type"] == "application/xml"
    return Xml.fromstring(answer.content)  # noqa: S314  (our own document)


def test_the_document_says_what_the_schema_says(sales: Dataverse) -> None:
    document = schema(sales)
    types = {str(one.get("Name")): one for one in document.iter(f"{EDM}EntityType")}
    sets = {one.get("Name"): str(one.get("EntityType")) for one in document.iter(f"{EDM}EntitySet")}
    tables = load_tables()
    assert sets == {table.entity_set: CRM + table.logical for table in tables.values()}
    assert set(types) == {table.logical for table in tables.values()} | {"crmbaseentity", "principal"}
    for table in tables.values():
        properties = {one.get("Name"): one for one in types[table.logical].iter(f"{EDM}Property")}
        assert set(properties) == set(table.columns)
        for name, column in table.columns.items():
            told = properties[name]
            length = None if column.length is None else str(column.length)
            assert (told.get("Type"), told.get("MaxLength")) == (column.edm, length)
            assert (told.find(f"{EDM}Annotation") is not None) == column.readonly
        keys = [one.get("Name") for one in types[table.logical].iter(f"{EDM}PropertyRef")]
        assert keys == ([] if table.logical in ("systemuser", "team") else [table.key])


def test_the_document_names_only_types_that_it_has(sales: Dataverse) -> None:
    document = schema(sales)
    known = {str(one.get("Name")) for kind in ("EntityType", "ComplexType") for one in document.iter(f"{EDM}{kind}")}
    for element in document.iter():
        for name in ("Type", "BaseType", "EntityType"):
            text = element.get(name, "Edm.").removeprefix("Collection(").removesuffix(")")
            assert text.startswith("Edm.") or text.rpartition(".")[2] in known, (element.tag, element.attrib)
    calls = {str(one.get("Name")) for kind in ("Action", "Function") for one in document.iter(f"{EDM}{kind}")}
    alone = {"WinQuote", "CloseQuote", "ReviseQuote", "Merge"}
    assert {one.get("Name") for one in document.iter(f"{EDM}ActionImport")} == alone
    assert calls - alone - {"WhoAmI"} == {"CreateMultiple", "UpdateMultiple", "UpsertMultiple"}


def test_navigation_properties_lead_to_the_rows_that_their_columns_name(sales: Dataverse) -> None:
    types = {str(one.get("Name")): one for one in schema(sales).iter(f"{EDM}EntityType")}
    navigations = {one.get("Name"): one for one in types["quote"].iter(f"{EDM}NavigationProperty")}
    customer = navigations["customerid_account"]
    (constraint,) = customer.iter(f"{EDM}ReferentialConstraint")
    assert customer.get("Type") == "mscrm.account"
    assert constraint.attrib == {"Property": "_customerid_value", "ReferencedProperty": "accountid"}
    assert navigations["ownerid"].get("Type") == "mscrm.principal"
    assert navigations["quote_details"].attrib == {
        "Name": "quote_details", "Type": "Collection(mscrm.quotedetail)", "Partner": "quoteid",
    }  # fmt: skip
    assert "campaignid" not in navigations  # there is no table of campaigns here


def test_change_tracking_is_told_by_annotations_when_asked(sales: Dataverse) -> None:
    term = "Org.OData.Capabilities.V1.ChangeTracking"

    def tracked(query: str) -> set[str | None]:
        return {
            one.get("Name")
            for one in schema(sales, query).iter(f"{EDM}EntitySet")
            if any(annotation.get("Term") == term for annotation in one.iter(f"{EDM}Annotation"))
        }

    assert tracked("?annotations=true") == {"accounts", "contacts", "quotes", "salesorders", "invoices"}
    assert tracked("") == set()


def test_definitions_answer_what_clients_ask_first(sales: Dataverse) -> None:
    select = "%24select=LogicalName%2CEntitySetName%2CPrimaryIdAttribute"
    (found,) = values(sales, f"EntityDefinitions?{select}&%24filter=LogicalName+eq+%27account%27")
    del found["MetadataId"]
    assert found == {"LogicalName": "account", "EntitySetName": "accounts", "PrimaryIdAttribute": "accountid"}
    select = "$select=EntitySetName,PrimaryIdAttribute,PrimaryImageAttribute"
    entry = sales.get(f"{ACCOUNT}?{select}").json()
    assert (entry["EntitySetName"], entry["PrimaryImageAttribute"]) == ("accounts", "entityimage")
    tracked = values(sales, "EntityDefinitions?$select=SchemaName&$filter=ChangeTrackingEnabled eq true")
    assert {entry["SchemaName"] for entry in tracked} == {"Account", "Contact", "Quote", "SalesOrder", "Invoice"}
    by_id = values(sales, "EntityDefinitions?$select=MetadataId&$filter=LogicalName eq 'uom'")[0]["MetadataId"]
    assert sales.get(f"EntityDefinitions({by_id})").json()["LogicalName"] == "uom"


def test_what_is_no_definition_is_refused(sales: Dataverse) -> None:
    assert code(sales.get("EntityDefinitions(LogicalName='nothing')")) == (404, "0x80060888")
    assert code(sales.get("EntityDefinitions(nothing)")) == (400, "0x0")
    assert code(sales.get(f"{ACCOUNT}?$select=Nothing")) == (400, "0x0")
    assert code(sales.get(f"{ACCOUNT}?$expand=Nothing")) == (400, "0x0")
    assert code(sales.get(f"{ACCOUNT}?$expand=Keys(")) == (400, "0x0")
    assert code(sales.get(f"{ACCOUNT}/Nothing")) == (404, "0x8006088a")
    assert code(sales.get(f"{ACCOUNT}/Attributes/{CRM}NothingAttributeMetadata")) == (404, "0x8006088a")
    assert code(sales.get(f"{ACCOUNT}/Attributes(LogicalName='nothing')")) == (404, "0x80060888")
    assert code(sales.get("EntityDefinitions?$filter=Nothing eq 1")) == (400, "0x0")
    assert code(sales.get("EntityDefinitions?$orderby=LogicalName")) == (400, "0x80060888")
    assert sales.post("EntityDefinitions", json={}).status_code == 405


def test_attributes_tell_kind_limits_and_when_they_can_be_written(sales: Dataverse) -> None:
    lines = "EntityDefinitions(LogicalName='quotedetail')/Attributes"
    attributes = {entry["LogicalName"]: entry for entry in values(sales, lines)}
    assert len(attributes) == len(load_tables()["quotedetails"].columns)
    quantity = attributes["quantity"]
    assert (quantity["AttributeType"], quantity["Precision"], quantity["MaxValue"]) == ("Decimal", 5, 100_000_000_000)
    assert quantity["RequiredLevel"]["Value"] == "ApplicationRequired"
    assert attributes["quoteid"]["RequiredLevel"]["Value"] == "SystemRequired"
    assert attributes["quoteid"]["Targets"] == ["quote"]
    assert (attributes["description"]["AttributeType"], attributes["description"]["MaxLength"]) == ("Memo", 2000)
    fixed, late = attributes["isproductoverridden"], attributes["baseamount"]
    assert (fixed["IsValidForCreate"], fixed["IsValidForUpdate"]) == (True, False)
    assert (late["IsValidForCreate"], late["IsValidForUpdate"]) == (False, True)
    assert attributes["requestdeliveryby"]["Format"] == "DateOnly"
    assert attributes["requestdeliveryby"]["DateTimeBehavior"] == {"Value": "UserLocal"}
    one = sales.get(f"{lines}(LogicalName='tax')?$select=LogicalName,AttributeType").json()
    assert (one["LogicalName"], one["AttributeType"]) == ("tax", "Money")
    kinds = {entry["LogicalName"]: entry["AttributeType"] for entry in values(sales, f"{ACCOUNT}/Attributes")}
    assert (kinds["ownerid"], kinds["name"], kinds["primarycontactid"]) == ("Owner", "String", "Lookup")
    memos = values(sales, f"{ACCOUNT}/Attributes?$filter=AttributeType eq 'Memo'")
    assert {one["LogicalName"] for one in memos} == {"address1_composite", "address2_composite", "description"}


@pytest.mark.parametrize("table", load_tables().values(), ids=lambda table: table.logical)
def test_what_a_check_before_the_first_run_asks_is_told_of_every_table(sales: Dataverse, table: Table) -> None:
    base = f"EntityDefinitions(LogicalName='{table.logical}')/Attributes"
    told = {entry["LogicalName"]: entry for entry in values(sales, base)}
    columns = {column.attribute: column for column in table.columns.values()}
    assert set(told) == set(columns)
    for name, column in columns.items():
        entry = told[name]
        level = "SystemRequired" if name == table.key else column.level
        assert (entry["RequiredLevel"]["Value"], entry.get("MaxLength")) == (level, column.length)
        assert entry["IsValidForCreate"] == (not column.readonly and not column.update_only)
        assert entry["IsValidForUpdate"] == (not column.readonly and not column.create_only)
    options: dict[str, set[int]] = {}
    for kind in ("Picklist", "State", "Status"):
        asked = f"{base}/{CRM}{kind}AttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options)"
        options |= {one["LogicalName"]: {option["Value"] for option in one["OptionSet"]["Options"]}
                    for one in values(sales, asked)}  # fmt: skip
    assert options == {name: set(column.choices) for name, column in columns.items() if column.choices is not None}


def test_typed_attributes_come_with_their_options_when_expanded(sales: Dataverse) -> None:
    def options(logical: str, kind: str) -> dict[str, Any]:
        cast = f"EntityDefinitions(LogicalName='{logical}')/Attributes/{CRM}{kind}AttributeMetadata"
        query = "?$select=LogicalName&$expand=OptionSet($select=Options)"
        return {entry["LogicalName"]: entry["OptionSet"]["Options"] for entry in values(sales, cast + query)}

    customer = next(one for one in options("account", "Picklist")["customertypecode"] if one["Value"] == 3)
    assert customer["Label"]["UserLocalizedLabel"]["Label"] == "Customer"
    (states,) = options("product", "State").values()
    assert {one["Value"]: one["DefaultStatus"] for one in states} == {0: 1, 1: 2, 2: 0, 3: 3}
    (statuses,) = options("quote", "Status").values()
    assert {one["Value"]: one["State"] for one in statuses} == {1: 0, 2: 1, 3: 1, 4: 2, 5: 3, 6: 3, 7: 3}
    flags = values(sales, f"{ACCOUNT}/Attributes/{CRM}BooleanAttributeMetadata?$expand=OptionSet")
    phone = next(one["OptionSet"] for one in flags if one["LogicalName"] == "donotphone")
    assert phone["TrueOption"]["Label"]["UserLocalizedLabel"]["Label"] == "Do Not Allow"
    bare = values(sales, f"{ACCOUNT}/Attributes/{CRM}PicklistAttributeMetadata?$select=LogicalName")
    assert all("OptionSet" not in entry for entry in bare)


def test_relationships_are_told_from_both_sides(sales: Dataverse) -> None:
    lines, orders = values(sales, "EntityDefinitions(LogicalName='quote')/OneToManyRelationships")
    assert (lines["ReferencingEntity"], lines["ReferencingAttribute"]) == ("quotedetail", "quoteid")
    assert lines["ReferencedEntityNavigationPropertyName"] == "quote_details"
    assert lines["CascadeConfiguration"]["Delete"] == "Cascade"
    assert (orders["ReferencingEntity"], orders["CascadeConfiguration"]["Delete"]) == ("salesorder", "Restrict")
    many = values(sales, "EntityDefinitions(LogicalName='contact')/ManyToOneRelationships")
    by_name = {entry["ReferencingEntityNavigationPropertyName"]: entry for entry in many}
    assert by_name["parentcustomerid_account"]["SchemaName"] == "contact_customer_accounts"
    assert by_name["parentcustomerid_contact"]["ReferencedEntity"] == "contact"
    owners = {one["ReferencedEntity"] for one in many if one["ReferencingAttribute"] == "ownerid"}
    assert owners == {"systemuser", "team"}
    assert values(sales, f"{ACCOUNT}/ManyToManyRelationships") == []
    (one,) = values(sales, "RelationshipDefinitions?$filter=SchemaName eq 'product_price_levels'")
    assert one["ReferencedEntity"] == "product"


def test_keys_can_be_expanded(sales: Dataverse) -> None:
    assert values(sales, f"{ACCOUNT}/Keys?$select=SchemaName,KeyAttributes") == []
    listed = values(sales, "EntityDefinitions?$select=SchemaName&$expand=Keys($select=KeyAttributes)")
    assert {entry["SchemaName"]: entry["Keys"] for entry in listed}["Contact"] == []


@pytest.mark.parametrize(
    ("table", "bulk"), [("account", 2), ("quotedetail", 2), ("salesorder", 2), ("uom", 0), ("productpricelevel", 0)]
)
def test_bulk_messages_are_found_in_both_forms_of_the_question(sales: Dataverse, table: str, bulk: int) -> None:
    base = "sdkmessagefilters?$select=sdkmessagefilterid"
    aliased = "&$filter=sdkmessageid/name eq @message and primaryobjecttypecode eq @table"
    found = values(sales, f"{base}{aliased}&@message='CreateMultiple'&@table='{table}'")
    assert len(found) == bulk // 2
    assert values(sales, f"{base}{aliased}&@message='UpsertMultiple'&@table='{table}'") == []
    either = "(sdkmessageid/name+eq+'CreateMultiple'+or+sdkmessageid/name+eq+'UpdateMultiple')"
    expand = "&$expand=sdkmessageid($select=name)"
    found = values(sales, f"{base}{expand}&$filter={either}+and+primaryobjecttypecode+eq+'{table}'")
    assert {one["sdkmessageid"]["name"] for one in found} == ({"CreateMultiple", "UpdateMultiple"} if bulk else set())
    assert code(sales.get(f"{base}&$filter=primaryobjecttypecode eq @table")) == (400, "0x0")
