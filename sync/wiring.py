"""What an installation is made of: flows, connections and tables, put together to what the engine's functions take."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property

from sync import retry
from sync.compare import Digester
from sync.connections import Connections
from sync.detect import DetectLimits, Detector
from sync.drift import Drifter
from sync.feeds import Feeds
from sync.flows import Flows
from sync.live_columns import KnownToAll, Wanted
from sync.mapping.plan import Plan
from sync.mapping.problems import MappingProblems
from sync.references import References
from sync.settings import Settings
from sync.stores.messages import fits, load
from sync.stores.tables import (
    TableIssues,
    TableLinks,
    TableNumbers,
    TablePauses,
    TableRuns,
    TableWaiting,
    TableWatermarks,
)
from sync.storm import StormWatch
from sync.sweep import Sweeper
from sync.work import Applier


class Wiring:
    """The parts of one installation. Thread-safe: a process has one, and one Courier for each plan of a flow."""

    def __init__(self, settings: Settings, environment: Mapping[str, str], flows: Flows) -> None:
        self._settings = settings
        self.live = flows.live
        self._columns = KnownToAll(Wanted.all_of(live.wanted for live in flows.live.values()))
        queues = {name: switches.queue for name, switches in flows.switches.items()}
        self.connections = Connections(settings, environment, queues)
        self._couriers: dict[tuple[str, str], retry.Courier] = {}
        self._lock = threading.Lock()

    def plan(self, flow: str) -> Plan:
        """The plan of a flow for the columns that both systems have now. Raises what reading them raises."""
        live, connections = self.live[flow], self.connections
        live.take(
            self._columns.refresh(
                lambda system: connections.system(system).columns, self.watermarks, connections.storage.clock
            )
        )
        return live.plan(flow)

    def known_plan(self, flow: str) -> tuple[Plan, datetime | None]:
        """The same, as the processes at work have found it, and when; asks no system."""
        live = self.live[flow]
        columns, when = self._columns.recall(self.watermarks)
        with suppress(MappingProblems):  # the flow is stopped, and an issue says why
            live.take(columns)
        return live.plan(flow), when

    def courier(self, flow: str) -> retry.Courier:
        """The one that delivers messages of a flow by the plan that it has now."""
        with self._lock:
            plan = self.live[flow].plan(flow)
            key = flow, plan.definition
            if key not in self._couriers:
                self._couriers[key] = retry.Courier(self._applier(plan), load)
            return self._couriers[key]

    def detector(self, plan: Plan) -> Detector:
        settings, storage = self._settings, self.connections.storage
        limits = DetectLimits(
            settings.detect_seconds, settings.detect_pages, settings.queue_depth, settings.batch_records
        )
        return Detector(
            plan.flow,
            plan.definition,
            self.feeds.of(plan),
            self.links,
            self.watermarks,
            TableRuns(storage),
            self.connections.outbox,
            storage.clock,
            fits,
            limits,
        )

    def sweeper(self, plan: Plan) -> Sweeper:
        storage = self.connections.storage
        return Sweeper(
            plan.flow,
            self.links,
            TableIssues(storage),
            TableWaiting(storage),
            self.connections.outbox,
            storage.clock,
            patience=timedelta(hours=self._settings.waiting_hours),
        )

    def drifter(self, plan: Plan) -> Drifter:
        table = self.connections.system(plan.flow.source.system)
        return Drifter(self.courier(plan.flow.name).tools, table, self.feeds.of(plan), self.watermarks)

    def _applier(self, plan: Plan) -> Applier:
        connections, storage = self.connections, self.connections.storage
        return Applier(
            plan,
            connections.system(plan.flow.source.system),
            connections.system(plan.flow.target.system),
            self.links,
            self.watermarks,
            TableIssues(storage),
            TableWaiting(storage),
            TableNumbers(storage),
            connections.outbox,
            storage.clock,
            References(plan.references, connections.rows, storage.clock),
            self._digester,
            lease=timedelta(seconds=self._settings.lease_seconds),
            budget=timedelta(seconds=self._settings.apply_seconds),
            longest_write=timedelta(seconds=self._settings.longest_write),
            patience=timedelta(hours=self._settings.waiting_hours),
            awaited=any(plan.flow.mapping in live.refers_to for live in self.live.values()),
            storm=StormWatch(
                plan.flow.name,
                plan.refusals,
                self.pauses,
                storage.clock,
                self._settings.storm_records,
                self._settings.storm_percent,
            ),
            awaited_by_target=any(plan.flow.mapping in live.refers_to_targets for live in self.live.values()),
        )

    @cached_property
    def feeds(self) -> Feeds:
        return Feeds(self.connections, self._settings, self.links, self.watermarks, self._digester)

    @cached_property
    def watermarks(self) -> TableWatermarks:
        return TableWatermarks(self.connections.storage)

    @cached_property
    def pauses(self) -> TablePauses:
        return TablePauses(self.connections.storage)

    @cached_property
    def links(self) -> TableLinks:
        return TableLinks(self.connections.storage, partitions=self._settings.link_partitions)

    @cached_property
    def _digester(self) -> Digester:
        return Digester(self._settings.digest_key.get_secret_value().encode())
