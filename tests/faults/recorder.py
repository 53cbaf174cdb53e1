"""A proxy in front of storage that keeps what it is sent: everything that the app ever stores, if only for a moment."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote

from tests.faults.storage_proxy import WELL, StorageProxy

_ENCODED = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")


class Recorder(StorageProxy):
    """`texts` is what was sent, encoded and as it is read."""

    def __init__(self, connection: str) -> None:
        super().__init__(connection)
        self._texts: list[str] = []

    @property
    def texts(self) -> list[str]:
        """Addresses and bodies, as they were sent and, where they hold encoded texts, decoded."""
        return [read for text in list(self._texts) for read in (text, *_decoded(text))]

    def heard(self, path: str, body: bytes) -> str:
        self._texts += [unquote(path), body.decode(errors="replace")]
        return WELL


def _decoded(text: str) -> list[str]:
    """What the messages of a queue say; other runs of letters come out as nothing that can be read."""
    found = []
    for run in _ENCODED.findall(text):
        try:
            found.append(base64.b64decode(run, validate=True).decode())
        except (binascii.Error, UnicodeDecodeError):
            continue
    return found
