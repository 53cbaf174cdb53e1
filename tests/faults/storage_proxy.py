"""A proxy in front of storage: what passes through it can be seen, and can go wrong."""

from __future__ import annotations

import http.client
import random
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, urlsplit

_SERVICES = ("BlobEndpoint", "QueueEndpoint", "TableEndpoint")
_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}

WELL, REFUSED, LOST, CUT = "well", "refused", "lost", "cut"
"""What becomes of a request: it is answered; it is not done (503); it is done and answered with 500, or not at all."""


class StorageProxy:
    """`connection` leads to the same storage through the proxy."""

    def __init__(self, connection: str) -> None:
        parts = dict(part.split("=", 1) for part in connection.strip(";").split(";"))
        self._servers: list[ThreadingHTTPServer] = []
        for service in _SERVICES:
            target = urlsplit(parts[service])
            server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(target))
            server.daemon_threads = True
            self._servers.append(server)
            parts[service] = f"http://127.0.0.1:{server.server_port}{target.path}"
        self.connection = ";".join(f"{name}={value}" for name, value in parts.items())

    def heard(self, path: str, body: bytes) -> str:
        """What becomes of this request; called by many threads."""
        return WELL

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _handler(proxy, target: SplitResult) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fate = proxy.heard(self.path, body)
                if fate == REFUSED:
                    return self.say(503, [], b"")
                status, headers, content = self.asked(body)
                if fate == WELL:
                    return self.say(status, headers, content)
                if fate == LOST:
                    return self.say(500, [], b"")
                self.close_connection = True
                return None

            def asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
                upstream = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
                try:
                    upstream.request(self.command, self.path, body, dict(self.headers) | {"Host": target.netloc})
                    answer = upstream.getresponse()
                    return answer.status, answer.getheaders(), answer.read()
                finally:
                    upstream.close()

            def say(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
                self.send_response_only(status)
                for name, value in headers:
                    if name.lower() not in _HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_MERGE = answer  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


class Unreliable(StorageProxy):
    """Storage of which requests go wrong in bursts drawn from a seed: longer ones outlast the SDK's own retries.

    `gone_wrong` counts what became of requests.
    """

    def __init__(self, connection: str, *, seed: int, one_in: int, longest: int) -> None:
        super().__init__(connection)
        self._choose = random.Random(seed)
        self._one_in, self._longest = one_in, longest
        self._left = 0
        self._lock = threading.Lock()
        self._mended = False
        self.gone_wrong: Counter[str] = Counter()

    def mend(self) -> None:
        """From now on all goes well."""
        self._mended = True

    def heard(self, path: str, body: bytes) -> str:
        with self._lock:
            if self._mended:
                return WELL
            if not self._left and not self._choose.randrange(self._one_in):
                self._left = self._choose.randint(1, self._longest)
            if not self._left:
                return WELL
            self._left -= 1
            fate = self._choose.choice((REFUSED, LOST, CUT))
            self.gone_wrong[fate] += 1
            return fate
