"""Faults on request: which requests go wrong, when, how often, and how."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_plus

from local.simulators.odata.actions import Action, FaultError, number, only_known, read_action, whole
from local.simulators.odata.tokens import issued_at

_KNOWN = ["match", "after", "every", "times", "from", "to", "growth", "action"]
_MATCH = ["method", "path", "token", "token_older_than"]
_PUSHED_BACK = (429, 503)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request as a fault sees it; `target` is the path below the service root with its query."""

    method: str
    target: str
    token: str = ""


@dataclass(slots=True)
class Match:
    """Which requests a fault is for; what is left out does not matter.

    `path` is a part of the target, as sent or decoded. `first_token`: only requests with the token of the first one
    that came. `token_older_than`: tokens issued at least so many seconds ago, by this machine's clock, which is that
    of the identity endpoint.
    """

    method: str | None = None
    path: str | None = None
    first_token: bool = False
    token_older_than: float | None = None
    token: str | None = None

    def fits(self, request: Arrived) -> bool:
        """Whether the fault is for this request."""
        if self.method not in (None, request.method):
            return False
        if self.path is not None and self.path not in request.target and self.path not in unquote_plus(request.target):
            return False
        return self._fits_token(request.token)

    def _fits_token(self, token: str) -> bool:
        if self.token_older_than is not None:
            issued = issued_at(token)
            if issued is None or time.time() - issued < self.token_older_than:
                return False
        if self.first_token:
            self.token = self.token or token
            return token == self.token
        return True

    def as_json(self) -> dict[str, Any]:
        shown = {
            "method": self.method,
            "path": self.path,
            "token": "first" if self.first_token else None,
            "token_older_than": self.token_older_than,
        }
        return {name: value for name, value in shown.items() if value is not None}


@dataclass(slots=True)
class Fault:
    """A fault that is set up.

    It lets `after` matching requests pass, then acts on every `every`-th, `times` times (None: until it is removed),
    and only between `start` and `end` by the simulator's clock. Each request that it pushes back moves the end by
    `growth` seconds.
    """

    id: int
    match: Match
    after: int
    every: int
    times: int | None
    start: datetime | None
    end: datetime | None
    growth: float
    action: Action
    seen: int = 0
    fired: int = 0

    def open(self, now: datetime) -> bool:
        """Whether it can act at this moment."""
        return self.times != 0 and (self.start is None or self.start <= now) and (self.end is None or now < self.end)

    def due(self) -> bool:
        """Count one more matching request; whether the fault acts on it."""
        self.seen += 1
        return self.seen > self.after and (self.seen - self.after) % self.every == 0

    def act(self, now: datetime) -> Action:
        """What it does now, counted. In a window, a push back without Retry-After asks to wait for the window's end."""
        self.times = None if self.times is None else self.times - 1
        self.fired += 1
        action = self.action
        if self.end is not None and action.status in _PUSHED_BACK:
            self.end += timedelta(seconds=self.growth)
            if action.retry_after is None:
                return replace(action, retry_after=math.ceil((self.end - now).total_seconds()))
        return action

    def as_json(self) -> dict[str, Any]:
        places: dict[str, Any] = {"after": self.after}
        if self.every > 1:
            places["every"] = self.every
        places |= {"times": self.times, "fired": self.fired}
        window = {"from": self.start, "to": self.end, "growth": self.growth or None}
        places |= {name: value for name, value in window.items() if value is not None}
        return {"id": self.id, "match": self.match.as_json(), **places, "action": self.action.as_json()}


class Faults:
    """The faults of one simulator, in the order in which they were set up; the first that is due acts."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._last_id = 0

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(self, wanted: Any, now: datetime) -> int:
        """Set up a fault from its JSON form and return its id; `now` is what a window counts from. Raises `FaultError`.

        `times` is 1 when left out, or without end where `every`, `from`, `to`, a token or `read_only` says that the
        fault is meant to stay.
        """
        if not isinstance(wanted, Mapping) or "action" not in wanted:
            raise FaultError(
                "A fault is an object with an 'action' and, where needed, " + ", ".join(_KNOWN[:-1]) + ', such as '
                '{"match": {"method": "POST"}, "action": {"status": 503, "retry_after": 5}}.'
            )  # fmt: skip
        only_known(wanted, _KNOWN, "A fault")
        action, match = read_action(wanted["action"]), _match(wanted.get("match", {}))
        stays = action.read_only or match.first_token or match.token_older_than is not None
        stays = stays or bool({"every", "from", "to"} & wanted.keys())
        times = None if stays else 1
        fault = Fault(
            id=self._last_id + 1,
            match=match,
            after=whole(wanted, "after", 0, least=0),
            every=whole(wanted, "every", 1, least=1),
            times=None if wanted.get("times", times) is None else whole(wanted, "times", times, least=0),
            start=_moment(wanted, "from", now),
            end=_moment(wanted, "to", now),
            growth=number(wanted, "growth", 0.0),
            action=action,
        )
        _check(fault, wanted)
        self._last_id = fault.id
        self._faults[fault.id] = fault
        return fault.id

    def remove(self, fault_id: int | None) -> bool:
        """Remove one fault, or all; False when there is none of this id."""
        if fault_id is None:
            self._faults.clear()
            return True
        return self._faults.pop(fault_id, None) is not None

    def as_json(self) -> list[dict[str, Any]]:
        """What is set up; faults that have acted often enough are shown too, with `times` 0."""
        return [fault.as_json() for fault in self._faults.values()]

    def take(self, request: Arrived, now: datetime) -> Action | None:
        """What must happen to this request, if anything; counts it as done."""
        for fault in self._faults.values():
            if not fault.action.read_only and fault.open(now) and fault.match.fits(request) and fault.due():
                return fault.act(now)
        return None

    def refused_write(self, now: datetime) -> Action | None:
        """How a write is refused just now because of a read-only spell; None when it may go ahead."""
        for fault in self._faults.values():
            if fault.action.read_only and fault.open(now) and fault.due():
                return fault.act(now)
        return None


def _match(wanted: Any) -> Match:
    if not isinstance(wanted, Mapping):
        raise FaultError(f"'match' is an object with some of {', '.join(_MATCH)}.")
    only_known(wanted, _MATCH, "'match'")
    for name in ("method", "path"):
        if not isinstance(wanted.get(name, ""), str):
            raise FaultError(f"'{name}' is a text, not {wanted[name]!r}.")
    if wanted.get("token", "first") != "first":
        raise FaultError("'token' is 'first': the token of the first request that comes. Any other is let through.")
    older = number(wanted, "token_older_than", 0.0) if "token_older_than" in wanted else None
    method = wanted.get("method")
    return Match(method and method.upper(), wanted.get("path"), "token" in wanted, older)


def _moment(wanted: Mapping[str, Any], name: str, now: datetime) -> datetime | None:
    """A moment given as ISO text with a zone, or as seconds from now on."""
    value = wanted.get(name)
    wrong = FaultError(f"'{name}' is a time such as 2030-01-01T12:00:00Z, or seconds from now, not {value}.")
    if value is None:
        return None
    try:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return now + timedelta(seconds=float(value))
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError, OverflowError):
        raise wrong from None
    if moment.tzinfo is None:
        raise wrong
    return moment.astimezone(UTC)


def _check(fault: Fault, wanted: Mapping[str, Any]) -> None:
    if fault.end is not None and fault.start is not None and fault.end <= fault.start:
        raise FaultError("'to' must be later than 'from'.")
    if fault.growth and (fault.end is None or fault.action.status not in _PUSHED_BACK):
        raise FaultError("'growth' moves the end of a window of 429 or 503: give 'to' and such a 'status'.")
    if fault.action.read_only and wanted.get("match"):
        raise FaultError("'read_only' is for every write: leave 'match' out.")
