"""The outbox on Azure's storage queues."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Self

from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import QueueClient, QueueServiceClient, TextBase64EncodePolicy

from sync.errors import ConfigError
from sync.model import ChangeBatch
from sync.stores.account import connected
from sync.stores.messages import dump
from sync.stores.operations import THREADS, Operations, StorageTransport
from sync.stores.rules import check_delay, check_message
from sync.stores.trouble import code_of, told

_RETRIES = {"retry_total": 2, "initial_backoff": 1, "increment_base": 2}
_FOREVER = -1


class QueueOutbox:
    """`ports.Outbox`: a queue for each flow, and its poison queue; both are created when first used.

    `queues` names the queue of each flow. Messages are base64, as the Functions host expects them
    (functions-host.md 1.1).
    """

    def __init__(self, service: QueueServiceClient, queues: Mapping[str, str], operations: Operations) -> None:
        self.operations = operations
        self._service = service
        self._queues = dict(queues)
        self._clients: dict[str, QueueClient] = {}
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="queues")
        self._lock = Lock()

    @classmethod
    def from_connection_string(
        cls,
        text: str,
        queues: Mapping[str, str],
        *,
        operations: Operations | None = None,
        verify: bool | str = True,
    ) -> Self:
        """Queues behind a connection string. Raises ConfigError for one that cannot be read; nothing is sent yet."""
        connect = partial(QueueServiceClient.from_connection_string, text)
        return cls._connected(connect, queues, operations, verify)

    @classmethod
    def from_endpoint(
        cls,
        url: str,
        credential: TokenCredential,
        queues: Mapping[str, str],
        *,
        operations: Operations | None = None,
        verify: bool | str = True,
    ) -> Self:
        """Queues at an https address such as `https://<account>.queue.core.windows.net`, signed in by `credential`.

        `verify` may name a file of certificates to trust. Raises ConfigError for an address that cannot be used.
        """
        return cls._connected(partial(QueueServiceClient, url, credential=credential), queues, operations, verify)

    @classmethod
    def _connected(
        cls,
        connect: Callable[..., QueueServiceClient],
        queues: Mapping[str, str],
        operations: Operations | None,
        verify: bool | str,
    ) -> Self:
        operations = operations or Operations()
        transport = StorageTransport("queue", operations, verify=verify)
        return cls(connected("queue", connect, transport, _RETRIES), queues, operations)

    def post(self, batches: Sequence[ChangeBatch], *, delay: float = 0.0) -> None:
        hidden = math.ceil(check_delay(delay))
        texts = [(batch.flow, check_message(dump(batch))) for batch in batches]
        for flow in {flow for flow, _ in texts}:
            self._client(flow)
        for _ in self._executor.map(lambda message: self._send(message[0], message[1], hidden), texts):
            pass  # a message that was not sent raises here

    def post_text(self, flow: str, text: str, *, delay: float = 0.0) -> None:
        self._send(flow, check_message(text), math.ceil(check_delay(delay)))

    def poisoned(self, flow: str) -> int:
        """About how many messages lie in the flow's poison queue."""
        self._client(flow)
        client = self._service.get_queue_client(f"{self._queues[flow]}-poison")
        with told(client.queue_name):
            return client.get_queue_properties().approximate_message_count or 0

    def serves(self, flow: str) -> bool:
        return flow in self._queues

    def depth(self, flow: str) -> int:
        client = self._client(flow)
        with told(client.queue_name):
            return client.get_queue_properties().approximate_message_count or 0

    def close(self) -> None:
        """Close connections and threads; the object is of no use afterwards."""
        self._executor.shutdown()
        self._service.close()

    def _send(self, flow: str, text: str, hidden: int) -> None:
        client = self._client(flow)
        with told(client.queue_name, writing=True):
            client.send_message(text, visibility_timeout=hidden, time_to_live=_FOREVER)

    def _client(self, flow: str) -> QueueClient:
        if flow not in self._queues:
            raise ConfigError(
                f"no queue is set for the flow {flow}.", where="queues", remedy="Check the names of the mapping files."
            )
        with self._lock:
            if flow not in self._clients:
                self._clients[flow] = self._create(self._queues[flow])
            return self._clients[flow]

    def _create(self, queue: str) -> QueueClient:
        client = self._service.get_queue_client(queue, message_encode_policy=TextBase64EncodePolicy())
        poison = self._service.get_queue_client(f"{queue}-poison")
        for each in (client, poison):
            with told(each.queue_name):
                try:
                    each.create_queue()
                except ResourceExistsError as error:
                    if code_of(error) == "QueueBeingDeleted":
                        raise
        return client
