"""The web server under both simulators: uvicorn on 127.0.0.1, one process, one thread, no log lines of its own."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp, Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TRANSPORT = "local.transport"
_ADDRESS = "127.0.0.1"


class _Protocol(HttpToolsProtocol):
    """Hands the transport to the application, so that a fault can close the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][_TRANSPORT] = self.transport


class Server(uvicorn.Server):
    """A server for `app` on a socket that is bound already; `url` is its address."""

    def __init__(self, app: ASGIApp, port: int = 0, on_ready: Callable[[str], None] | None = None) -> None:
        """Bind `port` on loopback (0: any free one). Raises OSError when it is taken."""
        super().__init__(
            uvicorn.Config(
                app,
                http=_Protocol,
                lifespan="off",
                log_level="error",
                access_log=False,
                ws="none",
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=5,
                backlog=1024,
            )
        )
        # With the protocol named, asyncio switches Nagle's algorithm off; otherwise every answer waits 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((_ADDRESS, port))
        self._on_ready = on_ready
        self.url = f"http://{_ADDRESS}:{self._socket.getsockname()[1]}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._on_ready:
            self._on_ready(self.url)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal (SIGTERM, SIGINT) or `should_exit`."""
        super().run(sockets or [self._socket])


def serve(app: ASGIApp, port: int) -> None:
    """Serve until SIGTERM or SIGINT, after printing `READY http://127.0.0.1:<port>`; then exit with status 0."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal once more when it has shut down; what was asked for is no failure.
        signal.signal(number, lambda *_: sys.exit(0))
    Server(app, port, on_ready=lambda url: print(f"READY {url}", flush=True)).run()


async def close_connection(scope: Scope, receive: Receive) -> None:
    """Close the connection of a request as it stands and return when the server has noticed."""
    transport: asyncio.Transport = scope["state"][_TRANSPORT]
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
