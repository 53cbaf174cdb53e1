"""The demo: a world is started, data entered, everything synced until quiet, and the promises checked from outside."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from local import report, second_round
from local.checks import Broken, check_world, drifted
from local.data.folder import DataFolder, write_folder
from local.data.generate import sample
from local.data.quotes import enter_quotes
from local.targets import STDOUT
from local.world import World
from sync.app import App, FlowStatus, create_app

QUIET_SECONDS = 240.0
READS = 2
"""How often every feed is read to its end, with nothing to do, until all is taken to be quiet."""


class DemoError(RuntimeError):
    """The demo did not come to its end; the text says why and where to look."""


@dataclass(slots=True)
class Outcome:
    """What a demo came to: the statuses of its flows and every promise that is broken."""

    flows: list[FlowStatus]
    broken: list[Broken] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)


@contextmanager
def started(
    data: DataFolder, *, hosts: int = 1, settings: Mapping[str, str] | None = None, tables: Path | None = None
) -> Iterator[World]:
    """A world with this data in it and hosts at work; `tables` as of World."""
    with World(company=data.company, settings=settings, tables=tables) as world:
        world.enter(data)
        world.admin("sales", "clock", {"advance": 3600})  # the data was entered an hour ago
        for _ in range(hosts):
            world.start_host()
        yield world


def wait_until_quiet(app: App, *, seconds: float = QUIET_SECONDS) -> list[FlowStatus]:
    """Wait until every flow has read all changes and applied them. Raises DemoError after so many seconds.

    Quiet means: every feed was read to its end twice, one read behind the other, with nothing in any queue; the first
    of them may have begun before the wait, and seen less.
    """
    deadline = time.monotonic() + seconds
    reads: dict[str, set[datetime | None]] = {}
    while time.monotonic() < deadline:
        flows = app.status()
        if reasons := _why_stopped(app, flows):
            raise DemoError(reasons)
        if not all(flow.settled and flow.backlog == 0 and flow.totals.close for flow in flows):
            reads = {}
        else:
            for flow in flows:
                reads.setdefault(flow.name, set()).add(flow.checked)
            if all(len(ends) > READS for ends in reads.values()):
                return flows
        time.sleep(0.3)
    lines = [f"{flow.name}: {flow.mode}, {flow.backlog} wait, {flow.totals.as_json()}" for flow in app.status()]
    raise DemoError(f"Not quiet after {seconds:.0f} seconds. " + " ".join(lines))


def _why_stopped(app: App, flows: list[FlowStatus]) -> str:
    """What keeps a flow from running; nobody needs to wait for that."""
    reasons = [f"{stopped.name} is stopped: {stopped.reason}" for stopped in app.stopped]
    for flow in flows:
        if flow.state == "stopped":
            reasons += [f"{flow.name} is stopped: {reason}" for reason in flow.reasons]
    return "\n".join(reasons)


def run(
    data: Path | None,
    dump: Path | None,
    json_file: Path | None,
    *,
    hosts: int,
    tables: Path | None = None,
    console: Console,
) -> int:
    """The demo from start to end; gives its exit status: 0 only if every promise that can be checked holds."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        folder = data or Path(scratch) / "sample"
        if data is None:
            sample(folder)
        source = DataFolder(folder)
        for note in source.notes():
            console.print(note, markup=False, highlight=False, soft_wrap=True)
        console.print(f"Starting Azurite, both simulators and the Functions host, entering {folder.name} ...")
        with started(source, hosts=hosts, tables=tables) as world:
            before = {system: world.admin(system, "counters") for system in ("sales", "finops")}
            app = create_app(world.settings)
            flows = wait_until_quiet(app)
            if enter_quotes(source, world.sales)["quotes"]:  # as a seller would, now that the products are there
                flows = wait_until_quiet(app)
            broken = check_world(world, app, flows)
            report.show_flows(console, world, flows, app.awaited())
            if data is None:
                acts, first = second_round.play(world), flows
                flows = wait_until_quiet(app)
                broken += check_world(world, app, flows)
                report.show_second_round(console, world, acts, first, flows)
            outcome = Outcome(flows, broken)
            outcome.summary = summary(world, flows, before, time.monotonic() - began)
            outcome.broken += drifted(world)  # it sends requests of its own
            if dump is not None:
                dump_world(world, dump)
            report.show_end(console, world, outcome.flows, outcome.broken, outcome.summary)
    text = json.dumps(outcome.summary, indent=2, ensure_ascii=False) + "\n"
    if json_file == STDOUT:
        sys.stdout.write(text)
    elif json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(text, encoding="utf-8")
    return 1 if outcome.broken else 0


def summary(
    world: World, flows: list[FlowStatus], before: Mapping[str, Mapping[str, Any]], seconds: float
) -> dict[str, Any]:
    """The figures of `--json` (design.md, Contracts). Requests are those of the app, storage those of its hosts."""
    requests = {
        system: world.admin(system, "counters")["requests"] - before[system]["requests"]
        for system in ("sales", "finops")
    }
    storage = {"queue": 0, "table": 0}
    for host in world.hosts:
        for service, count in world.host_counters(host)["storage"].items():
            storage[service] = storage.get(service, 0) + count
    return {
        "flows": {flow.name: flow.totals.as_json() for flow in flows},
        "requests": requests,
        "storage": storage,
        "seconds": round(seconds, 1),
    }


def dump_world(world: World, folder: Path) -> None:
    """The final content of both systems as `sales/<set>.csv` and `finops/<set>.csv`."""
    for system in ("sales", "finops"):
        tables = {name: [_texts(row) for row in world.rows(system, name)] for name in world.sets(system)}
        write_folder(folder / system, {name: rows for name, rows in tables.items() if rows})


def _texts(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in row.items() if not name.startswith("_") or name.endswith("_value")}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
