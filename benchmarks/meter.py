"""The meter of one Functions host: what it has sent and used between two readings.

It asks the simulators and the host themselves. What the benchmark asks of storage, to know whether all is quiet, goes
through a client of its own and is not counted.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.process import cpu_seconds, peak_rss_mb
from local.host.process import HostProcess
from local.world import World

SYSTEMS = ("sales", "finops")


@dataclass(frozen=True, slots=True)
class Reading:
    """Counts and times since the start of the host; `requests` by system and kind.

    `operations` are the parts of `$batch` requests by system, `writes` the rows that F&O has changed.
    """

    at: float
    cpu: float
    requests: Mapping[str, Counter[str]]
    operations: Mapping[str, int]
    writes: int
    storage: Mapping[str, int]
    empty_polls: int


def read(world: World, host: HostProcess) -> Reading:
    """The meter as it stands now. `empty_polls` are not in `storage`: they grow with time, not with records."""
    counters = {system: world.admin(system, "counters") for system in SYSTEMS}
    storage = dict(world.host_counters(host)["storage"])
    empty = host.counters()["storage"].get("receive_empty", 0)
    storage["queue"] -= empty
    return Reading(
        time.monotonic(),
        cpu_seconds(host.child.pid),
        {system: Counter(counters[system]["by_request"]) for system in SYSTEMS},
        {system: counters[system]["operations"] for system in SYSTEMS},
        counters["finops"]["writes"],
        storage,
        empty,
    )


def counts(before: Reading, after: Reading) -> dict[str, Any]:
    """Requests, storage operations and rows of F&O that changed between two readings."""
    return {
        "requests": {system: dict(after.requests[system] - before.requests[system]) for system in SYSTEMS},
        "operations": {system: after.operations[system] - before.operations[system] for system in SYSTEMS},
        "writes": after.writes - before.writes,
        "storage": {name: after.storage[name] - before.storage[name] for name in ("queue", "table")},
        "empty_polls": after.empty_polls - before.empty_polls,
    }


def figures(records: int, before: Reading, after: Reading, host: HostProcess, *, ready: float) -> dict[str, Any]:
    """What so many records cost. CPU and seconds run from `before`; starting the host took `ready` seconds more."""
    made = counts(before, after)
    seconds = after.at - before.at
    cpu = after.cpu - before.cpu
    per_1000 = 1000 / records
    return {
        "records": records,
        "seconds": round(seconds, 2),
        "seconds_with_start": round(seconds + ready, 2),
        "records_per_second": round(records / seconds, 1),
        "http_per_1000": {name: round(sum(made["requests"][name].values()) * per_1000, 1) for name in SYSTEMS},
        "storage_per_1000": {name: round(count * per_1000, 1) for name, count in made["storage"].items()},
        "cpu_seconds": round(cpu, 2),
        "cpu_ms_per_record": round(cpu * per_1000, 3),
        "peak_rss_mb": round(peak_rss_mb(host.child.pid), 1),
        **made,
    }
