"""A proxy in front of storage that keeps what it is sent: everything that the app ever stores, if only for a moment."""

from __future__ import annotations

import base64
import binascii
import http.client
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

_SERVICES = ("BlobEndpoint", "QueueEndpoint", "TableEndpoint")
_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}
_ENCODED = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")


class Recorder:
    """`connection` leads to the same storage through the proxy; `texts` is what was sent, encoded and as it is read."""

    def __init__(self, connection: str) -> None:
        parts = dict(part.split("=", 1) for part in connection.strip(";").split(";"))
        self._texts: list[str] = []
        self._servers: list[ThreadingHTTPServer] = []
        for service in _SERVICES:
            target = urlsplit(parts[service])
            server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(target))
            server.daemon_threads = True
            self._servers.append(server)
            parts[service] = f"http://127.0.0.1:{server.server_port}{target.path}"
        self.connection = ";".join(f"{name}={value}" for name, value in parts.items())

    @property
    def texts(self) -> list[str]:
        """Addresses and bodies, as they were sent and, where they hold encoded texts, decoded."""
        return [read for text in list(self._texts) for read in (text, *_decoded(text))]

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _handler(recorder, target: SplitResult) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                recorder._texts += [unquote(self.path), body.decode(errors="replace")]
                upstream = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
                try:
                    upstream.request(self.command, self.path, body, dict(self.headers) | {"Host": target.netloc})
                    answer = upstream.getresponse()
                    content = answer.read()
                finally:
                    upstream.close()
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in _HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_MERGE = answer  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def _decoded(text: str) -> list[str]:
    """What the messages of a queue say; other runs of letters come out as nothing that can be read."""
    found = []
    for run in _ENCODED.findall(text):
        try:
            found.append(base64.b64decode(run, validate=True).decode())
        except (binascii.Error, UnicodeDecodeError):
            continue
    return found
