"""Transactions as we write and read them ourselves: every value arrives as it was, every answer is understood."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.core.exceptions import DecodeError
from azure.data.tables import EdmType, EntityProperty, TableClient

from sync.errors import ConfigError
from sync.stores.tables import TableStorage
from sync.stores.tables.table import Put, RowConflict
from sync.stores.tables.transaction import TransactionRefused, etags_of

VALUES: dict[str, str | int | bool | EntityProperty] = {
    "quotes": 'it\'s "quoted" \\ and \\u0041',
    "lines": "a\r\n--changeset_1--\r\n\r\nHTTP/1.1 500 no\r\nETag: none\r\n",
    "letters": "Übergröße 東京 🚀 شركة",
    "number": -2_147_483_648,
    "yes": True,
    "blank": " ",
}
LARGE = 9_007_199_254_740_993

GOOD = b"HTTP/1.1 204 No Content\r\nDataServiceVersion: 3.0;\r\nETag: W/\"datetime'2026-11-22T10%3A00%3A00Z'\"\r\n\r\n"
BAD = (
    b"HTTP/1.1 409 Conflict\r\nContent-Type: application/json;odata=minimalmetadata\r\n\r\n"
    b'{"odata.error":{"code":"EntityAlreadyExists","message":{"lang":"en-US","value":"7:The specified entity already '
    b'exists.\\nRequestId:1"}}}\r\n'
)


@pytest.fixture
def storage(connection: str, prefix: str) -> Iterator[TableStorage]:
    storage = TableStorage.from_connection_string(connection, prefix=prefix)
    yield storage
    storage.close()


def test_every_value_arrives_as_it_was(storage: TableStorage) -> None:
    table = storage.table("t")
    key = "s:a~2fb"
    inserted = table.save("p", Put(key, {**VALUES, "large": EntityProperty(LARGE, EdmType.INT64)}))
    row = table.get("p", key)
    assert row is not None
    assert row.metadata["etag"] == inserted
    assert {name: row[name] for name in VALUES} == VALUES
    assert row["large"].value == LARGE

    merged = table.save("p", Put(key, {"quotes": "", "new": "'"}, inserted))
    row = table.get("p", key)
    assert row is not None
    assert merged != inserted
    assert row.metadata["etag"] == merged
    assert (row["quotes"], row["new"], row["letters"]) == ("", "'", VALUES["letters"])


def test_deleted_rows_are_gone_and_others_stay(storage: TableStorage) -> None:
    table = storage.table("t")
    table.transact("p", [Put(f"k:{number}", {"v": number}) for number in range(3)])
    table.delete("p", ["k:0", "k:2", "k:9"])
    assert set(table.read("p", [f"k:{number}" for number in range(3)])) == {"k:1"}


def test_a_refused_transaction_names_the_row_and_stores_nothing(storage: TableStorage) -> None:
    table = storage.table("t")
    table.save("p", Put("k:2", {"v": 1}))
    with pytest.raises(RowConflict) as conflict:
        table.transact("p", [Put(f"k:{number}", {"v": 2}) for number in range(4)])
    assert conflict.value.index == 2
    assert set(table.read("p", [f"k:{number}" for number in range(4)])) == {"k:2"}


def test_a_table_that_is_gone_stops_the_flow(storage: TableStorage, connection: str, prefix: str) -> None:
    storage.table("t").save("p", Put("k", {"v": 1}))
    with TableClient.from_connection_string(connection, f"{prefix}t") as client:
        client.delete_table()
    with pytest.raises(ConfigError, match="TableNotFound"):
        storage.table("t").save("p", Put("k", {"v": 1}))


def test_each_good_part_gives_its_etag() -> None:
    deleted = b"HTTP/1.1 204 No Content\r\nDataServiceVersion: 3.0;\r\n\r\n"
    assert etags_of(deleted + b"--c\r\n" + GOOD, 2) == ["", "W/\"datetime'2026-11-22T10%3A00%3A00Z'\""]


def test_a_refusal_is_read_with_its_code_and_its_row() -> None:
    with pytest.raises(TransactionRefused) as refused:
        etags_of(BAD, 10)
    assert (refused.value.status_code, refused.value.error_code, refused.value.index) == (409, "EntityAlreadyExists", 7)


@pytest.mark.parametrize("body", [b"", GOOD, GOOD * 3, b"<html>not a batch</html>"])
def test_an_answer_with_too_few_or_too_many_parts_proves_nothing(body: bytes) -> None:
    with pytest.raises(DecodeError):
        etags_of(body, 2)
