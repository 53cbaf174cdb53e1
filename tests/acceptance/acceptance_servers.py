"""What all acceptance tests of a process share: Azurite, the identity endpoint, and the servers of both systems."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from starlette.types import ASGIApp, Receive, Scope, Send

from local import azurite
from local.identity import Identity, create_app
from local.simulators.odata.serve import serve_in_thread


class Swapped:
    """One server for many tests: each puts an application of its own behind it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@dataclass
class Servers:
    """What all tests of a process share: Azurite, and the addresses behind which each test puts fresh simulators."""

    connection: str
    sales: Swapped
    finops: Swapped
    sales_url: str
    finops_url: str
    identity_url: str
    token_key: bytes
    identity_header: str


@contextmanager
def serving() -> Iterator[Servers]:
    """Start everything that is shared; all of it ends with the context."""
    token_key, header = secrets.token_bytes(32), secrets.token_urlsafe(16)
    with ExitStack() as stack:
        store = stack.enter_context(azurite.start())
        sales, finops = Swapped(), Swapped()
        yield Servers(
            store.connection_string,
            sales,
            finops,
            stack.enter_context(serve_in_thread(sales)),
            stack.enter_context(serve_in_thread(finops)),
            stack.enter_context(serve_in_thread(create_app(Identity(token_key, header)))),
            token_key,
            header,
        )


class Admin:
    """The admin side of one simulator."""

    def __init__(self, base: str) -> None:
        self._base = f"{base}/admin"
        self._session = requests.Session()

    def fault(self, action: Mapping[str, Any], path: str = "", method: str = "", **when: Any) -> None:
        """Let requests go wrong; `after`, `times` say which of those that match."""
        match = {name: value for name, value in (("path", path), ("method", method)) if value}
        self.ask("POST", "faults", {"match": match, "action": dict(action), **when})

    def heal(self) -> None:
        """No faults any more."""
        self.ask("DELETE", "faults")

    def switch(self, **values: Any) -> None:
        self.ask("POST", "switches", values)

    def advance(self, seconds: float) -> None:
        """Let the simulator's clock run ahead."""
        self.ask("POST", "clock", {"advance": seconds})

    def reset(self) -> None:
        """Count from zero."""
        self.ask("POST", "counters/reset")

    def counters(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", "counters")
        return found

    def rows(self, set: str) -> list[dict[str, Any]]:
        """The rows of a set as stored."""
        found: list[dict[str, Any]] = self.ask("GET", f"rows/{set}")
        return found

    def ask(self, method: str, path: str, body: object = None) -> Any:
        answer = self._session.request(method, f"{self._base}/{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()
