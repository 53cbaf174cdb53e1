"""How a fault acts on a request of an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.simulators.odata.actions import Action
from local.simulators.odata.server import close_connection

REPEAT = "local.repeat"
"""Where the scope of a request says that its page is to begin with the last record of the page before it."""
_GATEWAY_PAGE = b"<html><head><title>%d</title></head><body><h1>Bad gateway</h1></body></html>"

type ErrorBody = Callable[[int, str | None, str | None], bytes]
"""From a status and, when a fault gives them, code and message: the body in the system's error shape."""


async def act(
    action: Action, app: ASGIApp, error_body: ErrorBody, scope: Scope, receive: Receive, send: Send
) -> None:  # fmt: skip
    """Answer a request as the action says, with the work of `app` where it is done at all."""
    if action.delay:
        receive = await _received(receive)  # a slow server does its work, whether or not the client waits for it
        await asyncio.sleep(action.delay)
    if action.status is not None:
        await _refuse(action, error_body)(scope, receive, send)
    elif action.drop is not None or action.hang is not None:
        if "after" in (action.drop, action.hang):
            await app(scope, receive, _swallow)
        await (close_connection(scope, receive) if action.drop else _given_up(receive))
    elif action.cut is not None:
        await app(scope, receive, _cut(send, action.cut))
        await close_connection(scope, receive)
    else:
        scope[REPEAT] = action.repeat
        await app(scope, receive, send)


def _refuse(action: Action, error_body: ErrorBody) -> Response:
    status = action.status or 500
    headers = {} if action.retry_after is None else {"retry-after": str(action.retry_after)}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if action.html:
        return Response(_GATEWAY_PAGE % status, status, headers, media_type="text/html")
    return Response(error_body(status, action.code, action.message), status, headers, media_type="application/json")


async def _received(receive: Receive) -> Receive:
    """Read the body of a request now; gives it again, and then what comes behind it."""
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return again


async def _given_up(receive: Receive) -> None:
    """Wait until the client has closed its connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


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
