"""Service protection limits (wire.md 1.10): requests, execution time and concurrency, per user and web server.

The window slides over 300 seconds of the simulator's own clock. A refused request does no work and takes no place in
the window, but it lengthens the time that the caller has to wait. How long that is, is the simulator's choice: until
the window has room again, at least the switch `limit_pause`, and that much more for every request that came too early.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from local.simulators.dataverse import errors

WINDOW = 300.0
COOKIE = "ARRAffinity"


@dataclass(slots=True)
class _Window:
    """What one user has done on one web server: when requests came, and (when, seconds) of their execution."""

    arrivals: deque[float] = field(default_factory=deque)
    spent: deque[tuple[float, float]] = field(default_factory=deque)
    seconds: float = 0.0
    running: int = 0
    blocked_until: float = 0.0

    def slide(self, now: float) -> None:
        if self.arrivals and self.arrivals[-1] > now:  # the clock was set back
            self.arrivals.clear()
            self.spent.clear()
            self.seconds = self.blocked_until = 0.0
        while self.arrivals and self.arrivals[0] <= now - WINDOW:
            self.arrivals.popleft()
        while self.spent and self.spent[0][0] <= now - WINDOW:
            self.seconds -= self.spent.popleft()[1]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that runs; `server` is the web server that does it."""

    server: str
    headers: Mapping[str, str]
    window: _Window
    began: float


class Limits:
    """Admits requests or refuses them; `switch` gives the values of the limits, 0 for none."""

    def __init__(self, switch: Callable[[str], Any], now: Callable[[], datetime]) -> None:
        self._switch = switch
        self._now = now
        self._windows: dict[tuple[str, str], _Window] = {}
        self._next_server = 0

    def enter(self, user: str, affinity: str | None) -> Admitted:
        """Take a request in. Raises `errors.Refusal` (429) when a limit is reached."""
        server = self._server(affinity)
        window = self._windows.setdefault((user, server), _Window())
        now = self._now().timestamp()
        window.slide(now)
        most_requests, most_seconds = self._switch("limit_requests"), self._switch("limit_seconds")
        pause, most_running = self._switch("limit_pause"), self._switch("limit_concurrent")
        if most_running and window.running >= most_running:
            raise self._refusal("0x80072326", f"Number of concurrent requests exceeded the limit of {most_running}.",
                                pause)  # fmt: skip
        full = most_requests and len(window.arrivals) >= most_requests
        long = most_seconds and window.seconds >= most_seconds
        if full or long or now < window.blocked_until:
            if now < window.blocked_until:
                window.blocked_until += pause
            else:
                room = _room(window, most_requests if full else 0, most_seconds if long else 0.0)
                window.blocked_until = max(now + pause, room)
            wait = window.blocked_until - now
            if long and not full:
                raise self._refusal("0x80072321", _too_long(most_seconds), wait)
            raise self._refusal("0x80072322", _too_many(most_requests), wait)
        window.running += 1
        window.arrivals.append(now)
        headers = {
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(max(most_requests - len(window.arrivals), 0)),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{max(most_seconds - window.seconds, 0):,.2f}",
        }
        return Admitted(server, headers, window, now)

    def leave(self, admitted: Admitted, seconds: float) -> None:
        """A request is done; `seconds` is the execution time that it counts."""
        window = admitted.window
        window.running -= 1
        if seconds:
            window.spent.append((admitted.began, seconds))
            window.seconds += seconds

    def _server(self, affinity: str | None) -> str:
        servers = self._switch("web_servers")
        names = [f"server{number}" for number in range(max(servers, 1))]
        if affinity in names:
            return affinity
        self._next_server += 1
        return names[self._next_server % len(names)]

    def _refusal(self, code: str, message: str, wait: float) -> errors.Refusal:
        headers = {"Retry-After": str(math.ceil(wait))} if self._switch("retry_after") else {}
        return errors.Refusal(429, code, message, headers)


def user_of(authorization: str) -> str:
    """Whom a bearer token stands for: the app in it when it can be read, else the token itself."""
    return _user(authorization)


@lru_cache(maxsize=1024)
def _user(authorization: str) -> str:
    payload = authorization.split(".")
    if len(payload) != 3:
        return authorization
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload[1] + "=" * (-len(payload[1]) % 4)))
        return str(claims["appid"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        return authorization


def _room(window: _Window, most_requests: int, most_seconds: float) -> float:
    """When the window has room again, if nothing else is sent."""
    until = 0.0
    if most_requests:
        until = window.arrivals[len(window.arrivals) - most_requests] + WINDOW
    if most_seconds:
        left = window.seconds
        for when, seconds in window.spent:
            left -= seconds
            if left < most_seconds:
                return max(until, when + WINDOW)
    return until


def _too_many(limit: int) -> str:
    return f"Number of requests exceeded the limit of {limit} over time window of 300 seconds."


def _too_long(limit: float) -> str:
    return (
        f"Combined execution time of incoming requests exceeded limit of {limit * 1000:,.0f} milliseconds over time "
        "window of 300 seconds. Decrease number of concurrent requests or reduce the duration of requests and try "
        "again later."
    )
