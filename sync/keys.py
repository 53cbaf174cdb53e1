"""Keys as one text, ids that stand for keys, and keys that the app chooses itself."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sync.model import EntityRef, Scalar


def key_text(key: Mapping[str, Scalar]) -> str:
    """A target key as one text: case ignored (F&O compares keys so), parts in the order given, unambiguous."""
    return "|".join(_escaped(str(value).casefold()) for value in key.values())


def chosen_key(*said: str) -> str:
    """A GUID that the app chooses as a primary key: the same for the same words on every machine and at every try."""
    return str(uuid.uuid5(_CHOSEN_KEYS, "|".join(said)))


_CHOSEN_KEYS = uuid.UUID("07d4bd12-f866-5e70-9a3c-72974cf7bcf8")
"""Never to be changed: it stands for every row that the app has made in Sales."""


def record_id(key: Mapping[str, Scalar]) -> str:
    """The id of a record whose source has a key of several columns, in lower case (F&O ignores case in keys)."""
    return "|".join(_escaped(str(value).lower()) for value in key.values())


def key_of_record(entity: EntityRef, id: str) -> dict[str, Scalar]:
    """The key values that `record_id` was made of, by the columns of the entity's key."""
    parts = [part.replace("~7C", "|").replace("~7E", "~") for part in id.split("|")]
    return dict(zip(entity.key, parts, strict=True))


def _escaped(text: str) -> str:
    return text.replace("~", "~7E").replace("|", "~7C")
