"""The benchmark of the path: a first load, a full read that finds nothing changed, and a tick with nothing to do."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.meter import SYSTEMS, counts, figures, read
from local.data.folder import DataFolder
from local.data.generate import generate
from local.host.process import HostProcess
from local.world import World
from sync.app import App, FlowStatus, create_app
from sync.model import Ending

FLOW = "accounts_to_finops"
DETECT = f"detect_{FLOW}"

NEVER = "0 0 0 29 2 *"
"""The timer's schedule: the benchmark runs detect by hand, so that no tick falls into a measurement by chance."""

OTHER_FLOWS = ("PRODUCTS_TO_SALES", "CONTACTS_TO_FINOPS", "CONTACT_CUSTOMERS_TO_FINOPS")
SETTINGS = {"DETECT_SCHEDULE": NEVER, **{f"{flow}__ENABLED": "false" for flow in OTHER_FLOWS}}

OTHER_DEFINITION = {"ACCOUNTS__LANGUAGE": "en-gb"}
"""A setting that only creates send: it changes the flow's definition, so that everything is read and judged again, and
no payload of a customer that exists."""

POLLING_SECONDS = 1.0
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 60.0
_PATIENCE_PER_RECORD = 0.05


class WrongResult(RuntimeError):
    """What came out is not what the data must give: its figures would mean nothing."""


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
            with _host(world, {}) as measured:
                first = measured.sync(records, {Ending.CREATED: records})
            console.print("Full read of what has not changed ...")
            with _host(world, OTHER_DEFINITION) as measured:
                unchanged = measured.sync(records, {Ending.CREATED: records, Ending.UNCHANGED: records})
                idle = measured.tick()
    if unchanged["writes"]:
        raise WrongResult(f"{unchanged['writes']} rows of F&O were written though nothing had changed.")
    return {**first, "unchanged": unchanged, "idle_tick": idle, "machine": machine()}


class _Measured:
    """A host that is measured, and an app of the benchmark's own that looks on."""

    def __init__(self, world: World, host: HostProcess, app: App, ready: float) -> None:
        self._world, self._host, self._app, self._ready = world, host, app, ready

    def sync(self, records: int, endings: Mapping[Ending, int]) -> dict[str, Any]:
        """Detect and apply until quiet, and what it cost. Raises WrongResult for other endings than these in all."""
        before = read(self._world, self._host)
        self._host.run(DETECT)
        flow = self._wait_until_quiet(_PATIENCE_SECONDS + _PATIENCE_PER_RECORD * records)
        after = read(self._world, self._host)
        found = {name: count for name, count in flow.totals.endings.items() if count}
        if found != {str(name): count for name, count in endings.items()}:
            reasons = {name: dict(codes) for name, codes in flow.totals.reasons.items() if codes}
            raise WrongResult(f"The records ended as {found} {reasons}, not as {dict(endings)}.")
        writes = after.writes - before.writes
        return {**figures(records, before, after, self._host, ready=self._ready), "writes": writes}

    def tick(self) -> dict[str, Any]:
        """One run of the timer that finds nothing; the requests and storage operations of it."""
        before, runs = read(self._world, self._host), self._detect()["runs"]
        self._host.run(DETECT)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._detect()["runs"] == runs:
            if time.monotonic() > deadline:
                raise WrongResult(f"{DETECT} did not end. Its last lines:\n{self._host.child.tail()}")
            time.sleep(_LOOK_SECONDS)
        return counts(before, read(self._world, self._host))

    def _wait_until_quiet(self, patience: float) -> FlowStatus:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
            if self._app.connections.outbox.depth(FLOW):
                continue
            flow = next(flow for flow in self._app.status() if flow.name == FLOW)
            if flow.settled and flow.backlog == 0 and flow.totals.close:
                return flow
            if not flow.settled and not self._detect()["running"]:
                self._host.run(DETECT)  # it stopped at one of its limits
        raise WrongResult(f"Not quiet after {patience:.0f} s. Its last lines:\n{self._host.child.tail()}")

    def _detect(self) -> dict[str, int]:
        functions: dict[str, dict[str, int]] = self._host.counters()["functions"]
        return functions[DETECT]


@contextmanager
def _host(world: World, settings: Mapping[str, str]) -> Iterator[_Measured]:
    began = time.monotonic()
    host = world.start_host(settings=settings, polling=POLLING_SECONDS)
    ready = time.monotonic() - began
    try:
        yield _Measured(world, host, create_app({**world.settings, **settings}), ready)
    finally:
        world.stop_host(host)


def machine() -> dict[str, Any]:
    """Where the figures were measured: they compare with figures of the same machine alone."""
    return {"cpus": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}


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
