"""How the storage SDKs are connected: by a connection string, or by an address and a credential."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sync.errors import ConfigError
from sync.stores.operations import StorageTransport

CONNECTION = "the app setting AzureWebJobsStorage (or the one that STORAGE names)"
"""Where the storage connection is set, for texts."""


def connected[Client](
    service: str, connect: Callable[..., Client], transport: StorageTransport, retries: Mapping[str, float]
) -> Client:
    """The client that `connect` makes; nothing is sent yet. Raises ConfigError for what no SDK can read."""
    try:
        return connect(transport=transport, **retries)
    except ValueError as error:
        raise ConfigError(
            f"the storage connection cannot be used ({error}).",
            where=f"{service}s",
            remedy=f"Set a whole connection string, or the https address of the {service} service and a managed "
            f"identity, in {CONNECTION}.",
        ) from None
