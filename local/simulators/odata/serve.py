"""A simulator in a thread of the running process, for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from local.simulators.odata.server import Server


@contextmanager
def serve_in_thread(app: ASGIApp) -> Iterator[str]:
    """Serve `app` on a free port of 127.0.0.1 while the context lasts; yields the base address, no slash at the end.

    Raises RuntimeError when the server does not start within ten seconds.
    """
    ready = threading.Event()
    server = Server(app, on_ready=lambda _: ready.set())
    thread = threading.Thread(target=server.run, name="simulator", daemon=True)
    thread.start()
    if not ready.wait(10):
        raise RuntimeError("The server did not start within 10 seconds; its own error stands above.")
    try:
        yield server.url
    finally:
        server.should_exit = True
        thread.join(10)
