"""Microsoft's own asynchronous client, over http."""

from __future__ import annotations

from typing import Any

import pytest
from PowerPlatform.Dataverse.core.errors import HttpError

from tests.judges.judges_world import KEY, MicrosoftAsync
from tests.local.dataverse.dataverse_simulated import guid


def stored(world: MicrosoftAsync, entity_set: str) -> list[dict[str, Any]]:
    """The rows of a set as they are stored."""
    rows: list[dict[str, Any]] = world.plain.get(f"/admin/rows/{entity_set}").json()
    return rows


def test_a_row_is_created_read_updated_and_deleted(microsoft_async: MicrosoftAsync) -> None:
    async def story(client: Any) -> None:
        account = await client.records.create("account", {"name": "Contoso"})
        await client.records.update("account", account, {"telephone1": "2"})
        read = await client.records.retrieve("account", account, select=["name", "telephone1"])
        assert (read["name"], read["telephone1"]) == ("Contoso", "2")
        assert microsoft_async.plain.row("accounts", account)["telephone1"] == "2"
        await client.records.delete("account", account)
        assert await client.records.retrieve("account", account) is None

    microsoft_async.run(story)
    assert stored(microsoft_async, "accounts") == []


def test_rows_are_written_in_bulk_and_read_by_pages(microsoft_async: MicrosoftAsync) -> None:
    async def story(client: Any) -> tuple[list[str], list[list[str]]]:
        rows = [{"accountid": guid(20 - place), "name": f"A{place}"} for place in range(7)]
        ids = await client.records.create("account", rows)
        assert ids == [row["accountid"] for row in rows]
        await client.records.update("account", ids, [{"name": f"B{place}"} for place in range(7)])
        pages = client.records.list_pages("account", select=["name"], orderby=["name"], page_size=3)
        return ids, [[row["name"] for row in page] async for page in pages]

    ids, pages = microsoft_async.run(story)
    assert pages == [["B0", "B1", "B2"], ["B3", "B4", "B5"], ["B6"]]
    assert {row["accountid"]: row["name"] for row in stored(microsoft_async, "accounts")} == {
        one: f"B{place}" for place, one in enumerate(ids)
    }


def test_rows_are_upserted_one_and_many(microsoft_async: MicrosoftAsync) -> None:
    def numbered(number: str, name: str) -> dict[str, Any]:
        return {"alternate_key": {KEY: number}, "record": {"name": name}}

    async def story(client: Any) -> None:
        await client.records.upsert("account", [numbered("C1", "Old")])
        await client.records.upsert("account", [numbered("C1", "New")])
        await client.records.upsert("account", [numbered("C1", "Newest"), numbered("C2", "Doe")])

    microsoft_async.run(story)
    found = [(row[KEY], row["name"]) for row in stored(microsoft_async, "accounts")]
    assert sorted(found) == [("C1", "Newest"), ("C2", "Doe")]


def test_a_batch_with_a_change_set_that_fails(microsoft_async: MicrosoftAsync) -> None:
    async def story(client: Any) -> Any:
        batch = client.batch.new()
        async with batch.changeset() as good:
            account = good.records.create("account", {"name": "Good"})
            good.records.update("account", account, {"telephone1": "5"})
        async with batch.changeset() as bad:
            bad.records.create("account", {"name": "Undone"})
            bad.records.update("account", guid(9), {"name": "Ghost"})
        return await batch.execute(continue_on_error=True)

    made, changed, failed = microsoft_async.run(story).responses
    assert (made.status_code, changed.status_code, failed.status_code) == (204, 204, 404)
    assert failed.error_code == "0x80040217"
    assert [(row["accountid"], row["telephone1"]) for row in stored(microsoft_async, "accounts")] == [
        (made.entity_id, "5")
    ]


def test_what_is_refused_is_told(microsoft_async: MicrosoftAsync) -> None:
    async def refused(call: Any) -> tuple[int, str]:
        with pytest.raises(HttpError) as problem:
            await call
        return problem.value.status_code, problem.value.details["service_error_code"]

    async def story(client: Any) -> None:
        records = client.records
        assert await refused(records.update("account", guid(7), {"name": "Ghost"})) == (404, "0x80040217")
        assert await refused(records.create("account", {"name": "x" * 161})) == (400, "0x80044331")
        await records.create("account", {"accountid": guid(5), "name": "First"})
        again = records.create("account", {"accountid": guid(5), "name": "Second"})
        assert await refused(again) == (412, "0x80040237")

    microsoft_async.run(story)
    assert [row["name"] for row in stored(microsoft_async, "accounts")] == ["First"]


def test_a_throttled_client_is_told_how_long_to_wait(microsoft_async: MicrosoftAsync) -> None:
    async def story(client: Any) -> None:
        await client.records.list("account")
        microsoft_async.plain.fault(match={"path": "accounts"}, times=1, action={"status": 429, "retry_after": 9})
        with pytest.raises(HttpError) as problem:
            await client.records.list("account")
        assert (problem.value.status_code, problem.value.details["retry_after"]) == (429, 9)

    microsoft_async.run(story)
