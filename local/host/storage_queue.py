"""The host's operations on one trigger queue and its poison queue, counted (functions-host.md 1.2)."""

from __future__ import annotations

import contextlib
import math

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient

from local.host.connections import Connection
from local.host.counters import Counters
from local.host.messages import Held

_SUFFIX = "-poison"
_LONGEST_NAME = 63


class StorageQueue:
    """A trigger queue. Message texts are passed on as they are, never decoded or encoded here."""

    def __init__(self, connection: Connection, name: str, counters: Counters) -> None:
        self.name = name
        self._client = connection.queue(name)
        self._poison = _poison_client(connection, name)
        self._counters = counters

    @property
    def has_poison(self) -> bool:
        """Whether failed messages have somewhere to go; a poison queue itself has not."""
        return self._poison is not None

    def receive(self, most: int, hiding: int) -> list[Held]:
        """Up to `most` messages in one request, hidden for `hiding` seconds.

        A queue that is missing, or just being deleted, is empty.
        """
        pages = self._client.receive_messages(
            messages_per_page=most, max_messages=most, visibility_timeout=hiding
        ).by_page()
        try:
            found = [Held(message, hiding) for message in next(pages, ())]
        except (ResourceNotFoundError, ResourceExistsError):
            found = []  # ResourceExistsError is how the SDK says 409, the answer of a queue that is being deleted.
        self._counters.storage("receive" if found else "receive_empty")
        return found

    def hide(self, message: Held, seconds: float) -> bool:
        """Hide the message for `seconds` from now (0: show it). False when someone else has it by now."""
        self._counters.storage("update")
        try:
            answer = self._client.update_message(message.id, message.receipt, visibility_timeout=math.ceil(seconds))
        except HttpResponseError as error:
            if _is_lost(error):
                return False
            raise
        message.renewed(answer.pop_receipt or message.receipt, seconds)
        return True

    def delete(self, message: Held) -> None:
        """Delete the message, unless someone else has it by now."""
        self._counters.storage("delete")
        try:
            self._client.delete_message(message.id, message.receipt)
        except HttpResponseError as error:
            if not _is_lost(error):
                raise

    def to_poison(self, message: Held) -> None:
        """Copy the text as it is to the poison queue (made when missing) as a new message, then delete the original."""
        if self._poison is None:
            return
        self._counters.storage("send_poison")
        try:
            self._poison.send_message(message.text)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):
                self._poison.create_queue()
            self._poison.send_message(message.text)
        self.delete(message)


def _poison_client(connection: Connection, name: str) -> QueueClient | None:
    if name.endswith(_SUFFIX) or len(name + _SUFFIX) > _LONGEST_NAME:
        return None
    return connection.queue(name + _SUFFIX)


def _is_lost(error: HttpResponseError) -> bool:
    """A wrong pop receipt or a missing message: the hiding ended and another host took over."""
    code = getattr(error, "error_code", None)
    return error.status_code == 404 or (error.status_code == 400 and code == "PopReceiptMismatch")
