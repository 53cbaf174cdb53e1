"""Public in-memory twins of the ports that storage serves: the same rules as the real ones, deterministic, thread-safe.

They live as long as the object does; processes of a test that share storage share the objects. No real time and no
random number is used: the clock is set by its owner and ETags count up.
"""

from sync.stores.memory.clock import MemoryClock
from sync.stores.memory.gates import MemoryGates
from sync.stores.memory.links import MemoryLinks
from sync.stores.memory.outbox import Delivered, MemoryOutbox
from sync.stores.memory.pauses import MemoryPauses
from sync.stores.memory.records import MemoryIssues, MemoryWaiting
from sync.stores.memory.runs import MemoryNumbers, MemoryRuns, MemoryWatermarks

__all__ = [
    "Delivered",
    "MemoryClock",
    "MemoryGates",
    "MemoryIssues",
    "MemoryLinks",
    "MemoryNumbers",
    "MemoryOutbox",
    "MemoryPauses",
    "MemoryRuns",
    "MemoryWaiting",
    "MemoryWatermarks",
]
