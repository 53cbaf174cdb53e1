"""A simulator behind the clients of other people: one server a module, a fresh simulator a test.

A judge's test is given one of the worlds below: the client, and a plain session beside it (`plain`) by which the test
looks at what the client did. Between server and simulator stands a `Saboteur`, which does nothing here;
test_sabotage.py puts in those that break the simulator on purpose.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.credentials import AccessToken
from d365fo_client.auth import AuthenticationManager
from d365fo_client.crud import CrudOperations
from d365fo_client.models import FOClientConfig
from d365fo_client.session import SessionManager
from dataverse_api.dataverse import DataverseClient as CommunityClient
from PowerPlatform.Dataverse.aio import AsyncDataverseClient
from PowerPlatform.Dataverse.client import DataverseClient as MicrosoftClient
from starlette.types import ASGIApp, Receive, Scope, Send

from local.certificates import Certificate, make_certificate
from local.simulators.dataverse.app import create_app as dataverse_app
from local.simulators.finops.app import create_app as finops_app
from local.simulators.odata.serve import serve_in_thread
from tests.judges.tls import serve_tls_in_thread
from tests.local.dataverse.dataverse_simulated import Dataverse
from tests.local.finops.finops_simulated import REFERENCE_DATA, Finops

type Saboteur = Callable[[ASGIApp], ASGIApp]
KEY = "accountnumber"
"""The column of the alternate key that is declared on accounts, which have none by themselves."""


def honest(app: ASGIApp) -> ASGIApp:
    """The saboteur who leaves the simulator as it is."""
    return app


class Credential:
    """What the Microsoft client asks for tokens; the simulator takes any that is not empty."""

    token = "any"

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """The same token for every scope."""
        return AccessToken(self.token, int(time.time()) + 3600)


class AsyncCredential(Credential):
    """The same for the asynchronous client."""

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # type: ignore[override]
        """The same token for every scope."""
        return AccessToken(self.token, int(time.time()) + 3600)

    async def close(self) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> AsyncCredential:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.close()


@dataclass(frozen=True, slots=True)
class Microsoft:
    """PowerPlatform-Dataverse-Client, synchronous, over TLS."""

    client: Any
    plain: Dataverse


@dataclass(frozen=True, slots=True)
class MicrosoftAsync:
    """PowerPlatform-Dataverse-Client, asynchronous, over http; `run` gives a client to a coroutine function."""

    base: str
    plain: Dataverse

    def run(self, story: Callable[[Any], Any]) -> Any:
        """What `story(client)` returns when awaited."""

        async def told() -> Any:
            async with AsyncDataverseClient(self.base, AsyncCredential()) as client:
                return await story(client)

        return asyncio.run(told())


@dataclass(frozen=True, slots=True)
class Community:
    """dataverse-api; `session` is the session it sends with."""

    client: Any
    session: requests.Session
    plain: Dataverse


@dataclass(frozen=True, slots=True)
class FinopsClient:
    """d365fo-client; `run` gives its operations to a coroutine function."""

    base: str
    cache: Path
    plain: Finops

    def run(self, story: Callable[[Any], Any]) -> Any:
        """What `story(crud)` returns when awaited."""

        async def told() -> Any:
            config = FOClientConfig(base_url=self.base, metadata_cache_dir=str(self.cache), trace_client_id="judge")
            async with SessionManager(config, AuthenticationManager(config)) as sessions:
                return await story(CrudOperations(sessions, config.base_url))

        return asyncio.run(told())


class Swap:
    """An ASGI application behind which another one can be put while the server runs: starting one costs more."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def _with_key(base: str) -> Dataverse:
    """A plain session with a simulator, on which it has declared the key."""
    plain = Dataverse(base)
    assert plain.post("/admin/keys", json={"table": "accounts", "name": "number", "columns": [KEY]}).ok
    return plain


type World[T] = Callable[[Saboteur], contextlib.AbstractContextManager[T]]
"""What opens a world on a fresh simulator."""


@contextlib.contextmanager
def microsoft_worlds(folder: Path) -> Iterator[World[Microsoft]]:
    """A TLS server with a certificate made in `folder`, and what opens worlds on it."""
    certificate = make_certificate(folder)
    swap = Swap()

    @contextlib.contextmanager
    def opened(saboteur: Saboteur = honest) -> Iterator[Microsoft]:
        swap.app = saboteur(dataverse_app())
        with _with_key(base) as plain, MicrosoftClient(base, Credential()) as client:
            yield Microsoft(client, plain)

    with trusted(certificate), serve_tls_in_thread(swap, certificate) as base:
        yield opened


@contextlib.contextmanager
def async_worlds() -> Iterator[World[MicrosoftAsync]]:
    """A plain server, and what opens worlds for the asynchronous client on it."""
    swap = Swap()

    @contextlib.contextmanager
    def opened(saboteur: Saboteur = honest) -> Iterator[MicrosoftAsync]:
        swap.app = saboteur(dataverse_app())
        with _with_key(base) as plain:
            yield MicrosoftAsync(base, plain)

    with serve_in_thread(swap) as base:
        yield opened


@contextlib.contextmanager
def community_worlds() -> Iterator[World[Community]]:
    """A plain server, and what opens worlds for dataverse-api on it."""
    swap = Swap()

    @contextlib.contextmanager
    def opened(saboteur: Saboteur = honest) -> Iterator[Community]:
        swap.app = saboteur(dataverse_app())
        with _with_key(base) as plain, requests.Session() as session:
            session.headers["Authorization"] = "Bearer any"
            yield Community(CommunityClient(session=session, environment_url=base + "/"), session, plain)

    with serve_in_thread(swap) as base:
        yield opened


@contextlib.contextmanager
def finops_worlds(folder: Path) -> Iterator[World[FinopsClient]]:
    """A plain server, and what opens worlds for d365fo-client on it, with the reference data customers need."""
    swap = Swap()

    @contextlib.contextmanager
    def opened(saboteur: Saboteur = honest) -> Iterator[FinopsClient]:
        swap.app = finops_app(page_size=2)
        with Finops(base) as plain:
            for name, rows in REFERENCE_DATA.items():
                for row in rows:
                    assert plain.post(f"/data/{name}", json=row).status_code == 201
            swap.app = saboteur(swap.app)
            yield FinopsClient(base, folder, plain)

    with serve_in_thread(swap) as base:
        yield opened


@contextlib.contextmanager
def trusted(certificate: Certificate) -> Iterator[None]:
    """While it lasts, requests trusts this certificate: the Microsoft client has no setting for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(certificate.cert))
        yield
