"""One HTTP transport below both storage SDKs: it counts every request and listens to the service's clock."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.exceptions import ServiceRequestError
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter

THREADS = 8
"""Requests that one store sends at the same time on behalf of one caller."""

_KEPT_CONNECTIONS = 32

CONNECT_SECONDS = 10
READ_SECONDS = 60

RETRIES = {"retry_total": 2, "retry_connect": 2, "retry_read": 1, "retry_status": 2, "retry_backoff_factor": 0.3}
"""What the SDKs may repeat by themselves; longer trouble is Transient and the message is put back."""


def _as_signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    # Without any auth object requests would take one from a netrc file and put it in place of the SDK's signature.
    return request


class Operations:
    """Storage requests sent by this process, by service ("table", "queue"); retries count, as they are billed."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def add(self, service: str) -> None:
        with self._lock:
            self._counts[service] += 1

    @property
    def counts(self) -> Mapping[str, int]:
        """Requests so far: `{"table": n, "queue": n}`."""
        with self._lock:
            return {"table": self._counts["table"], "queue": self._counts["queue"]}


class UnreachedError(ServiceRequestError):
    """No connection to a host and port of storage, with the cause as `inner_exception`."""

    def __init__(self, address: str, error: ServiceRequestError) -> None:
        super().__init__(error.message, error=error.inner_exception or error)
        self.host = urlsplit(address).netloc


class StorageTransport(RequestsTransport):  # type: ignore[misc] # the lazy import of azure-core hides its type
    """The SDK's transport with connections enough for the threads of a host.

    `observe(date, sent, received)` gets each answer's Date header and this machine's time before and after.
    """

    def __init__(
        self,
        service: str,
        operations: Operations,
        observe: Callable[[str, float, float], None] | None = None,
        *,
        verify: bool | str = True,
    ) -> None:
        session = requests.Session()
        session.auth = _as_signed
        adapter = HTTPAdapter(pool_maxsize=_KEPT_CONNECTIONS, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        super().__init__(
            session=session,
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            connection_verify=verify,
        )
        self._service = service
        self._operations = operations
        self._observe = observe

    def send(self, request: Any, **options: Any) -> Any:
        self._operations.add(self._service)
        sent = time.time()
        try:
            response = super().send(request, **options)
        except ServiceRequestError as error:
            raise UnreachedError(request.url, error) from error
        if self._observe is not None and (date := response.headers.get("Date")):
            self._observe(date, sent, time.time())
        return response
