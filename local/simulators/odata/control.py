"""The admin side that both simulators share: faults, counters, clock, switches and a look at the stored rows.

A simulator makes one `Control`, puts `routes()` before its own routes and `ControlMiddleware` around them. Admin
addresses need no token, since a simulator listens on loopback only, and are never counted.

Between the middleware and the simulator's handler only one thing passes: `repeat_wanted(scope)`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.simulators.odata.counters import Counters
from local.simulators.odata.faults import Action, FaultError, Faults
from local.simulators.odata.jsontext import dumps, loads
from local.simulators.odata.server import close_connection

_REPEAT = "local.repeat"
_GATEWAY_PAGE = b"<html><head><title>%d</title></head><body><h1>Bad gateway</h1></body></html>"

type ErrorBody = Callable[[int, str | None, str | None], bytes]
"""From a status and, when a fault gives them, code and message: the body in the system's error shape."""
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
        self.counters = Counters()
        self.faults = Faults()
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

    def routes(self) -> list[Route]:
        """The admin addresses."""
        return [
            Route("/admin/counters", self._get_counters),
            Route("/admin/counters/reset", self._reset_counters, methods=["POST"]),
            Route("/admin/faults", self._list_faults),
            Route("/admin/faults", self._add_fault, methods=["POST"]),
            Route("/admin/faults", self._remove_fault, methods=["DELETE"]),
            Route("/admin/faults/{id:int}", self._remove_fault, methods=["DELETE"]),
            Route("/admin/clock", self._get_clock),
            Route("/admin/clock", self._set_clock, methods=["POST"]),
            Route("/admin/switches", self._get_switches),
            Route("/admin/switches", self._set_switches, methods=["POST"]),
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
            return answer({"id": self.faults.add(loads(await request.body()))})
        except (ValueError, TypeError) as problem:
            return refusal(str(problem) if isinstance(problem, FaultError) else f"The fault cannot be read: {problem}.")

    async def _remove_fault(self, request: Request) -> Response:
        fault_id = request.path_params.get("id")
        if not self.faults.remove(fault_id):
            return refusal(f"There is no fault {fault_id}.", status=404)
        return answer(self.faults.as_json())

    async def _get_clock(self, _: Request) -> Response:
        return answer({"now": self.now(), "offset": self._offset.total_seconds()})

    async def _set_clock(self, request: Request) -> Response:
        try:
            match loads(await request.body()):
                case {"advance": seconds, **rest} if not rest:
                    self._offset += timedelta(seconds=float(seconds))
                case {"set": str(moment), **rest} if not rest:
                    self._offset = datetime.fromisoformat(moment) - datetime.now(UTC)
                case _:
                    return refusal('Send {"advance": <seconds>} or {"set": "<ISO time with zone>"}.')
        except (ValueError, TypeError, OverflowError) as problem:
            return refusal(f"The clock cannot be set: {problem}.")
        return await self._get_clock(request)

    async def _get_switches(self, _: Request) -> Response:
        return answer(self._switches)

    async def _set_switches(self, request: Request) -> Response:
        try:
            wanted = loads(await request.body())
        except ValueError as problem:
            return refusal(f"The switches cannot be read: {problem}.")
        if not isinstance(wanted, dict) or not wanted.keys() <= self._switches.keys():
            return refusal(f"Send an object with some of the switches {sorted(self._switches)}.")
        for name, value in wanted.items():
            if type(value) is not type(self._switches[name]):
                return refusal(f"Switch {name} takes a value like {self._switches[name]!r}, not {value!r}.")
            given = value if isinstance(value, list) else [value]
            if name in self._allowed and not all(one in self._allowed[name] for one in given):
                return refusal(f"Switch {name} takes {self._allowed[name]}, not {value!r}.")
        self._switches.update(deepcopy(wanted))
        return answer(self._switches)

    async def _get_rows(self, request: Request) -> Response:
        rows = self._rows(request.path_params["name"])
        if rows is None:
            return refusal(f"There is no entity set {request.path_params['name']}.", status=404)
        columns = request.query_params.get("columns")
        if columns is not None:
            names = columns.split(",")
            rows = ({name: row.get(name) for name in names} for row in rows)
        # Row by row: a table of a load test, with all its columns at once, would not fit the machine.
        return Response(b"[" + b",".join(map(dumps, rows)) + b"]", media_type="application/json")


class ControlMiddleware:
    """Counts requests below the service root, lets faults act on them, and dates answers by the simulator's clock."""

    def __init__(self, app: ASGIApp, control: Control) -> None:
        self._app = app
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = self._control.service_root
        if scope["type"] != "http" or not scope["path"].startswith(root):
            await self._app(scope, receive, send)
            return
        target = scope["raw_path"].decode("latin-1")[len(root) :]
        if scope["query_string"]:
            target += "?" + scope["query_string"].decode("latin-1")
        counters = self._control.counters
        counters.arrived(scope["method"], target)
        action = self._control.faults.take(scope["method"], target)

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                counters.answered(message["status"], _retry_after(message))
                date = format_datetime(self._control.now(), usegmt=True)
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date.encode())]}
            await send(message)

        if action is None:
            await self._app(scope, receive, counted)
        else:
            await self._act(action, scope, receive, counted)

    async def _act(self, action: Action, scope: Scope, receive: Receive, send: Send) -> None:
        if action.delay:
            receive = await _received(receive)  # a slow server does its work, whether or not the client waits for it
            await asyncio.sleep(action.delay)
        if action.status is not None:
            await _refuse(action, self._control.error_body)(scope, receive, send)
        elif action.drop == "before":
            await close_connection(scope, receive)
        elif action.drop == "after":
            await self._app(scope, receive, _swallow)
            await close_connection(scope, receive)
        elif action.cut is not None:
            await self._app(scope, receive, _cut(send, action.cut))
            await close_connection(scope, receive)
        else:
            scope[_REPEAT] = action.repeat
            await self._app(scope, receive, send)


def repeat_wanted(scope: Scope) -> bool:
    """Whether a fault asks that this page begins with the last record of the page before it."""
    return bool(scope.get(_REPEAT, False))


def answer(value: Any, status: int = 200) -> Response:
    """An admin answer."""
    return Response(dumps(value), status_code=status, media_type="application/json")


def refusal(message: str, status: int = 400) -> Response:
    """An admin request that cannot be done, with what to do instead."""
    return answer({"error": message}, status)


def _refuse(action: Action, error_body: ErrorBody) -> Response:
    status = action.status or 500
    headers = {} if action.retry_after is None else {"retry-after": str(action.retry_after)}
    if action.html:
        return Response(_GATEWAY_PAGE % status, status, headers, media_type="text/html")
    return Response(error_body(status, action.code, action.message), status, headers, media_type="application/json")


def _retry_after(message: Message) -> float | None:
    for name, value in message.get("headers", ()):
        if name.lower() == b"retry-after":
            return float(value)
    return None


async def _received(receive: Receive) -> Receive:
    """Read the body of a request now; gives it again, and then what comes behind it."""
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return again


async def _swallow(_: Message) -> None:
    """An answer that never leaves."""


def _cut(send: Send, length: int) -> Callable[[Message], Awaitable[None]]:
    left = length

    async def cutting(message: Message) -> None:
        nonlocal left
        if message["type"] == "http.response.body":
            body = message.get("body", b"")[:left]
            left -= len(body)
            message = {"type": "http.response.body", "body": body, "more_body": True}
        await send(message)

    return cutting
