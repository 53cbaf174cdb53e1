"""dataverse-api, a client of the community: batches with LF lines, CreateMultiple in chunks, keys of its own making."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import requests
from dataverse_api.errors import DataverseAPIError

from tests.judges.judges_world import KEY, Community
from tests.local.dataverse.dataverse_simulated import guid


def stored(world: Community, entity_set: str) -> list[dict[str, Any]]:
    """The rows of a set as they are stored."""
    rows: list[dict[str, Any]] = world.plain.get(f"/admin/rows/{entity_set}").json()
    return rows


def numbered(*numbers: str, name: str = "Doe") -> list[dict[str, Any]]:
    """Accounts with these numbers."""
    return [{KEY: number, "name": name} for number in numbers]


def names(world: Community) -> dict[str, str]:
    """The name of each account by number."""
    return {row[KEY]: row["name"] for row in stored(world, "accounts")}


def test_what_a_table_can_do_is_read_from_its_metadata(community: Community) -> None:
    account, unit = community.client.entity("account"), community.client.entity("uom")
    assert (account.entity_set_name, account.primary_id_attr) == ("accounts", "accountid")
    assert (account.supports_create_multiple, account.supports_update_multiple) == (True, True)
    assert (unit.supports_create_multiple, unit.supports_update_multiple) == (False, False)
    assert "primarycontactid" in account.relationships.single_valued
    assert "contact_customer_accounts" in account.relationships.collection_valued
    assert (account.alternate_keys, unit.alternate_keys) == ({"number": [KEY]}, {})


def test_rows_are_created_one_by_one(community: Community) -> None:
    answers = community.client.entity("account").create([{"name": "A"}, {"name": "B"}], return_created=True)
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json()["name"] for answer in answers] == ["A", "B"]
    assert {answer.json()["accountid"] for answer in answers} == {
        row["accountid"] for row in stored(community, "accounts")
    }


def test_rows_are_created_in_chunks_and_read_by_pages(community: Community) -> None:
    account = community.client.entity("account")
    rows = [{"accountid": guid(2000 - place), "name": f"A{place:04}"} for place in range(1_001)]
    answers = account.create(rows, mode="multiple")
    assert [len(answer.json()["Ids"]) for answer in answers] == [500, 500, 1]
    assert [one for answer in answers for one in answer.json()["Ids"]] == [row["accountid"] for row in rows]
    pages = account.read(select=["name"], page_size=400, return_responses=True)
    assert [len(page.json()["value"]) for page in pages] == [400, 400, 201]
    read = sorted(row["name"] for page in pages for row in page.json()["value"])
    assert read == [row["name"] for row in rows]


def test_a_bad_row_undoes_its_chunk_only(community: Community) -> None:
    rows = [{"name": "A"}, {"name": "B"}, {"name": "C"}, {"name": "x" * 161}, {"name": "E"}]
    answers = community.client.entity("account").create(rows, mode="multiple", batch_size=2)
    assert [answer.status_code for answer in answers] == [200, 400, 200]
    assert answers[1].json()["error"]["code"] == "0x80044331"
    assert sorted(row["name"] for row in stored(community, "accounts")) == ["A", "B", "E"]


def test_a_batch_with_line_feeds_ends_in_two_of_them(community: Community) -> None:
    (answer,) = community.client.entity("account").create([{"name": "A"}, {"name": "B"}], mode="batch")
    assert answer.status_code == 200
    assert answer.text.count("HTTP/1.1 204") == 2
    assert sorted(row["name"] for row in stored(community, "accounts")) == ["A", "B"]


def test_a_batch_with_line_feeds_alone_is_refused(community: Community) -> None:
    account, cut = community.client.entity("account"), _Cut()
    community.session.mount("http://", cut)
    with contextlib.suppress(requests.JSONDecodeError):  # the client wants errors in JSON, this one comes in a part
        account.create([{"name": "A"}], mode="batch")
    assert cut.answer.status_code == 400
    assert "0x80048d19" in cut.answer.text
    assert stored(community, "accounts") == []


class _Cut(requests.adapters.HTTPAdapter):
    """Takes the line feeds from the end of what is sent, and keeps the answer."""

    answer: requests.Response

    def send(self, request: requests.PreparedRequest, *given: Any, **named: Any) -> requests.Response:
        assert request.body is not None
        body = request.body if isinstance(request.body, bytes) else str(request.body).encode()
        request.prepare_body(body.rstrip(b"\n"), None)
        self.answer = super().send(request, *given, **named)
        return self.answer


def test_rows_are_upserted_by_id(community: Community) -> None:
    account = community.client.entity("account")
    for name in ("First", "Second"):
        (answer,) = account.upsert([{"accountid": guid(1), "name": name}])
        assert answer.status_code == 204
        assert [(row["accountid"], row["name"]) for row in stored(community, "accounts")] == [(guid(1), name)]


@pytest.mark.parametrize("mode", ["individual", "batch"])
def test_rows_are_upserted_by_their_key(community: Community, mode: str) -> None:
    account = community.client.entity("account")
    for name in ("First", "Second"):
        answers = account.upsert(numbered("C1", "C 2", name=name), altkey_name="number", mode=mode)
        assert {answer.status_code for answer in answers} == {204 if mode == "individual" else 200}
        assert names(community) == {"C1": name, "C 2": name}


def test_an_upsert_by_key_tells_no_id(community: Community) -> None:
    account = community.client.entity("account")
    for _ in ("created", "updated"):
        (answer,) = account.upsert(numbered("C1"), altkey_name="number")
        told = answer.headers["OData-EntityId"]
        assert told.endswith(f"/accounts({KEY}='C1')")
        assert stored(community, "accounts")[0]["accountid"] not in str(answer.headers)


def test_a_key_that_is_quoted_wrongly_is_refused(community: Community) -> None:
    account = community.client.entity("account")
    (answer,) = account.upsert(numbered("O'B"), altkey_name="number")
    assert answer.status_code == 400
    assert names(community) == {}


def test_columns_are_emptied_and_rows_deleted(community: Community) -> None:
    account = community.client.entity("account")
    account.create([{"accountid": guid(place), "name": f"A{place}", "telephone1": "5"} for place in (1, 2, 3)])
    cleared = account.delete_columns(["telephone1"], ids=[guid(1)])
    assert [answer.status_code for answer in cleared] == [204]
    assert {row["name"]: row["telephone1"] for row in stored(community, "accounts")} == {
        "A1": None, "A2": "5", "A3": "5",
    }  # fmt: skip
    gone = [*account.delete(ids=[guid(1), guid(9)]), *account.delete(mode="batch", filter="name eq 'A2'")]
    assert [answer.status_code for answer in gone] == [204, 404, 200]
    assert [row["name"] for row in stored(community, "accounts")] == ["A3"]


def test_formatted_values_and_expanded_rows_are_read(community: Community) -> None:
    account, contact = community.client.entity("account"), community.client.entity("contact")
    account.create([{"accountid": guid(1), "name": "Contoso", "customertypecode": 3}])
    contact.create([{"lastname": "Doe", "parentcustomerid_account@odata.bind": f"accounts({guid(1)})"}])
    (row,) = account.read(select=["name", "customertypecode"], return_formatted_values=True)
    assert row["customertypecode@OData.Community.Display.V1.FormattedValue"] == "Customer"
    (person,) = contact.read(select=["lastname"], expand="parentcustomerid_account($select=name)")
    assert person["parentcustomerid_account"]["name"] == "Contoso"


def test_a_read_that_is_refused_is_raised(community: Community) -> None:
    account = community.client.entity("account")
    for wrong in ({"select": ["Name"]}, {"filter": "name eq"}):
        with pytest.raises(DataverseAPIError) as problem:
            account.read(**wrong)
        assert problem.value.response.status_code == 400


def test_a_throttled_write_comes_back_as_its_answer(community: Community) -> None:
    account = community.client.entity("account")
    community.plain.fault(match={"path": "accounts"}, times=1, action={"status": 429, "retry_after": 4})
    (answer,) = account.create([{"name": "A"}])
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "4")
    assert stored(community, "accounts") == []
