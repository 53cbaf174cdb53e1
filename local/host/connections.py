"""Storage connections by setting name, by connection string or by identity (functions-host.md 4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from azure.storage.blob import BlobServiceClient
from azure.storage.blob import LinearRetry as BlobRetry
from azure.storage.queue import LinearRetry as QueueRetry
from azure.storage.queue import QueueClient
from requests.adapters import HTTPAdapter

from local.host.settings import Settings

_POOL_SIZE = 128
_RETRY: dict[str, Any] = {"backoff": 1, "retry_total": 4, "random_jitter_range": 0}
"""Storage on the same machine is back soon or not at all: four tries more, a second apart."""
Service = Literal["queue", "blob"]


class ConnectionProblem(ValueError):
    """A connection's setting is missing or cannot be used; the text says which and what to set."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one storage service: a connection string, or an address with a credential."""

    name: str
    connection_string: str | None = None
    address: str = ""
    credential: DefaultAzureCredential | ManagedIdentityCredential | None = None

    def queue(self, name: str) -> QueueClient:
        """A client of one queue that leaves message texts as they are."""
        options: dict[str, Any] = {
            "transport": _transport(),
            "retry_policy": QueueRetry(**_RETRY),
        }
        if self.connection_string is not None:
            return QueueClient.from_connection_string(self.connection_string, name, **options)
        return QueueClient(self.address, name, credential=self.credential, **options)

    def blobs(self) -> BlobServiceClient:
        """A client of the blob service."""
        options: dict[str, Any] = {
            "transport": _transport(),
            "retry_policy": BlobRetry(**_RETRY),
        }
        if self.connection_string is not None:
            return BlobServiceClient.from_connection_string(self.connection_string, **options)
        return BlobServiceClient(self.address, credential=self.credential, **options)


def connection(name: str, settings: Settings, service: Service) -> Connection:
    """Resolve the connection `name` for a service: `AzureWebJobs<name>` first, then `<name>`.

    A plain value is a connection string and wins over the group `<name>__*`. Raises ConnectionProblem.
    """
    for candidate in (f"AzureWebJobs{name}", name):
        text = settings.get(candidate)
        if text is not None:
            return _checked(Connection(candidate, text), service)
        group = settings.group(candidate)
        if group:
            address = _address(candidate, group, service)
            return _checked(Connection(candidate, None, address, _credential(group)), service)
    raise ConnectionProblem(
        f"the storage connection {name} is not set; set {name} to a connection string, or {name}__{service}ServiceUri"
    )


def _address(name: str, group: dict[str, str], service: Service) -> str:
    address = group.get(f"{service}serviceuri")
    if address is not None:
        return address
    account = group.get("accountname")
    if account is None:
        raise ConnectionProblem(
            f"the storage connection {name} has settings but no {service} address; set {name}__{service}ServiceUri"
        )
    return f"https://{account}.{service}.core.windows.net"


def _credential(group: dict[str, str]) -> DefaultAzureCredential | ManagedIdentityCredential:
    client_id = group.get("clientid")
    if group.get("credential", "").lower() == "managedidentity":
        return ManagedIdentityCredential(client_id=client_id) if client_id else ManagedIdentityCredential()
    return DefaultAzureCredential(managed_identity_client_id=client_id) if client_id else DefaultAzureCredential()


def _checked(found: Connection, service: Service) -> Connection:
    """Make a client once, so that a malformed value is told at the start and not by the first message."""
    try:
        if service == "queue":
            found.queue("check")
        else:
            found.blobs()
    except (ValueError, AttributeError) as error:
        raise ConnectionProblem(
            f"the storage connection {found.name} cannot be used: {error}. Give it a whole connection string"
        ) from error
    return found


@cache
def _transport() -> RequestsTransport:
    """One transport for all clients, whose connection pool is as wide as the listeners are parallel."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=8, pool_maxsize=_POOL_SIZE))
    return RequestsTransport(session=session, session_owner=False)
