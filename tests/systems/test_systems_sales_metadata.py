"""The metadata of Sales: every column with what a mapping must know of it, in few requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sync.errors import ConfigError
from sync.systems.metadata import Column, Table
from sync.systems.sales import SalesSystem
from sync.systems.sales_metadata import read_tables
from tests.systems.conftest import SalesWorld
from tests.systems.systems_world import Scripted


def table(sales: SalesWorld, name: str) -> Table:
    found = read_tables(sales.system.http, [name])[name]
    assert found is not None
    return found


def test_a_table_is_told_with_its_key_its_name_and_its_tracking(sales: SalesWorld) -> None:
    accounts, items = table(sales, "accounts"), table(sales, "productpricelevels")
    assert (accounts.set, accounts.logical_name, accounts.key) == ("accounts", "account", ("accountid",))
    assert (accounts.change_tracking, items.change_tracking) == (True, False)


def test_a_set_that_is_not_there_is_none_and_case_counts(sales: SalesWorld) -> None:
    found = read_tables(sales.system.http, ["nothing", "Accounts", "account"])
    assert found == {"nothing": None, "Accounts": None, "account": None}
    assert sales.system.requests_sent == 1


def test_each_kind_of_column_is_told_with_what_is_known_of_it(sales: SalesWorld) -> None:
    accounts = table(sales, "accounts").columns
    free: dict[str, Any] = {"required": False, "creatable": True, "updatable": True}
    assert accounts["name"] == Column("name", "text", "String", max_length=160, **free)
    assert accounts["description"] == Column("description", "text", "Memo", max_length=2000, **free)
    assert accounts["revenue"] == Column("revenue", "decimal", "Money", **free)
    assert accounts["donotphone"] == Column("donotphone", "yes_no", "Boolean", **free)
    assert accounts["_primarycontactid_value"] == Column(
        "_primarycontactid_value", "lookup", "Lookup", targets=("contact",),
        binds={"primarycontactid": ("contacts",)}, **free,
    )  # fmt: skip
    assert accounts["accountid"].kind == "guid"
    assert accounts["statecode"].options == {0: "Active", 1: "Inactive"}
    assert accounts["statuscode"].options == {1: "Active", 2: "Inactive"}
    kinds = accounts["customertypecode"]
    assert (kinds.kind, kinds.members, (kinds.options or {})[3]) == ("choice", None, "Customer")
    assert (accounts["createdon"].kind, accounts["createdon"].creatable, accounts["createdon"].updatable) == (
        "moment", False, False
    )  # fmt: skip
    assert table(sales, "contacts").columns["birthdate"].kind == "date"


def test_labels_that_repeat_hide_no_option(sales: SalesWorld) -> None:
    options = table(sales, "quotes").columns["statuscode"].options
    assert options is not None
    assert list(options) == [1, 2, 3, 4, 5, 6, 7]
    assert options[1] == options[2]


def test_what_can_be_written_once_is_told(sales: SalesWorld) -> None:
    number = table(sales, "quotes").columns["quotenumber"]
    assert (number.required, number.creatable, number.updatable) == (True, True, False)


def test_a_lookup_with_several_targets_has_its_navigation_properties(sales: SalesWorld) -> None:
    customer = table(sales, "quotes").columns["_customerid_value"]
    assert (customer.targets, customer.binds) == (
        ("account", "contact"), {"customerid_account": ("accounts",), "customerid_contact": ("contacts",)}
    )  # fmt: skip
    owner = table(sales, "accounts").columns["_ownerid_value"]
    assert owner.binds == {"ownerid": ("systemusers", "teams")}


def test_a_column_that_is_gone_is_not_told(sales: SalesWorld) -> None:
    assert "fax" in table(sales, "accounts").columns
    sales.admin.switch(hidden_columns=["accounts.fax"])
    assert "fax" not in table(sales, "accounts").columns


def test_a_table_takes_few_requests(sales: SalesWorld) -> None:
    read_tables(sales.system.http, ["accounts", "uoms"])
    by_request = sales.admin.counters()["by_request"]
    assert sales.system.requests_sent <= 1 + 7 + 7
    assert not any("uom" in name and "StatusAttribute" in name for name in by_request)


def test_who_may_not_read_metadata_is_told_so(sales: SalesWorld) -> None:
    sales.admin.fault({"status": 403}, "EntityDefinitions")
    with pytest.raises(ConfigError, match="right"):
        read_tables(sales.system.http, ["accounts"])


def test_what_an_organisation_leaves_out_is_not_told(script: Scripted, scripted_sales: SalesSystem) -> None:
    """Tables without a set, options without labels, global option sets that are not repeated, no navigation."""
    tables = [
        {"LogicalName": "thing", "EntitySetName": "things", "PrimaryIdAttribute": "thingid",
         "ChangeTrackingEnabled": False},
        {"LogicalName": "inner", "EntitySetName": None, "PrimaryIdAttribute": "innerid",
         "ChangeTrackingEnabled": False},
    ]  # fmt: skip

    def attribute(name: str, type: str, of: str | None = None) -> dict[str, Any]:
        return {"LogicalName": name, "AttributeType": type, "AttributeOf": of, "RequiredLevel": {"Value": "None"},
                "IsValidForCreate": True, "IsValidForUpdate": True}  # fmt: skip

    relations = [{"ReferencingAttribute": "inside", "ReferencedEntity": "inner",
                  "ReferencingEntityNavigationPropertyName": None}]  # fmt: skip
    attributes = [
        attribute("size", "Picklist"), attribute("colour", "Picklist"), attribute("inside", "Lookup"),
        attribute("insidename", "String", "inside"), attribute("parts", "Virtual"),
    ]  # fmt: skip
    choices = [
        {"LogicalName": "size", "OptionSet": {"Options": [{"Value": 1, "Label": {"UserLocalizedLabel": None}}]}},
        {"LogicalName": "colour", "OptionSet": None},
    ]
    answers: dict[str, Any] = {
        "PicklistAttributeMetadata": {"value": choices},
        "LogicalName='thing'": {"Attributes": attributes, "ManyToOneRelationships": relations},
        "EntityDefinitions": {"value": tables},
    }

    def reply(_method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, json.dumps(next(answer for part, answer in answers.items() if part in path)).encode()

    script.reply = reply
    found = read_tables(scripted_sales.http, ["things", "inners"])
    things = found["things"]
    assert found["inners"] is None
    assert things is not None
    assert {one.name: (one.kind, one.options) for one in things.columns.values()} == {
        "size": ("choice", {1: ""}), "colour": ("choice", None), "_inside_value": ("lookup", None),
        "parts": ("other", None),
    }  # fmt: skip
    assert (things.columns["_inside_value"].targets, things.columns["_inside_value"].binds) == (("inner",), {})
