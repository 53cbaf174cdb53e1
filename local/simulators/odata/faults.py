"""Faults on request: which requests go wrong, after how many, how often, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal
from urllib.parse import unquote_plus


class FaultError(ValueError):
    """A fault that cannot be set up as asked; the text says why."""


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to a matching request. `delay` (seconds, before anything else) goes with any of the others."""

    delay: float = 0.0
    status: int | None = None
    """Answer this status at once, in the system's error shape (`code` and `message` replace the usual ones)."""
    retry_after: int | None = None
    html: bool = False
    """With `status`: a gateway's page instead of the error shape."""
    code: str | None = None
    message: str | None = None
    drop: Literal["before", "after"] | None = None
    """Close the connection without an answer, before or after the work was done."""
    cut: int | None = None
    """Send only so many bytes of the body, although Content-Length says more."""
    repeat: bool = False
    """The page begins with the last record of the page before it."""


@dataclass(slots=True)
class Fault:
    """A set-up fault: lets `after` matching requests pass, then acts on `times` of them (None: until removed)."""

    id: int
    method: str | None
    path: str | None
    after: int
    times: int | None
    action: Action
    fired: int = 0

    def matches(self, method: str, target: str) -> bool:
        if self.method not in (None, method):
            return False
        return self.path is None or self.path in target or self.path in unquote_plus(target)

    def as_json(self) -> dict[str, Any]:
        acts = {one.name: value for one in fields(Action) if (value := getattr(self.action, one.name)) != one.default}
        match = {key: value for key, value in (("method", self.method), ("path", self.path)) if value is not None}
        left = {"after": self.after, "times": self.times, "fired": self.fired}
        return {"id": self.id, "match": match, **left, "action": acts}


class Faults:
    """The faults of one simulator, in the order in which they were set up; the first that matches acts."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._last_id = 0

    def add(self, wanted: Any) -> int:
        """Set up a fault from its JSON form and return its id. Raises `FaultError`."""
        known = {"match", "after", "times", "action"}
        if not isinstance(wanted, Mapping) or "action" not in wanted or not wanted.keys() <= known:
            raise FaultError(f"A fault is an object with 'action' and, if needed, {sorted(known - {'action'})}.")
        match = wanted.get("match", {})
        if not isinstance(match, Mapping) or not match.keys() <= {"method", "path"}:
            raise FaultError("'match' is an object with 'method' and 'path', both optional.")
        self._last_id += 1
        self._faults[self._last_id] = Fault(
            id=self._last_id,
            method=match.get("method"),
            path=match.get("path"),
            after=int(wanted.get("after", 0)),
            times=wanted.get("times", 1),
            action=_action(wanted["action"]),
        )
        return self._last_id

    def remove(self, fault_id: int | None) -> bool:
        """Remove one fault, or all; False when there is none of this id."""
        if fault_id is None:
            self._faults.clear()
            return True
        return self._faults.pop(fault_id, None) is not None

    def as_json(self) -> list[dict[str, Any]]:
        """What is set up; faults that have acted often enough are shown too, with `times` 0."""
        return [fault.as_json() for fault in self._faults.values()]

    def take(self, method: str, target: str) -> Action | None:
        """What must happen to this request, if anything; counts it as done."""
        for fault in self._faults.values():
            if fault.times == 0 or not fault.matches(method, target):
                continue
            if fault.after:
                fault.after -= 1
                continue
            fault.times = None if fault.times is None else fault.times - 1
            fault.fired += 1
            return fault.action
        return None


def _action(wanted: Any) -> Action:
    known = {one.name for one in fields(Action)}
    if not isinstance(wanted, Mapping) or not wanted or not wanted.keys() <= known:
        raise FaultError(f"'action' is an object with some of {sorted(known)}.")
    action = Action(**{**wanted, "delay": float(wanted.get("delay", 0))})
    if action.drop not in (None, "before", "after"):
        raise FaultError("'drop' is 'before' or 'after' (the work).")
    if action.html and action.status is None:
        raise FaultError("'html' needs a 'status'.")
    return action
