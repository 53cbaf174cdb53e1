"""Host processes that are killed again and again during a load: what is there when all is quiet is looked at."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.load import FLOW
from benchmarks.measured import WrongResult, only
from local.checks import FLOWS_RUN, check_world
from local.data.folder import DataFolder
from local.data.generate import generate
from local.world import World
from sync.app import App, FlowStatus, create_app

SETTINGS = {
    **only(FLOW),
    "DETECT_SCHEDULE": "*/2 * * * * *",
    "CONNECT_TIMEOUT": "1",
    "READ_TIMEOUT": "5",
    "LEASE_SECONDS": "25",
    "BATCH_RECORDS": "100",
}
"""Short time-outs, so that what a dead host held is free again in seconds, as hours of a real load would have it."""

TIMES: dict[str, Any] = {"hiding": 30, "lease": 15, "recovery": 0.5}
"""Seconds: a message is hidden for longer than a claim's lease lasts, as in Azure."""

COPIED = {
    "OrganizationName": "name",
    "PrimaryContactEmail": "emailaddress1",
    "PrimaryContactPhone": "telephone1",
    "SalesCurrencyCode": "transactioncurrencyid.isocurrencycode",
}
"""Columns of customers, and those of the accounts in the file that they are copied from as they are."""

ENDINGS = ("created", "adopted", "updated", "unchanged", "superseded")

STANDSTILL = 180.0
"""Seconds without any progress after which the load is given up."""

LOOK_SECONDS = 0.5


def run(records: int, kills: int, hosts: int, seed: int, console: Console) -> dict[str, Any]:
    """`{"records", "kills", "hosts", "seed", "checks": {name: ...}, "broken": [...], "seconds"}`.

    Each kill comes at a moment drawn from the seed, in its share of the first nine tenths of the load, and hits any of
    the hosts; another one is started at once. Raises WrongResult when nothing goes on any more.
    """
    choose = random.Random(seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "accounts"
        console.print(f"Making and entering {records} accounts ...")
        generate(folder, seed=seed, accounts=records, troubles=False)
        source = DataFolder(folder)
        with World(company=source.company, settings=SETTINGS) as world:
            world.enter(source)
            world.admin("sales", "clock", {"advance": 3600})  # the data was entered an hour ago
            world.admin("finops", "counters/reset", {})
            began = time.monotonic()
            for _ in range(hosts):
                world.start_host(**TIMES)
            moments = [round(records * 0.9 * (n + choose.random()) / kills) for n in range(kills)]
            for number, moment in enumerate(moments, 1):
                _until_written(world, moment)
                victim = choose.choice(world.hosts)
                world.kill_host(victim)
                console.print(f"Kill {number}, when {_written(world)} customers were written.")
                world.start_host(**TIMES)
            console.print("No more kills; until all is quiet ...")
            app = create_app(world.settings)
            flow = until_quiet(app)
            seconds = round(time.monotonic() - began, 1)
            broken = [*promises_broken(world, app, flow)]
            broken += differences(source.rows("accounts"), world.rows("finops", "CustomersV3"))
            broken += _counted(flow, records)
    counts = {name: flow.totals.endings[name] for name in ENDINGS}
    checks = {"detected": flow.totals.detected, **counts, "poisoned": flow.poisoned, "backlog": flow.backlog}
    return {
        "records": records,
        "kills": kills,
        "hosts": hosts,
        "seed": seed,
        "checks": checks,
        "broken": broken,
        "seconds": seconds,
    }


def table(result: Mapping[str, Any]) -> Table:
    """What was looked at when all was quiet."""
    title = f"{result['records']} accounts, {result['kills']} kills, {result['hosts']} hosts, seed {result['seed']}"
    shown = Table(title=title, title_justify="left")
    shown.add_column("")
    shown.add_column("", justify="right")
    for name, count in result["checks"].items():
        shown.add_row(str(name), str(count))
    shown.add_row("seconds", str(result["seconds"]))
    shown.caption = f"{len(result['broken'])} promises broken" if result["broken"] else "No promise broken"
    return shown


def _written(world: World) -> int:
    count: int = world.admin("finops", "counters")["writes"]
    return count


def _until_written(world: World, count: int) -> None:
    seen, since = -1, time.monotonic()
    while (written := _written(world)) < count:
        if written != seen:
            seen, since = written, time.monotonic()
        if time.monotonic() - since > STANDSTILL:
            raise WrongResult(f"Nothing was written for {STANDSTILL:.0f} seconds, after {written} customers.")
        time.sleep(LOOK_SECONDS / 10)


def until_quiet(app: App) -> FlowStatus:
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


def promises_broken(world: World, app: App, flow: FlowStatus) -> Iterator[str]:
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


def _counted(flow: FlowStatus, records: int) -> Iterator[str]:
    """Where a record is counted more or less than it should be, or a good one is given up."""
    made = flow.totals.endings["created"] + flow.totals.endings["adopted"]
    if made != records:
        yield f"{made} records are counted as made"
    if flow.totals.reasons["parked"] or flow.totals.reasons["waiting"] or flow.totals.reasons["skipped"]:
        yield f"good records are parked, wait or are skipped: {flow.totals.reasons}"
    if flow.poisoned:
        yield f"{flow.poisoned} messages are in the poison queue"
