"""Check: the mapping files and settings by themselves, and against both live systems. Writes nothing (promise 7)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sync.connections import Connections
from sync.flows import load_flows
from sync.live.check import FILES
from sync.live.check import check_live as check_flows
from sync.live.findings import Finding
from sync.live_systems import LiveSystems, look_around
from sync.mapping.check import check as check_mappings
from sync.mapping.load import load_all
from sync.mapping.problems import Problem
from sync.settings import flow_switches, mapping_settings, read_settings

ROOT = Path(__file__).resolve().parents[1]
"""The folder of the app, which holds its mappings."""


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
    queues = {name: switches.queue for name, switches in load_flows(settings, environment, root).switches.items()}
    connections = Connections(settings, environment, queues)
    systems = LiveSystems(connections)
    found = check_flows(
        loaded,
        mapping_settings(environment),
        systems,
        lambda flow: flow_switches(flow, settings, environment).enabled,
    )
    return [*offline, *found, *look_around(connections, settings)]
