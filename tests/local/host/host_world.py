"""What the tests of the host share: real hosts on a real Azurite, with names of their own for each test."""

from __future__ import annotations

import base64
import contextlib
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from azure.storage.queue import QueueClient

from local import azurite
from local.host.process import HostProcess

APPS = Path(__file__).parent / "apps"
PATIENCE = 60.0


def eventually[T](look: Callable[[], T]) -> T:
    """What `look` returns as soon as it is truthy; fails when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("It never happened")


class World:
    """One test's corner of storage: a queue, a file that the functions write to, and the hosts it starts."""

    def __init__(self, store: azurite.Azurite, folder: Path, stack: contextlib.ExitStack) -> None:
        self.store = store
        self.name = f"w{uuid.uuid4().hex[:12]}"
        self._seen = folder / "seen.jsonl"
        self._seen.touch()
        self._stack = stack

    def host(self, app: str, settings: Mapping[str, str] | None = None, hiding: int | None = None) -> HostProcess:
        """Start a host for one of the test apps; it is stopped at the end of the test."""
        merged = {
            "AzureWebJobsStorage": self.store.connection_string,
            "AzureFunctionsWebHost__hostid": self.name,
            "WORK_QUEUE": self.name,
            "SEEN_FILE": str(self._seen),
            **(settings or {}),
        }
        return self._stack.enter_context(HostProcess(APPS / app, merged, hiding=hiding, recovery=0.2))

    def queue(self, suffix: str = "") -> QueueClient:
        """A queue of this test, made when missing."""
        client = QueueClient.from_connection_string(self.store.connection_string, self.name + suffix)
        with contextlib.suppress(Exception):
            client.create_queue()
        return client

    def send(self, *bodies: str) -> None:
        """Send messages to the work queue as the app does: base64."""
        queue = self.queue()
        for body in bodies:
            queue.send_message(base64.b64encode(body.encode()).decode())

    def seen(self, event: str | None = None) -> list[dict[str, Any]]:
        """What the functions noted, in order."""
        lines = [json.loads(line) for line in self._seen.read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if event is None or line.get("event") == event]


@contextlib.contextmanager
def a_world(store: azurite.Azurite, folder: Path) -> Iterator[World]:
    """A corner of its own for one test; its hosts are stopped at the end."""
    with contextlib.ExitStack() as stack:
        yield World(store, folder, stack)
