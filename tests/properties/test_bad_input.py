"""Bad input, case by case, against both simulators: the documented error, nothing written, and the server lives.

A part of 100 MB is tried where each simulator is tested by itself.
"""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from local.simulators.dataverse.app import create_app as dataverse
from local.simulators.finops.app import create_app as finops
from local.simulators.odata.serve import serve_in_thread
from local.simulators.odata.tokens import issue
from tests.properties.properties_multipart import CONTENT_TYPE, Request, read, write

KEY = secrets.token_bytes(32)
HOUR = 3600.0


@dataclass(frozen=True)
class Server:
    """One simulator behind tokens, and what is good there."""

    base: str
    root: str
    entity_set: str
    row: dict[str, Any]
    text: str
    """A column of text."""
    wrong_key: str
    """A key whose value is of another type."""
    most_parts: int

    def token(self, seconds: float = HOUR) -> str:
        """A token that expires in so many seconds."""
        return f"Bearer {issue(KEY, self.base, 'app', time.time() + seconds)}"

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> requests.Response:
        """One request below the service root; header names are written with `_`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Authorization": self.token(), **given}
        return requests.request(method, self.root + path, data=body, headers=given, timeout=60)

    def filtered(self, condition: str) -> requests.Response:
        return self.send("GET", f"{self.entity_set}?$filter={quote(condition)}")

    def create(self, body: bytes, content_type: str = "application/json") -> requests.Response:
        return self.send("POST", self.entity_set, body, Content_Type=content_type)

    def batch(self, body: bytes, content_type: str = CONTENT_TYPE) -> requests.Response:
        return self.send("POST", "$batch", body, Content_Type=content_type)

    def reads(self, number: int) -> bytes:
        """A batch of so many reads."""
        return write([Request("GET", self.root + self.entity_set)] * number)


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        sales = stack.enter_context(serve_in_thread(dataverse(token_key=KEY)))
        finance = stack.enter_context(serve_in_thread(finops(token_key=KEY)))
        yield {
            "dataverse": Server(
                sales, f"{sales}/api/data/v9.2/", "accounts", {"name": "A"}, "name", "accounts(5)", 1000
            ),
            "finops": Server(
                finance, f"{finance}/data/", "LegalEntities", {"LegalEntityId": "dat"}, "Name", "LegalEntities(5)", 5000
            ),
        }


@pytest.fixture(params=["dataverse", "finops"])
def server(servers: dict[str, Server], request: pytest.FixtureRequest) -> Server:
    found: Server = servers[request.param]
    return found


type Ask = Callable[[Server], requests.Response]
BAD: dict[str, tuple[Ask, tuple[int, ...]]] = {
    "a batch that is cut short": (lambda to: to.batch(to.reads(2)[:-20]), (400,)),
    "a batch without its boundary": (lambda to: to.batch(to.reads(2), "multipart/mixed"), (400,)),
    "a batch of noise": (lambda to: to.batch(bytes(range(256)) * 8), (400,)),
    "a batch whose lines end with LF": (lambda to: to.batch(to.reads(2).replace(b"\r\n", b"\n")), (400,)),
    "a batch of one part too many": (lambda to: to.batch(to.reads(to.most_parts + 1)), (400,)),
    "a filter that does not parse": (lambda to: to.filtered(f"{to.text} eq"), (400,)),
    "a filter with an open text": (lambda to: to.filtered(f"{to.text} eq 'x"), (400,)),
    "a filter about no column": (lambda to: to.filtered("nosuchcolumn eq 1"), (400,)),
    "a filter nested 5,000 deep": (
        lambda to: to.filtered("not (" * 5000 + f"{to.text} eq 'x'" + ")" * 5000), (400, 414),
    ),
    "an unknown system query option": (lambda to: to.send("GET", f"{to.entity_set}?$nosuchoption=1"), (400,)),
    "a negative $top": (lambda to: to.send("GET", f"{to.entity_set}?$top=-1"), (400,)),
    "a key of another type": (lambda to: to.send("GET", to.wrong_key), (400,)),
    "JSON nested 10,000 deep": (lambda to: to.create(b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}"), (400,)),
    "JSON that is cut short": (lambda to: to.create(json.dumps(to.row).encode()[:-1]), (400,)),
    "a list where a row belongs": (lambda to: to.create(json.dumps([to.row]).encode()), (400,)),
    "no body": (lambda to: to.create(b""), (400,)),
    "a body that is no UTF-8": (lambda to: to.create(f'{{"{to.text}":"\xe6"}}'.encode("latin-1")), (400,)),
    "a body in UTF-16": (
        lambda to: to.create(json.dumps(to.row).encode("utf-16"), "application/json; charset=utf-16"), (400, 415),
    ),
    "a form instead of JSON": (
        lambda to: to.create(b"name=A", "application/x-www-form-urlencoded"), (400, 415),
    ),
    "no token": (lambda to: to.send("GET", to.entity_set, Authorization=""), (401,)),
    "a token of another issuer": (lambda to: to.send("GET", to.entity_set, Authorization="Bearer a.b.c"), (401,)),
    "a token that has expired": (lambda to: to.send("GET", to.entity_set, Authorization=to.token(-1)), (401,)),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_the_documented_error_and_the_server_lives(server: Server, case: str) -> None:
    ask, statuses = BAD[case]
    before = stored(server)
    answer = ask(server)
    assert answer.status_code in statuses, answer.text[:300]
    kind = answer.headers["Content-Type"]
    if kind.startswith("multipart/"):
        ((problem,),) = [part if isinstance(part, list) else [part] for part in read(kind, answer.content)]
        error = problem.json["error"]
    else:
        error = answer.json()["error"]
    assert isinstance(error["code"], str)
    assert error["message"]
    assert stored(server) == before


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST {root}$batch HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST {root}$batch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"POST {root}$batch HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly this",
        b"GET {root} HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 200_000 + b"\r\n\r\n",
    ],
    ids=["blank lines", "TLS", "no address", "no such version", "a negative length", "a chunk without a length",
         "less than was promised", "an endless header"],
)  # fmt: skip
def test_what_is_no_request_ends_its_own_connection_only(server: Server, sent: bytes) -> None:
    parts = urlsplit(server.root)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(sent.replace(b"{root}", parts.path.encode()))
        connection.shutdown(socket.SHUT_WR)
        received = connection.makefile("rb").readline()
    assert received == b"" or received.split()[1].startswith(b"4"), received
    stored(server)


def stored(server: Server) -> list[dict[str, Any]]:
    """The rows of the set that bad input is about, read as a client reads them."""
    answer = server.send("GET", server.entity_set)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["value"]
    return rows
