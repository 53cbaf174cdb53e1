"""A queue message on its way through the host: body, metadata, and the hold on it (functions-host.md 1.2, 1.3, 6.3)."""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import threading
import time

from azure.storage.queue import QueueMessage
from azure_functions_runtime.bindings.datumdef import Datum


class NotBase64Error(ValueError):
    """The text of a message is not base64, although host.json says that messages are."""


class Held:
    """A received message, hidden from others while this host works on it.

    Renewing replaces the pop receipt and completing needs the newest: a renewal holds the lock, and none begins once
    the message is finished.
    """

    def __init__(self, message: QueueMessage, hiding: float) -> None:
        self.id: str = message.id
        self.text: str = message.content or ""
        self.dequeue_count: int = message.dequeue_count or 0
        self.receipt: str = message.pop_receipt or ""
        self.lock = threading.Lock()
        self.finished = False
        self._message = message
        self.renewed(self.receipt, hiding)

    def renewed(self, receipt: str, hiding: float) -> None:
        """The message is hidden for `hiding` seconds from now; it is due for renewal at half of that."""
        self.receipt = receipt
        self.due = time.monotonic() + hiding / 2

    def body(self, is_base64: bool) -> bytes:
        """The message's bytes. Raises NotBase64Error."""
        if not is_base64:
            return self.text.encode()
        try:
            return base64.b64decode(self.text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise NotBase64Error(f"Message {self.id} is not base64: {error}") from error

    def metadata(self, queue_text: str) -> dict[str, Datum]:
        """Trigger metadata as the function gets it.

        A body that looks like a JSON object overwrites entries of the same name, ignoring case: the trap of
        functions-host.md 1.3, kept on purpose so that an app that steps into it fails here too.
        """
        message = self._message
        known = {
            "Id": Datum(self.id, "string"),
            "DequeueCount": Datum(json.dumps(self.dequeue_count), "json"),
            "PopReceipt": Datum(self.receipt, "string"),
            "InsertionTime": _time(message.inserted_on),
            "ExpirationTime": _time(message.expires_on),
            "NextVisibleTime": _time(message.next_visible_on),
            "QueueTrigger": Datum(queue_text, "string"),
        }
        names = {name.lower(): name for name in known}
        for name, value in _top_level(queue_text).items():
            datum = Datum(value, "string") if isinstance(value, str) else Datum(json.dumps(value), "json")
            known[names.get(name.lower(), name)] = datum
        return {name: datum for name, datum in known.items() if datum is not None}


def datum_of(body: bytes) -> Datum:
    """A body as trigger input: text, or bytes when it is not UTF-8."""
    try:
        return Datum(body.decode(), "string")
    except UnicodeDecodeError:
        return Datum(body, "bytes")


def _time(moment: datetime.datetime | None) -> Datum | None:
    return None if moment is None else Datum(moment.astimezone(datetime.UTC).isoformat(), "string")


def _top_level(text: str) -> dict[str, object]:
    text = text.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {name: value for name, value in found.items() if value is not None and not isinstance(value, list)}
