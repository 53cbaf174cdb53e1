"""A lock over all host processes: a blob lease that is renewed while held (functions-host.md 2)."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobLeaseClient, BlobServiceClient

from local.host.counters import Counters

logger = logging.getLogger("host.locks")

CONTAINER = "azure-webjobs-hosts"


class Lock:
    """The lock of one function. `seconds` is the length of its lease; storage allows 15 to 60."""

    def __init__(self, blobs: BlobServiceClient, name: str, seconds: int, counters: Counters) -> None:
        self._blobs, self._name, self._seconds, self._counters = blobs, name, seconds, counters

    def try_take(self, on_lost: Callable[[], None]) -> Lease | None:
        """The lease, or None when another process has it. Raises AzureError when storage does not answer.

        `on_lost` is called from another thread when the lease could not be kept.
        """
        blob = self._blobs.get_blob_client(CONTAINER, self._name)
        asked = time.monotonic()
        lease = BlobLeaseClient(blob)
        self._counters.storage("lease")
        try:
            lease.acquire(lease_duration=self._seconds)
        except ResourceNotFoundError:
            self._create()
            return self.try_take(on_lost)
        except HttpResponseError as error:
            if error.status_code == 409:
                return None
            raise
        return Lease(lease, self._name, self._seconds, asked, self._counters, on_lost)

    def _create(self) -> None:
        with contextlib.suppress(ResourceExistsError):
            self._blobs.create_container(CONTAINER)
        with contextlib.suppress(ResourceExistsError):
            self._blobs.get_blob_client(CONTAINER, self._name).upload_blob(b"", overwrite=False)


class Lease:
    """A lock that is held, renewed at half its length by a thread of its own until released or lost."""

    def __init__(
        self,
        lease: BlobLeaseClient,
        name: str,
        seconds: int,
        asked: float,
        counters: Counters,
        on_lost: Callable[[], None],
    ) -> None:
        self._lease, self._name, self._seconds, self._counters, self._on_lost = lease, name, seconds, counters, on_lost
        self._valid_until = asked + seconds
        self._released = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_released, name=f"lease {name}", daemon=True)
        self._thread.start()

    def is_held(self) -> bool:
        """Whether nobody else can have the lock now: counted from before the last renewal was asked for."""
        return not self._released.is_set() and time.monotonic() < self._valid_until

    def release(self) -> None:
        """Give the lock to whoever asks next."""
        self._released.set()
        self._thread.join()
        self._counters.storage("lease")
        with contextlib.suppress(AzureError):
            self._lease.release()

    def _renew_until_released(self) -> None:
        pause = self._seconds / 2
        while not self._released.wait(pause):
            asked = time.monotonic()
            self._counters.storage("lease")
            try:
                self._lease.renew()
            except HttpResponseError as error:
                if error.status_code is not None and error.status_code < 500:
                    self._lose(f"it was taken away: {error.error_code}" if hasattr(error, "error_code") else "refused")
                    return
                pause = self._seconds / 8
            except AzureError:
                pause = self._seconds / 8
            else:
                self._valid_until = asked + self._seconds
                pause = self._seconds / 2
            if not self.is_held():
                self._lose("storage did not renew it in time")
                return

    def _lose(self, why: str) -> None:
        logger.warning("The lock %s is lost: %s", self._name, why)
        self._valid_until = 0.0
        self._on_lost()
