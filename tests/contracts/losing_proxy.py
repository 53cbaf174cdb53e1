"""A proxy in front of Table storage that loses an answer when told to: the request is done and nobody hears of it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class LosingProxy:
    """`connection` is a connection string whose table endpoint leads through the proxy; `lost` counts lost answers."""

    def __init__(self, connection: str) -> None:
        parts = dict(part.split("=", 1) for part in connection.strip(";").split(";"))
        self._target = urlsplit(parts["TableEndpoint"])
        self._loss: tuple[str, str, Callable[[], None]] | None = None
        self.lost = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        address = f"http://127.0.0.1:{self._server.server_port}{self._target.path}"
        self.connection = ";".join(f"{name}={value}" for name, value in (parts | {"TableEndpoint": address}).items())

    def lose_next(self, path: str, how: str, then: Callable[[], None] = lambda: None) -> None:
        """Do the next request whose path holds `path`, then `then`, and answer with "silence" or "503"."""
        self._loss = (path, how, then)

    def refuse_next(self, path: str) -> None:
        """Drop the next request whose path holds `path` without doing it."""
        self._loss = (path, "refuse", lambda: None)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._server.shutdown()
        self._server.server_close()

    def _handler(proxy) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler's own self is the other one
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                loss = proxy._loss if proxy._loss and proxy._loss[0] in self.path else None
                if loss is not None:
                    proxy._loss = None
                    proxy.lost += 1
                if loss is not None and loss[1] == "refuse":
                    self.close_connection = True
                    return
                status, headers, content = proxy._forward(self.command, self.path, dict(self.headers), body)
                if loss is not None:
                    loss[2]()
                    if loss[1] == "silence":
                        self.close_connection = True
                        return
                    status, headers, content = 503, {}, b""
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler

    def _forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        upstream = http.client.HTTPConnection(self._target.hostname or "", self._target.port, timeout=30)
        try:
            upstream.request(method, path, body, headers | {"Host": self._target.netloc})
            answer = upstream.getresponse()
            content = answer.read()
            return answer.status, {n: v for n, v in answer.getheaders() if n.lower() not in _HOP}, content
        finally:
            upstream.close()
