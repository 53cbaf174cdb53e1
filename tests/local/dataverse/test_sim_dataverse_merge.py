"""Merge: one account or contact takes over what belongs to another one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.local.dataverse.dataverse_simulated import ACCOUNT_TYPE, Dataverse, code, guid, simulated
from tests.local.dataverse.selling import Shop, bind

CONTACT_TYPE = "Microsoft.Dynamics.CRM.contact"
DENIED = (403, "0x80045301")


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    with simulated() as session:
        yield Shop(session)


@pytest.fixture
def shop(running: Shop) -> Iterator[Shop]:
    yield running
    running.sales.switch(no_merge=False, no_write=[], no_append_to=[])


@pytest.fixture
def sales(shop: Shop) -> Dataverse:
    return shop.sales


def merge(sales: Dataverse, kept: str, merged: str, *, checks: Any = False, table: str = "account", **content: Any
    ) -> requests.Response:  # fmt: skip
    kind = {"@odata.type": f"Microsoft.Dynamics.CRM.{table}"}
    body = {
        "Target": {f"{table}id": kept, **kind},
        "Subordinate": {f"{table}id": merged, **kind},
        "PerformParentingChecks": checks,
    }
    return sales.post("Merge", json={**body, **({"UpdateContent": {**content, **kind}} if content else {})})


def test_what_belonged_to_the_other_account_belongs_to_the_one_that_stays(shop: Shop) -> None:
    sales = shop.sales
    kept, merged, third = (sales.create("accounts", name=name) for name in ("Kept", "Merged", "Third"))
    contact = sales.create("contacts", lastname="Doe", **bind(parentcustomerid_account=("accounts", merged)))
    other = sales.create("contacts", lastname="Other", **bind(parentcustomerid_account=("accounts", third)))
    child = sales.create("accounts", name="Child", **bind(parentaccountid=("accounts", merged)))
    closed = shop.active_quote(**bind(customerid_account=("accounts", merged)))
    assert shop.end("CloseQuote", closed).status_code == 204
    order = shop.order(**bind(customerid_account=("accounts", merged)))
    before = {set: sales.row(set, id) for set, id in (("contacts", contact), ("contacts", other), ("quotes", closed))}
    others = sales.row("contacts", other)

    answer = merge(sales, kept, merged)

    assert (answer.status_code, answer.text) == (204, "")
    gone = sales.row("accounts", merged)
    assert (gone["statecode"], gone["statuscode"], gone["merged"], gone["_masterid_value"]) == (1, 2, True, kept)
    assert sales.row("accounts", kept)["merged"] is False
    moved = sales.row("contacts", contact)
    assert (moved["_parentcustomerid_value"], moved["_accountid_value"]) == (kept, kept)
    assert sales.row("accounts", child)["_parentaccountid_value"] == kept
    for set, id in (("quotes", closed), ("salesorders", order)):
        row = sales.row(set, id)
        assert (row["_customerid_value"], row["_accountid_value"]) == (kept, kept)
    assert sales.row("quotes", closed)["statecode"] == before["quotes"]["statecode"]
    assert sales.row("contacts", other) == others, "what belongs to others is left alone"


def test_a_merge_is_seen_by_change_tracking_with_all_that_moved(sales: Dataverse) -> None:
    kept, merged = (sales.create("accounts", name=name) for name in ("Kept", "Merged"))
    contact = sales.create("contacts", lastname="Doe", **bind(parentcustomerid_account=("accounts", merged)))
    track = {"Prefer": "odata.track-changes"}
    links = {set: sales.get(set, headers=track).json()["@odata.deltaLink"] for set in ("accounts", "contacts")}

    assert merge(sales, kept, merged).status_code == 204

    changed = {set: {row[f"{set[:-1]}id"]: row for row in sales.get(links[set]).json()["value"]} for set in links}
    assert changed["accounts"][merged]["_masterid_value"] == kept
    assert changed["contacts"][contact]["_parentcustomerid_value"] == kept


def test_the_content_is_set_on_the_one_that_stays_and_nothing_else_is_copied(sales: Dataverse) -> None:
    kept = sales.create("accounts", name="Kept", telephone1="1")
    merged = sales.create("accounts", name="Merged", telephone1="2", accountnumber="M-1")

    assert merge(sales, kept, merged, telephone1="2").status_code == 204

    row = sales.row("accounts", kept)
    assert (row["name"], row["telephone1"], row["accountnumber"]) == ("Kept", "2", None)
    assert sales.row("accounts", merged)["accountnumber"] == "M-1"


def test_contacts_are_merged_too(shop: Shop) -> None:
    sales = shop.sales
    kept, merged = (sales.create("contacts", lastname=name) for name in ("Kept", "Merged"))
    account = sales.create("accounts", name="Contoso", **bind(primarycontactid=("contacts", merged)))
    quote = shop.active_quote(customerid_account=None, **bind(customerid_contact=("contacts", merged)))

    assert merge(sales, kept, merged, table="contact").status_code == 204

    gone = sales.row("contacts", merged)
    assert (gone["statecode"], gone["statuscode"], gone["merged"], gone["_masterid_value"]) == (1, 2, True, kept)
    assert sales.row("accounts", account)["_primarycontactid_value"] == kept
    row = sales.row("quotes", quote)
    assert (row["_customerid_value"], row["_contactid_value"], row["_accountid_value"]) == (kept, kept, None)


def test_parents_that_differ_are_refused_only_if_they_are_to_be_compared(sales: Dataverse) -> None:
    first, second = (sales.create("accounts", name=name) for name in ("First", "Second"))
    above_first, above_second = (bind(parentaccountid=("accounts", id)) for id in (first, second))
    orphan, other, third = (
        sales.create("accounts", name=name, **above)
        for name, above in (("Orphan", {}), ("Other", above_first), ("Third", above_second))
    )
    assert code(merge(sales, orphan, other, checks=True)) == (400, "0x80045317")
    assert code(merge(sales, third, other, checks=True)) == (400, "0x80045316")
    assert merge(sales, third, other).status_code == 204
    assert merge(sales, third, orphan, checks=True).status_code == 204


def test_what_cannot_be_merged_is_refused_and_nothing_is_written(shop: Shop) -> None:
    sales = shop.sales
    kept, merged = (sales.create("accounts", name=name) for name in ("Kept", "Merged"))
    inactive = sales.create("accounts", name="Inactive")
    assert sales.patch(f"accounts({inactive})", json={"statecode": 1}).status_code == 204
    below = sales.create("accounts", name="Below", **bind(parentaccountid=("accounts", merged)))
    lower = sales.create("accounts", name="Lower", **bind(parentaccountid=("accounts", below)))
    customer = sales.create("accounts", name="Customer")
    shop.active_quote(**bind(customerid_account=("accounts", customer)))

    def refused() -> None:
        assert code(merge(sales, kept, kept)) == (400, "0x80045305")
        assert code(merge(sales, kept, inactive)) == (400, "0x80045304")
        assert code(merge(sales, inactive, merged)) == (400, "0x80045304")
        assert code(merge(sales, lower, merged)) == (400, "0x80045300")
        assert code(merge(sales, kept, customer)) == (400, "0x80045302")
        assert code(merge(sales, kept, guid(999))) == (404, "0x80040217")
        assert code(merge(sales, kept, merged, telephone1="0" * 51)) == (400, "0x80044331")

    before = sales.get("/admin/rows/accounts").json()
    refused()
    assert sales.get("/admin/rows/accounts").json() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"Target": None},
        {"Target": {"accountid": guid(1)}},
        {"Subordinate": {"@odata.type": ACCOUNT_TYPE}},
        {"Subordinate": {"@odata.type": ACCOUNT_TYPE, "accountid": "x"}},
        {"Subordinate": {"@odata.type": CONTACT_TYPE, "contactid": guid(2)}},
        {"UpdateContent": {"name": "Untyped"}},
        {"PerformParentingChecks": None},
    ],
)
def test_parameters_that_are_missing_or_of_another_kind_are_refused(sales: Dataverse, wrong: dict[str, Any]) -> None:
    row = {"@odata.type": ACCOUNT_TYPE}
    body = {"Target": {**row, "accountid": guid(1)}, "Subordinate": {**row, "accountid": guid(2)}}
    assert code(sales.post("Merge", json={**body, "PerformParentingChecks": False, **wrong})) == (400, "0x80048d19")


def test_other_tables_cannot_be_merged(shop: Shop) -> None:
    answer = merge(shop.sales, shop.quote(), shop.quote(), table="quote")
    assert answer.status_code == 400
    assert "quote is not supported with merge operation" in answer.json()["error"]["message"]


@pytest.mark.parametrize("lacking", [{"no_merge": True}, {"no_write": ["accounts"]}, {"no_append_to": ["accounts"]}])
def test_a_merge_takes_the_privilege_to_merge_and_those_on_the_table(sales: Dataverse, lacking: dict[str, Any]) -> None:
    kept, merged = (sales.create("accounts", name=name) for name in ("Kept", "Merged"))
    sales.switch(**lacking)
    assert code(merge(sales, kept, merged)) == DENIED
    assert sales.row("accounts", merged)["statecode"] == 0


def test_the_action_takes_posts_alone(sales: Dataverse) -> None:
    assert sales.get("Merge").status_code == 404
