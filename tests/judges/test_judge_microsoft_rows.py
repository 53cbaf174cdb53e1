"""Microsoft's own client, over TLS, on rows: what it writes is there, what is refused comes back as its error."""

from __future__ import annotations

from typing import Any

import pytest
from PowerPlatform.Dataverse.core.errors import HttpError, MetadataError

from tests.judges.judges_world import Microsoft
from tests.local.dataverse.dataverse_simulated import guid


def refused(call: Any, *given: Any, **named: Any) -> tuple[int, str]:
    """Status and code of the error that this call ends in."""
    with pytest.raises(HttpError) as problem:
        call(*given, **named)
    return problem.value.status_code, problem.value.details["service_error_code"]


def stored(world: Microsoft, entity_set: str) -> list[dict[str, Any]]:
    """The rows of a set as they are stored."""
    rows: list[dict[str, Any]] = world.plain.get(f"/admin/rows/{entity_set}").json()
    return rows


def test_a_row_is_created_read_updated_and_deleted(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    account = records.create("account", {"name": "Contoso", "telephone1": "1", "numberofemployees": 7})
    read = records.retrieve("account", account, select=["name", "numberofemployees"])
    assert (read["name"], read["numberofemployees"], read["accountid"]) == ("Contoso", 7, account)
    assert read.etag
    assert "telephone1" not in read
    records.update("account", account, {"telephone1": "2"})
    row = microsoft.plain.row("accounts", account)
    assert (row["name"], row["telephone1"]) == ("Contoso", "2")
    assert row["@odata.etag"] != read.etag
    records.delete("account", account)
    assert records.retrieve("account", account) is None
    assert stored(microsoft, "accounts") == []


def test_a_choice_is_known_by_its_label(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    account = records.create("account", {"name": "Contoso", "customertypecode": "Customer"})
    assert microsoft.plain.row("accounts", account)["customertypecode"] == 3
    read = records.retrieve("account", account, select=["customertypecode"], include_annotations="*")
    assert read["customertypecode@OData.Community.Display.V1.FormattedValue"] == "Customer"


def test_a_lookup_is_bound_and_expanded(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    account = records.create("account", {"name": "Contoso"})
    contact = records.create(
        "contact", {"lastname": "Doe", "parentcustomerid_account@odata.bind": f"/accounts({account})"}
    )
    assert microsoft.plain.row("contacts", contact)["_parentcustomerid_value"] == account
    read = records.retrieve("contact", contact, select=["lastname"], expand=["parentcustomerid_account"])
    assert read["parentcustomerid_account"]["name"] == "Contoso"


def test_an_update_never_creates(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    assert refused(records.update, "account", guid(7), {"name": "Ghost"}) == (404, "0x80040217")
    assert refused(records.delete, "account", guid(7)) == (404, "0x80040217")
    assert stored(microsoft, "accounts") == []


def test_what_is_wrong_with_a_row_is_told_by_code(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    assert refused(records.create, "account", {"name": "x" * 161}) == (400, "0x80044331")
    assert refused(records.create, "account", {"name": "x", "customertypecode": 999}) == (400, "0x8004431A")
    assert refused(records.create, "account", {"name": "x", "nosuchcolumn": 1}) == (400, "0x0")
    assert refused(records.list, "account", filter="Name eq 'x'") == (400, "0x0")
    bare = {"lastname": "Doe", "parentcustomerid@odata.bind": f"/accounts({guid(1)})"}
    assert refused(records.create, "contact", bare) == (400, "0x80048d19")
    assert stored(microsoft, "accounts") == stored(microsoft, "contacts") == []


def test_an_id_is_given_once(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    assert records.create("account", {"accountid": guid(5), "name": "First"}) == guid(5)
    assert refused(records.create, "account", {"accountid": guid(5), "name": "Second"}) == (412, "0x80040237")
    assert [row["name"] for row in stored(microsoft, "accounts")] == ["First"]


def test_a_table_that_is_not_there_is_not_found(microsoft: Microsoft) -> None:
    with pytest.raises(MetadataError, match="Unable to resolve entity set"):
        microsoft.client.records.create("nosuchtable", {"name": "x"})


def test_a_throttled_client_is_told_how_long_to_wait(microsoft: Microsoft) -> None:
    microsoft.client.records.create("account", {"name": "Contoso"})
    microsoft.plain.fault(match={"path": "accounts"}, times=1, action={"status": 429, "retry_after": 17})
    with pytest.raises(HttpError) as problem:
        microsoft.client.records.list("account")
    assert problem.value.status_code == 429
    assert problem.value.is_transient
    assert problem.value.details["retry_after"] == 17
    assert problem.value.details["service_error_code"].startswith("0x8007232")
    assert len(microsoft.client.records.list("account").records) == 1


def test_no_token_no_answer(microsoft: Microsoft) -> None:
    microsoft.client.auth.credential.token = ""
    with pytest.raises(HttpError) as problem:
        microsoft.client.records.list("account")
    assert problem.value.status_code == 401


def test_rows_are_filtered_ordered_and_limited(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    records.create("account", [{"name": f"A{place}", "numberofemployees": place} for place in range(9)])
    few = records.list(
        "account", filter="numberofemployees ge 3 and contains(name,'A')", orderby=["name desc"], top=4, select=["name"]
    )
    assert [row["name"] for row in few] == ["A8", "A7", "A6", "A5"]
    assert [row["name"] for row in records.list("account", filter="startswith(name,'A1')")] == ["A1"]


def test_every_page_is_read_once(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    ids = records.create("account", [{"name": f"A{place}"} for place in range(7)])
    pages = list(records.list_pages("account", select=["name"], page_size=3))
    assert [len(page.records) for page in pages] == [3, 3, 1]
    assert sorted(row["accountid"] for page in pages for row in page) == sorted(ids)
