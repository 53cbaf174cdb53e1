"""The clients of one process: storage and both systems, made when first needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from azure.core.credentials import TokenCredential
from azure.identity import ManagedIdentityCredential

from sync.errors import ConfigError
from sync.model import System, Values
from sync.settings import Settings
from sync.stores.operations import Operations
from sync.stores.queues import QueueOutbox
from sync.stores.tables import TableGates, TableStorage
from sync.systems.auth import ClientSecretSignIn, ManagedIdentitySignIn, SignIn
from sync.systems.finops import FinOpsSystem
from sync.systems.http import Timeouts
from sync.systems.sales import SalesSystem


class Connections:
    """Clients that are safe to share between threads."""

    def __init__(self, settings: Settings, environment: Mapping[str, str], queues: Mapping[str, str]) -> None:
        self._settings = settings
        self._environment = environment
        self._queues = queues
        self.operations = Operations()

    @cached_property
    def storage(self) -> TableStorage:
        prefix, operations = self._settings.table_prefix, self.operations
        if text := self._connection_string():
            return TableStorage.from_connection_string(text, prefix=prefix, operations=operations, verify=self._verify)
        return TableStorage.from_endpoint(
            self._service_uri("table"),
            self._storage_identity(),
            prefix=prefix,
            operations=operations,
            verify=self._verify,
        )

    @cached_property
    def outbox(self) -> QueueOutbox:
        if text := self._connection_string():
            return QueueOutbox.from_connection_string(
                text, self._queues, operations=self.operations, verify=self._verify
            )
        return QueueOutbox.from_endpoint(
            self._service_uri("queue"),
            self._storage_identity(),
            self._queues,
            operations=self.operations,
            verify=self._verify,
        )

    @cached_property
    def gates(self) -> TableGates:
        return TableGates(self.storage)

    @cached_property
    def sales(self) -> SalesSystem:
        settings = self._settings
        return SalesSystem(
            settings.sales_url,
            self._sign_in,
            self.gates,
            timeouts=self.timeouts,
            records_per_request=settings.sales_batch,
            rows_per_page=settings.page_size,
            clock=self.storage.clock,
            ca_bundle=settings.ca_bundle or None,
        )

    @cached_property
    def finops(self) -> FinOpsSystem:
        settings = self._settings
        return FinOpsSystem(
            settings.finops_url,
            self._sign_in,
            self.gates,
            company=settings.company,
            timeouts=self.timeouts,
            records_per_batch=settings.finops_batch,
            address_room=settings.finops_url_length,
            clock=self.storage.clock,
            ca_bundle=settings.ca_bundle or None,
        )

    def system(self, name: System) -> SalesSystem | FinOpsSystem:
        """The client of a system."""
        return self.sales if name == "sales" else self.finops

    @property
    def timeouts(self) -> Timeouts:
        return Timeouts(self._settings.connect_timeout, self._settings.read_timeout)

    def rows(self, system: System, set: str, columns: Sequence[str]) -> list[Values]:
        """All rows of a reference set of either system."""
        return self.system(system).rows(system, set, columns)

    @cached_property
    def _sign_in(self) -> SignIn:
        settings = self._settings
        if settings.sign_in == "managed-identity":
            return ManagedIdentitySignIn(settings.client_id or None)
        return ClientSecretSignIn(
            settings.tenant_id,
            settings.client_id,
            settings.client_secret.get_secret_value(),
            authority=settings.authority,
            instance_discovery=settings.instance_discovery,
            ca_bundle=settings.ca_bundle or None,
        )

    @property
    def _verify(self) -> str | bool:
        return self._settings.ca_bundle or True

    def _connection_string(self) -> str:
        name = self._settings.storage
        return self._environment.get(f"AzureWebJobs{name}") or self._environment.get(name, "")

    def _service_uri(self, service: str) -> str:
        name = self._settings.storage
        if uri := self._environment.get(f"{name}__{service}ServiceUri"):
            return uri
        if account := self._environment.get(f"{name}__accountName"):
            return f"https://{account}.{service}.core.windows.net"
        raise ConfigError(
            f"There is no storage connection {name}.",
            where="settings",
            remedy=f"Set {name} to a connection string, or {name}__accountName, or {name}__{service}ServiceUri.",
        )

    def _storage_identity(self) -> TokenCredential:
        client_id = self._environment.get(f"{self._settings.storage}__clientId")
        return ManagedIdentityCredential(client_id=client_id) if client_id else ManagedIdentityCredential()
