"""The admin side that both simulators share: faults, latency, counters, clock, switches, a look at the stored rows.

A simulator makes one `Control`, puts `routes()` before its own routes and `ControlMiddleware` around them. Admin
addresses need no token, since a simulator listens on loopback only, and are never counted.

A simulator asks for three things while it answers: `repeat_wanted(scope)`, `Control.refused_write()` before it writes,
and `Control.seconds_taken()` where it limits execution time. It tells its work to `Control.counters.did`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from email.utils import format_datetime
from itertools import chain
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.simulators.odata.acting import REPEAT, ErrorBody, act
from local.simulators.odata.actions import Action, FaultError
from local.simulators.odata.counters import Counters
from local.simulators.odata.faults import Arrived, Faults
from local.simulators.odata.jsontext import dumps, loads
from local.simulators.odata.latency import Latency

_MOST_LISTED = 30
_YEARS = (1970, 8999)
"""Where the clock can stand: what the systems add to a moment, such as the life of a token, must be a moment too."""

type Rows = Callable[[str], Iterable[Mapping[str, Any]] | None]
"""The rows of an entity set as stored, or None when there is no such set."""


class Control:
    """One simulator's clock, counters, faults and switches."""

    def __init__(
        self,
        *,
        service_root: str,
        error_body: ErrorBody,
        rows: Rows,
        switches: Mapping[str, Any] | None = None,
        allowed: Mapping[str, Iterable[Any]] | None = None,
    ) -> None:
        """`service_root` begins and ends with a slash; `switches` are the named switches with their first values.

        `allowed` lists what a switch may be set to, for a list what may stand in it; a switch that is not in it takes
        any value of its type.
        """
        self.service_root = service_root
        self.error_body = error_body
        self.faults = Faults()
        self.latency = Latency()
        self.counters = Counters(on_work=self.latency.did)
        self._rows = rows
        self._switches = dict(switches or {})
        self._allowed = {name: list(values) for name, values in (allowed or {}).items()}
        self._offset = timedelta()

    def now(self) -> datetime:
        """The simulator's own time, UTC: the machine's clock and what the admin side added to it."""
        return datetime.now(UTC) + self._offset

    def switch(self, name: str) -> Any:
        """The value of a switch."""
        return self._switches[name]

    def refused_write(self) -> Action | None:
        """How a write is to be refused because of a read-only spell; None when it may go ahead.

        The status is `status` or 503, the code and the text are `code` and `message` or the usual ones of that status.
        To be asked once for every operation that writes, in a batch too.
        """
        return self.faults.refused_write(self.now()) if self.faults else None

    def seconds_taken(self) -> float:
        """How long the request under way is said to have taken so far, by the latency profile; 0 without one.

        The wait itself happens while the answer is sent, so whoever counts concurrent requests counts until the
        application that it wraps has returned.
        """
        return self.latency.seconds_taken()

    def routes(self) -> list[Route]:
        """The admin addresses."""
        return [
            Route("/admin/counters", self._get_counters),
            Route("/admin/counters/reset", self._reset_counters, methods=["POST"]),
            Route("/admin/faults", self._list_faults),
            Route("/admin/faults", self._add_fault, methods=["POST"]),
            Route("/admin/faults", self._remove_fault, methods=["DELETE"]),
            Route("/admin/faults/{id:int}", self._remove_fault, methods=["DELETE"]),
            Route("/admin/latency", self._get_latency),
            Route("/admin/latency", self._set_latency, methods=["POST"]),
            Route("/admin/latency", self._remove_latency, methods=["DELETE"]),
            Route("/admin/clock", self._get_clock),
            Route("/admin/clock", self._set_clock, methods=["POST"]),
            Route("/admin/clock", self._reset_clock, methods=["DELETE"]),
            Route("/admin/switches", self._get_switches),
            Route("/admin/switches", self._set_switches, methods=["POST"]),
            Route("/admin/switches/allowed", self._get_allowed),
            Route("/admin/rows/{name}", self._get_rows),
        ]

    async def _get_counters(self, _: Request) -> Response:
        return answer(self.counters.as_json())

    async def _reset_counters(self, _: Request) -> Response:
        self.counters.reset()
        return answer(self.counters.as_json())

    async def _list_faults(self, _: Request) -> Response:
        return answer(self.faults.as_json())

    async def _add_fault(self, request: Request) -> Response:
        try:
            return answer({"id": self.faults.add(loads(await request.body()), self.now())})
        except ValueError as problem:
            return refusal(_told(problem, "fault"))

    async def _remove_fault(self, request: Request) -> Response:
        fault_id = request.path_params.get("id")
        if not self.faults.remove(fault_id):
            return refusal(f"There is no fault {fault_id}.", status=404)
        return answer(self.faults.as_json())

    async def _get_latency(self, _: Request) -> Response:
        return answer(self.latency.as_json())

    async def _set_latency(self, request: Request) -> Response:
        try:
            self.latency.set(loads(await request.body()))
        except ValueError as problem:
            return refusal(_told(problem, "latency profile"))
        return answer(self.latency.as_json())

    async def _remove_latency(self, _: Request) -> Response:
        self.latency.remove()
        return answer(self.latency.as_json())

    async def _get_clock(self, _: Request) -> Response:
        return answer({"now": self.now(), "offset": self._offset.total_seconds()})

    async def _set_clock(self, request: Request) -> Response:
        try:
            match loads(await request.body()):
                case {"advance": seconds, **rest} if not rest:
                    offset = self._offset + timedelta(seconds=float(seconds))
                case {"set": str(moment), **rest} if not rest:
                    offset = datetime.fromisoformat(moment) - datetime.now(UTC)
                case {"offset": seconds, **rest} if not rest:
                    offset = timedelta(seconds=float(seconds))
                case _:
                    return refusal(
                        'Send {"advance": <seconds>}, {"set": "<ISO time with zone>"} or {"offset": <seconds>}: '
                        "how far the clock is ahead of this machine's."
                    )
            if not _YEARS[0] <= (datetime.now(UTC) + offset).year <= _YEARS[1]:
                return refusal(f"The clock goes from the year {_YEARS[0]} to {_YEARS[1]}.")
        except (ValueError, TypeError, OverflowError) as problem:
            return refusal(f"The clock cannot be set: {problem}. A time has its zone, such as 2030-01-01T12:00:00Z.")
        self._offset = offset
        return await self._get_clock(request)

    async def _reset_clock(self, request: Request) -> Response:
        self._offset = timedelta()
        return await self._get_clock(request)

    async def _get_switches(self, _: Request) -> Response:
        return answer(self._switches)

    async def _get_allowed(self, _: Request) -> Response:
        """The values of switches that do not take every value of their type."""
        return answer(self._allowed)

    async def _set_switches(self, request: Request) -> Response:
        try:
            wanted = loads(await request.body())
        except ValueError as problem:
            return refusal(f"The switches cannot be read: {problem}.")
        known = ", ".join(sorted(self._switches))
        if not isinstance(wanted, dict):
            return refusal(f"Send an object with some of the switches {known}.")
        if unknown := sorted(wanted.keys() - self._switches.keys()):
            return refusal(f"There is no switch {', '.join(unknown)}. Send some of the switches {known}.")
        for name, value in wanted.items():
            if type(value) is not type(self._switches[name]):
                return refusal(f"Switch {name} takes a value like {self._switches[name]!r}, not {value!r}.")
            given = value if isinstance(value, list) else [value]
            allowed = self._allowed.get(name, given)
            if wrong := [one for one in given if one not in allowed]:
                return refusal(f"Switch {name} takes {_listed(allowed, wrong[0])}, not {wrong[0]!r}.")
        self._switches.update(deepcopy(wanted))
        return answer(self._switches)

    async def _get_rows(self, request: Request) -> Response:
        rows = self._rows(request.path_params["name"])
        if rows is None:
            return refusal(f"There is no entity set {request.path_params['name']}.", status=404)
        columns = request.query_params.get("columns")
        if columns is not None:
            names, rows = columns.split(","), iter(rows)
            first = next(rows, None)
            if first is not None and (missing := [name for name in names if name not in first]):
                return refusal(f"There is no column {missing[0]!r}; there are {', '.join(first)}.")
            rows = ({name: row[name] for name in names} for row in chain([first] if first else [], rows))
        # Row by row: a table of a load test, with all its columns at once, would not fit the machine.
        return Response(b"[" + b",".join(map(dumps, rows)) + b"]", media_type="application/json")


class ControlMiddleware:
    """Counts requests below the service root, lets faults act on them, gives them their latency, and dates answers by
    the simulator's clock."""

    def __init__(self, app: ASGIApp, control: Control) -> None:
        self._app = app
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        control = self._control
        root = control.service_root
        if scope["type"] != "http" or not scope["path"].startswith(root):
            await self._app(scope, receive, send)
            return
        target = scope["raw_path"].decode("latin-1")[len(root) :]
        if scope["query_string"]:
            target += "?" + scope["query_string"].decode("latin-1")
        control.counters.arrived(scope["method"], target)
        work = control.latency.arrived()
        action = None
        if control.faults:
            action = control.faults.take(Arrived(scope["method"], target, _token(scope)), control.now())

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                if work is not None:
                    await work.wait()
                control.counters.answered(message["status"], _retry_after(message))
                date = format_datetime(control.now(), usegmt=True)
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date.encode())]}
            await send(message)

        if action is None:
            await self._app(scope, receive, counted)
        else:
            await act(action, self._app, control.error_body, scope, receive, counted)
        if work is not None:
            control.latency.done(work)


def answer(value: Any, status: int = 200) -> Response:
    """An admin answer."""
    return Response(dumps(value), status_code=status, media_type="application/json")


def refusal(message: str, status: int = 400) -> Response:
    """An admin request that cannot be done, with what to do instead."""
    return answer({"error": message}, status)


def repeat_wanted(scope: Scope) -> bool:
    """Whether a fault asks that this page begins with the last record of the page before it."""
    return bool(scope.get(REPEAT, False))


def _told(problem: ValueError, what: str) -> str:
    return str(problem) if isinstance(problem, FaultError) else f"The {what} cannot be read: {problem}."


def _listed(allowed: list[Any], wrong: Any) -> str:
    """What is allowed; of a long list, what is like the wrong value."""
    if len(allowed) <= _MOST_LISTED:
        return ", ".join(map(repr, allowed))
    near = get_close_matches(str(wrong), map(str, allowed))
    return f"one of {len(allowed)} values" + (f", such as {', '.join(near)}" if near else "")


def _retry_after(message: Message) -> float | None:
    for name, value in message.get("headers", ()):
        if name.lower() == b"retry-after":
            return float(value)
    return None


def _token(scope: Scope) -> str:
    """The bearer token of a request, as sent."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return str(value.decode("latin-1")).partition(" ")[2].strip()
    return ""
