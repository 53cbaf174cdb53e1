"""F&O's metadata: types, keys and enums of the tables that are asked for, out of a document that is never held."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from sync.errors import ConfigError, Throttled, Transient
from sync.systems.finops import FinOpsSystem
from sync.systems.finops_metadata import read_tables
from sync.systems.metadata import Column
from tests.systems.conftest import FinOpsWorld
from tests.systems.systems_world import Scripted

REFERENCE = Path(__file__).resolve().parents[3] / "shared/metadata"
SPACE = "Microsoft.Dynamics.DataEntities"
HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" '
    'xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
    f'<Schema Namespace="{SPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
)
TAIL = "</Schema></edmx:DataServices></edmx:Edmx>"

type Connected = Callable[..., FinOpsSystem]


def told(script: Scripted, text: str, status: int = 200) -> None:
    script.reply = lambda _method, _path: (status, {"Content-Type": "application/xml"}, text.encode())


def entity(name: str, properties: str) -> str:
    return f'<EntityType Name="{name}"><Key><PropertyRef Name="Id"/></Key>{properties}</EntityType>'


def sets(*names: str) -> str:
    listed = "".join(f'<EntitySet Name="{name}s" EntityType="{SPACE}.{name}"/>' for name in names)
    return f'<EntityContainer Name="Resources">{listed}</EntityContainer>'


def test_tables_are_told_with_keys_types_and_members_in_one_request(finops_world: FinOpsWorld) -> None:
    found = read_tables(finops_world.system.http, ["CDSContactPersonsV2", "CustomersV3"])
    assert finops_world.system.requests_sent == 1

    persons = found["CDSContactPersonsV2"]
    assert persons is not None
    assert (persons.set, persons.logical_name) == ("CDSContactPersonsV2", "CDSContactPersonV2")
    assert persons.key == (
        "dataAreaId", "ContactPersonPartyNumber", "AssociatedContactType", "AssociatedContactNumber"
    )  # fmt: skip
    assert persons.change_tracking is None
    assert persons.columns["LastName"] == Column("LastName", "text", "Edm.String", nullable=True)
    assert persons.columns["BirthYear"] == Column("BirthYear", "whole", "Edm.Int32", nullable=False)
    assert persons.columns["AssociatedContactType"] == Column(
        "AssociatedContactType",
        "enum",
        f"{SPACE}.SmmContactPersonCdsAssociatedContactType",
        nullable=False,
        members={"Customer": 0, "Vendor": 1, "Contact": 2, "NotSupported": 3, "Prospect": 4},
    )
    customers = found["CustomersV3"]
    assert customers is not None
    assert customers.columns["CreditLimit"].kind == "decimal"
    assert customers.columns["IsExternallyMaintained"].members == {"No": 0, "Yes": 1}


def test_a_set_that_is_not_there_is_none_and_case_counts(finops_world: FinOpsWorld) -> None:
    found = read_tables(finops_world.system.http, ["Nothing", "customersV3", "CustomerV3"])
    assert found == {"Nothing": None, "customersV3": None, "CustomerV3": None}


def test_a_column_that_is_gone_is_not_told(finops_world: FinOpsWorld) -> None:
    finops_world.admin.switch(hidden_columns=["CustomersV3.NameAlias"])
    customers = read_tables(finops_world.system.http, ["CustomersV3"])["CustomersV3"]
    assert customers is not None
    assert "OrganizationName" in customers.columns
    assert "NameAlias" not in customers.columns


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference is not here")
def test_the_document_of_a_real_environment_is_read_as_the_reference_has_it(
    script: Scripted, scripted_finops: Connected
) -> None:
    told(script, (REFERENCE / "fno.csdl.xml").read_text(encoding="utf-8"))
    model = json.loads((REFERENCE / "fno.model.json").read_text(encoding="utf-8"))
    found = read_tables(scripted_finops().http, list(model["sets"]))

    assert len(found) == 70
    for name, table in found.items():
        assert table is not None
        expected = model["sets"][name]
        assert list(table.key) == expected["keys"]
        assert {one.name: one.nullable for one in table.columns.values()} == {
            column: facts["nullable"] for column, facts in expected["properties"].items()
        }
        for column in table.columns.values():
            type = expected["properties"][column.name]["type"]
            assert column.type.rpartition(".")[2] == type.rpartition(".")[2]
            assert (column.kind == "other") == (type == "Edm.Binary")
            assert column.members == (None if type.startswith("Edm.") else model["enums"][type.rpartition(".")[2]])


def test_what_stands_around_the_types_is_no_column(script: Scripted, scripted_finops: Connected) -> None:
    told(
        script,
        HEAD
        + entity("A", '<Property Name="Id" Type="Edm.Guid" Nullable="false"/><Property Name="On" Type="Edm.Date"/>'
                      '<NavigationProperty Name="Bs" Type="Collection(X.B)"/>')
        + '<ComplexType Name="C"><Property Name="InComplex" Type="Edm.String"/></ComplexType>'
        + entity("B", f'<Property Name="Id" Type="{SPACE}.Late"/><Property Name="Many" Type="Collection(Edm.String)"/>')
        + '<Action Name="Do"><Parameter Name="P" Type="Edm.String"/></Action>'
        + sets("A", "B")
        + '<EnumType Name="Late"><Member Name="Zero"/><Member Name="Five" Value="5"/><Member Name="Six"/></EnumType>'
        + TAIL,
    )  # fmt: skip
    found = read_tables(scripted_finops().http, ["As", "Bs"])
    a, b = found["As"], found["Bs"]
    assert a is not None
    assert b is not None
    assert {one.name: one.kind for one in a.columns.values()} == {"Id": "guid", "On": "date"}
    assert {one.name: one.kind for one in b.columns.values()} == {"Id": "enum", "Many": "other"}
    assert b.columns["Id"].members == {"Zero": 0, "Five": 5, "Six": 6}


def test_a_long_document_is_never_held_as_a_whole(script: Scripted, scripted_finops: Connected) -> None:
    properties = "".join(f'<Property Name="SomeColumn{index}" Type="Edm.String"/>' for index in range(60))
    names = [f"Entity{index}" for index in range(900)]
    text = HEAD + "".join(entity(name, properties) for name in names) + sets(*names) + TAIL
    told(script, text)
    http = scripted_finops().http
    read_tables(http, ["Entity7s"])  # what is loaded by the first request is not counted
    body = text.encode()
    script.reply = lambda _method, _path: (200, {}, body)
    tracemalloc.start()
    try:
        found = read_tables(http, ["Entity7s"])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found["Entity7s"] is not None
    assert len(body) > 2_000_000
    assert peak < len(body) / 4


# What is no metadata.


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE html><html><body><form action="/sign-in"/></body></html>',
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + HEAD.partition("?>")[2] + "&b;" + TAIL,
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">' + HEAD.partition("?>")[2] + TAIL,
    ],
)
def test_a_document_type_is_refused(script: Scripted, scripted_finops: Connected, text: str) -> None:
    told(script, text)
    with pytest.raises(ConfigError, match="document type"):
        read_tables(scripted_finops().http, ["As"])


@pytest.mark.parametrize("text", ["", "{}", HEAD + sets("A"), "<html><body><p>Sign in<br></body></html>"])
def test_a_document_that_is_cut_short_or_no_xml_is_read_again_later(
    script: Scripted, scripted_finops: Connected, text: str
) -> None:
    told(script, text)
    with pytest.raises(Transient, match="cut short or no XML"):
        read_tables(scripted_finops().http, ["As"])


def test_a_document_that_is_refused_is_a_matter_of_set_up(finops_world: FinOpsWorld) -> None:
    for status, told_of in ((404, "404"), (403, "right"), (401, "does not know the app")):
        finops_world.admin.fault({"status": status}, "$metadata")
        with pytest.raises(ConfigError, match=told_of):
            read_tables(finops_world.system.http, ["CustomersV3"])


def test_a_throttled_question_shuts_the_gate(finops_world: FinOpsWorld) -> None:
    finops_world.admin.fault({"status": 429, "retry_after": 12}, "$metadata")
    with pytest.raises(Throttled):
        read_tables(finops_world.system.http, ["CustomersV3"])
    assert finops_world.gates.delay("finops") == 12
