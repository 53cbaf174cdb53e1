"""The connection to Table storage that the stores of one process share: client, threads, clock and counter."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Self

from azure.core.credentials import TokenCredential
from azure.data.tables import TableClient, TableServiceClient

from sync.errors import ConfigError
from sync.stores.account import connected
from sync.stores.clock import StorageClock
from sync.stores.operations import RETRIES, THREADS, Operations, StorageTransport
from sync.stores.tables.table import Put, RowConflict, Table
from sync.stores.trouble import told

SETTINGS = "_"
"""Partition of what is settled for a whole table; no mapping or flow is named so."""


class TableStorage:
    """The tables of one app, named `<prefix><name>`; each is created when it is first used.

    Safe to share between threads. `clock` is the storage service's clock, `operations` counts what is sent.
    """

    def __init__(self, service: TableServiceClient, prefix: str, operations: Operations, clock: StorageClock) -> None:
        self.operations = operations
        self.clock = clock
        self._service = service
        self._prefix = prefix
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="tables")
        self._tables: dict[str, Table] = {}
        self._lock = Lock()

    @classmethod
    def from_connection_string(
        cls, text: str, *, prefix: str = "p2c", operations: Operations | None = None, verify: bool | str = True
    ) -> Self:
        """Tables behind a connection string. Raises ConfigError for one that cannot be read; nothing is sent yet."""
        connect = partial(TableServiceClient.from_connection_string, text)
        return cls._connected(connect, prefix, operations, verify)

    @classmethod
    def from_endpoint(
        cls,
        url: str,
        credential: TokenCredential,
        *,
        prefix: str = "p2c",
        operations: Operations | None = None,
        verify: bool | str = True,
    ) -> Self:
        """Tables at an https address such as `https://<account>.table.core.windows.net`, signed in by `credential`.

        `verify` may name a file of certificates to trust. Raises ConfigError for an address that cannot be used.
        """
        return cls._connected(partial(TableServiceClient, url, credential=credential), prefix, operations, verify)

    @classmethod
    def _connected(
        cls,
        connect: Callable[..., TableServiceClient],
        prefix: str,
        operations: Operations | None,
        verify: bool | str,
    ) -> Self:
        operations = operations or Operations()
        clock = StorageClock(lambda: storage.ask_time())
        transport = StorageTransport("table", operations, clock.observe, verify=verify)
        storage = cls(connected("table", connect, transport, RETRIES), prefix, operations, clock)
        return storage

    def table(self, name: str) -> Table:
        """The table `<prefix><name>`."""
        full = f"{self._prefix}{name}"
        with self._lock:
            if full not in self._tables:
                self._tables[full] = Table(full, lambda: self._create(full), self._executor)
            return self._tables[full]

    def settle(self, name: str, key: str, value: int, *, setting: str) -> None:
        """Hold a number for the whole life of a table. Raises ConfigError when another one was settled before, which
        asks to set the app setting back."""
        table = self.table(name)
        row = table.get(SETTINGS, key)
        if row is None:
            try:
                table.save(SETTINGS, Put(key, {"value": value}))
                return
            except RowConflict:
                row = table.get(SETTINGS, key)
        if row is not None and row["value"] != value:
            raise ConfigError(
                f"the table was begun with {row['value']} {key}, the app is set to {value}.",
                where=table.name,
                remedy=f"Set {setting} back to {row['value']}; it cannot change while the table has rows.",
            )

    def ask_time(self) -> None:
        """Send a small request, so that the clock hears an answer."""
        self.table("links").get(SETTINGS, "partitions")

    def close(self) -> None:
        """Close connections and threads; the object is of no use afterwards."""
        self._executor.shutdown()
        self._service.close()

    def _create(self, name: str) -> TableClient:
        with told(name):
            return self._service.create_table_if_not_exists(name)
