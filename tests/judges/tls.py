"""The simulators' server over TLS, in a thread of the running process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from local.certificates import Certificate
from local.simulators.odata.server import Server


@contextmanager
def serve_tls_in_thread(app: ASGIApp, certificate: Certificate) -> Iterator[str]:
    """Serve `app` over TLS on a free port of 127.0.0.1 while the context lasts; yields the base address."""
    ready = threading.Event()
    server = Server(app, on_ready=lambda _: ready.set())
    server.config.ssl_certfile = str(certificate.cert)
    server.config.ssl_keyfile = str(certificate.key)
    server.config.timeout_graceful_shutdown = 1  # the clients are done: one that only dropped its connection can wait
    thread = threading.Thread(target=server.run, name="simulator", daemon=True)
    thread.start()
    assert ready.wait(10), "the server did not start; its own error stands above"
    try:
        yield server.url.replace("http:", "https:")
    finally:
        server.should_exit = True
        thread.join(10)
