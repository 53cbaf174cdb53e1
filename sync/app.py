"""The composition root: settings in, an App with real ports out. The only way into the engine from outside."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from sync import brakes, retry
from sync.compare import Digester
from sync.connections import Connections
from sync.detect import DetectLimits, Detector, DetectReport, detect
from sync.errors import ConfigError, Throttled, Transient
from sync.feeds import Feeds
from sync.guard import check_environment
from sync.live.check import FILES
from sync.live.check import check_live as check_flows
from sync.live.findings import Finding as Finding
from sync.live.findings import Severity as Severity
from sync.live_plans import LivePlans
from sync.live_systems import LiveSystems, fingerprint, look_around
from sync.mapping.check import check as check_mappings
from sync.mapping.load import LoadedMapping, load_all
from sync.mapping.plan import Plan
from sync.mapping.problems import MappingProblems
from sync.mapping.problems import Problem as Problem
from sync.mapping.settings import app_setting
from sync.model import Issue as Issue
from sync.references import References
from sync.rounds import stopped_for
from sync.settings import (
    FLOW_SETTINGS,
    FlowSettings,
    flow_switches,
    mapping_settings,
    read_settings,
    refuse_unknown_settings,
)
from sync.status import AT_EASE, state_of
from sync.status import FlowStatus as FlowStatus
from sync.status import StoppedFlow as StoppedFlow
from sync.stores.messages import fits, load
from sync.stores.tables import (
    TableIssues,
    TableLinks,
    TableNumbers,
    TableRuns,
    TableWaiting,
    TableWatermarks,
)
from sync.sweep import Sweeper, sweep
from sync.totals import totals
from sync.work import Applier

log = logging.getLogger(__name__)

ALL = 10**9
"""More runs than there ever are."""

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class FlowBinding:
    """What the Functions host must know of a flow."""

    name: str
    schedule: str
    sweep_schedule: str
    queue: str


class App:
    """The flows of one installation: what the Functions host, the command line and the local world call.

    Thread-safe. Raises ConfigError at once when the settings make no sense; a mapping file with problems stops its
    own flow only and is listed in `stopped`.
    """

    def __init__(self, environment: Mapping[str, str], root: Path) -> None:
        self.settings = read_settings(environment)
        self.stopped: list[StoppedFlow] = []
        self._live: dict[str, LivePlans] = {}
        self._switches: dict[str, FlowSettings] = {}
        self._load(environment, root / self.settings.mappings)
        queues = {name: switches.queue for name, switches in self._switches.items()}
        self.connections = Connections(self.settings, environment, queues)
        self._couriers: dict[tuple[str, str], retry.Courier] = {}
        self._healthy: set[str] = set()
        self._guarded = False
        self._lock = threading.Lock()

    @property
    def bindings(self) -> list[FlowBinding]:
        """The flows that run."""
        return [
            FlowBinding(name, switches.schedule, self.settings.sweep_schedule, switches.queue)
            for name, switches in self._switches.items()
            if switches.enabled
        ]

    @property
    def storage_connection(self) -> str:
        """The prefix of the storage connection, for the bindings."""
        return self.settings.storage

    def detect(self, flow: str) -> DetectReport | None:
        """One run of a flow's timer. None when a system or storage is not available: the next tick goes on.

        Raises ConfigError, after it was made an issue, so that the host shows a failed run.
        """
        try:
            self._guard()
            report = detect(self._detector(self._plan(flow)))
        except ConfigError as error:
            self._unhealthy(flow, "detect", error)
            raise
        except Throttled as error:
            log.info("%s: detect goes on when the system may be called: %s", flow, error)
            return None
        except Transient as error:
            self._unavailable(flow, error)
            return None
        if flow not in self._healthy and report.mode != "stopped":
            tools = self._courier(flow).tools
            retry.go_on(flow, "detect", tools, since=retry.moment(tools))
            self._healthy.add(flow)
        return report

    def sweep(self, flow: str) -> int:
        """Take up again what may have become possible; gives how many records."""
        try:
            self._guard()
            return sweep(self._sweeper(self._plan(flow)))
        except Transient as error:
            log.warning("%s: the sweep goes on at the next tick: %s", flow, error)
            return 0

    def deliver(self, flow: str, text: str, dequeue_count: int) -> None:
        """One delivery of a message of the flow's queue."""
        try:
            self._guard()
            self._plan(flow)
        except ConfigError as error:
            self._unhealthy(flow, "apply", error)
            self._courier(flow).put_back(text, retry.STOPPED_DELAY)
            return
        except Transient as error:
            self._courier(flow).wait(text, error)
            return
        self._courier(flow).deliver(text, dequeue_count)

    def deliver_poison(self, flow: str, text: str) -> None:
        """One delivery of a message of the flow's poison queue."""
        self._courier(flow).deliver_poison(text)

    def status(self) -> list[FlowStatus]:
        """How every flow stands. Writes nothing."""
        return [self._status(name) for name in self._live]

    def mass_change(self, flow: str) -> brakes.Weight:
        """What a flow was stopped for (promise 9). Writes nothing.

        Raises ConfigError when there is no such flow, or none that a mass change has stopped.
        """
        if flow not in self._live:
            raise ConfigError(f"There is no flow {flow!r}.", remedy=f"The flows are {', '.join(sorted(self._live))}.")
        whole = self._live[flow].plan(flow).feed == "snapshot"
        weight = stopped_for(self._watermarks.read(flow).position) if whole else None
        if weight is None:
            raise ConfigError(
                "No mass change has stopped it.", where=f"flow {flow}", remedy="Nothing is to be allowed."
            )
        return weight

    def allow(self, flow: str, weight: brakes.Weight) -> datetime:
        """Let a mass change of this weight, or a smaller one, pass once; gives until when that holds."""
        return brakes.allow(flow, weight, self._watermarks, self.connections.storage.clock)

    def counters(self) -> dict[str, Any]:
        """What this process has sent so far: requests by system, storage operations by service."""
        made = self.connections.__dict__
        requests = {name: made[name].requests_sent if name in made else 0 for name in ("sales", "finops")}
        return {"requests": requests, "storage": dict(self.connections.operations.counts)}

    def _load(self, environment: Mapping[str, str], folder: Path) -> None:
        result = load_all(folder)
        if not result.mappings:
            raise MappingProblems("folder", result.problems)
        declared = {app_setting(setting.name) for setting in result.settings}
        for prefix in {name.partition("__")[0] for name in declared}:
            refuse_unknown_settings(f"{prefix}__", declared, environment)
        for name, mapping in result.mappings.items():
            try:
                if not isinstance(mapping, LoadedMapping):
                    raise mapping
                live = LivePlans(mapping, result.maps, mapping_settings(environment))
            except MappingProblems as error:
                self.stopped.append(StoppedFlow(name, str(error)))
                continue
            for plan in live.plans:
                own = f"{plan.flow.name.upper()}__"
                refuse_unknown_settings(own, {f"{own}{each}" for each in FLOW_SETTINGS}, environment)
                switches = flow_switches(plan.flow.name, self.settings, environment, whole=plan.feed == "snapshot")
                self._live[plan.flow.name] = live
                self._switches[plan.flow.name] = switches
                if not switches.enabled:
                    self.stopped.append(StoppedFlow(plan.flow.name, "switched off by its setting"))

    def _status(self, flow: str) -> FlowStatus:
        plan, storage = self._known_plan(flow), self.connections.storage
        watermark = self._watermarks.read(flow)
        detected = {run.id: run.detected for run in TableRuns(storage).latest(flow, ALL)}
        if watermark.run:
            detected[watermark.run] = watermark.detected
        tallies = self._links.all_tallies(plan.flow.mapping, flow)
        issues = list(TableIssues(storage).open(flow))
        mode = self._feeds.of(plan).mode(watermark.position)
        return FlowStatus(
            flow,
            state_of(issues, enabled=self._switches[flow].enabled),
            mode,
            watermark.checked,
            mode in AT_EASE and not watermark.pending and watermark.definition == plan.definition,
            self.connections.outbox.depth(flow),
            self.connections.outbox.poisoned(flow),
            totals(sum(detected.values()), tallies),
            issues,
        )

    def _detector(self, plan: Plan) -> Detector:
        settings, storage = self.settings, self.connections.storage
        limits = DetectLimits(
            settings.detect_seconds, settings.detect_pages, settings.queue_depth, settings.batch_records
        )
        return Detector(
            plan.flow,
            plan.definition,
            self._feeds.of(plan),
            self._links,
            self._watermarks,
            TableRuns(storage),
            self.connections.outbox,
            storage.clock,
            fits,
            limits,
        )

    def _sweeper(self, plan: Plan) -> Sweeper:
        storage = self.connections.storage
        return Sweeper(
            plan.flow,
            self._links,
            TableIssues(storage),
            TableWaiting(storage),
            self.connections.outbox,
            storage.clock,
            patience=timedelta(hours=self.settings.waiting_hours),
        )

    @cached_property
    def _feeds(self) -> Feeds:
        return Feeds(self.connections, self.settings, self._links, self._watermarks, self._digester)

    @cached_property
    def _watermarks(self) -> TableWatermarks:
        return TableWatermarks(self.connections.storage)

    @cached_property
    def _links(self) -> TableLinks:
        return TableLinks(self.connections.storage, partitions=self.settings.link_partitions)

    def _plan(self, flow: str) -> Plan:
        """The plan of a flow for the columns that Sales has now. Raises what reading them raises."""
        live = self._live[flow]
        live.refresh(self.connections.sales.columns, self._watermarks, self.connections.storage.clock)
        return live.plan(flow)

    def _known_plan(self, flow: str) -> Plan:
        """The same, as the processes at work have found it; asks no system."""
        live = self._live[flow]
        live.recall(self._watermarks)
        return live.plan(flow)

    def _courier(self, flow: str) -> retry.Courier:
        with self._lock:
            plan = self._live[flow].plan(flow)
            key = flow, plan.definition
            if key not in self._couriers:
                self._couriers[key] = retry.Courier(self._applier(plan), load)
            return self._couriers[key]

    def _applier(self, plan: Plan) -> Applier:
        connections, storage = self.connections, self.connections.storage
        return Applier(
            plan,
            connections.system(plan.flow.source.system),
            connections.system(plan.flow.target.system),
            self._links,
            TableIssues(storage),
            TableWaiting(storage),
            TableNumbers(storage),
            connections.outbox,
            storage.clock,
            References(plan.references, connections.rows, storage.clock),
            self._digester,
            lease=timedelta(seconds=self.settings.lease_seconds),
            budget=timedelta(seconds=self.settings.apply_seconds),
            longest_write=timedelta(seconds=self.settings.longest_write),
            patience=timedelta(hours=self.settings.waiting_hours),
            awaited=any(plan.flow.mapping in live.refers_to for live in self._live.values()),
        )

    @cached_property
    def _digester(self) -> Digester:
        return Digester(self.settings.digest_key.get_secret_value().encode())

    def _guard(self) -> None:
        """Refuse the wrong environment, once per process (promise 9)."""
        if self._guarded:
            return
        check_environment(self._watermarks, fingerprint(self.connections, self.settings))
        self._guarded = True

    def _unhealthy(self, flow: str, half: retry.Half, error: ConfigError) -> None:
        self._healthy.discard(flow)
        retry.stop_flow(flow, half, error, self._courier(flow).tools, code=error.code)

    def _unavailable(self, flow: str, error: Transient) -> None:
        """Say it where people look; the next tick goes on by itself."""
        self._healthy.discard(flow)
        try:
            retry.stop_flow(flow, "detect", error, self._courier(flow).tools, code="not-available")
        except Transient:
            log.warning("%s: storage is not available either: %s", flow, error)


def check(environment: Mapping[str, str] = os.environ, root: Path = ROOT) -> list[Problem]:
    """Every problem of the mapping files and of the settings they declare. Reads files only, writes nothing.

    Where no installation is set up, the files alone are checked: what each must set is no problem of theirs.
    """
    settings = mapping_settings(environment)
    if not environment.get("SALES_URL"):
        settings = {"company": "any", **settings}
    return check_mappings(root / environment.get("MAPPINGS", "mappings"), settings)


def check_live(environment: Mapping[str, str] = os.environ, root: Path = ROOT) -> list[Finding]:
    """What `check` finds, and what both live systems lack for the flows that are on; writes to neither (promise 7).

    Raises ConfigError when the settings make no sense, Transient when storage, which tells whether the systems may be
    called, is not available.
    """
    offline = [Finding(FILES, "error", problem) for problem in check(environment, root)]
    settings = read_settings(environment)
    loaded = load_all(root / settings.mappings)
    if not loaded.loaded:
        return offline
    app = App(environment, root)
    systems = LiveSystems(app.connections)
    found = check_flows(
        loaded,
        mapping_settings(environment),
        systems,
        lambda flow: flow_switches(flow, settings, environment).enabled,
    )
    return [*offline, *found, *look_around(app.connections, settings)]


def create_app(environment: Mapping[str, str] = os.environ, root: Path = ROOT) -> App:
    """The app of this environment. Raises ConfigError that names every setting that makes no sense."""
    return App(environment, root)
