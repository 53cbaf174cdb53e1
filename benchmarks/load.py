"""The benchmark of the path: a first load, a full read that finds nothing changed, and a tick with nothing to do."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measured import WrongResult, hosting, machine, only
from benchmarks.meter import SYSTEMS
from local.data.folder import DataFolder
from local.data.generate import generate
from local.world import World
from sync.model import Ending

FLOW = "accounts_to_finops"
SETTINGS = only(FLOW)

OTHER_DEFINITION = {"ACCOUNTS__LANGUAGE": "en-gb"}
"""A setting that only creates send: it changes the flow's definition, so that everything is read and judged again, and
no payload of a customer that exists."""


def run(records: int, console: Console) -> dict[str, Any]:
    """The figures of all three phases. Raises WrongResult when a record ends otherwise than it must."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "accounts"
        console.print(f"Making and entering {records} accounts ...")
        generate(folder, accounts=records, troubles=False)
        source = DataFolder(folder)
        with World(company=source.company, settings=SETTINGS) as world:
            world.enter(source)
            world.admin("sales", "clock", {"advance": 3600})  # the data was entered an hour ago
            console.print("First load ...")
            with hosting(world, FLOW, {}) as measured:
                first = measured.sync(records, {Ending.CREATED: records})
            console.print("Full read of what has not changed ...")
            with hosting(world, FLOW, OTHER_DEFINITION) as measured:
                unchanged = measured.sync(records, {Ending.CREATED: records, Ending.UNCHANGED: records})
                idle = measured.tick()
    if unchanged["writes"]:
        raise WrongResult(f"{unchanged['writes']} rows of F&O were written though nothing had changed.")
    return {**first, "unchanged": unchanged, "idle_tick": idle, "machine": machine()}


def table(result: Mapping[str, Any]) -> Table:
    """The figures side by side."""
    shown = Table(title=f"{result['records']} accounts", title_justify="left")
    for heading in ("", "first load", "unchanged"):
        shown.add_column(heading, justify="right" if heading else "left")
    phases = (result, result["unchanged"])
    for name, key in (
        ("seconds", "seconds"),
        ("records per second", "records_per_second"),
        ("host CPU, ms per record", "cpu_ms_per_record"),
        ("peak memory of the host, MB", "peak_rss_mb"),
        ("empty polls of the queues", "empty_polls"),
    ):
        shown.add_row(name, *(str(phase[key]) for phase in phases))
    for group, title in (
        ("http_per_1000", "HTTP requests per 1,000"),
        ("storage_per_1000", "storage operations per 1,000"),
    ):
        for name in result[group]:
            shown.add_row(f"{title}: {name}", *(str(phase[group][name]) for phase in phases))
    for system in SYSTEMS:
        for kind in sorted({kind for phase in phases for kind in phase["requests"][system]}):
            shown.add_row(f"{system}: {kind}", *(str(phase["requests"][system].get(kind, 0)) for phase in phases))
    idle = result["idle_tick"]
    requests = sum(sum(kinds.values()) for kinds in idle["requests"].values())
    shown.caption = (
        f"A tick that finds nothing: {requests} requests, {sum(idle['storage'].values())} storage operations"
    )
    return shown
