"""The application: sign-in, the data addresses, the admin addresses."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from local.simulators.finops import admin, metadata
from local.simulators.finops.batches import Batches
from local.simulators.finops.errors import Refusal, error
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
_THROTTLED = "This request could not be processed at this time due to system experiencing high resource utilization."


def create_app(*, token_key: bytes | None = None, company: str = "usmf", page_size: int = PAGE_SIZE) -> Starlette:
    """The simulator as an ASGI application; it holds all of its state.

    `token_key` is the key of the identity endpoint's tokens; without it any bearer token that is not empty will do.
    `company` is the caller's default company, whose legal entity exists from the start. `page_size` lowers the
    greatest number of rows of a page (10,000).
    """
    store = Store(load())
    control = Control(
        service_root=ROOT,
        error_body=_fault_body,
        rows=lambda name: admin.stored(world, name),
        switches={name: values[0] for name, values in SWITCHES.items()},
    )
    world = World(load(), store, company.lower(), control.switch)
    with store.transaction():
        store.create("LegalEntities", {"LegalEntityId": world.company, "Name": world.company.upper()})
    endpoint = _Data(world, Service(world, min(page_size, PAGE_SIZE)), control, token_key)
    return Starlette(
        routes=[*admin.routes(control, world), Route(f"{ROOT}{{path:path}}", endpoint)],
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        changed, operations = self._world.store.changed, self._batches.operations
        try:
            self._sign_in(request)
            answer = self._answer(request, body)
        except Refusal as refusal:
            answer = refused(refusal)
        self._control.counters.did(
            operations=self._batches.operations - operations, writes=self._world.store.changed - changed
        )
        await Response(answer.body, answer.status, dict(answer.headers))(scope, receive, send)

    def _answer(self, request: Request, body: bytes) -> Answer:
        path, base = request.scope["path"].removeprefix(ROOT), _base(request)
        match request.method, path:
            case "POST", "$batch":
                return self._batches.run(body, request.headers.get("content-type", ""), base)
            case "GET", "$metadata":
                return Answer(200, {"Content-Type": "application/xml", "OData-Version": "4.0"}, metadata.csdl())
            case "GET", "":
                return Answer(
                    200, {"Content-Type": JSON, "OData-Version": "4.0"}, dumps(metadata.service_document(base))
                )
        return self._service.perform(
            Call(
                method=request.method,
                path=path,
                query=request.url.query,
                headers=request.headers,
                body=body,
                base=base,
                repeat=repeat_wanted(request.scope),
            )
        )

    def _sign_in(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Refusal(401, "The request needs the header Authorization: Bearer <token>.")
        if self._token_key is not None:
            try:
                verify(self._token_key, token.strip(), _base(request), self._control.now().timestamp())
            except TokenError as problem:
                raise Refusal(401, str(problem)) from problem


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _fault_body(status: int, _: str | None, message: str | None) -> bytes:
    return dumps(error(message or (_THROTTLED if status == 429 else "An error has occurred.")))
