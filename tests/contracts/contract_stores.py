"""One app's storage, on the in-memory twins or on Azurite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sync.ports import Clock, Gates, Issues, Links, Numbers, Outbox, Pauses, Runs, Waiting, Watermarks
from sync.stores import memory, tables
from sync.stores.queues import QueueOutbox

FLOWS = ("accounts_to_finops", "accounts_to_finops2", "contacts_to_finops")


@dataclass(frozen=True)
class Stores:
    """One app's storage, as a process sees it."""

    links: Links
    watermarks: Watermarks
    runs: Runs
    issues: Issues
    waiting: Waiting
    gates: Gates
    outbox: Outbox
    numbers: Numbers
    pauses: Pauses
    clock: Clock
    another_process: Callable[[], Stores]


def in_memory() -> Stores:
    clock = memory.MemoryClock()
    stores = Stores(
        memory.MemoryLinks(),
        memory.MemoryWatermarks(),
        memory.MemoryRuns(),
        memory.MemoryIssues(clock),
        memory.MemoryWaiting(),
        memory.MemoryGates(clock),
        memory.MemoryOutbox(clock),
        memory.MemoryNumbers(),
        memory.MemoryPauses(clock),
        clock,
        lambda: stores,
    )
    return stores


def on_azurite(connection: str, prefix: str, opened: list[tables.TableStorage | QueueOutbox]) -> Stores:
    storage = tables.TableStorage.from_connection_string(connection, prefix=prefix)
    queues = {flow: f"{prefix}-{flow.replace('_', '-')}" for flow in FLOWS}
    outbox = QueueOutbox.from_connection_string(connection, queues, operations=storage.operations)
    opened += [storage, outbox]
    return Stores(
        tables.TableLinks(storage),
        tables.TableWatermarks(storage),
        tables.TableRuns(storage),
        tables.TableIssues(storage),
        tables.TableWaiting(storage),
        tables.TableGates(storage),
        outbox,
        tables.TableNumbers(storage),
        tables.TablePauses(storage),
        storage.clock,
        lambda: on_azurite(connection, prefix, opened),
    )
