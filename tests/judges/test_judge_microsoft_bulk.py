"""Microsoft's own client, over TLS: bulk messages, upserts by alternate key, batches and SQL."""

from __future__ import annotations

from typing import Any

import pytest
from PowerPlatform.Dataverse.core.errors import HttpError

from tests.judges.judges_world import KEY, Microsoft
from tests.judges.test_judge_microsoft_rows import refused, stored
from tests.local.dataverse.dataverse_simulated import guid


def numbered(number: str, **values: Any) -> dict[str, Any]:
    """An account to be written by its number, as the client wants it."""
    return {"alternate_key": {KEY: number}, "record": {"name": "Doe", **values}}


def names(world: Microsoft) -> dict[str | None, str]:
    """The name of each account by number."""
    return {row[KEY]: row["name"] for row in stored(world, "accounts")}


def test_rows_are_created_in_bulk_and_answered_in_order(microsoft: Microsoft) -> None:
    rows = [{"accountid": guid(100 - place), "name": f"A{place}"} for place in range(20)]
    ids = microsoft.client.records.create("account", rows)
    assert ids == [row["accountid"] for row in rows]
    assert {row["accountid"]: row["name"] for row in stored(microsoft, "accounts")} == {
        row["accountid"]: row["name"] for row in rows
    }


def test_rows_are_updated_in_bulk_each_and_all(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    ids = records.create("account", [{"name": "A"}, {"name": "B"}])
    records.update("account", ids, [{"name": "A2"}, {"name": "B2"}])
    records.update("account", ids, {"telephone1": "5"})
    assert {(row["name"], row["telephone1"]) for row in stored(microsoft, "accounts")} == {("A2", "5"), ("B2", "5")}


def test_one_bad_row_undoes_a_bulk_call(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    kept = records.create("account", {"name": "Kept"})
    assert refused(records.create, "account", [{"name": "Good"}, {"name": "x" * 161}]) == (400, "0x80044331")
    with pytest.raises(HttpError, match="Do Not Exist"):
        records.update("account", [kept, guid(9)], {"name": "Changed"})
    assert [row["name"] for row in stored(microsoft, "accounts")] == ["Kept"]


def test_rows_are_deleted_in_bulk_by_a_job(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    ids = records.create("account", [{"name": f"A{place}"} for place in range(3)])
    job = records.delete("account", ids[:2])
    assert job
    assert [row["accountid"] for row in stored(microsoft, "accounts")] == [ids[2]]


def test_one_row_is_upserted_by_its_key(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    for name in ("First", "Second"):
        records.upsert("account", [numbered("C1", name=name)])
        assert names(microsoft) == {"C1": name}


def test_a_key_with_quotes_and_spaces_finds_its_row(microsoft: Microsoft) -> None:
    for name in ("First", "Second"):
        microsoft.client.records.upsert("account", [numbered("O'B ä 1", name=name)])
    assert names(microsoft) == {"O'B ä 1": "Second"}


def test_many_rows_are_upserted_by_their_keys(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    records.upsert("account", [numbered("C1")])
    records.upsert("account", [numbered("C1", name="New"), numbered("C2"), numbered("C3")])
    assert names(microsoft) == {"C1": "New", "C2": "Doe", "C3": "Doe"}
    assert len(stored(microsoft, "accounts")) == 3


def test_the_same_key_twice_fails_the_whole_upsert(microsoft: Microsoft) -> None:
    with pytest.raises(HttpError):
        microsoft.client.records.upsert("account", [numbered("C1"), numbered("C2"), numbered("C1")])
    assert names(microsoft) == {}


def test_a_key_repeated_in_the_row_fails_a_bulk_create_and_not_a_bulk_update(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    repeated = [numbered(number, **{KEY: number}) for number in ("C1", "C2")]
    assert refused(records.upsert, "account", repeated) == (400, "0x80040216")
    assert names(microsoft) == {}
    records.upsert("account", [numbered("C1"), numbered("C2")])
    records.upsert("account", repeated)
    assert len(stored(microsoft, "accounts")) == 2


@pytest.mark.parametrize("character", "/<>*%&:\\?+")
def test_a_key_with_a_forbidden_character_is_refused(microsoft: Microsoft, character: str) -> None:
    with pytest.raises(HttpError) as problem:
        microsoft.client.records.upsert("account", [numbered("C1"), numbered(f"C{character}2")])
    assert 400 <= problem.value.status_code < 500
    assert names(microsoft) == {}


def test_a_key_that_is_not_declared_is_refused(microsoft: Microsoft) -> None:
    item = {"alternate_key": {"telephone1": "x"}, "record": {"name": "Doe"}}
    with pytest.raises(HttpError, match="The key in the request URI is not valid"):
        microsoft.client.records.upsert("account", [item])
    assert stored(microsoft, "accounts") == []


def test_a_key_is_given_to_one_row(microsoft: Microsoft) -> None:
    records = microsoft.client.records
    records.upsert("account", [numbered("C1")])
    status, code = refused(records.create, "account", {"name": "Other", KEY: "C1"})
    assert (status in (400, 412), code) == (True, "0x80060892")
    assert names(microsoft) == {"C1": "Doe"}


def test_a_batch_runs_in_order(microsoft: Microsoft) -> None:
    account = microsoft.client.records.create("account", {"name": "Old"})
    batch = microsoft.client.batch.new()
    batch.records.create("account", {"name": "New"})
    batch.records.update("account", account, {"name": "Newer"})
    batch.records.retrieve("account", account, select=["name"])
    batch.records.list("account", filter="name eq 'New'", select=["name"])
    batch.records.delete("account", account)
    made, changed, read, found, gone = batch.execute().responses
    assert [made.status_code, changed.status_code, read.status_code, gone.status_code] == [204, 204, 200, 204]
    assert read.data["name"] == "Newer"
    assert [row["accountid"] for row in found.data["value"]] == [made.entity_id]
    assert [row["accountid"] for row in stored(microsoft, "accounts")] == [made.entity_id]


def test_a_batch_carries_bulk_messages_and_upserts(microsoft: Microsoft) -> None:
    batch = microsoft.client.batch.new()
    batch.records.create("account", [{"name": "A"}, {"name": "B"}])
    batch.records.upsert("account", [numbered("C1")])
    batch.records.upsert("account", [numbered("C2"), numbered("C3")])
    result = batch.execute()
    assert not result.has_errors
    rows = {row["name"]: row["accountid"] for row in stored(microsoft, "accounts") if row[KEY] is None}
    assert result.responses[0].data["Ids"] == [rows["A"], rows["B"]]
    assert set(names(microsoft)) == {None, "C1", "C2", "C3"}


def test_a_change_set_refers_to_what_it_made(microsoft: Microsoft) -> None:
    batch = microsoft.client.batch.new()
    with batch.changeset() as changes:
        account = changes.records.create("account", {"name": "Contoso"})
        changes.records.update("account", account, {"telephone1": "5"})
        changes.records.create("contact", {"lastname": "Doe", "parentcustomerid_account@odata.bind": account})
    result = batch.execute()
    assert [one.status_code for one in result.responses] == [204, 204, 204]
    assert [one.content_id for one in result.responses] == ["1", "2", "3"]
    (row,) = stored(microsoft, "accounts")
    assert (row["accountid"], row["telephone1"]) == (result.responses[0].entity_id, "5")
    assert [one["_parentcustomerid_value"] for one in stored(microsoft, "contacts")] == [row["accountid"]]


@pytest.mark.parametrize("form", ["plain", "wrapped"])
def test_a_failed_change_set_leaves_nothing(microsoft: Microsoft, form: str) -> None:
    microsoft.plain.switch(change_set_error=form)
    batch = microsoft.client.batch.new()
    with batch.changeset() as changes:
        changes.records.create("account", {"name": "Good"})
        changes.records.create("account", {"name": "x" * 161})
    batch.records.create("account", {"name": "After"})
    result = batch.execute(continue_on_error=True)
    assert [row["name"] for row in stored(microsoft, "accounts")] == ["After"]
    assert [one.status_code for one in result.responses] == [400, 204]
    assert result.failed[0].error_code == "0x80044331"


def test_a_batch_stops_at_its_first_failure_unless_asked(microsoft: Microsoft) -> None:
    for goes_on, statuses in ((False, [204, 400]), (True, [204, 400, 204])):
        batch = microsoft.client.batch.new()
        for name in ("Before", "x" * 161, "After"):
            batch.records.create("account", {"name": name})
        result = batch.execute(continue_on_error=goes_on)
        assert [one.status_code for one in result.responses] == statuses
        assert result.failed[0].error_code == "0x80044331"
    assert sorted(row["name"] for row in stored(microsoft, "accounts")) == ["After", "Before", "Before"]


def test_a_refused_batch_is_told_at_once(microsoft: Microsoft) -> None:
    batch = microsoft.client.batch.new()
    batch.records.create("account", {"name": "x"})
    microsoft.plain.fault(match={"path": "$batch"}, times=1, action={"status": 429, "retry_after": 3})
    with pytest.raises(HttpError) as problem:
        batch.execute()
    assert (problem.value.status_code, problem.value.details["retry_after"]) == (429, 3)
    assert stored(microsoft, "accounts") == []


def test_rows_are_read_by_sql(microsoft: Microsoft) -> None:
    microsoft.client.records.create("account", [{"name": "A"}, {"name": "B"}])
    found = microsoft.client.query.sql("SELECT name FROM account WHERE name = 'B'")
    assert [row["name"] for row in found] == ["B"]
