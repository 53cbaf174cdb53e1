"""Actors that stop at every call of a port, so that a seed decides what happens next: go on, fail, or crash."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from greenlet import getcurrent, greenlet

from sync.errors import Throttled, Transient, Unsure


class Crash(BaseException):
    """The process of this actor is gone. Not an Exception: nothing in the engine may catch it."""


class Actor:
    """One invocation of a function, in a process of its own."""

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self.name = name
        self._greenlet = greenlet(run)
        self.next_call = "start"

    @property
    def done(self) -> bool:
        return bool(self._greenlet.dead)

    def resume(self, command: str) -> None:
        """Let it make its pending call as told, and run on to the next one."""
        said = self._greenlet.switch(command) if self.next_call != "start" else self._greenlet.switch()
        self.next_call = said or ""


class Scheduler:
    """Decides by its seed; `story` tells what happened, one line per step that is not ordinary."""

    def __init__(self, seed: int, *, faults: bool = True) -> None:
        self.random = random.Random(seed)
        self.faults = faults
        self.actors: list[Actor] = []
        self.late: list[Callable[[], object]] = []
        self.story: list[str] = []

    def call(self, port: str, method: str, work: Callable[[], Any]) -> Any:
        """One call of a port by the running actor."""
        command = getcurrent().parent.switch(f"{port}.{method}")
        match command:
            case "crash":
                raise Crash
            case "crash-after":
                work()
                raise Crash
            case "fail":
                raise Transient("injected", delay=5)
            case "throttle":
                raise Throttled("injected", delay=20)
            case "unsure-done":
                work()
                raise Unsure("injected", delay=5)
            case "unsure-late":
                self.late.append(work)
                raise Unsure("injected", delay=5)
            case "unsure-lost":
                raise Unsure("injected", delay=5)
            case _:
                return work()

    def start(self, name: str, run: Callable[[], None]) -> None:
        """A new actor; it runs up to its first call."""
        actor = Actor(name, run)
        self.actors.append(actor)
        self._resume(actor, "go")

    def step(self) -> None:
        """Let one actor go on, as the seed says."""
        actor = self.random.choice(self.actors)
        self._resume(actor, self._command(actor))

    def _command(self, actor: Actor) -> str:
        if not self.faults or self.random.random() > 0.04:
            return "go"
        commands = ["crash", "crash-after", "fail"]
        if actor.next_call.startswith(("reader", "writer", "feed")):
            commands.append("throttle")
        if actor.next_call == "writer.write":
            commands += ["unsure-done", "unsure-late", "unsure-lost"]
        return self.random.choice(commands)

    def _resume(self, actor: Actor, command: str) -> None:
        if command != "go":
            self.story.append(f"{actor.name}: {command} at {actor.next_call}")
        actor.resume(command)
        if actor.done:
            self.actors.remove(actor)

    def finish_late(self) -> None:
        """Requests that the server took its time for are done now."""
        while self.late:
            self.late.pop(self.random.randrange(len(self.late)))()


class Stepping:
    """A port whose every call is a step of the scheduler."""

    def __init__(self, name: str, port: Any, scheduler: Scheduler) -> None:
        self._name, self._port, self._scheduler = name, port, scheduler

    def __getattr__(self, method: str) -> Any:
        real = getattr(self._port, method)

        def call(*args: Any, **options: Any) -> Any:
            return self._scheduler.call(self._name, method, lambda: real(*args, **options))

        return call
