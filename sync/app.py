"""The composition root: settings in, an App out, whose real ports `wiring` gives. The only way in from outside."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sync import braked, brakes, retry, rounds
from sync.awaited import Awaited as Awaited
from sync.awaited import awaited
from sync.checking import ROOT
from sync.checking import check as check
from sync.checking import check_live as check_live
from sync.comparison import Comparison as Comparison
from sync.comparison import compare_flow
from sync.daily import compare_daily
from sync.desk import Desk
from sync.detect import DetectReport, ask_resend, detect
from sync.drift import KINDS as KINDS
from sync.drift import Drifted as Drifted
from sync.errors import ConfigError, Throttled, Transient
from sync.flow_issues import NOT_AVAILABLE, Half, go_on, moment, stop_flow
from sync.flows import FlowBinding as FlowBinding
from sync.flows import bindings_of, load_flows
from sync.guard import check_environment
from sync.live.findings import Finding as Finding
from sync.live.findings import Severity as Severity
from sync.live_systems import fingerprint
from sync.mapping.problems import Problem as Problem
from sync.model import Issue as Issue
from sync.model import Pause as Pause
from sync.pausing import in_force, told
from sync.settings import read_settings
from sync.status import AT_EASE, rows_that_lack, state_of
from sync.status import MODES as MODES
from sync.status import FlowStatus as FlowStatus
from sync.status import StoppedFlow as StoppedFlow
from sync.stores.messages import fits
from sync.stores.tables import (
    TableIssues,
    TableRuns,
    TableWaiting,
)
from sync.sweep import next_try as next_try
from sync.sweep import sweep
from sync.totals import Totals as Totals
from sync.totals import totals
from sync.wiring import Wiring

log = logging.getLogger(__name__)

ALL = 10**9
"""More runs than there ever are."""


class App:
    """The flows of one installation: what the Functions host, the command line and the local world call.

    Thread-safe. Raises ConfigError at once when the settings make no sense; a mapping file with problems stops its
    own flow only and is listed in `stopped`.
    """

    def __init__(self, environment: Mapping[str, str], root: Path) -> None:
        self.settings = read_settings(environment)
        flows = load_flows(self.settings, environment, root)
        self.stopped = flows.stopped
        self._live = flows.live
        self._switches = flows.switches
        self._parts = Wiring(self.settings, environment, flows)
        self.connections = self._parts.connections
        self._guarded = False
        self._forgotten: dict[str, date] = {}

    @property
    def bindings(self) -> list[FlowBinding]:
        """The flows that run."""
        return bindings_of(self._switches, self.settings)

    @property
    def storage_connection(self) -> str:
        """The prefix of the storage connection, for the bindings."""
        return self.settings.storage

    def detect(self, flow: str) -> DetectReport | None:
        """One run of a flow's timer. None when a system or storage is not available: the next tick goes on.

        Raises ConfigError, after it was made an issue, so that the host shows a failed run. None as well while the
        flow is paused.
        """
        try:
            self._guard()
            if self._is_paused(flow):
                return None
            report = detect(self._parts.detector(self._parts.plan(flow)))
        except ConfigError as error:
            self._unhealthy(flow, "detect", error)
            raise
        except Throttled as error:
            log.info("%s: detect goes on when the system may be called: %s", flow, error)
            return None
        except Transient as error:
            self._unavailable(flow, error)
            return None
        if report.mode != "stopped":
            self._settle(flow)
        return report

    def sweep(self, flow: str) -> int:
        """Take up again what may have become possible; gives how many records."""
        try:
            self._guard()
            if self._is_paused(flow):
                return 0
            self._forget_issues(flow)
            return sweep(self._parts.sweeper(self._parts.plan(flow)))
        except Transient as error:
            log.warning("%s: the sweep goes on at the next tick: %s", flow, error)
            return 0

    def compare(self, flow: str, *, repair: bool = False) -> Comparison:
        """Compare both sides of a flow and tell what drifted; with `repair`, post it. Writes nothing else.

        Raises ConfigError when there is no such flow or it cannot be compared, Transient when a system cannot be asked.
        """
        self.refuse_unknown(flow)
        self._guard()
        drifter = self._parts.drifter(self._parts.plan(flow))
        return compare_flow(drifter, repair=repair, gone_percent=self.settings.brake_gone_percent, fits=fits)

    def compare_daily(self, flow: str) -> None:
        """Go on with the flow's daily comparison, or begin it, for a part of a timer's tick."""
        try:
            self._guard()
            if self.settings.drift_hours and not self._is_paused(flow):
                compare_daily(
                    self._parts.drifter(self._parts.plan(flow)), every=timedelta(hours=self.settings.drift_hours)
                )
        except Transient as error:
            log.warning("%s: the comparison goes on at the next tick: %s", flow, error)

    def deliver(self, flow: str, text: str, dequeue_count: int) -> None:
        """One delivery of a message of the flow's queue."""
        try:
            self._guard()
            if self._is_paused(flow):
                self._parts.courier(flow).hold(text)
                return
            self._parts.plan(flow)
        except ConfigError as error:
            self._unhealthy(flow, "apply", error)
            self._parts.courier(flow).put_back(text, retry.STOPPED_DELAY)
            return
        except Transient as error:
            self._parts.courier(flow).wait(text, error)
            return
        self._parts.courier(flow).deliver(text, dequeue_count)

    def deliver_poison(self, flow: str, text: str) -> None:
        """One delivery of a message of the flow's poison queue."""
        try:
            if self._is_paused(flow):
                self._parts.courier(flow).hold(text, poisoned=True)
                return
        except Transient as error:
            self._parts.courier(flow).wait(text, error)
            return
        self._parts.courier(flow).deliver_poison(text)

    def status(self, *flows: str) -> list[FlowStatus]:
        """How these flows stand, or every one. Writes nothing. Raises ConfigError when there is no such flow."""
        for flow in flows:
            self.refuse_unknown(flow)
        return [self._status(name) for name in flows or self._live]

    @property
    def broken(self) -> list[StoppedFlow]:
        """The mapping files with problems; none of their flows is there."""
        return [each for each in self.stopped if each.name not in self._live]

    def refuse_unknown(self, flow: str) -> None:
        """Raise ConfigError when there is no such flow; one whose mapping file is broken is told with its problems."""
        if flow in self._live:
            return
        for file in self.broken:
            if flow == file.name or flow.startswith(f"{file.name}_to_"):
                raise ConfigError(f"{flow} is stopped: {file.reason}")
        flows = f"The flows are {', '.join(sorted(self._live))}." if self._live else "There is none."
        files = ", ".join(file.name for file in self.broken)
        broken = f" Not in use, since there are problems in their files: {files}; see `python -m sync check`."
        raise ConfigError(f"There is no flow {flow!r}.", remedy=flows + (broken if files else ""))

    def mass_change(self, flow: str) -> brakes.Weight:
        """What a flow was stopped for (promise 9). Writes nothing.

        Raises ConfigError when there is no such flow, or none that a mass change has stopped.
        """
        self.refuse_unknown(flow)
        stopped_for = rounds.stopped_for if self._live[flow].plan(flow).feed == "snapshot" else braked.stopped_for
        weight = stopped_for(self._parts.watermarks.read(flow).position)
        if weight is None:
            raise ConfigError(
                "No mass change has stopped it.", where=f"flow {flow}", remedy="Nothing is to be allowed."
            )
        return weight

    def allow(self, flow: str, weight: brakes.Weight) -> datetime:
        """Let a mass change of this weight, or a smaller one, pass once; gives until when that holds."""
        return brakes.allow(flow, weight, self._parts.watermarks, self.connections.storage.clock)

    def resend(self, flow: str) -> None:
        """Have every mapped value of every record of a flow sent again, from the flow's next run on.

        Raises ConfigError when there is no such flow, and what `ask_resend` raises.
        """
        self.refuse_unknown(flow)
        ask_resend(flow, self._parts.watermarks)

    def pause(self, flow: str, *, reason: str = "", by: str = "") -> Pause:
        """Hold a flow up until it is resumed. Raises ConfigError when there is no such flow."""
        self.refuse_unknown(flow)
        pause = Pause(flow, self.connections.storage.clock.now(), reason, by)
        self._parts.pauses.put(pause)
        return pause

    def resume(self, flow: str) -> bool:
        """Let a flow go on; False when it was not paused. Raises ConfigError when there is no such flow."""
        self.refuse_unknown(flow)
        self._parts.pauses.forget(flow)
        return self._parts.pauses.remove(flow)

    @property
    def desk(self) -> Desk:
        """What people do about issues."""
        storage = self.connections.storage
        keep = timedelta(days=self.settings.issue_days)
        return Desk(
            TableIssues(storage), storage.clock, lambda flow: self._parts.sweeper(self._live[flow].plan(flow)), keep
        )

    @property
    def flows(self) -> list[str]:
        """The names of all flows whose mapping file can be used, switched on or not."""
        return sorted(self._live)

    def awaited(self, flows: Collection[str] = ()) -> list[Awaited]:
        """What records of these flows (of all, if none is named) wait for. Writes nothing.

        Raises ConfigError when there is no such flow.
        """
        for flow in flows:
            self.refuse_unknown(flow)
        waiting = TableWaiting(self.connections.storage)
        names = flows or sorted(self._live)
        return awaited((waiter for flow in names for waiter in waiting.open(flow)), self._parts.links)

    def counters(self) -> dict[str, Any]:
        """What this process has sent so far: requests by system, storage operations by service."""
        made = self.connections.__dict__
        requests = {name: made[name].requests_sent if name in made else 0 for name in ("sales", "finops")}
        return {"requests": requests, "storage": dict(self.connections.operations.counts)}

    def _status(self, flow: str) -> FlowStatus:
        (plan, known), storage = self._parts.known_plan(flow), self.connections.storage
        watermark = self._parts.watermarks.read(flow)
        detected = {run.id: run.detected for run in TableRuns(storage).latest(flow, ALL)}
        if watermark.run:
            detected[watermark.run] = watermark.detected
        tallies = self._parts.links.all_tallies(plan.flow.mapping, flow)
        issues = [*TableIssues(storage).open(flow), *rows_that_lack(plan, known)]
        mode = self._parts.feeds.of(plan).mode(watermark.position)
        pause = in_force(flow, self._parts.pauses, storage.clock)
        return FlowStatus(
            flow,
            state_of(issues, enabled=self._switches[flow].enabled, paused=pause is not None),
            mode,
            watermark.checked,
            mode in AT_EASE and not (watermark.pending or watermark.full) and watermark.definition == plan.definition,
            self.connections.outbox.depth(flow),
            self.connections.outbox.poisoned(flow),
            totals(sum(detected.values()), tallies),
            issues,
            paused=told(pause) if pause else "",
        )

    def _forget_issues(self, flow: str) -> None:
        """Once a day in each process: what is forgotten is found by reading all that is kept."""
        today = self.connections.storage.clock.now().date()
        if self._forgotten.get(flow) != today:
            self.desk.forget(flow)
            self._forgotten[flow] = today

    def _is_paused(self, flow: str) -> bool:
        return in_force(flow, self._parts.pauses, self.connections.storage.clock) is not None

    def _guard(self) -> None:
        """Refuse the wrong environment, once per process (promise 9)."""
        if self._guarded:
            return
        check_environment(self._parts.watermarks, fingerprint(self.connections, self.settings))
        self._guarded = True

    def _settle(self, flow: str) -> None:
        """Detect went well: what kept it from that is over, also where it is another process that has told of it."""
        tools = self._parts.courier(flow).tools
        try:
            go_on(flow, "detect", tools, since=moment(tools))
        except Transient as error:
            log.warning("%s: the next tick says that the flow goes on: %s", flow, error)

    def _unhealthy(self, flow: str, half: Half, error: ConfigError) -> None:
        stop_flow(flow, half, error, self._parts.courier(flow).tools, code=error.code)

    def _unavailable(self, flow: str, error: Transient) -> None:
        """Say it where people look; the next tick goes on by itself."""
        try:
            stop_flow(flow, "detect", error, self._parts.courier(flow).tools, code=NOT_AVAILABLE)
        except Transient:
            log.warning("%s: storage is not available either: %s", flow, error)


def create_app(environment: Mapping[str, str] = os.environ, root: Path = ROOT) -> App:
    """The app of this environment. Raises ConfigError that names every setting that makes no sense."""
    return App(environment, root)
