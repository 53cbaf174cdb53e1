"""A very small service under the control of the admin side, for tests of what both simulators share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import requests
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.simulators.odata.control import Control, ControlMiddleware, repeat_wanted
from local.simulators.odata.serve import serve_in_thread

ROWS = [{"id": 1, "credit": Decimal("10.10")}]


class Service:
    """Answers every request below /data/: each is two operations, reads three rows and writes one; POST may be refused.

    `worked` is how often it did its work, `seconds` how long each is said to have taken.
    """

    def __init__(self) -> None:
        self.worked = 0
        self.seconds: list[float] = []
        self.control = Control(
            service_root="/data/",
            error_body=lambda status, code, message: json.dumps({"s": status, "c": code, "m": message}).encode(),
            rows=lambda name: ROWS if name == "things" else None,
            switches={"tongue": "en", "no_read": [], "hidden": []},
            allowed={"tongue": ("en", "de"), "no_read": ("things",), "hidden": [f"t.c{n}" for n in range(100)]},
        )
        self.app = Starlette(
            routes=[*self.control.routes(), Route("/data/{path:path}", self.work, methods=["GET", "POST"])],
            middleware=[Middleware(ControlMiddleware, control=self.control)],
        )

    async def work(self, request: Request) -> Response:
        if request.method == "POST" and (refusal := self.control.refused_write()):
            return Response(self.control.error_body(refusal.status or 503, refusal.code, refusal.message), 503)
        self.worked += 1
        self.control.counters.did(operations=2, reads=3, writes=1)
        self.seconds.append(self.control.seconds_taken())
        return Response(f"worked, repeat {repeat_wanted(request.scope)}".ljust(200))


@contextmanager
def served() -> Iterator[tuple[str, Service]]:
    """A fresh service and its address."""
    service = Service()
    with serve_in_thread(service.app) as address:
        yield address, service


def fault(url: str, **wanted: Any) -> int:
    """Set up a fault and return its id."""
    answer = requests.post(f"{url}/admin/faults", json=wanted, timeout=10)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["id"])


def counters(url: str) -> dict[str, Any]:
    """What was counted."""
    found: dict[str, Any] = requests.get(f"{url}/admin/counters", timeout=10).json()
    return found


def get(url: str, path: str = "things", *, timeout: float = 10, **options: Any) -> requests.Response:
    """Read from the service."""
    return requests.get(f"{url}/data/{path}", timeout=timeout, **options)
