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
        self._socket = _bound(port)
        self._port = self._socket.getsockname()[1]
        self._on_ready = on_ready
        self._coming_back: asyncio.Task[None] | None = None
        self.url = f"http://{_ADDRESS}:{self._port}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._on_ready:
            self._on_ready(self.url)

    def go_away(self) -> None:
        """Cut every connection and take no more, as a server that is restarted; what it holds stays as it is."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()

    def come_back(self) -> None:
        """Take connections again, at the same address."""
        self._coming_back = asyncio.get_running_loop().create_task(super().startup([_bound(self._port)]))

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal (SIGTERM, SIGINT) or `should_exit`."""
        super().run(sockets or [self._socket])


def _bound(port: int) -> socket.socket:
    # With the protocol named, asyncio switches Nagle's algorithm off; otherwise every answer waits 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((_ADDRESS, port))
    return bound


def serve(app: ASGIApp, port: int) -> None:
    """Serve until SIGTERM or SIGINT, after printing `READY http://127.0.0.1:<port>`; then exit with status 0.

    From SIGUSR1 to SIGUSR2 it is away.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal once more when it has shut down; what was asked for is no failure.
        signal.signal(number, lambda *_: sys.exit(0))

    def ready(url: str) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, server.go_away)
        loop.add_signal_handler(signal.SIGUSR2, server.come_back)
        print(f"READY {url}", flush=True)

    server = Server(app, port, on_ready=ready)
    server.run()


async def close_connection(scope: Scope, receive: Receive) -> None:
    """Close the connection of a request as it stands and return when the server has noticed."""
    transport: asyncio.Transport = scope["state"][_TRANSPORT]
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
