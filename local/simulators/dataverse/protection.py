"""Service protection around the application: limits, the affinity cookie, and the headers that tell of them."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.simulators.dataverse import errors
from local.simulators.dataverse.calls import refused
from local.simulators.dataverse.limits import COOKIE, Limits, user_of
from local.simulators.odata.control import Control


class ProtectionMiddleware:
    """Refuses requests beyond the limits (wire.md 1.10) and says on the others what is left.

    It stands inside of the control's middleware, so that refusals are counted and dated like all answers, and the
    time that an answer is kept back counts as time in which the request runs.
    """

    def __init__(self, app: ASGIApp, limits: Limits, control: Control) -> None:
        self._app = app
        self._limits = limits
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._control.service_root):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            admitted = self._limits.enter(user_of(headers.get("authorization", "")), _affinity(headers))
        except errors.Refusal as problem:
            reply = refused(problem)
            await Response(reply.body, reply.status, dict(reply.headers))(scope, receive, send)
            return
        # What pins a client to one web server; a client that is after speed drops it (wire.md 1.10).
        told = {**admitted.headers, "set-cookie": f"{COOKIE}={admitted.server}; path=/; HttpOnly"}
        if self._control.switch("dop_hint_on") == "all":
            told["x-ms-dop-hint"] = str(self._control.switch("dop_hint"))

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(told)
            await send(message)

        try:
            await self._app(scope, receive, telling)
        finally:
            self._limits.leave(admitted, self._control.seconds_taken())


def _affinity(headers: Headers) -> str | None:
    """The web server that the request's cookie names."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None
