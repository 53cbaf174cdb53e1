"""Host processes that are killed again and again during a load: what is there when all is quiet is looked at."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.customers import STANDSTILL, entered, until_quiet, wrong
from benchmarks.load import FLOW
from benchmarks.measured import WrongResult, only
from local.world import World
from sync.app import FlowStatus, create_app

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

ENDINGS = ("created", "adopted", "updated", "unchanged", "superseded")

LOOK_SECONDS = 0.05


def run(records: int, kills: int, hosts: int, seed: int, console: Console) -> dict[str, Any]:
    """`{"records", "kills", "hosts", "seed", "checks": {name: ...}, "broken": [...], "seconds"}`.

    Each kill comes at a moment drawn from the seed, in its share of the first nine tenths of the load, and hits any of
    the hosts; another one is started at once. Raises WrongResult when nothing goes on any more.
    """
    choose = random.Random(seed)
    with entered(records, seed, SETTINGS, console) as (world, source):
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
        broken = [*wrong(world, source, app, flow), *_counted(flow, records)]
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
        time.sleep(LOOK_SECONDS)


def _counted(flow: FlowStatus, records: int) -> Iterator[str]:
    """Where a record is counted more or less than it should be, or a good one is given up."""
    made = flow.totals.endings["created"] + flow.totals.endings["adopted"]
    if made != records:
        yield f"{made} records are counted as made"
    if flow.totals.reasons["parked"] or flow.totals.reasons["waiting"] or flow.totals.reasons["skipped"]:
        yield f"good records are parked, wait or are skipped: {flow.totals.reasons}"
    if flow.poisoned:
        yield f"{flow.poisoned} messages are in the poison queue"
