"""Actors that stop at every call of a port, so that a seed decides what happens next: go on, fail, or crash."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

from sync.errors import Busy, ConfigError, Throttled, Transient, Unavailable, Unsure
from sync.ports import Refused
from sync.stores.memory import MemoryClock
from tests.explorer.told import told_call

SLOW_SERVER = timedelta(seconds=100)
"""A server is done with a timed-out request after this long: well before any lease ends (the stated limit)."""

OVERSLEPT = timedelta(seconds=100)
"""Who is held up for longer between looking at its lease and writing may write without one."""

WEIGHTS = (0.001, 0.001, 1.0, 1.0, 8.0)
"""How eager an actor is; drawn anew now and then, so that some stall while others run far ahead."""

LOSABLE = (
    *("links.write", "links.reserve", "links.take_over", "links.unreserve", "watermarks.save", "runs.save"),
    *("issues.put", "issues.close", "waiting.put", "waiting.remove", "outbox.post", "numbers.take", "reader.assign"),
)
"""Calls that may be done although they fail."""


class Crash(BaseException):
    """The process of this actor is gone. Not an Exception: nothing in the engine may catch it."""


class Actor:
    """One invocation of a function, in a process of its own."""

    def __init__(self, name: str, number: int, run: Callable[[], None], weight: float) -> None:
        self.name = name
        self.number = number
        self.weight = weight
        self.next_call = "start"
        self.since: datetime | None = None
        self.spared = False
        self._greenlet = greenlet(run)

    @property
    def done(self) -> bool:
        return bool(self._greenlet.dead)

    def resume(self, command: str, now: datetime) -> None:
        """Let it make its pending call as told, and run on to the next one."""
        said = self._greenlet.switch(command) if self.next_call != "start" else self._greenlet.switch()
        self.next_call = said or ""
        self.since = now


@dataclass(frozen=True)
class Cut:
    """What is left of a seed's storms: the steps that happen (None for all), and those of them that know no fault.

    `calls` has the story tell what the actors ask and write, not only what is out of the ordinary.
    """

    steps: tuple[int, ...] | None = None
    calm: frozenset[int] = frozenset()
    calls: bool = False


class Scheduler:
    """Decides by its seed. `story` tells what happened, one line per step that is not ordinary; `met` counts it.

    Every step of a storm has random numbers of its own: the others stay as they are when one is cut. `steps` are those
    that began, `faulty` those of them that knew a fault.
    """

    def __init__(self, seed: int, clock: MemoryClock) -> None:
        self._seed = seed
        self.random = random.Random(seed)
        self.cut = Cut()
        self.steps: list[int] = []
        self.faulty: set[int] = set()
        self._numbers = count()
        self._names = count(1)
        self.clock = clock
        self.fault_rate = 0.0
        self.outage = ""
        self.outage_ends_in = "fail"
        self.actors: list[Actor] = []
        self.story: list[str] = []
        self.met: Counter[str] = Counter()
        self._running: Actor
        self._late: list[tuple[datetime, Callable[[], object]]] = []

    def begin(self, what: str) -> None:
        """What is decided next depends on the seed and on this name alone."""
        self.random.seed(f"{self._seed} {what}")

    def begins_step(self) -> bool:
        """The next step of a storm; False when it is cut."""
        number = next(self._numbers)
        if self.cut.steps is not None and number not in self.cut.steps:
            return False
        self.steps.append(number)
        self.begin(f"step {number}")
        return True

    @property
    def is_over(self) -> bool:
        """No step is left that is not cut."""
        return self.cut.steps is not None and len(self.steps) == len(self.cut.steps)

    def tell(self, kind: str, what: str) -> None:
        """A line of the story."""
        self.met[kind] += 1
        self.story.append(f"{self.clock.now():%H:%M:%S} {what}")

    def call(
        self,
        port: str,
        method: str,
        work: Callable[[], Any],
        in_part: Callable[[], Any],
        refused: Callable[[], Any],
    ) -> Any:
        """One call of a port by the running actor; `in_part` is a write that comes to a part of its records only,
        `refused` one of whose records the system does not like the first."""
        command = getcurrent().parent.switch(f"{port}.{method}")
        match command:
            case "go":
                return work()
            case "crash":
                raise Crash
            case "crash-after":
                work()
                raise Crash
            case "fail":
                raise Transient("injected", delay=5)
            case "fail-after":
                work()
                raise Transient("injected", delay=5)
            case "part":
                return in_part()
            case "bug":
                raise RuntimeError("injected")
            case "bug-after":
                work()
                raise RuntimeError("injected")
            case "unavailable":
                raise Unavailable("injected", delay=5)
            case "refuse":
                return refused()
            case "throttle":
                raise Throttled("injected", delay=20)
            case "busy":
                raise Busy("injected", delay=20)
            case "stop":
                raise ConfigError("injected")
            case "unsure-done":
                work()
                raise Unsure("injected", delay=5)
            case "unsure-late":
                self._late.append((self.clock.now() + SLOW_SERVER, work))
                raise Unsure("injected", delay=5)
            case "unsure-lost":
                raise Unsure("injected", delay=5)
        raise AssertionError(command)

    def start(self, name: str, run: Callable[[], None]) -> Actor:
        """A new actor; it runs up to its first call."""
        actor = Actor(name, next(self._names), run, self.random.choice(WEIGHTS))
        self.actors.append(actor)
        self.resume(actor, "go")
        return actor

    def step(self) -> None:
        """Let one actor go on, as the seed says."""
        if self.random.random() < 0.06:
            self.random.choice(self.actors).weight = self.random.choice(WEIGHTS)
        (actor,) = self.random.choices(self.actors, [actor.weight for actor in self.actors])
        self.resume(actor, self._command(actor))

    def kill_all(self) -> bool:
        """Every process ends, each before or after its pending call; False when one of them is spared."""
        if any(actor.spared or self._overslept(actor) for actor in self.actors):
            return False
        for actor in list(self.actors):
            self.resume(actor, self.random.choice(["crash", "crash-after"]))
            while not actor.done:  # the last call was made of others
                self.resume(actor, "crash")
        return True

    def pass_time(self, seconds: float) -> None:
        """The clock moves on; what a slow server had still to do by then is done before."""
        then = self.clock.now() + timedelta(seconds=seconds)
        due = [work for when, work in self._late if when <= then]
        self._late = [(when, work) for when, work in self._late if when > then]
        for work in due:
            work()
        self.clock.set(then)

    def finish_late(self) -> None:
        """One request that the server took its time for is done now."""
        if self._late:
            _, work = self._late.pop(self.random.randrange(len(self._late)))
            work()

    def _command(self, actor: Actor) -> str:
        # Nobody can know that a write came after its lease but the one who made it: it lives on (the stated limit).
        actor.spared = actor.spared or self._overslept(actor)
        call = actor.next_call
        if actor.spared:
            return "go"
        if self.outage and call.startswith(self.outage):
            self.met["outage"] += 1
            return self.outage_ends_in
        writing = call == "writer.write"  # seldom reached, and the most dangerous moment
        if self.random.random() >= self.fault_rate * (5 if writing else 1):
            return "go"
        number = self.steps[-1] if self.steps else 0
        if number in self.cut.calm:
            return "go"
        self.faulty.add(number)
        commands = ["crash", "crash-after", "fail", self.random.choice(["bug", "unavailable"])]
        if call in LOSABLE:
            commands += ["fail-after", "fail-after", "bug-after"]
        if call.startswith(("reader", "writer", "feed")):
            commands += ["throttle", "busy", "stop"]
        if writing:
            commands += ["part", "part", "refuse", "unsure-done", "unsure-late", "unsure-lost"]
        return self.random.choice(commands)

    def _overslept(self, actor: Actor) -> bool:
        waiting = actor.since is not None and self.clock.now() - actor.since > OVERSLEPT
        return waiting and actor.next_call == "writer.write"

    def resume(self, actor: Actor, command: str) -> None:
        """Let an actor make its pending call as told."""
        if command != "go":
            self.tell(command, f"{actor.name} {actor.number}: {command} at {actor.next_call}")
        elif actor.spared and actor.next_call == "writer.write":
            self.tell("overslept", f"{actor.name} {actor.number}: writes after a long sleep")
        if actor.next_call == "links.reserve" and actor.since and self.clock.now() - actor.since > OVERSLEPT:
            self.met["held late"] += 1
        self._running = actor
        actor.resume(command, self.clock.now())
        if actor.done:
            self.actors.remove(actor)

    def tell_call(self, port: str, method: str, args: Sequence[Any], result: Any) -> None:
        """What the running actor asked or wrote, in a story that tells that."""
        if self.cut.calls and (told := told_call(port, method, args, result)):
            actor = self._running
            self.story.append(f"{self.clock.now():%H:%M:%S}   {actor.name} {actor.number}: {told}")


class Stepping:
    """A port whose every call is a step of the scheduler."""

    def __init__(self, name: str, port: Any, scheduler: Scheduler) -> None:
        self._name, self._port, self._scheduler = name, port, scheduler

    def __getattr__(self, method: str) -> Any:
        real, part = getattr(self._port, method), getattr(self._port, f"{method}_part", None)

        def work(*args: Any, **options: Any) -> Any:
            result = real(*args, **options)
            self._scheduler.tell_call(self._name, method, args, result)
            return result

        def call(*args: Any, **options: Any) -> Any:
            return self._scheduler.call(
                self._name,
                method,
                lambda: work(*args, **options),
                lambda: part and part(*args, **options),
                lambda: [Refused("injected"), *work(args[0], args[1][1:], **options)],
            )

        return call
