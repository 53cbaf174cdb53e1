"""HTTP functions and the host's own addresses, as an ASGI app (functions-host.md 3, 6.3)."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from anyio.to_thread import run_sync
from azure_functions_runtime.bindings.datumdef import Datum
from starlette.applications import Starlette
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as Path

from local.host.counters import Counters
from local.host.engine import Engine
from local.host.functions import Function, HttpTrigger
from local.host.settings import Settings

logger = logging.getLogger("host.http")

FUNCTION_KEY = "LOCAL_HOST_FUNCTION_KEY"
MASTER_KEY = "LOCAL_HOST_MASTER_KEY"
_METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"]


@dataclass(frozen=True, slots=True)
class Keys:
    """The two keys of the host; the master key opens everything."""

    function: str
    master: str

    @classmethod
    def of(cls, settings: Settings) -> Keys:
        """From the settings LOCAL_HOST_FUNCTION_KEY and LOCAL_HOST_MASTER_KEY, made up where they are not set."""
        return cls(
            settings.get(FUNCTION_KEY) or secrets.token_urlsafe(24),
            settings.get(MASTER_KEY) or secrets.token_urlsafe(24),
        )

    def opens(self, level: str, request: Request) -> bool:
        """Whether the request carries a key (`x-functions-key` or `code`) that is good for the level."""
        if level == "anonymous":
            return True
        given = (request.headers.get("x-functions-key") or request.query_params.get("code") or "").encode()
        allowed = [self.master] if level == "admin" else [self.master, self.function]
        return any(secrets.compare_digest(given, key.encode()) for key in allowed)


class HttpFunctions:
    """Finds the function of a request, runs it and turns what it returned into a response."""

    def __init__(self, functions: Iterable[Function], keys: Keys, engine: Engine) -> None:
        self._keys, self._engine = keys, engine
        self._served = sorted(
            (
                (function.trigger.route.order, function.trigger, function)
                for function in functions
                if isinstance(function.trigger, HttpTrigger) and not function.disabled
            ),
            key=lambda entry: entry[0],
        )

    async def answer(self, request: Request) -> Response:
        """404 for no function of that route and method, 401 without a key, 500 when the function failed."""
        path = request.scope.get("raw_path", request.url.path.encode()).decode("ascii", "replace")
        for _, trigger, function in self._served:
            values = trigger.route.match(path)
            if values is None or request.method not in trigger.methods:
                continue
            if not self._keys.opens(trigger.auth_level, request):
                return Response(status_code=401)
            given = await _http_input(request, values)
            inputs = [(function.parameter, given)]
            result = await run_sync(self._engine.invoke, function.name, function.function_id, inputs, {})
            return _response(result.value) if result.ok else Response(status_code=500)
        return Response(status_code=404)


def create_app(
    http: HttpFunctions,
    functions: Iterable[Function],
    keys: Keys,
    counters: Counters,
    status: Callable[[], Mapping[str, Any]],
    run: Callable[[Function, str], None],
) -> Starlette:
    """The whole HTTP side of the host.

    Beside the functions' routes: `/admin/host/status` and `/admin/host/counters`, which need no key since the host
    listens on loopback only, and `POST /admin/functions/<name>`, which runs a function that is not HTTP.
    """
    by_name = {function.name.lower(): function for function in functions}

    async def host_status(_: Request) -> Response:
        return JSONResponse(dict(status()))

    async def host_counters(_: Request) -> Response:
        return JSONResponse(counters.snapshot())

    async def run_function(request: Request) -> Response:
        if not keys.opens("admin", request):
            return Response(status_code=401)
        function = by_name.get(request.path_params["name"].lower())
        if function is None or isinstance(function.trigger, HttpTrigger):
            return Response(status_code=404)
        try:
            content = await request.json() if await request.body() else {}
            given = content.get("input") or ""
        except (ValueError, AttributeError):
            return Response('Send {"input": "..."} as JSON.', status_code=400)
        run(function, str(given))
        return Response(status_code=202)

    return Starlette(
        routes=[
            Path("/admin/host/status", host_status, methods=["GET"]),
            Path("/admin/host/counters", host_counters, methods=["GET"]),
            Path("/admin/functions/{name}", run_function, methods=["POST"]),
            Path("/{path:path}", http.answer, methods=_METHODS),
        ]
    )


async def _http_input(request: Request, route_values: Mapping[str, str]) -> Datum:
    return Datum(
        {
            "method": Datum(request.method, "string"),
            "url": Datum(str(URL(scope=request.scope)), "string"),
            "headers": _joined(request.headers.items()),
            "query": _joined(request.query_params.multi_items()),
            "params": _joined(route_values.items()),
            "body": Datum(await request.body(), "bytes"),
        },
        "http",
    )


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, Datum]:
    """One text for each name; repeated ones are joined by commas, as the host does."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return {name: Datum(value, "string") for name, value in found.items()}


def _response(value: Datum | None) -> Response:
    if value is None or value.value is None:
        return Response(status_code=204)
    if value.type != "http":
        return Response(value.value, media_type="text/plain")
    content = value.value
    response = Response(content["body"].value, status_code=int(content["status_code"].value))
    for name, header in content["headers"].items():
        response.headers[name] = header.value
    cookies: list[SimpleCookie] = content.get("cookies") or []
    for cookie in cookies:
        for morsel in cookie.values():
            response.headers.append("set-cookie", morsel.OutputString())
    return response
