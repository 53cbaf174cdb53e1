"""What the tests with real processes share: a loaded world, waiting, and what must hold when all is quiet."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local.certificates import Certificate
from local.checks import check_world
from local.data.folder import DataFolder
from local.data.generate import generate
from local.demo import wait_until_quiet
from local.host.process import HostProcess
from local.world import World
from sync.app import FlowStatus, create_app

FLOW = "accounts_to_finops"
PATIENCE = 60.0

SHORT_TIMES = {"CONNECT_TIMEOUT": "1", "READ_TIMEOUT": "2", "LEASE_SECONDS": "11"}
"""The shortest lease that outlasts a write with these time-outs: 2 x (1 + 2 x 2) seconds and one more."""

SMALL_BATCHES = {"BATCH_RECORDS": "25", "FINOPS_BATCH": "10"}
"""Enough messages and requests that a short load is in many hands at once."""

FAILED_COMES_BACK = {"AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "00:00:03"}
"""host.json has 30 seconds, which is most of what an outage costs once it is over."""

FEW_AT_A_TIME = {
    "AzureFunctionsJobHost__extensions__queues__batchSize": "1",
    "AzureFunctionsJobHost__extensions__queues__newBatchThreshold": "0",
}
"""A host takes one message of a queue at a time, so that most of a load is in the queue."""

_RUN_ENDED = re.compile(r"^(\S+)Z INFO +\[(\S+) [^]]*\] host: (?:Succeeded|Failed) in (\d+) ms$", re.MULTILINE)

CUSTOMERS_GROUP = "10"
COPIED = {"name": "OrganizationName", "emailaddress1": "PrimaryContactEmail", "telephone1": "PrimaryContactPhone"}
"""Columns that arrive as they are, where they are not too long."""


def sample(folder: Path, *, accounts: int, seed: int = 1) -> DataFolder:
    """Generated accounts, all of which become customers."""
    generate(folder, seed=seed, accounts=accounts, troubles=False)
    return DataFolder(folder)


@contextmanager
def loaded(
    data: DataFolder,
    settings: Mapping[str, str] | None = None,
    certificate: Certificate | None = None,
    *,
    storage: Path | None = None,
) -> Iterator[World]:
    """A world with this data, entered an hour ago and not counted; no host runs yet. `storage` as of World."""
    quick = {"DETECT_SCHEDULE": "* * * * * *", **(settings or {})}
    with World(company=data.company, settings=quick, certificate=certificate, storage=storage) as world:
        world.enter(data)
        world.admin("sales", "clock", {"advance": 3600})
        for system in ("sales", "finops"):
            world.admin(system, "counters/reset", {})
        yield world


def eventually[T](look: Callable[[], T | None], *, seconds: float = PATIENCE) -> T:
    """What `look` gives as soon as it is truthy; fails when patience ends."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError("It never happened")


def customers_written(world: World) -> int:
    """How many rows F&O has changed since the data was entered."""
    written: int = world.admin("finops", "counters")["writes"]
    return written


def break_requests(world: World, system: str, action: Mapping[str, Any], **more: Any) -> int:
    """Set up a fault for every request of a system until it is removed; gives its number."""
    number: int = world.admin(system, "faults", {"times": None, "action": action, **more})["id"]
    return number


def mend_requests(world: World, system: str) -> None:
    """Remove every fault of a system."""
    world.admin(system, "faults", method="DELETE")


def assert_everything_arrived(world: World, data: DataFolder, *, storage_failed: bool = False) -> FlowStatus:
    """When all is quiet: each account is one customer, there is nothing else, counts close, no message is poisoned.

    `storage_failed` as of check_world.
    """
    app = create_app(world.settings)
    flows = wait_until_quiet(app, seconds=90)
    assert check_world(world, app, flows, storage_failed=storage_failed) == []
    flow = loaded_flow(flows)
    assert app.connections.outbox.poisoned(FLOW) == 0
    assert flow.totals.close
    assert flow.totals.reasons == {"skipped": {}, "waiting": {}, "parked": {}}
    accounts = data.rows("accounts")
    customers = world.rows("finops", "CustomersV3")
    assert sorted(row["CustomerAccount"] for row in customers) == sorted(row["accountnumber"] for row in accounts)
    by_number = {row["CustomerAccount"]: row for row in customers}
    for account in accounts:
        customer = by_number[account["accountnumber"]]
        assert {target: customer[target] for target in COPIED.values()} == {
            target: account[source] for source, target in COPIED.items()
        }
        assert customer["CustomerGroupId"] == CUSTOMERS_GROUP
        assert customer["SalesCurrencyCode"] == account["transactioncurrencyid.isocurrencycode"]
    return flow


def loaded_flow(flows: Iterable[FlowStatus]) -> FlowStatus:
    """The flow whose records these tests load; the other flows run beside it and have next to nothing to do."""
    return next(flow for flow in flows if flow.name == FLOW)


def no_run_failed(host: HostProcess) -> bool:
    """Whether every function of a host has ended well so far."""
    return all(counts["failures"] == 0 for counts in host.counters()["functions"].values())


def runs(log: str, function: str) -> list[tuple[datetime, datetime]]:
    """When each run of a function began and ended, from a host's log."""
    found = []
    for ended, name, took in _RUN_ENDED.findall(log):
        if name == function:
            end = datetime.fromisoformat(ended).replace(tzinfo=UTC)
            found.append((end - timedelta(milliseconds=int(took)), end))
    return found


def stopped_flow(settings: Mapping[str, str]) -> FlowStatus | None:
    """The flow as an app with these settings sees it, once it is shown as stopped."""
    (flow,) = create_app(settings).status(FLOW)
    return flow if flow.state == "stopped" else None


def until_stopped(settings: Mapping[str, str]) -> FlowStatus:
    """The flow as an app with these settings sees it, as soon as it is shown as stopped."""
    return eventually(lambda: stopped_flow(settings))


def runs_of(host: HostProcess, function: str, least: int) -> dict[str, int]:
    """The counts of a function of a host, once it has ended so many times."""

    def enough() -> dict[str, int] | None:
        counts: dict[str, int] = host.counters()["functions"][function]
        return counts if counts["runs"] >= least else None

    return eventually(enough)
