"""docs/reference/tables.md tells every property of every row and message, and its examples are true."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sync.model import Change, ChangeBatch, Chunk, Issue, LineLink, Link, Pause, Run, Trouble, Waiter, Watermark
from sync.stores.keys import encode_id
from sync.stores.messages import dump, load
from sync.stores.queues import QueueOutbox
from sync.stores.tables import TableStorage
from sync.stores.tables.link_rows import line_to_put, link_to_put, tally_to_put
from tests.contracts.contract_builders import FLOW, tally
from tests.contracts.contract_stores import on_azurite

TEXT = (Path(__file__).resolve().parents[2] / "docs/reference/tables.md").read_text()
KEYS = {"PartitionKey", "RowKey"}


def named(properties: set[str]) -> set[str]:
    return {name for name in properties if f"`{name}`" in TEXT}


def test_every_property_of_links_lines_and_tallies_is_told() -> None:
    rows = link_to_put(Link("a")), line_to_put("a", LineLink(1, "b")), tally_to_put(tally())
    properties = {*(name for row in rows for name in row.values), "write", "format"}
    assert named(properties) == properties


@pytest.fixture
def properties(connection: str, prefix: str) -> Iterator[dict[str, set[str]]]:
    """What is really stored, by table, after something was put into each."""
    opened: list[TableStorage | QueueOutbox] = []
    stores = on_azurite(connection, prefix, opened)
    now = stores.clock.now()
    stores.watermarks.save(Watermark(FLOW, 1, "p", "d", "r", 1, (), now))
    stores.runs.save(Run(FLOW, "r", now, 1, "full", now))
    stores.issues.put([Issue(FLOW, 3, "id", Trouble("c", "c", "r", "n", "c", "k", True, {"a": "b"}), 1)])
    stores.waiting.put([Waiter(FLOW, 3, "id", "accounts:x", "code")])
    stores.gates.shut("sales", 1)
    stores.numbers.take("c", 1, first=1)
    stores.pauses.put(Pause(FLOW, now, "why", "who", now, 1))
    stores.pauses.count(FLOW, 1, {"c": 1}, within=timedelta(hours=1))
    from azure.data.tables import TableServiceClient

    with TableServiceClient.from_connection_string(connection) as service:
        yield {
            table.name.removeprefix(prefix): {
                name for row in service.get_table_client(table.name).list_entities() for name in row
            }
            for table in service.list_tables()
            if table.name.startswith(prefix)
        }
    for each in opened:
        each.close()


def test_every_table_and_its_properties_are_told(properties: dict[str, set[str]]) -> None:
    assert set(properties) == {"links", "watermarks", "runs", "issues", "waiting", "gates", "numbers", "pauses"}
    for table, stored in properties.items():
        assert f"`<prefix>{table}`" in TEXT
        expected = stored - KEYS - {"value"}
        assert named(expected) == expected, table


def test_the_properties_of_a_message_are_told() -> None:
    batch = ChangeBatch(FLOW, "r", "r.0", 3, (Chunk("0", (Change("a"),)),), "reopened", True, True, 2, 1)
    properties = set(json.loads(dump(batch)))
    assert named(properties) == properties


def test_the_example_of_a_message_can_be_read() -> None:
    [example] = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    batch = load(example)
    assert (batch.flow, batch.partition, batch.size) == (FLOW, 3, 2)


def test_the_examples_of_keys_are_true() -> None:
    for id in ("6f2b1c3a-9d4e-4f5a-8b7c-0123456789ab", "usmf|DE-001/a"):
        assert f"`{id}` is `{encode_id(id)}`" in TEXT
