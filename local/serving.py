"""Serve an ASGI app from a thread of this process, on 127.0.0.1 and a port of its own."""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from local.certificates import Certificate

_START_SECONDS = 15.0


class ServingError(RuntimeError):
    """The server cannot listen; the text says where and why."""


class Serving:
    """An ASGI app being served; `url` is its base address. Stop it, or use it as a context manager."""

    def __init__(self, app: ASGIApp, port: int = 0, certificate: Certificate | None = None) -> None:
        """Listen on 127.0.0.1:`port` (0: any free port), over TLS when a certificate is given.

        Raises ServingError when the port is taken or the app does not start.
        """
        self._socket = _listen(port)
        scheme = "http" if certificate is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                log_level="warning",
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=5,
                ssl_certfile=None if certificate is None else certificate.cert,
                ssl_keyfile=None if certificate is None else str(certificate.key),
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="http", daemon=True
        )
        self._thread.start()
        self._wait_started()

    def stop(self) -> None:
        """Answer what is under way, then stop listening."""
        self._server.should_exit = True
        self._thread.join()

    def _wait_started(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise ServingError(f"The server at {self.url} did not start; see the lines above.")
            time.sleep(0.01)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self.stop()


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise ServingError(f"Cannot listen on 127.0.0.1:{port}: {error.strerror}. Give another port, or 0.") from error
    return listener
