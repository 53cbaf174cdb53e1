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
from sync.mapping.check import check_loaded
from sync.mapping.load import load_all
from sync.mapping.problems import Problem
from sync.setting_check import refused_settings, unread_settings
from sync.settings import flow_switches, mapping_settings, read_settings, setting_mistakes

ROOT = Path(__file__).resolve().parents[1]
"""The folder of the app, which holds its mappings."""


SETTINGS = "settings"
"""Where a problem is that is one of the app settings."""


def check(environment: Mapping[str, str] = os.environ, root: Path = ROOT) -> list[Problem]:
    """Every problem of the app settings and of the mapping files. Reads files only, writes nothing.

    Where no installation is set up, the files and what is set are checked: what must be set is no problem of theirs.
    """
    set_up = bool(environment.get("SALES_URL"))
    settings = mapping_settings(environment) if set_up else {"company": "any", **mapping_settings(environment)}
    result = load_all(root / (environment.get("MAPPINGS") or "mappings"))
    mistakes = [
        *setting_mistakes(environment, missing=set_up),
        *refused_settings(environment, result),
        *unread_settings(environment, result),
    ]
    told = [Problem(SETTINGS, 0, 0, mistake.what, mistake.remedy) for mistake in mistakes]
    return [*told, *check_loaded(result, settings)]


def check_live(environment: Mapping[str, str] = os.environ, root: Path = ROOT) -> list[Finding]:
    """What `check` finds, and what both live systems lack for the flows that are on; writes to neither (promise 7).

    Raises ConfigError when the settings make no sense, Transient when storage, which tells whether the systems may be
    called, is not available.
    """
    offline = [Finding(FILES, "error", problem) for problem in check(environment, root)]
    if environment.get("SALES_URL") and any(each.problem.file == SETTINGS for each in offline):
        return offline
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
