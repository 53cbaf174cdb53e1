"""A world whose accounts become customers: what is entered, when all of it is done, and what must be true then."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.load import FLOW
from benchmarks.measured import WrongResult
from benchmarks.meter import SYSTEMS
from local.checks import FLOWS_RUN, check_world
from local.data.folder import DataFolder
from local.data.generate import generate
from local.world import World
from sync.app import App, FlowStatus

COPIED = {
    "OrganizationName": "name",
    "PrimaryContactEmail": "emailaddress1",
    "PrimaryContactPhone": "telephone1",
    "SalesCurrencyCode": "transactioncurrencyid.isocurrencycode",
}
"""Columns of customers, and those of the accounts in the file that they are copied from as they are."""

STANDSTILL = 180.0
"""Seconds without any progress after which the load is given up."""

LOOK_SECONDS = 0.5


@contextmanager
def entered(
    records: int, seed: int, settings: Mapping[str, str], console: Console
) -> Iterator[tuple[World, DataFolder]]:
    """A world in which so many accounts of this seed were entered an hour ago, without a host, its counters at 0."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "accounts"
        console.print(f"Making and entering {records} accounts ...")
        generate(folder, seed=seed, accounts=records, troubles=False)
        source = DataFolder(folder)
        with World(company=source.company, settings=settings) as world:
            world.enter(source)
            world.admin("sales", "clock", {"advance": 3600})
            for system in SYSTEMS:
                world.admin(system, "counters/reset", {})
            yield world, source


def until_quiet(app: App) -> FlowStatus:
    """How the flow stands when nothing is left to do. Raises WrongResult when nothing goes on any more."""
    seen: Any = None
    since = time.monotonic()
    while True:
        (flow,) = app.status(FLOW)
        if flow.settled and flow.backlog == 0 and flow.totals.close:
            return flow
        now = (flow.totals.as_json(), flow.backlog)
        if now != seen:
            seen, since = now, time.monotonic()
        if time.monotonic() - since > STANDSTILL:
            raise WrongResult(f"Nothing went on for {STANDSTILL:.0f} seconds: {flow}")
        time.sleep(LOOK_SECONDS)


def wrong(world: World, source: DataFolder, app: App, flow: FlowStatus) -> Iterator[str]:
    """What is not as promised when all is quiet: one customer for each account, as that says, and what any world is."""
    yield from _promises_broken(world, app, flow)
    yield from differences(source.rows("accounts"), world.rows("finops", "CustomersV3"))


def _promises_broken(world: World, app: App, flow: FlowStatus) -> Iterator[str]:
    """What check_world finds; the other flows are switched off, and are not told for that."""
    for each in check_world(world, app, [flow]):
        if each.promise != FLOWS_RUN or each.sight.startswith(f"{FLOW} "):
            yield f"{each.promise}: {each.sight}"


def differences(accounts: Sequence[Mapping[str, Any]], customers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Where the customers are not one for each account, as that says."""
    by_number: dict[str, list[Mapping[str, Any]]] = {}
    for row in customers:
        by_number.setdefault(str(row["CustomerAccount"]), []).append(row)
    for account in accounts:
        number = str(account["accountnumber"])
        rows = by_number.pop(number, [])
        if len(rows) != 1:
            yield f"account {number} has {len(rows)} customers"
            continue
        differing = [target for target, column in COPIED.items() if rows[0][target] != account[column]]
        if differing:
            yield f"customer {number} differs in {', '.join(differing)}"
    yield from (f"customer {number} came of no account" for number in by_number)
