"""A Functions host in the local world that is measured, and an app of the benchmark's own that looks on."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from benchmarks.meter import counts, figures, read
from local.host.process import HostProcess
from local.world import World
from sync.app import App, FlowStatus, create_app
from sync.model import Ending

NEVER = "0 0 0 29 2 *"
"""A timer's schedule: a benchmark runs detect by hand, so that no tick falls into a measurement by chance."""

FLOWS = (
    "accounts_to_finops",
    "products_to_sales",
    "contacts_to_finops",
    "contact_customers_to_finops",
    "quotes_to_finops",
)

POLLING_SECONDS = 1.0
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 60.0
_PATIENCE_PER_RECORD = 0.05


class WrongResult(RuntimeError):
    """What came out is not what the data must give: its figures would mean nothing."""


def only(*flows: str) -> dict[str, str]:
    """The settings of a host that runs these flows alone, and none of them by itself."""
    off = {f"{flow.upper()}__ENABLED": "false" for flow in FLOWS if flow not in flows}
    return {"DETECT_SCHEDULE": NEVER, "SNAPSHOT_SCHEDULE": NEVER, **off}


class Measured:
    """One flow on a host."""

    def __init__(self, world: World, host: HostProcess, app: App, ready: float, flow: str) -> None:
        self._world, self._host, self._app, self._ready, self.flow = world, host, app, ready, flow

    def of(self, flow: str) -> Measured:
        """Another flow on the same host."""
        return Measured(self._world, self._host, self._app, self._ready, flow)

    def sync(
        self, records: int, endings: Mapping[Ending, int], *, patience: float = _PATIENCE_PER_RECORD
    ) -> dict[str, Any]:
        """Detect and apply until quiet, and what it cost; `patience` in seconds per record.

        Raises WrongResult when it does not come to rest, and for other endings than these in all.
        """
        before = read(self._world, self._host)
        self._host.run(self._detector)
        flow = self._wait_until_quiet(_PATIENCE_SECONDS + patience * records)
        after = read(self._world, self._host)
        found = {name: count for name, count in flow.totals.endings.items() if count}
        if found != {str(name): count for name, count in endings.items()}:
            reasons = {name: dict(codes) for name, codes in flow.totals.reasons.items() if codes}
            raise WrongResult(f"The records of {self.flow} ended as {found} {reasons}, not as {dict(endings)}.")
        return figures(records, before, after, self._host, ready=self._ready)

    def tick(self) -> dict[str, Any]:
        """One run of the timer that finds nothing; the requests and storage operations of it."""
        before, runs = read(self._world, self._host), self._detect()["runs"]
        self._host.run(self._detector)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._detect()["runs"] == runs:
            if time.monotonic() > deadline:
                raise WrongResult(f"{self._detector} did not end. Its last lines:\n{self._host.child.tail()}")
            time.sleep(_LOOK_SECONDS)
        return counts(before, read(self._world, self._host))

    @property
    def _detector(self) -> str:
        return f"detect_{self.flow}"

    def _wait_until_quiet(self, patience: float) -> FlowStatus:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
            if self._app.connections.outbox.depth(self.flow):
                continue
            (flow,) = self._app.status(self.flow)
            if flow.settled and flow.backlog == 0 and flow.totals.close:
                return flow
            if not flow.settled and not self._detect()["running"]:
                self._host.run(self._detector)  # it stopped at one of its limits
        raise WrongResult(f"Not quiet after {patience:.0f} s. Its last lines:\n{self._host.child.tail()}")

    def _detect(self) -> dict[str, int]:
        functions: dict[str, dict[str, int]] = self._host.counters()["functions"]
        return functions[self._detector]


@contextmanager
def hosting(world: World, flow: str, settings: Mapping[str, str]) -> Iterator[Measured]:
    """A new host of this world, with these settings on top of the world's."""
    began = time.monotonic()
    host = world.start_host(settings=settings, polling=POLLING_SECONDS)
    ready = time.monotonic() - began
    try:
        yield Measured(world, host, create_app({**world.settings, **settings}), ready, flow)
    finally:
        world.stop_host(host)


def machine() -> dict[str, Any]:
    """Where the figures were measured: they compare with figures of the same machine alone."""
    return {"cpus": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
