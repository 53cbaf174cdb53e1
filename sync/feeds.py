"""The change feed of each flow, made of the live systems and kept: a feed may remember what it has read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sync.braked import FEWEST_CHANGED, FEWEST_GONE, BrakedFeed
from sync.brakes import Brakes
from sync.compare import Digester
from sync.connections import Connections
from sync.errors import ConfigError
from sync.mapping.plan import Plan
from sync.model import EntityRef
from sync.ports import ChangeFeed, Links, Watermarks
from sync.settings import Settings
from sync.snapshot import SnapshotFeed
from sync.systems.delta import DeltaFeed
from sync.systems.triggers import TriggeredFeed


class Feeds:
    """The feeds of one process, one for each flow under its present definition."""

    def __init__(
        self, connections: Connections, settings: Settings, links: Links, watermarks: Watermarks, digester: Digester
    ) -> None:
        self._connections = connections
        self._settings = settings
        self._links = links
        self._watermarks = watermarks
        self._digester = digester
        self._kept: dict[str, tuple[str, ChangeFeed]] = {}

    def of(self, plan: Plan) -> ChangeFeed:
        """The flow's feed, the same one at every run. Raises ConfigError where the mapping names one that is none."""
        definition, feed = self._kept.get(plan.flow.name, ("", None))
        if feed is None or definition != plan.definition:
            feed = self._made(plan)
            self._kept[plan.flow.name] = plan.definition, feed
        return feed

    def _made(self, plan: Plan) -> ChangeFeed:
        match plan.feed, plan.flow.source.system:
            case "delta", "sales":
                return BrakedFeed(
                    self._delta(plan),
                    self._links,
                    self._connections.sales,
                    self._brakes(
                        plan.flow.name,
                        fewest_gone=FEWEST_GONE,
                        fewest_changed=FEWEST_CHANGED,
                        source="Sales tells",
                    ),
                    mapping=plan.flow.mapping,
                    entity=plan.flow.source,
                    under_way=lambda: self._connections.outbox.depth(plan.flow.name),
                    wait=timedelta(seconds=self._settings.lease_seconds),
                )
            case "snapshot", "finops":
                return SnapshotFeed(
                    self._connections.finops,
                    self._connections.finops,
                    self._links,
                    self._brakes(plan.flow.name),
                    mapping=plan.flow.mapping,
                    entity=plan.flow.source,
                    columns=plan.columns,
                    digest=lambda values: self._digester.row(values, plan.columns),
                    company=plan.company,
                )
            case feed, system:
                raise ConfigError(
                    f"There is no {feed} feed for {system}.",
                    where=f"mapping {plan.flow.mapping}",
                    remedy="Write feed: delta for a Dataverse table with change tracking, feed: snapshot for one of "
                    "F&O.",
                )

    def _delta(self, plan: Plan) -> ChangeFeed:
        sales, size = self._connections.sales, self._settings.page_size
        main = DeltaFeed(sales, plan.flow.source, page_size=size, modified_on=plan.modified_on)
        if not plan.triggers:
            return main
        others = [
            (
                trigger.set,
                DeltaFeed(sales, EntityRef("sales", trigger.set, (trigger.id,)), page_size=size, about=trigger.column),
            )
            for trigger in plan.triggers
        ]
        return TriggeredFeed(main, others)

    def _brakes(self, flow: str, **more: Any) -> Brakes:
        return Brakes(
            flow,
            self._watermarks,
            self._connections.storage.clock,
            gone_percent=self._settings.brake_gone_percent,
            changed_percent=self._settings.brake_changed_percent,
            **more,
        )
