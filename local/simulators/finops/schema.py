"""What the simulator knows about each entity set: names, types, keys, enums, lengths, labels.

The facts stand in `schema/<set>.toml` and `schema/enums.toml`. Lengths are those of flows.md 2 to 6, since F&O's
metadata carries none; a property without a length takes any text.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

NAMESPACE = "Microsoft.Dynamics.DataEntities"
SETS = (
    "CustomersV3",
    "ContactPersons",
    "CDSContactPersonsV2",
    "SellableReleasedProducts",
    "CDSReleasedDistinctProducts",
    "CDSSalesQuotationHeaders",
    "CDSSalesQuotationLines",
    "CustomerGroups",
    "Currencies",
    "CurrencyISOCodes",
    "DeliveryModesV2",
    "DeliveryTerms",
    "LegalEntities",
    "OperationalSitesV2",
    "PaymentTerms",
    "SalesOrderOriginCodes",
    "UnitsOfMeasure",
    "Warehouses",
)
COMPANY = "dataAreaId"
EMPTY_DATE = "1900-01-01T12:00:00Z"
_EMPTY: Mapping[str, Any] = {
    "Edm.String": "",
    "Edm.Int32": 0,
    "Edm.Int64": 0,
    "Edm.Decimal": 0,
    "Edm.DateTimeOffset": EMPTY_DATE,
}
_FOLDER = Path(__file__).parent / "schema"


@dataclass(frozen=True, slots=True)
class Navigation:
    """A navigation property: the rows of `set` whose columns (the values of `on`) equal the own columns (its keys)."""

    set: str
    many: bool
    on: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EntitySet:
    """One entity set.

    `columns` gives each property's Edm type or enum type name; `empty` what it holds when nobody set it (wire.md 2.3:
    never null); `blank` is the JSON of a row with nothing set; `references` names the set in which a property's value
    must be a key. `create_only` properties are set once, `read_only` ones by F&O alone. `entity` and `table` are the
    names that Infolog messages use, `text` is the property that describes a row there, `labels` translates property
    names by language ("" is the label of the set itself).
    """

    name: str
    type: str
    key: tuple[str, ...]
    entity: str
    table: str
    text: str
    required: tuple[str, ...]
    create_only: frozenset[str]
    read_only: frozenset[str]
    columns: Mapping[str, str]
    empty: Mapping[str, Any]
    blank: dict[str, Any]
    lengths: Mapping[str, int]
    references: Mapping[str, str]
    navigation: Mapping[str, Navigation]
    labels: Mapping[str, Mapping[str, str]]
    hidden: frozenset[str] = frozenset()
    """Columns that rows may hold but callers do not see."""

    @property
    def by_company(self) -> bool:
        """Whether rows belong to a company."""
        return COMPANY in self.columns

    def label(self, language: str, name: str = "") -> str:
        """What users of that language call a property, or the set itself; the bare name when no label is known."""
        return self.labels.get(language, {}).get(name) or name or self.name


@dataclass(frozen=True, slots=True)
class Schema:
    """All entity sets by name, and the members of all enum types with their numbers."""

    sets: Mapping[str, EntitySet]
    enums: Mapping[str, Mapping[str, int]]

    def without(self, columns: Collection[str]) -> Schema:
        """The schema as callers see it when these columns ("Set.Column") are not there; keys always are."""
        hidden: dict[str, set[str]] = {}
        for one in columns:
            name, _, column = one.partition(".")
            hidden.setdefault(name, set()).add(column)
        return Schema({name: _hiding(one, hidden.get(name, set())) for name, one in self.sets.items()}, self.enums)

    def respelt(self) -> Schema:
        """The schema as callers see it when the names of enum types begin with a small letter."""
        names = {name: name[0].lower() + name[1:] for name in self.enums}
        sets = {
            name: replace(one, columns={column: names.get(kind, kind) for column, kind in one.columns.items()})
            for name, one in self.sets.items()
        }
        return Schema(sets, {names[name]: members for name, members in self.enums.items()})


@cache
def load() -> Schema:
    """The schema of the simulator."""
    enums = {name: _members(text) for name, text in _read("enums").items()}
    return Schema({name: _entity_set(name, _read(name), enums) for name in SETS}, enums)


def _hiding(entity_set: EntitySet, columns: set[str]) -> EntitySet:
    shown = {name: kind for name, kind in entity_set.columns.items() if name not in columns}
    blank = {name: value for name, value in entity_set.blank.items() if name not in columns}
    return replace(entity_set, columns=shown, blank=blank, hidden=frozenset(columns))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def _members(text: str) -> dict[str, int]:
    members: dict[str, int] = {}
    following = 0
    for word in text.split():
        name, _, number = word.partition("=")
        members[name] = int(number) if number else following
        following = members[name] + 1
    return members


def _entity_set(name: str, facts: Mapping[str, Any], enums: Mapping[str, Mapping[str, int]]) -> EntitySet:
    columns = {
        column: kind if kind in enums else f"Edm.{kind}"
        for kind, names in facts["properties"].items()
        for column in names.split()
    }
    empty = {column: _EMPTY[kind] if kind in _EMPTY else next(iter(enums[kind])) for column, kind in columns.items()}
    return EntitySet(
        name=name,
        type=facts["type"],
        key=tuple(facts["key"]),
        entity=facts["entity"],
        table=facts["table"],
        text=facts["text"],
        required=tuple(facts["required"]),
        create_only=frozenset(facts.get("create_only", ())),
        read_only=frozenset(facts.get("read_only", ())),
        columns=columns,
        empty=empty,
        blank={"@odata.etag": "", **empty},
        lengths=facts.get("lengths", {}),
        references=facts.get("references", {}),
        navigation={name: Navigation(**target) for name, target in facts.get("navigation", {}).items()},
        labels=facts["labels"],
    )
