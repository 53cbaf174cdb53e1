"""What the demo can check of the promises, from outside: by looking at both systems and at the app's own tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from local.joined import Pair, Tables, folded
from local.pairs import PAIRS
from local.waits import plain_id
from local.world import ROOT, World
from sync.app import App, Awaited, FlowStatus

NOTHING_DISAPPEARS = "Nothing disappears"
NOTHING_DOUBLES = "Nothing doubles"
NEWEST_WINS = "The newest wins"
NO_BLOCKING = "No record blocks another"
FLOWS_RUN = "No flow blocks another"
PROMISES = (NOTHING_DISAPPEARS, NOTHING_DOUBLES, NEWEST_WINS, NO_BLOCKING, FLOWS_RUN)


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that does not hold, and how one sees it."""

    promise: str
    sight: str


def check_world(world: World, app: App, flows: list[FlowStatus], *, storage_failed: bool = False) -> list[Broken]:
    """Every promise that is seen broken in a world that is quiet.

    Where storage failed, so did runs of functions: a message that can be neither worked on nor put back must fail, so
    that the queue delivers it again.
    """
    found = [*_counts(flows), *_stopped(app), *_poison(flows)]
    if not storage_failed:
        found += _failed_runs(world)
    by_name = {flow.name: flow for flow in flows}
    tables = Tables(world)
    awaited = app.awaited()
    found += _awaited(awaited)
    for pair in PAIRS:
        if pair.flow in by_name:
            waiting = {plain_id(waiter.id) for each in awaited for waiter in each.waiters if waiter.flow == pair.flow}
            found += _pair(tables, pair, by_name[pair.flow], waiting)
    return found


def drifted(world: World) -> list[Broken]:
    """What `python -m sync sweep` finds when it compares both sides of every flow.

    Raises CalledProcessError, with what it said, when it cannot compare them.
    """
    command = [sys.executable, "-m", "sync", "sweep", "--json"]
    settings = {**os.environ, **world.settings}
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return [
        Broken(NEWEST_WINS, f"{flow}: the sweep finds {finding['kind']} {finding['number'] or finding['id']}")
        for flow, found in json.loads(done.stdout).items()
        for finding in found["findings"]
    ]


def _counts(flows: list[FlowStatus]) -> Iterator[Broken]:
    for flow in flows:
        if not flow.totals.close:
            yield Broken(NOTHING_DISAPPEARS, f"{flow.name}: the counts do not close: {flow.totals.as_json()}")
        open_issues = Counter(issue.trouble.code for issue in flow.issues if not issue.of_flow)
        if open_issues != flow.totals.reasons["parked"]:
            yield Broken(NOTHING_DISAPPEARS, f"{flow.name}: the issues are {dict(open_issues)}, not what is parked")


def _stopped(app: App) -> Iterator[Broken]:
    for flow in app.stopped:
        yield Broken(FLOWS_RUN, f"{flow.name} is stopped: {flow.reason}")


def _poison(flows: list[FlowStatus]) -> Iterator[Broken]:
    for flow in flows:
        if flow.poisoned:
            yield Broken(NO_BLOCKING, f"{flow.poisoned} messages of {flow.name} are in its poison queue")


def _failed_runs(world: World) -> Iterator[Broken]:
    for host in world.hosts:
        for name, counts in host.counters()["functions"].items():
            if counts["failures"]:
                yield Broken(NO_BLOCKING, f"{name} failed {counts['failures']} times")


def _awaited(awaited: list[Awaited]) -> Iterator[Broken]:
    for each in awaited:
        if each.is_there:
            yield Broken(NO_BLOCKING, f"{len(each.waiters)} records wait for {each.name}, which is there")


def _pair(tables: Tables, pair: Pair, flow: FlowStatus, waiting: set[str]) -> Iterator[Broken]:
    """Every source row is one target row, has an open issue, waits, or has a reason to be left out; what is in the
    target belongs to a source row, once."""
    parked = {folded(issue.id) for issue in flow.issues} | {folded(issue.trouble.number) for issue in flow.issues}
    targets = pair.targets(tables)
    by_key = {pair.target_key(row): row for row in targets}
    for key, count in Counter(map(pair.target_key, targets)).items():
        if count > 1:
            yield Broken(NOTHING_DOUBLES, f"{pair.target[1]} {key} is there {count} times")
    came: set[str] = set()
    for source in tables.rows(*pair.source):
        name = f"{pair.source[1]} {pair.id(source)}"
        target = by_key.get(pair.key(source))
        came.add(pair.key(source))
        if pair.id(source) in parked or pair.id(source) in waiting:
            continue
        if target is not None:
            if not pair.excused(tables, source) and (difference := pair.differs(tables, source, target)):
                yield Broken(NEWEST_WINS, f"{name} has {difference}")
        elif not pair.excused(tables, source):
            yield Broken(NOTHING_DISAPPEARS, f"{name} is not in {pair.target[1]}, and nothing says why")
    if not pair.alone:
        for key in by_key.keys() - came:
            yield Broken(NOTHING_DOUBLES, f"{pair.target[1]} {key} belongs to none of {pair.source[1]}")
