"""The Reader of a flow: its records come from one system, its reference sets from both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sync.errors import ConfigError
from sync.model import EntityRef, Record, System, Values
from sync.ports import Reader


class ReferenceRows(Protocol):
    """A system that gives whole reference sets."""

    def rows(self, system: System, set: str, columns: Sequence[str]) -> list[Values]: ...


class SystemsReader:
    """A Reader that asks for records in the source system and for reference sets in the one they are in."""

    def __init__(self, source: Reader, references: Mapping[System, ReferenceRows]) -> None:
        self._source = source
        self._references = references

    def fetch(self, entity: EntityRef, ids: Sequence[str], columns: Sequence[str]) -> dict[str, Record]:
        """As the source does."""
        return self._source.fetch(entity, ids, columns)

    def find(self, entity: EntityRef, column: str, values: Sequence[str], columns: Sequence[str]) -> list[Record]:
        """As the source does."""
        return self._source.find(entity, column, values, columns)

    def rows(self, system: System, set: str, columns: Sequence[str]) -> list[Values]:
        """All rows of a reference set; raises ConfigError for a system that is not connected."""
        if system not in self._references:
            raise ConfigError(f"{set} is wanted from {system}, which is not connected.",
                              remedy="Give the system's base address in the settings.")  # fmt: skip
        return self._references[system].rows(system, set, columns)

    def assign(self, entity: EntityRef, record: Record, values: Values) -> bool:
        """As the source does."""
        return self._source.assign(entity, record, values)
