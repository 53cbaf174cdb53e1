"""The schema of the Dataverse simulator: column by column what the reference metadata says, with and without the
Prospect-to-cash solution."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.simulators.dataverse.schema import Table, load_tables

METADATA = Path(__file__).parents[3].parent / "shared" / "metadata"
MODEL, OVERLAY = METADATA / "dataverse.model.json", METADATA / "dataverse.overlay.p2c.json"
OWN = {"usersettingscollection", "businessunits", "organizations", "quotecloses", "systemusers", "teams"}
"""Tables that the reference metadata does not have."""
SYSTEM_REQUIRED = {
    "products": {"productnumber", "productstructure"},
    "productpricelevels": {"_pricelevelid_value", "_productid_value"},
    "quotedetails": {"_quoteid_value"},
}
"""What wire.md 1.13 and 1.14 call required; the reference marks only what forms require."""
UNNAMED_TARGETS = {"_owningbusinessunit_value": ["businessunit"], "_owninguser_value": ["systemuser"]}
"""Lookups of quote lines of which the reference does not know the table."""

needs_reference = pytest.mark.skipif(not MODEL.exists(), reason="the reference metadata is not here")


def reference(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


KNOWN = {entry["entitySet"]: entry for entry in reference(MODEL).values() if entry["entitySet"] in load_tables()}
LOGICAL = {entry["entitySet"]: logical for logical, entry in reference(MODEL).items()}
SOLUTIONS = [reference(OVERLAY).get(solution, {}) for solution in ("CRMP2C", "P2CFieldService")]


def told(table: Table, name: str) -> dict[str, Any]:
    """A column as the reference words it."""
    column = table.columns[name]
    zone = "DateOnly" if column.kind == "date" else "TimeZoneIndependent" if column.zone_free else "UserLocal"
    dated = column.kind in ("time", "date")
    return {
        "type": column.edm,
        "schema": column.schema,
        "maxlength": column.length,
        "readonly": column.readonly,
        "required": column.level == "ApplicationRequired",
        "money": column.kind == "money",
        "format": ("DateOnly" if column.day_only else "DateAndTime") if dated else None,
        "behavior": zone if dated else None,
        "options": {str(value): label for value, label in (column.choices or {}).items()},
    }


def real(entry: dict[str, Any], name: str) -> dict[str, Any]:
    facts = entry["properties"][name]
    options = dict(entry["optionsets"][facts["optionset"]]) if "optionset" in facts else {}
    return {
        "type": facts["type"],
        "schema": facts.get("schema"),
        "maxlength": facts.get("maxlength"),
        "readonly": facts["readonly"],
        "required": facts.get("required", False),
        "money": facts.get("money", False),
        "format": facts.get("format"),
        "behavior": facts.get("behavior"),
        "options": options,
    }


@needs_reference
@pytest.mark.parametrize("entity_set", sorted(KNOWN))
def test_every_column_is_the_real_one(entity_set: str) -> None:
    table, entry = load_tables()[entity_set], KNOWN[entity_set]
    assert (table.logical, table.key, table.name) == (LOGICAL[entity_set], entry["key"], entry["primaryName"])
    assert set(table.columns) == set(entry["properties"])
    for name in table.columns:
        mine, theirs = told(table, name), real(entry, name)
        if theirs["schema"] is None:
            mine["schema"] = None
        if (entity_set, name) == ("quotedetails", "quotestatecode"):  # the reference has no options for it
            assert mine["options"] == real(KNOWN["quotes"], "statecode")["options"]
            mine["options"] = {}
        if (entity_set, name) == ("quotes", "statuscode"):  # Submitted exists with the solution only
            theirs["options"].pop("647390000", None)
        assert (name, mine) == (name, theirs)


@needs_reference
@pytest.mark.parametrize("entity_set", sorted(KNOWN))
def test_every_lookup_has_the_real_targets_and_navigation_names(entity_set: str) -> None:
    table, entry = load_tables()[entity_set], KNOWN[entity_set]
    mine = {
        (navigation, target, lookup.column)
        for lookup in table.lookups.values()
        for navigation in lookup.targets
        for target in lookup.leads_to(navigation)
    }
    theirs = {(one["name"], one["targetSet"] or f"{UNNAMED_TARGETS[one['property']][0]}s", one["property"])
              for one in entry["navigation"]}  # fmt: skip
    assert mine == theirs
    collections = {one["name"] for one in entry["collections"] if f"{one['target']}" in tables_by_name()}
    assert collections <= set(table.collections)


def tables_by_name() -> dict[str, Table]:
    return {table.logical: table for table in load_tables().values()}


@needs_reference
def test_every_table_that_the_flows_touch_is_compared() -> None:
    assert set(KNOWN) | OWN == set(load_tables())


@needs_reference
@pytest.mark.parametrize("entity_set", sorted(KNOWN))
def test_the_solution_adds_its_columns_and_keys_and_nothing_else(entity_set: str) -> None:
    plain, full = load_tables()[entity_set], load_tables(p2c=True)[entity_set]
    added: dict[str, Any] = {}
    keys: dict[str, list[str]] = {}
    for solution in SOLUTIONS:
        entry = solution.get(plain.logical, {"properties": {}, "keys": []})
        added |= entry["properties"]
        keys |= {key["name"]: key["attributes"] for key in entry["keys"]}
    assert set(full.columns) - set(plain.columns) == set(added)
    for name, facts in added.items():
        column = full.columns[name]
        assert (name, column.edm, column.schema, column.length) == (
            name, facts["type"], facts["schema"], facts.get("maxlength"),
        )  # fmt: skip
        if "navigation" in facts:
            target = full.navigations[facts["navigation"]][1]
            assert load_tables()[target].schema == facts["target"]
    assert {key.name: list(key.columns) for key in full.keys} == keys
    assert plain.keys == ()
    for name in plain.columns.keys() - {"statuscode"}:
        assert full.columns[name] == plain.columns[name]


@needs_reference
def test_the_solution_adds_the_status_of_a_submitted_quote() -> None:
    ((status, facts),) = reference(OVERLAY)["quote_statuscode_addition"].items()
    plain, full = load_tables()["quotes"], load_tables(p2c=True)["quotes"]
    assert int(status) not in (plain.columns["statuscode"].choices or {})
    assert (full.columns["statuscode"].choices or {})[int(status)] == facts["label"]
    assert int(status) in full.states[facts["state"]]
    assert int(status) not in plain.states[facts["state"]]


@pytest.mark.parametrize("p2c", [False, True])
def test_the_tables_agree_with_one_another(p2c: bool) -> None:
    tables = load_tables(p2c=p2c)
    for table in tables.values():
        assert {table.key, "versionnumber", "modifiedon", "createdon"} <= set(table.columns)
        assert {lookup.column for lookup in table.lookups.values()} == {
            name for name, column in table.columns.items() if column.kind == "lookup"
        }
        for column in table.columns.values():
            assert (column.choices is not None) == (column.kind in ("choice", "state", "status")), column
            assert column.default is None or column.default in (column.choices or {}), column
            assert not (column.readonly and (column.create_only or column.update_only)), column
        statuses = {status for of in table.states.values() for status in of}
        if table.states:
            assert set(table.states) == set(table.columns["statecode"].choices or {})
            assert statuses == set(table.columns["statuscode"].choices or {})
        for collection in table.collections.values():
            lookup = tables[collection.entity_set].navigations[collection.navigation][0]
            assert lookup is collection.lookup
            assert table.entity_set in lookup.leads_to(collection.navigation)
        for key in table.keys:
            assert set(key.columns) <= set(table.columns)


@pytest.mark.parametrize(("entity_set", "names"), SYSTEM_REQUIRED.items())
def test_what_no_row_can_be_without_is_marked(entity_set: str, names: set[str]) -> None:
    assert names == {column.name for column in load_tables()[entity_set].required}


def test_columns_that_are_fixed_or_not_there_yet_at_the_create_are_marked() -> None:
    tables = load_tables()
    assert "quotenumber" in tables["quotes"].create_only
    assert "isproductoverridden" in tables["quotedetails"].create_only
    assert "productstructure" in tables["products"].create_only
    assert "isocurrencycode" in tables["transactioncurrencies"].create_only
    assert "ordernumber" not in tables["salesorders"].create_only
    assert "invoicenumber" in tables["invoices"].create_only
    for entity_set in ("salesorders", "invoices"):
        assert "_transactioncurrencyid_value" in tables[entity_set].create_only
        assert {"ispricelocked", "totalamount"} <= tables[entity_set].update_only
    assert "_pricelevelid_value" in tables["products"].update_only
    quantity = tables["quotedetails"].columns["quantity"]
    assert (quantity.places, str(quantity.high)) == (5, "100000000000")


def test_tables_with_bulk_messages_and_with_change_tracking_are_those_of_the_reference() -> None:
    tables = load_tables()
    assert {name for name, table in tables.items() if table.bulk} == {
        "accounts", "contacts", "products", "pricelevels", "quotes", "quotecloses", "quotedetails", "uomschedules",
        "salesorders", "invoices",
    }  # fmt: skip
    assert {name for name, table in tables.items() if table.tracking} == {
        "accounts", "contacts", "quotes", "salesorders", "invoices",
    }  # fmt: skip
