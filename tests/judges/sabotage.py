"""A simulator broken on purpose: what it is asked, or what it answers, is bent between server and simulator.

The fraud is in what the simulator does, seen from outside, whatever its source looks like today.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class Asked:
    """A request as it arrives; `target` is the encoded path with its query, header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> Any:
        """The JSON of the body."""
        return json.loads(self.body)

    @payload.setter
    def payload(self, value: Any) -> None:
        self.body = json.dumps(value).encode()


@dataclass
class Answered:
    """An answer before it leaves."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> Any:
        """The JSON of the body; an empty object when it is none."""
        return json.loads(self.body) if "json" in self.headers.get("content-type", "") else {}

    @payload.setter
    def payload(self, value: Any) -> None:
        self.headers["content-type"] = "application/json; odata.metadata=minimal"
        self.body = json.dumps(value).encode()


def nothing(*given: Any) -> None:
    """Leave it as it is."""


@dataclass(frozen=True)
class Fraud:
    """What stands before the simulator; the admin addresses stay honest."""

    ask: Callable[[Asked], None] = nothing
    answer: Callable[[Asked, Answered], None] = nothing

    def __call__(self, app: ASGIApp) -> ASGIApp:
        """The broken simulator."""

        async def broken(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"].startswith("/admin"):
                await app(scope, receive, send)
                return
            asked = await _read(scope, receive)
            self.ask(asked)
            answered = await _forward(app, scope, asked)
            self.answer(asked, answered)
            await _write(answered, send)

        return broken


async def _read(scope: Scope, receive: Receive) -> Asked:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    target, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Asked(scope["method"], f"{target}?{query}" if query else target, headers, body)


async def _forward(app: ASGIApp, scope: Scope, asked: Asked) -> Answered:
    path, _, query = asked.target.partition("?")
    headers = {**asked.headers, "content-length": str(len(asked.body))}
    bent = {
        **scope,
        "method": asked.method,
        "raw_path": path.encode("latin-1"),
        "path": path,
        "query_string": query.encode("latin-1"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
    }
    answered = Answered(0, {}, b"")

    async def receive() -> Message:
        return {"type": "http.request", "body": asked.body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered.status = message["status"]
            answered.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
        else:
            answered.body += message.get("body", b"")

    await app(bent, receive, send)
    return answered


async def _write(answered: Answered, send: Send) -> None:
    if answered.status not in (204, 304):
        answered.headers["content-length"] = str(len(answered.body))
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answered.headers.items()]
    await send({"type": "http.response.start", "status": answered.status, "headers": headers})
    await send({"type": "http.response.body", "body": answered.body})
