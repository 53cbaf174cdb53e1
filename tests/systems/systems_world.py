"""What the tests of the systems stand on: both simulators over HTTP, a sign-in that always works, a scripted server."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.model import EntityRef
from sync.ports import Write
from sync.stores.memory import MemoryClock, MemoryGates
from sync.systems.auth import Token

ACCOUNTS = EntityRef("sales", "accounts", ("accountid",))
CUSTOMERS = EntityRef("finops", "CustomersV3", ("dataAreaId", "CustomerAccount"))


class AnyToken:
    """A sign-in whose token every simulator without a key accepts."""

    def __init__(self, value: str = "anything", expires: float = float("inf")) -> None:
        self.given = Token(value, expires)
        self.forgotten = 0

    def token(self, resource: str) -> Token:
        return self.given

    def forget(self) -> None:
        self.forgotten += 1


class Admin(requests.Session):
    """The admin side of one simulator, and its data side for what a test sets up by hand."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.headers["Authorization"] = "Bearer anything"

    def ask(self, method: str, path: str, document: object = None) -> Any:
        answer = self.request(method, self.base + path, json=document, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def fault(self, action: Mapping[str, Any], path: str = "", method: str | None = None, **when: Any) -> None:
        match = {"path": path, **({"method": method} if method else {})}
        self.ask("POST", "/admin/faults", {"match": match, "action": action, **when})

    def switch(self, **values: Any) -> None:
        self.ask("POST", "/admin/switches", values)

    def counters(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", "/admin/counters")
        return found

    def stored(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", f"/admin/rows/{name}")
        return found


def gates() -> tuple[MemoryGates, MemoryClock]:
    """Gates whose time stands still, and their clock."""
    clock = MemoryClock()
    return MemoryGates(clock), clock


def number(index: int) -> str:
    return f"C{index:04}"


def customer(index: int, **values: Any) -> Write:
    """A create that F&O accepts, with these values over the good ones."""
    good = {"OrganizationName": f"Company {index}", "CustomerGroupId": "10", "SalesCurrencyCode": "USD"}
    return Write("create", {"dataAreaId": "usmf", "CustomerAccount": number(index)}, {**good, **values})


def rename(index: int, name: str) -> Write:
    """An update of a customer's name."""
    return Write("update", {"dataAreaId": "usmf", "CustomerAccount": number(index)}, {"OrganizationName": name})


@dataclass
class Scripted:
    """A server that answers as told, and remembers what it was asked."""

    base: str = ""
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)
    """The ports that connections came from."""
    reply: Callable[[str, str], tuple[int, Mapping[str, str], bytes]] = lambda _method, _path: (200, {}, b"{}")

    def json(self, document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answer everything with this document."""
        body = json.dumps(document).encode()
        self.reply = lambda _method, _path: (status, {"Content-Type": "application/json", **(headers or {})}, body)


class Swapped:
    """One server for many tests: each puts an application of its own behind it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@contextmanager
def scripted() -> Iterator[Scripted]:
    """A scripted server on a free port of this machine."""
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            script.connections.add(self.client_address[1])
            script.requests.append((self.command, self.path, headers, body))
            status, answer_headers, answer = script.reply(self.command, self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(answer)), **answer_headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PATCH = _do  # noqa: N815  (names that the library asks for)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    script.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
