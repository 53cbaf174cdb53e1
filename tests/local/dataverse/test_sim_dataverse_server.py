"""The Dataverse simulator as a server: sign-in, faults, counters, its own process, what it says about itself."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as Xml
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local.simulators.dataverse.schema import load_tables
from local.simulators.odata.tokens import issue
from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated

KEY = bytes(range(32))
ROOT = Path(__file__).parents[3]
METADATA = ROOT.parent / "shared" / "metadata" / "dataverse.model.json"


@pytest.fixture
def sales() -> Iterator[Dataverse]:
    with simulated() as session:
        yield session


def test_a_token_must_be_for_this_organisation_unexpired_and_signed() -> None:
    with simulated(token_key=KEY) as sales:
        later = time.time() + 600
        good = issue(KEY, sales.base, "app", later)
        refused = [
            issue(KEY, "http://127.0.0.1:1", "app", later),
            issue(KEY, sales.base, "app", time.time() - 1),
            issue(bytes(32), sales.base, "app", later),
            "x",
            "",
        ]
        assert sales.get("accounts", headers={"Authorization": f"Bearer {good}"}).status_code == 200
        for token in refused:
            answer = sales.get("accounts", headers={"Authorization": f"Bearer {token}"})
            assert code(answer) == (401, "")
        assert sales.get("accounts", headers={"Authorization": f"Basic {good}"}).status_code == 401


def test_without_a_key_a_token_must_still_be_there(sales: Dataverse) -> None:
    assert sales.get("accounts").status_code == 200
    assert sales.get("accounts", headers={"Authorization": ""}).status_code == 401


def test_answers_carry_the_headers_of_the_web_api(sales: Dataverse) -> None:
    answer = sales.get("accounts")
    assert answer.headers["Content-Type"] == "application/json; odata.metadata=minimal"
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.headers["x-ms-service-request-id"]
    assert "ARRAffinity" in answer.headers["Set-Cookie"]


def test_who_am_i_tells_organisations_apart(sales: Dataverse) -> None:
    mine = sales.get("WhoAmI").json()
    assert sales.row("organizations", mine["OrganizationId"])["name"]
    assert sales.row("businessunits", mine["BusinessUnitId"])["isdisabled"] is False
    assert sales.row("systemusers", mine["UserId"])["_businessunitid_value"] == mine["BusinessUnitId"]
    with simulated(organization_id=guid(7)) as other:
        assert other.get("WhoAmI").json()["OrganizationId"] == guid(7)


def test_throttling_by_fault_has_the_documented_shape(sales: Dataverse) -> None:
    sales.fault(match={"path": "accounts"}, action={"status": 429, "retry_after": 5})
    answer = sales.get("accounts")
    assert code(answer) == (429, "0x80072322")
    assert answer.headers["Retry-After"] == "5"
    sales.fault(action={"status": 503, "retry_after": 1})
    assert sales.get("accounts").status_code == 503


def test_the_server_survives_what_is_no_request_for_it(sales: Dataverse) -> None:
    for path in ("accounts(", "accounts()", "accounts)", "%00", "$", "$1", "accounts(%2F)/x/y", "a" * 40_000):
        assert sales.get(path).status_code in (400, 404, 414)
    assert requests.get(f"{sales.base}/elsewhere", timeout=10).status_code == 404
    assert sales.get("accounts").status_code == 200


def test_versions_rise_over_all_tables(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A")
    two = sales.create("contacts", lastname="B")
    assert sales.row("contacts", two)["versionnumber"] > sales.row("accounts", one)["versionnumber"]


def test_times_follow_the_clock_of_the_simulator(sales: Dataverse) -> None:
    sales.post("/admin/clock", json={"set": "2031-02-03T04:05:06Z"})
    one = sales.create("accounts", name="A")
    assert sales.row("accounts", one)["modifiedon"].startswith("2031-02-03T04:05:0")


def test_entity_definitions_answer_what_clients_ask_first(sales: Dataverse) -> None:
    select = "$select=LogicalName,EntitySetName,PrimaryIdAttribute"
    found = sales.get(f"EntityDefinitions?{select}&$filter=LogicalName eq 'account'").json()["value"]
    for entry in found:
        del entry["MetadataId"]
    assert found == [{"LogicalName": "account", "EntitySetName": "accounts", "PrimaryIdAttribute": "accountid"}]
    tracked = sales.get("EntityDefinitions?$select=SchemaName&$filter=ChangeTrackingEnabled eq true").json()["value"]
    assert {entry["SchemaName"] for entry in tracked} == {"Account", "Contact"}
    account = "EntityDefinitions(LogicalName='account')"
    assert sales.get(f"{account}?$select=EntitySetName&$expand=Keys($select=KeyAttributes)").json()["Keys"] == []
    assert sales.get(f"{account}/Keys?$select=SchemaName,KeyAttributes").json()["value"] == []
    assert sales.get("EntityDefinitions(LogicalName='nothing')").status_code == 404
    assert sales.get(f"{account}?$select=Nothing").status_code == 400


def test_attributes_tell_kind_length_and_options(sales: Dataverse) -> None:
    base = "EntityDefinitions(LogicalName='account')/Attributes"
    attributes = {entry["LogicalName"]: entry for entry in sales.get(base).json()["value"]}
    assert (attributes["name"]["AttributeType"], attributes["name"]["MaxLength"]) == ("String", 160)
    assert attributes["primarycontactid"]["AttributeType"] == "Lookup"
    assert attributes["modifiedon"]["IsValidForUpdate"] is False
    lists = f"{base}/Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
    lists += "?$select=LogicalName&$expand=OptionSet($select=Options)"
    options = {entry["LogicalName"]: entry["OptionSet"]["Options"] for entry in sales.get(lists).json()["value"]}
    assert {"Value": 3, "Label": {"UserLocalizedLabel": {"Label": "Customer", "LanguageCode": 1033}}} in options[
        "customertypecode"
    ]
    relations = sales.get("EntityDefinitions(LogicalName='contact')/ManyToOneRelationships").json()["value"]
    assert {"parentcustomerid_account", "parentcustomerid_contact"} <= {
        entry["ReferencingEntityNavigationPropertyName"] for entry in relations
    }


def test_the_metadata_document_names_every_column(sales: Dataverse) -> None:
    document = Xml.fromstring(sales.get("$metadata").content)  # noqa: S314  (our own document)
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    types = {entity.get("Name"): entity for entity in document.iter(f"{edm}EntityType")}
    assert set(types) == {table.logical for table in load_tables().values()}
    properties = {one.get("Name"): one for one in types["account"].iter(f"{edm}Property")}
    assert properties["accountnumber"].get("MaxLength") == "20"
    assert set(properties) == set(load_tables()["accounts"].columns)


def test_the_process_says_when_it_is_ready_and_ends_cleanly() -> None:
    command = [sys.executable, "-m", "local.simulators.dataverse", "--token-key", KEY.hex(), "--page-size", "2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        ready, base = process.stdout.readline().split()
        try:
            assert ready == "READY"
            with Dataverse(base) as sales:
                sales.headers["Authorization"] = f"Bearer {issue(KEY, base, 'app', time.time() + 60)}"
                sales.accounts(3)
                assert len(sales.pages("accounts")) == 2
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def reference_tables() -> list[tuple[str, dict[str, Any]]]:
    if not METADATA.exists():
        return []
    return [
        (entry["entitySet"], entry)
        for entry in json.loads(METADATA.read_text(encoding="utf-8")).values()
        if entry["entitySet"] in load_tables()
    ]


@pytest.mark.skipif(not METADATA.exists(), reason="the reference metadata is not here")
@pytest.mark.parametrize(("entity_set", "known"), reference_tables())
def test_the_schema_is_the_real_one(entity_set: str, known: dict[str, Any]) -> None:
    table = load_tables()[entity_set]
    assert (table.key, table.name) == (known["key"], known["primaryName"])
    for name, column in table.columns.items():
        real = known["properties"][name]
        mine = {
            "type": column.edm,
            "maxlength": column.length,
            "readonly": column.readonly,
            "required": column.required,
            "money": column.kind == "money",
            "options": {str(value): label for value, label in (column.choices or {}).items()},
        }
        theirs = {
            "type": real["type"],
            "maxlength": real.get("maxlength"),
            "readonly": real["readonly"],
            "required": real.get("required", False),
            "money": real.get("money", False),
            "options": known["optionsets"][real["optionset"]] if "optionset" in real else {},
        }
        assert (name, mine) == (name, theirs)
    navigations = {(one["name"], one["targetSet"], one["property"]) for one in known["navigation"]}
    for navigation, (lookup, target) in table.navigations.items():
        assert (navigation, target, lookup.column) in navigations


@pytest.mark.skipif(not METADATA.exists(), reason="the reference metadata is not here")
def test_every_table_of_the_data_folders_is_compared() -> None:
    compared = {entity_set for entity_set, _ in reference_tables()}
    own = {"businessunits", "organizations", "systemusers"}  # the reference has none of these
    assert compared | own == set(load_tables())
