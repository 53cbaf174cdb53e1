"""Counters on Table storage."""

from __future__ import annotations

from azure.data.tables import EdmType, EntityProperty

from sync.stores.codec import check_format
from sync.stores.keys import encode_text
from sync.stores.tables.storage import TableStorage
from sync.stores.tables.table import Put

_PARTITION = "numbers"


class TableNumbers:
    """`ports.Numbers` on the table `<prefix>numbers`. A crash between taking and using leaves a gap, never a double."""

    def __init__(self, storage: TableStorage) -> None:
        self._table = storage.table("numbers")

    def take(self, counter: str, count: int, *, first: int) -> int:
        key = encode_text(counter)

        def take() -> int:
            row = self._table.get(_PARTITION, key)
            taken, etag = first, None
            if row is not None:
                check_format(row, "numbers")
                taken, etag = int(row["next"].value), row.metadata["etag"]
            self._table.save(_PARTITION, Put(key, {"next": EntityProperty(taken + count, EdmType.INT64)}, etag))
            return taken

        return self._table.repeat(take)
