"""Partition and row keys: the same in every process, whatever an id or a name contains (docs/reference/tables.md).

Keys are ASCII. Outside their safe characters they hold `~` and the two hexadecimal digits of a UTF-8 byte, so that
`/ # ? \\ %`, quotes and control characters, which Table storage or its URLs refuse, never reach a key.
"""

from __future__ import annotations

import re
import string
import uuid
from hashlib import blake2b
from zlib import crc32

_DIGITS_AND_LOWER = string.digits + string.ascii_lowercase
_ID_SAFE = frozenset((_DIGITS_AND_LOWER + "._-").encode())
_TEXT_SAFE = frozenset((_DIGITS_AND_LOWER + string.ascii_uppercase + "._-").encode())
_NAME_SAFE = _TEXT_SAFE - {ord("-")}
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TURNED_GUID = re.compile(r"[0-9a-f]{12}(?:-[0-9a-f]{4}){3}-[0-9a-f]{8}")
_LONGEST = 200
"""A row key takes 512 characters and a waiting row has two ids in its key."""


def partition_of(id: str, partitions: int) -> int:
    """The partition of a record among `partitions`; ids that differ only in case share one."""
    return crc32(_raw(id.casefold())) % partitions


def encode_id(id: str) -> str:
    """A record id or target key as part of a row key; ids that differ only in case are one.

    GUIDs are turned so that keys sort as SQL Server sorts the GUIDs (last group first, the first three groups by their
    bytes from the right): the ids of one page of a feed then lie side by side. Very long ids end in a hash.
    """
    folded = id.casefold()
    if _GUID.fullmatch(folded):
        return _turned(folded)
    encoded = _escape(folded, _ID_SAFE)
    if _TURNED_GUID.fullmatch(encoded):
        encoded = f"~{ord(encoded[0]):02x}{encoded[1:]}"
    if len(encoded) > _LONGEST:
        digest = blake2b(_raw(folded), digest_size=16).hexdigest()
        encoded = f"{encoded[: _LONGEST - 34]}~~{digest}"
    return encoded


def decode_id(encoded: str) -> str | None:
    """The case-folded id that `encode_id` was given; None when it was too long to be kept in the key."""
    if "~~" in encoded:
        return None
    if _TURNED_GUID.fullmatch(encoded):
        node, sequence, third, second, first = (bytes.fromhex(group) for group in encoded.split("-"))
        return str(uuid.UUID(bytes_le=first + second + third + sequence + node))
    return decode_text(encoded)


def encode_text(text: str) -> str:
    """A run, batch or chunk as part of a row key; case is kept."""
    return _escape(text, _TEXT_SAFE)


def encode_name(name: str) -> str:
    """A mapping or flow as part of a partition key, where `-` parts the name from its number; case is kept."""
    return _escape(name, _NAME_SAFE)


def decode_text(encoded: str) -> str:
    """What `encode_text` or `encode_name` was given."""
    if "~" not in encoded:
        return encoded
    first, *rest = encoded.split("~")
    raw = first.encode() + b"".join(bytes.fromhex(part[:2]) + part[2:].encode() for part in rest)
    return raw.decode("utf-8", "surrogatepass")


def encode_awaited(name: str) -> str:
    """An awaited name ("account:<id>") as the beginning of a row key, in the order of the ids it ends in."""
    kind, _, id = name.rpartition(":")
    return f"{encode_text(kind)}:{encode_id(id)}"


def awaited_partition(name: str, partitions: int) -> int:
    """The partition of those who wait for `name`: as that of the link it names, if it ends in `:<id>`."""
    return partition_of(name.rpartition(":")[2], partitions)


def _turned(guid: str) -> str:
    stored = uuid.UUID(guid).bytes_le
    return "-".join((stored[10:].hex(), stored[8:10].hex(), stored[6:8].hex(), stored[4:6].hex(), stored[:4].hex()))


def _escape(text: str, safe: frozenset[int]) -> str:
    raw = _raw(text)
    if safe.issuperset(raw):
        return text
    return "".join(chr(byte) if byte in safe else f"~{byte:02x}" for byte in raw)


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
