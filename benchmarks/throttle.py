"""Systems that ask to be left alone again and again under a steady load: whether every host obeys, and all arrives."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.customers import entered, until_quiet, wrong
from benchmarks.load import FLOW
from benchmarks.measured import only
from benchmarks.meter import SYSTEMS
from local.world import World
from sync.app import App, FlowStatus, create_app

SETTINGS = {**only(FLOW), "DETECT_SCHEDULE": "* * * * * *", "BATCH_RECORDS": "25"}

SHORTEST, LONGEST = 2, 8
"""Whole seconds that a system asks for."""

MINUTE, ONE_IN = 60, 12
"""One throttle in so many lasts for this many seconds instead."""

OPEN = (3.0, 8.0)
"""Seconds for which both systems answer between two throttles."""

LOOK_SECONDS = 0.2
UNASKED = 10.0
"""Seconds after which a throttle that nobody has met is over."""


def run(records: int, minutes: float, hosts: int, seed: int, console: Console) -> dict[str, Any]:
    """`{"records", "minutes", "hosts", "seed", "throttles": {system: ...}, "systems": {system: {...}}, "resent",
    "poisoned", "broken": [...]}`.

    Accounts are loaded, and sent once more whenever all of them have arrived, so that there is always work to do.
    A request that starts more than one second after a 429 and before its Retry-After is over is too early (promise 6).
    """
    choose = random.Random(seed)
    with entered(records, seed, SETTINGS, console) as (world, source):
        for _ in range(hosts):
            world.start_host(recovery=0.5)
        load = _Load(world, create_app(world.settings))
        _throttle(load, minutes * 60, choose, console)
        flow = until_quiet(load.app)
        counters = {system: world.admin(system, "counters") for system in SYSTEMS}
        broken = [*wrong(world, source, load.app, flow), *_not_obeyed(counters, flow)]
    systems = {
        system: {
            "requests": counters[system]["requests"],
            "rejected_429": counters[system]["rejected_429"],
            "too_early": counters[system]["started_during_retry_after"],
            "while_the_other_was_shut": load.meanwhile[system],
        }
        for system in SYSTEMS
    }
    return {
        "records": records,
        "minutes": minutes,
        "hosts": hosts,
        "seed": seed,
        "throttles": dict(load.throttles),
        "systems": systems,
        "resent": load.resent,
        "poisoned": flow.poisoned,
        "broken": broken,
    }


def table(result: Mapping[str, Any]) -> Table:
    """What each system has seen."""
    title = (
        f"{result['minutes']:g} minutes, {result['hosts']} hosts, {result['records']} accounts, seed {result['seed']}"
    )
    shown = Table(title=title, title_justify="left")
    for heading in ("", *SYSTEMS):
        shown.add_column(heading, justify="right" if heading else "left")
    shown.add_row("throttles", *(str(result["throttles"].get(system, 0)) for system in SYSTEMS))
    for name, key in (
        ("requests", "requests"),
        ("answered with 429", "rejected_429"),
        ("started too early", "too_early"),
        ("requests while the other system was shut", "while_the_other_was_shut"),
    ):
        shown.add_row(name, *(str(result["systems"][system][key]) for system in SYSTEMS))
    broken = f"{len(result['broken'])} promises broken" if result["broken"] else "No promise broken"
    shown.caption = (
        f"All accounts were sent {result['resent'] + 1} times. {broken}; {result['poisoned']} poison messages"
    )
    return shown


class _Load:
    """A world with work to do, and what was done to it."""

    def __init__(self, world: World, app: App) -> None:
        self.world, self.app = world, app
        self.throttles: Counter[str] = Counter()
        self.meanwhile: Counter[str] = Counter()
        self.resent = 0

    def keep_busy(self) -> None:
        (flow,) = self.app.status(FLOW)
        if flow.settled and flow.backlog == 0:
            self.app.resend(FLOW)
            self.resent += 1

    def pass_time(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.keep_busy()
            time.sleep(LOOK_SECONDS)


def _throttle(load: _Load, seconds: float, choose: random.Random, console: Console) -> None:
    """The systems take turns to ask for some seconds; from the first 429 on, for as long as that says."""
    until = time.monotonic() + seconds
    told = time.monotonic()
    for turn, system in enumerate(cycle(SYSTEMS), 1):
        load.pass_time(choose.uniform(*OPEN))
        _shut(load, system, choose.randint(SHORTEST, LONGEST) if turn % ONE_IN else MINUTE)
        if time.monotonic() > until:
            return
        if time.monotonic() - told > 60:
            told = time.monotonic()
            console.print(f"{sum(load.throttles.values())} throttles, {until - told:.0f} seconds left.")


def _shut(load: _Load, system: str, pause: int) -> None:
    (other,) = (each for each in SYSTEMS if each != system)
    before = load.world.admin(system, "counters")["rejected_429"]
    fault = load.world.admin(system, "faults", {"times": None, "action": {"status": 429, "retry_after": pause}})["id"]
    begun = time.monotonic()
    while not (met := load.world.admin(system, "counters")["rejected_429"] > before):
        if time.monotonic() - begun > UNASKED:
            break
        load.pass_time(LOOK_SECONDS)
    if met:
        asked = load.world.admin(other, "counters")["requests"]
        load.pass_time(pause)
        load.meanwhile[other] += load.world.admin(other, "counters")["requests"] - asked
        load.throttles[system] += 1
    load.world.admin(system, f"faults/{fault}", method="DELETE")


def _not_obeyed(counters: Mapping[str, Mapping[str, int]], flow: FlowStatus) -> Iterator[str]:
    for system, counts in counters.items():
        if early := counts["started_during_retry_after"]:
            yield f"{early} requests to {system} started before the time that it had asked for was over"
    if flow.poisoned:
        yield f"{flow.poisoned} messages are in the poison queue"
    if flow.totals.reasons["parked"] or flow.totals.reasons["waiting"]:
        yield f"good records are parked or wait: {flow.totals.reasons}"
