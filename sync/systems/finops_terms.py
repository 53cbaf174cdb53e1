"""How values stand in F&O's addresses: keys, filters of bounded length, enums with the name of their type.

Rules: wire.md 2.2 and 2.3, value-maps.md 1. The names of enum types are spelt differently from one environment to the
next, so they are taken from its own metadata, once, when an entity that has enums in its key is used first.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sync.errors import ConfigError
from sync.model import EntityRef, Scalar
from sync.systems import odata
from sync.systems.finops_metadata import read_tables
from sync.systems.http import HttpClient

COMPANY = "dataAreaId"
_MOST_TERMS = 1000


@dataclass(frozen=True, slots=True)
class EnumType:
    """An enum: the full name of its type, and its members as F&O spells them by their names without case."""

    name: str
    members: Mapping[str, str]


class Terms:
    """The terms of one entity; everything it gives is percent-encoded."""

    def __init__(self, enums: Mapping[str, EnumType]) -> None:
        self._enums = enums

    def address(self, entity_set: str, key: Mapping[str, Scalar]) -> str:
        """`Set(column=value,...)`. A member that an enum does not have stands as it is: F&O shall refuse it."""
        parts = [f"{column}={self._literal(column, value) or self._unknown(column, value)}"
                 for column, value in key.items()]  # fmt: skip
        return f"{entity_set}({','.join(parts)})"

    def conditions(self, wanted: Sequence[Mapping[str, Scalar]], *, room: int) -> Iterator[str]:
        """Filters that together find every row that has all values of one of `wanted`.

        One for each company, cut where they get longer than `room`. What names no member of its enum is left out: no
        row has it, and F&O would refuse the whole filter.
        """
        by_company: dict[str, list[str]] = {}
        for one in wanted:
            parts = [self._equals(column, value) for column, value in one.items() if column != COMPANY]
            if all(parts):
                company = odata.equals(COMPANY, one[COMPANY]) if COMPANY in one else ""
                term = odata.all_of([part for part in parts if part])
                by_company.setdefault(company, []).append(term if len(parts) == 1 else f"({term})")
        for company, terms in by_company.items():
            fixed = len(company) + len("%20and%20") + len("()")
            texts = ((term, term) for term in terms)
            for pack in odata.packs(texts, room=room - fixed, between=len("%20or%20"), most=_MOST_TERMS):
                yield odata.all_of([part for part in (company, odata.any_of(pack)) if part])

    def _equals(self, column: str, value: Scalar) -> str | None:
        literal = self._literal(column, value)
        return None if literal is None else f"{column}%20eq%20{literal}"

    def _literal(self, column: str, value: Scalar) -> str | None:
        """The value in an address; None when it is no member of its column's enum."""
        enum = self._enums.get(column)
        if enum is None:
            return odata.literal(value)
        member = enum.members.get(str(value).casefold())
        return None if member is None else f"{enum.name}{odata.literal(member)}"

    def _unknown(self, column: str, value: Scalar) -> str:
        return f"{self._enums[column].name}{odata.literal(str(value))}"


class TermsOfEntities:
    """The terms of every entity of one F&O. Safe to share between threads."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http
        self._lock = threading.Lock()
        self._known: dict[EntityRef, Terms] = {}

    def of(self, entity: EntityRef) -> Terms:
        """Reads the metadata when `entity` has enums and is asked for the first time.

        Raises ConfigError when F&O does not have the entity, or one of its enums is none there; what reading the
        metadata raises.
        """
        if not entity.enums:
            return _PLAIN
        with self._lock:
            if entity not in self._known:
                self._known[entity] = Terms(_enums_of(self._http, entity))
            return self._known[entity]


def _enums_of(http: HttpClient, entity: EntityRef) -> dict[str, EnumType]:
    table = read_tables(http, [entity.set])[entity.set]
    if table is None:
        raise ConfigError(
            f"F&O does not know this table: {entity.set}.",
            where=http.base,
            remedy="Check the entity set's name in the mapping (case counts) and that it is public in F&O.",
        )
    enums = {}
    for name in entity.enums:
        column = table.columns.get(name)
        if column is None or column.members is None:
            raise ConfigError(
                f"{name} of {entity.set} is no enum in F&O, but the mapping takes it for one.",
                where=http.base,
                remedy="Compare the mapping with the entity's metadata of this F&O version.",
            )
        enums[name] = EnumType(column.type, {member.casefold(): member for member in column.members})
    return enums


_PLAIN = Terms({})
