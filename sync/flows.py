"""The flows of an installation: the plans of its mapping files, their switches, and what does not run and why."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sync.live_plans import LivePlans
from sync.mapping.load import LoadedMapping, load_all
from sync.mapping.problems import MappingProblems
from sync.setting_check import refused_settings, unread_settings
from sync.settings import FlowSettings, Settings, flow_switches, mapping_settings, refuse
from sync.status import StoppedFlow

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Flows:
    """By the name of the flow: its plans and its switches. `stopped` are the flows and files that do not run."""

    live: dict[str, LivePlans] = field(default_factory=dict)
    switches: dict[str, FlowSettings] = field(default_factory=dict)
    stopped: list[StoppedFlow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FlowBinding:
    """What the Functions host must know of a flow."""

    name: str
    schedule: str
    sweep_schedule: str
    queue: str


def bindings_of(switches: Mapping[str, FlowSettings], settings: Settings) -> list[FlowBinding]:
    """Those of the flows that run."""
    return [
        FlowBinding(name, each.schedule, settings.sweep_schedule, each.queue)
        for name, each in switches.items()
        if each.enabled
    ]


def load_flows(settings: Settings, environment: Mapping[str, str], root: Path) -> Flows:
    """Read every mapping file. One with problems stops its own flows only.

    Raises MappingProblems when there is none, ConfigError for all settings that no mapping and no flow knows, or that
    make no sense.
    """
    result = load_all(root / settings.mappings)
    if not result.mappings:
        raise MappingProblems("folder", result.problems)
    refuse(refused_settings(environment, result))
    for mistake in unread_settings(environment, result):
        log.warning("%s", mistake)
    flows = Flows()
    for name, mapping in result.mappings.items():
        try:
            if not isinstance(mapping, LoadedMapping):
                raise mapping
            live = LivePlans(mapping, result.maps, mapping_settings(environment))
        except MappingProblems as error:
            flows.stopped.append(StoppedFlow(name, str(error)))
            continue
        for plan in live.plans:
            switches = flow_switches(plan.flow.name, settings, environment, whole=plan.feed == "snapshot")
            flows.live[plan.flow.name] = live
            flows.switches[plan.flow.name] = switches
            if not switches.enabled:
                flows.stopped.append(StoppedFlow(plan.flow.name, f"switched off by {plan.flow.name.upper()}__ENABLED"))
    return flows
