"""Single rows: create, read, update, upsert, delete, conditions, lookups, what the server fills in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid


def test_a_create_answers_with_the_address_of_the_row(sales: Dataverse) -> None:
    answer = sales.post("accounts", json={"name": "A"})
    assert answer.status_code == 204
    assert not answer.content
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.headers["Location"] == answer.headers["OData-EntityId"]
    row = sales.get(answer.headers["OData-EntityId"] + "?$select=name").json()
    assert row["name"] == "A"
    assert set(row) == {"@odata.context", "@odata.etag", "name", "accountid"}


def test_a_create_can_return_the_row_instead(sales: Dataverse) -> None:
    answer = sales.post("accounts?$select=name", json={"name": "A"}, headers={"Prefer": "return=representation"})
    assert answer.status_code == 201
    assert "OData-EntityId" not in answer.headers
    assert answer.headers["Preference-Applied"] == "return=representation"
    body = answer.json()
    assert body["@odata.context"].endswith("#accounts(name)/$entity")
    assert body["name"] == "A"
    assert body["@odata.etag"] == answer.headers["ETag"]


def test_a_chosen_id_is_kept_and_cannot_be_used_twice(sales: Dataverse) -> None:
    assert sales.create("accounts", accountid=guid(1).upper(), name="A") == guid(1)
    assert code(sales.post("accounts", json={"accountid": guid(1), "name": "B"})) == (412, "0x80040237")
    assert sales.row("accounts", guid(1))["name"] == "A"


def test_a_patch_changes_what_it_names_and_gives_a_new_version(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A", telephone1="1")
    before = sales.row("accounts", one)
    assert sales.patch(f"accounts({one})", json={"name": "B"}, headers={"If-Match": "*"}).status_code == 204
    after = sales.row("accounts", one)
    assert (after["name"], after["telephone1"]) == ("B", "1")
    assert after["versionnumber"] > before["versionnumber"]
    assert after["@odata.etag"] == f'W/"{after["versionnumber"]}"'
    assert sales.patch(f"accounts({one})", json={"name": "B"}).status_code == 204
    assert sales.row("accounts", one)["versionnumber"] > after["versionnumber"]


def test_a_patch_without_condition_creates_a_missing_row(sales: Dataverse) -> None:
    assert sales.patch(f"accounts({guid(5)})", json={"name": "new"}).status_code == 204
    assert sales.row("accounts", guid(5))["name"] == "new"
    asked = {"Prefer": "return=representation"}
    created = sales.patch(f"accounts({guid(6)})?$select=accountid", json={"name": "x"}, headers=asked)
    updated = sales.patch(f"accounts({guid(6)})?$select=accountid", json={"name": "y"}, headers=asked)
    assert (created.status_code, updated.status_code) == (201, 200)
    assert created.headers["ETag"] != updated.headers["ETag"]


def test_conditions_that_are_not_met_are_refused_with_their_codes(sales: Dataverse) -> None:
    missing, one = guid(7), sales.create("accounts", name="A")
    stale = sales.row("accounts", one)["@odata.etag"]
    sales.patch(f"accounts({one})", json={"name": "B"})
    body = {"name": "C"}
    assert code(sales.patch(f"accounts({missing})", json=body, headers={"If-Match": "*"})) == (404, "0x80040217")
    assert code(sales.patch(f"accounts({one})", json=body, headers={"If-None-Match": "*"})) == (412, "0x80040237")
    assert code(sales.patch(f"accounts({one})", json=body, headers={"If-Match": stale})) == (412, "0x80060882")
    assert code(sales.delete(f"accounts({one})", headers={"If-Match": stale})) == (412, "0x80060882")
    assert sales.row("accounts", one)["name"] == "B"
    current = sales.row("accounts", one)["@odata.etag"]
    assert sales.patch(f"accounts({one})", json=body, headers={"If-Match": current}).status_code == 204


def test_an_unchanged_row_need_not_be_sent_again(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A")
    etag = sales.row("accounts", one)["@odata.etag"]
    assert sales.get(f"accounts({one})", headers={"If-None-Match": etag}).status_code == 304
    assert sales.get(f"accounts({one})", headers={"If-None-Match": "null"}).status_code == 200


def test_a_deleted_row_is_gone(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A")
    assert sales.delete(f"accounts({one})").status_code == 204
    assert code(sales.get(f"accounts({one})")) == (404, "0x80040217")
    assert code(sales.delete(f"accounts({one})")) == (404, "0x80040217")


def test_one_column_can_be_read_set_and_cleared(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A", fax="1")
    assert sales.put(f"accounts({one})/fax", json={"value": "2"}).status_code == 204
    assert sales.get(f"accounts({one})/fax").json()["value"] == "2"
    assert sales.delete(f"accounts({one})/fax").status_code == 204
    assert sales.row("accounts", one)["fax"] is None


def test_lookups_are_written_by_navigation_property_and_read_by_value(sales: Dataverse) -> None:
    person = sales.create("contacts", lastname="Lovelace", firstname="Ada")
    one = sales.create("accounts", name="A", **{"primarycontactid@odata.bind": f"/contacts({person})"})
    assert sales.row("accounts", one)["_primarycontactid_value"] == person
    cleared: list[dict[str, Any]] = [{"primarycontactid@odata.bind": None}, {"primarycontactid": None}]
    for clearing in cleared:
        sales.patch(f"accounts({one})", json={"primarycontactid@odata.bind": f"{sales.api}contacts({person})"})
        assert sales.row("accounts", one)["_primarycontactid_value"] == person
        assert sales.patch(f"accounts({one})", json=clearing).status_code == 204
        assert sales.row("accounts", one)["_primarycontactid_value"] is None


def test_a_lookup_with_several_targets_holds_one_of_them(sales: Dataverse) -> None:
    company = sales.create("accounts", name="A")
    boss = sales.create("contacts", lastname="Boss")
    one = sales.create("contacts", lastname="Gee", **{"parentcustomerid_account@odata.bind": f"accounts({company})"})
    asked = {"Prefer": 'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"'}
    told = "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"
    assert sales.get(f"contacts({one})", headers=asked).json()[told] == "account"
    sales.patch(f"contacts({one})", json={"parentcustomerid_contact@odata.bind": f"contacts({boss})"})
    row = sales.get(f"contacts({one})", headers=asked).json()
    assert (row["_parentcustomerid_value"], row[told]) == (boss, "contact")
    assert told not in sales.row("contacts", one)


def test_annotations_tell_label_and_navigation_when_asked(sales: Dataverse) -> None:
    person = sales.create("contacts", lastname="Lovelace", firstname="Ada")
    one = sales.create("accounts", name="A", **{"primarycontactid@odata.bind": f"contacts({person})"})
    answer = sales.get(f"accounts({one})", headers={"Prefer": 'odata.include-annotations="*"'})
    row = answer.json()
    assert row["statecode@OData.Community.Display.V1.FormattedValue"] == "Active"
    assert row["_primarycontactid_value@OData.Community.Display.V1.FormattedValue"] == "Ada Lovelace"
    told = "_primarycontactid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"
    assert row[told] == "primarycontactid"
    assert answer.headers["Preference-Applied"] == 'odata.include-annotations="*"'


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"parentcustomerid@odata.bind": f"/accounts({guid(1)})"}, (400, "0x80048d19")),
        ({"ParentCustomerId_account@odata.bind": f"/accounts({guid(1)})"}, (400, "0x80048d19")),
        ({"_parentcustomerid_value": guid(1)}, (400, "0x80048d19")),
        ({"parentcustomerid_account@odata.bind": f"/accounts({guid(1)})"}, (404, "0x80040217")),
        ({"parentcustomerid_account@odata.bind": f"/contacts({guid(1)})"}, (400, "0x80090800")),
        ({"parentcustomerid_account@odata.bind": 5}, (400, "0x80090800")),
        ({"parentcustomerid_account@odata.bind": ""}, (400, "0x80090800")),
        ({"parentcustomerid_account@odata.bind": f"/accounts {guid(1)}"}, (400, "0x80090800")),
        ({"parentcustomerid_account@odata.bind": "/accounts(accountnumber='A')"}, (400, "0x0")),
    ],
)
def test_a_bind_that_cannot_be_is_refused(sales: Dataverse, payload: dict[str, Any], expected: tuple[int, str]) -> None:
    assert code(sales.post("contacts", json={"lastname": "x", **payload})) == expected


def test_keys_and_names_that_do_not_exist_are_refused(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A")
    assert code(sales.get("Accounts")) == (404, "0x8006088a")
    assert code(sales.get("opportunities")) == (404, "0x8006088a")
    assert code(sales.get(f"accounts({one})/Name")) == (404, "0x8006088a")
    assert code(sales.get("accounts(accountnumber='A1')")) == (400, "0x0")
    assert code(sales.get("accounts(1)")) == (400, "0x0")
    assert sales.get(f"accounts(accountid={one})").status_code == 200
    assert code(sales.get(f"accounts({one})?$select=Name")) == (400, "0x0")
    assert sales.request("POST", f"accounts({one})", json={}).status_code == 405


def test_a_body_that_is_no_json_object_is_refused(sales: Dataverse) -> None:
    json_type = {"Content-Type": "application/json"}
    for body in (b"", b"[]", b"{", b'{"name": NaN}', b"\xff\xfe{}", b"[" * 100_000):
        assert code(sales.post("accounts", data=body, headers=json_type)) == (400, "0x80048d19")
    assert sales.post("accounts", data=b'{"name":"A"}', headers={"Content-Type": "text/plain"}).status_code == 415
    assert sales.get("accounts").json()["value"] == []


def test_privileges_are_kept_by_table(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A")
    sales.switch(no_read=["contacts"], no_write=["accounts"])
    assert code(sales.get("contacts")) == (403, "0x80040220")
    assert code(sales.patch(f"accounts({one})", json={"name": "B"})) == (403, "0x80040220")
    assert sales.row("accounts", one)["name"] == "A"
