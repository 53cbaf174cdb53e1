"""The application: sign-in, the data addresses, the admin addresses."""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from local.simulators.finops import addresses, admin, metadata, switches, turned_away
from local.simulators.finops.batches import Batches
from local.simulators.finops.errors import Refusal
from local.simulators.finops.load import Load
from local.simulators.finops.rights import Rights
from local.simulators.finops.schema import load
from local.simulators.finops.service import JSON, Call, Service, refused
from local.simulators.finops.store import Store
from local.simulators.finops.world import SWITCHES, World
from local.simulators.odata.batch import Answer
from local.simulators.odata.control import Control, ControlMiddleware, repeat_wanted
from local.simulators.odata.jsontext import dumps
from local.simulators.odata.tokens import TokenError, verify

ROOT = "/data/"
PAGE_SIZE = 10_000


def create_app(*, token_key: bytes | None = None, company: str = "usmf", page_size: int = PAGE_SIZE) -> Starlette:
    """The simulator as an ASGI application; it holds all of its state.

    `token_key` is the key of the identity endpoint's tokens; without it any bearer token that is not empty will do.
    `company` is the caller's default company, whose legal entity exists from the start. `page_size` lowers the
    greatest number of rows of a page (10,000).
    """
    store = Store(load())
    control = Control(
        service_root=ROOT,
        error_body=lambda status, code, message: turned_away.fault(control.switch, status, code, message),
        rows=lambda name: admin.stored(world, name),
        switches={**switches.first_values(), **{name: values[0] for name, values in SWITCHES.items()}},
        allowed={**switches.allowed(), **SWITCHES},
    )
    world = World(load(), store, company.lower(), control.switch, control.now)
    with store.transaction():
        store.create("LegalEntities", {"LegalEntityId": world.company, "Name": world.company.upper()})
    service = Service(world, min(page_size, PAGE_SIZE), Rights(control.switch, control.refused_write))
    endpoint = _Data(world, service, control, token_key)
    return Starlette(
        routes=[
            *admin.routes(control, world, endpoint.restart),
            Route(ROOT.rstrip("/"), endpoint),
            Route(f"{ROOT}{{path:path}}", endpoint),
        ],
        middleware=[Middleware(ControlMiddleware, control=control)],
    )


class _Data:
    """The ASGI endpoint of everything below `/data/`."""

    def __init__(self, world: World, service: Service, control: Control, token_key: bytes | None) -> None:
        self._world = world
        self._service = service
        self._batches = Batches(world, service)
        self._control = control
        self._token_key = token_key
        self._load = Load(control.now, lambda: control.switch("rows_per_second"))
        self._affinity = uuid4().hex
        self._started = False

    def restart(self) -> None:
        """The next request is the first one after a start."""
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        since = time.perf_counter()
        request = Request(scope, receive)
        body = await request.body()
        await self._start()
        changed, operations = self._world.store.changed, self._batches.operations
        read = self._service.rows_read
        answer = self._answered(request, body)
        writes = self._world.store.changed - changed
        self._load.wrote(writes)
        self._control.counters.did(
            operations=self._batches.operations - operations,
            reads=self._service.rows_read - read,
            writes=writes,
        )
        headers = {**answer.headers, **self._frame(time.perf_counter() - since)}
        await Response(answer.body, answer.status, headers)(scope, receive, send)

    async def _start(self) -> None:
        """The first call after a start is slow (wire.md 2.1); who comes meanwhile does not wait for it."""
        if not self._started:
            self._started = True
            await asyncio.sleep(max(0, self._control.switch("slow_start_seconds")))

    def _frame(self, seconds: float) -> dict[str, str]:
        """Headers of every answer: tracing (wire.md 2.1), and the affinity cookie that clients should drop (2.7)."""
        headers = {
            "ms-dyn-aid": str(uuid4()),
            "server-timing": f"total;dur={seconds * 1000:.1f}",
            "Set-Cookie": f"ARRAffinity={self._affinity}; Path=/; HttpOnly",
        }
        if hint := self._control.switch("dop_hint"):
            headers["x-ms-dop-hint"] = str(hint)
        return headers

    def _answered(self, request: Request, body: bytes) -> Answer:
        switch = self._control.switch
        try:
            self._sign_in(request)
        except Refusal as refusal:
            return turned_away.unauthorized(switch, refusal)
        if seconds := self._load.wait():
            return turned_away.throttled(switch, seconds)
        try:
            return self._answer(request, body)
        except Refusal as refusal:
            return refused(refusal)

    def _answer(self, request: Request, body: bytes) -> Answer:
        base = _base(request)
        accept_slash = self._control.switch("encoded_slash") == "accepted"
        path, query = addresses.split(_target(request), accept_slash=accept_slash)
        match request.method, path:
            case "POST", "$batch":
                return self._batches.run(body, request.headers, base)
            case "GET", "$metadata":
                csdl = metadata.csdl(self._service.schema)
                return Answer(200, {"Content-Type": "application/xml", "OData-Version": "4.0"}, csdl)
            case "GET", "":
                return Answer(
                    200, {"Content-Type": JSON, "OData-Version": "4.0"}, dumps(metadata.service_document(base))
                )
        return self._service.perform(
            Call(request.method, path, query, request.headers, body, base, repeat_wanted(request.scope))
        )

    def _sign_in(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Refusal(401, "The request needs the header Authorization: Bearer <token>.")
        if self._token_key is not None:
            try:
                verify(self._token_key, token.strip(), _base(request))
            except TokenError as problem:
                raise Refusal(401, str(problem)) from problem


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _target(request: Request) -> str:
    """The address as sent, below the service root: encoded slashes are still told from others."""
    path = request.scope["raw_path"].decode("latin-1")
    return f"{ROOT if path == ROOT.rstrip('/') else path}?{request.scope['query_string'].decode('latin-1')}"
