"""Rows that hang together: nested creates, binds of lists, references, related rows in addresses and in `$expand`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid

PEOPLE = "contact_customer_accounts"


def names(sales: Dataverse, entity_set: str) -> list[str]:
    column = "name" if entity_set == "accounts" else "lastname"
    return sorted(row[column] for row in sales.get(f"/admin/rows/{entity_set}").json())


def test_a_create_makes_the_rows_that_are_nested_in_it(sales: Dataverse) -> None:
    one = sales.create(
        "accounts",
        name="A",
        primarycontactid={"lastname": "Boss", "firstname": "Ada"},
        **{PEOPLE: [{"lastname": "Gee"}, {"lastname": "Ell"}]},
    )
    assert names(sales, "contacts") == ["Boss", "Ell", "Gee"]
    row = sales.get(f"accounts({one})?$select=name&$expand=primarycontactid($select=fullname)").json()
    assert row["primarycontactid"]["fullname"] == "Ada Boss"
    people = sales.get(f"accounts({one})/{PEOPLE}?$select=lastname&$orderby=lastname").json()
    assert [person["lastname"] for person in people["value"]] == ["Ell", "Gee"]
    assert "$metadata#contacts(lastname)" in people["@odata.context"]


def test_nested_rows_go_deeper_and_one_bad_row_undoes_all(sales: Dataverse) -> None:
    boss = {"lastname": "Boss", "parentcustomerid_account": {"name": "Parent"}}
    sales.create("accounts", name="A", primarycontactid=boss)
    assert names(sales, "accounts") == ["A", "Parent"]
    bad = {"lastname": "x" * 51}
    for nested in ({"primarycontactid": bad}, {PEOPLE: [{"lastname": "ok"}, bad]}):
        assert code(sales.post("accounts", json={"name": "B", **nested})) == (400, "0x80044331")
    assert names(sales, "accounts") == ["A", "Parent"]
    assert names(sales, "contacts") == ["Boss"]


def test_nested_rows_are_for_creates_by_post_alone(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A")
    boss = {"primarycontactid": {"lastname": "Boss"}}
    for payload in (boss, {PEOPLE: [{"lastname": "x"}]}, {f"{PEOPLE}@odata.bind": [f"contacts({guid(1)})"]}):
        assert code(sales.patch(f"accounts({one})", json=payload)) == (400, "0x80048d19")
    assert code(sales.patch(f"accounts({guid(5)})", json={"name": "B", **boss})) == (400, "0x80048d19")
    assert code(sales.bulk("accounts", "CreateMultiple", [{"name": "B", **boss}])) == (400, "0x80048d19")
    misshapen: list[dict[str, Any]] = [{PEOPLE: {}}, {PEOPLE: [5]}, {f"{PEOPLE}@odata.bind": "contacts"}]
    for nested in misshapen:
        assert code(sales.post("accounts", json={"name": "B", **nested})) == (400, "0x80048d19")
    assert names(sales, "accounts") == ["A"]


def test_rows_that_exist_are_tied_to_a_new_one(sales: Dataverse) -> None:
    people = [sales.create("contacts", lastname=name) for name in ("Gee", "Ell")]
    one = sales.create("accounts", name="A", **{f"{PEOPLE}@odata.bind": [f"/contacts({person})" for person in people]})
    assert {sales.row("contacts", person)["_parentcustomerid_value"] for person in people} == {one}
    missing = {f"{PEOPLE}@odata.bind": [f"contacts({people[0]})", f"contacts({guid(9)})"]}
    assert code(sales.post("accounts", json={"name": "B", **missing})) == (404, "0x80040217")
    assert names(sales, "accounts") == ["A"]


def test_references_of_a_lookup_are_set_read_and_taken_away(sales: Dataverse) -> None:
    one, person = sales.create("accounts", name="A"), sales.create("contacts", lastname="Gee")
    reference = f"accounts({one})/primarycontactid/$ref"
    assert sales.get(reference).status_code == 204
    assert sales.put(reference, json={"@odata.id": f"{sales.api}contacts({person})"}).status_code == 204
    assert sales.get(reference).json()["@odata.id"] == f"{sales.api}contacts({person})"
    assert sales.get(f"accounts({one})/primarycontactid?$select=lastname").json()["lastname"] == "Gee"
    assert sales.delete(reference).status_code == 204
    assert sales.get(f"accounts({one})/primarycontactid").status_code == 204
    assert code(sales.put(reference, json={"@odata.id": f"accounts({one})"})) == (400, "0x80090800")
    assert code(sales.put(reference, json={})) == (400, "0x80090800")
    assert code(sales.put(reference, json={"@odata.id": f"contacts({guid(9)})"})) == (404, "0x80040217")


def test_references_of_a_list_are_added_and_taken_away(sales: Dataverse) -> None:
    one, person = sales.create("accounts", name="A"), sales.create("contacts", lastname="Gee")
    assert sales.post(f"accounts({one})/{PEOPLE}/$ref", json={"@odata.id": f"contacts({person})"}).status_code == 204
    assert sales.row("contacts", person)["_parentcustomerid_value"] == one
    other = sales.create("accounts", name="B")
    assert code(sales.delete(f"accounts({other})/{PEOPLE}({person})/$ref")) == (404, "0x80040217")
    assert sales.delete(f"accounts({one})/{PEOPLE}({person})/$ref").status_code == 204
    assert sales.row("contacts", person)["_parentcustomerid_value"] is None
    assert sales.patch(f"accounts({one})/{PEOPLE}", json={}).status_code == 405
    assert code(sales.get(f"accounts({one})/nothing")) == (404, "0x8006088a")


def test_a_polymorphic_lookup_is_followed_by_the_property_that_it_points_through(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A")
    person = sales.create("contacts", lastname="Gee", **{"parentcustomerid_account@odata.bind": f"accounts({one})"})
    expand = "$expand=parentcustomerid_account($select=name),parentcustomerid_contact($select=lastname)"
    row = sales.get(f"contacts({person})?$select=lastname&{expand}").json()
    assert row["parentcustomerid_account"]["name"] == "A"
    assert row["parentcustomerid_contact"] is None
    assert sales.get(f"contacts({person})/parentcustomerid_contact").status_code == 204


def test_an_expanded_list_has_options_of_its_own(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A", **{PEOPLE: [{"lastname": name, "fax": "1"} for name in ("b", "a", "c")]})
    inner = "$select=lastname;$filter=lastname ne 'a';$orderby=lastname desc"
    nested = "$expand=parentcustomerid_account($select=name)"
    page = sales.get("accounts", params={"$select": "name", "$expand": f"{PEOPLE}({inner};{nested})"}).json()
    [row] = page["value"]
    assert [person["lastname"] for person in row[PEOPLE]] == ["c", "b"]
    assert {person["parentcustomerid_account"]["accountid"] for person in row[PEOPLE]} == {one}
    assert page["@odata.context"].endswith(f"#accounts(name,{PEOPLE}(lastname,parentcustomerid_account(name)))")
    top = sales.get(f"accounts({one})?$expand={PEOPLE}($top=1;$select=lastname)").json()
    assert len(top[PEOPLE]) == 1
    assert set(top[PEOPLE][0]) == {"@odata.etag", "contactid", "lastname"}


@pytest.mark.parametrize(
    "expand",
    [
        "PrimaryContactId", "name", "primarycontactid($filter=lastname eq 'x')", "primarycontactid($select=Name)",
        "primarycontactid($select=lastname", "primarycontactid($skip=1)", f"{PEOPLE}($filter=lastname eq)", ")",
        "primarycontactid($expand=" * 12 + ")" * 12, ",".join(["primarycontactid"] * 16),
    ],
)  # fmt: skip
def test_an_expand_that_cannot_be_is_refused(sales: Dataverse, expand: str) -> None:
    assert code(sales.get("accounts", params={"$expand": expand}))[0] == 400


def test_a_row_with_expanded_rows_is_never_told_to_be_unchanged(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A", primarycontactid={"lastname": "Gee"})
    same = {"If-None-Match": sales.row("accounts", one)["@odata.etag"]}
    assert sales.get(f"accounts({one})", headers=same).status_code == 304
    assert sales.get(f"accounts({one})?$expand=primarycontactid", headers=same).status_code == 200
    annotated = {**same, "Prefer": 'odata.include-annotations="*"'}
    assert sales.get(f"accounts({one})", headers=annotated).status_code == 200


def test_rows_are_ordered_by_the_name_behind_a_lookup(sales: Dataverse) -> None:
    for name, boss, boss_id in (("A", "Cee", 1), ("B", "Aye", 3), ("C", None, 0), ("D", "bee", 2)):
        nested = {"primarycontactid": {"lastname": boss, "contactid": guid(boss_id)}} if boss else {}
        sales.create("accounts", name=name, **nested)
    pages = sales.pages("accounts?$select=name&$orderby=_primarycontactid_value desc", "odata.maxpagesize=1")
    assert [row["name"] for page in pages for row in page["value"]] == ["A", "D", "B", "C"]


def test_pages_of_related_rows_go_on_at_their_address(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A", **{PEOPLE: [{"lastname": f"P{number}"} for number in range(5)]})
    sales.create("contacts", lastname="other")
    pages = sales.pages(f"accounts({one})/{PEOPLE}?$select=lastname", "odata.maxpagesize=2")
    assert [len(page["value"]) for page in pages] == [2, 2, 1]
    assert f"accounts({one})/{PEOPLE}?" in pages[0]["@odata.nextLink"]


def test_related_rows_need_the_privilege_on_their_table(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A", primarycontactid={"lastname": "Gee"})
    sales.switch(no_read=["contacts"])
    for url in (f"accounts({one})?$expand=primarycontactid", f"accounts({one})/primarycontactid",
                f"accounts({one})/{PEOPLE}"):  # fmt: skip
        assert code(sales.get(url)) == (403, "0x80040220")
    sales.switch(no_read=[], no_create=["contacts"])
    payload: dict[str, Any] = {"name": "B", "primarycontactid": {"lastname": "x"}}
    assert code(sales.post("accounts", json=payload)) == (403, "0x80040220")
    assert names(sales, "accounts") == ["A"]
