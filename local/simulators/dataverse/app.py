"""The web application of the Dataverse simulator."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.simulators.dataverse import errors
from local.simulators.dataverse.admin import Admin
from local.simulators.dataverse.calls import Call, Reply, refused
from local.simulators.dataverse.limits import Limits
from local.simulators.dataverse.protection import ProtectionMiddleware
from local.simulators.dataverse.service import SERVICE_ROOT, Service
from local.simulators.odata.control import ControlMiddleware, repeat_wanted
from local.simulators.odata.tokens import TokenError, verify

LARGEST_PAGE = 5_000
LARGEST_BODY = 128 * 1024 * 1024
"""Bytes of a request's body; the documentation tells a limit only where plug-ins are registered (wire.md 1.9)."""


def create_app(
    *,
    token_key: bytes | None = None,
    page_size: int = LARGEST_PAGE,
    organization_id: str | None = None,
    p2c_solution: bool = False,
    own_tables: Path | None = None,
) -> Starlette:
    """A new, empty organisation behind the Web API.

    `token_key`: the key that bearer tokens are signed with; without it every bearer token that is not empty is
    accepted. `page_size`: the most rows of a page, at most 5,000 (wire.md Part 4). `organization_id`: a Guid, when two
    organisations must be told apart. `p2c_solution`: whether the organisation has the Prospect-to-cash solution, which
    the switch of that name can change while it runs. `own_tables`: a folder of tables that the organisation has made
    itself; raises TableFileError when it cannot be used. `app.state.service` is the `Service`, for tests in the same
    process.
    """
    service = Service(
        page_limit=min(page_size, LARGEST_PAGE),
        organization_id=organization_id,
        p2c_solution=p2c_solution,
        own_tables=own_tables,
    )
    limits = Limits(service.control.switch, service.control.now)

    async def endpoint(request: Request) -> Response:
        try:
            _check_token(request, token_key)
            return _response(service.handle(await _call(request)))
        except TokenError as problem:
            empty = service.control.switch("unauthorized_body") == "empty"
            reply = refused(errors.unauthorized(str(problem)))
            return _response(Reply(reply.status, b"", {"WWW-Authenticate": "Bearer"}) if empty else reply)
        except errors.Refusal as problem:
            return _response(refused(problem))

    methods = ["GET", "POST", "PATCH", "PUT", "DELETE"]
    app = Starlette(
        routes=[
            *service.control.routes(),
            *Admin(service).routes(),
            Route(SERVICE_ROOT + "{path:path}", endpoint, methods=methods),
        ],
        middleware=[
            Middleware(ControlMiddleware, control=service.control),
            Middleware(ProtectionMiddleware, limits=limits, control=service.control),
        ],
    )
    app.state.service = service
    return app


def _check_token(request: Request, token_key: bytes | None) -> None:
    """Raises `TokenError`. The audience of a token is the address at which the simulator was called."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenError("The request has no bearer token. Send it in the Authorization header.")
    if token_key is not None:
        verify(token_key, token.strip(), _origin(request))


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


async def _call(request: Request) -> Call:
    scope = request.scope
    return Call(
        method=request.method,
        path=scope["raw_path"].decode("latin-1")[len(SERVICE_ROOT) :],
        query=scope["query_string"].decode("latin-1"),
        headers=dict(request.headers),
        body=await _body(request),
        base=_origin(request) + SERVICE_ROOT,
        repeat=repeat_wanted(scope),
    )


async def _body(request: Request) -> bytes:
    """The body of a request. Raises `errors.Refusal` (413) as soon as it is known to be too large."""
    chunks: list[bytes] = []
    size = int(request.headers.get("content-length") or 0)
    if size <= LARGEST_BODY:
        size = 0
        async for chunk in request.stream():
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST_BODY:
                break
    if size > LARGEST_BODY:
        raise errors.Refusal(413, "", f"A request holds at most {LARGEST_BODY} bytes.", {"Connection": "close"})
    return b"".join(chunks)


def _response(reply: Reply) -> Response:
    headers = {"OData-Version": "4.0", "x-ms-service-request-id": str(uuid4()), **reply.headers}
    return Response(reply.body, reply.status, headers)
