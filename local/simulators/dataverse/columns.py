"""Columns, lookups and keys of a table, and the words in which `tables/*.toml` writes them.

A column is written under its schema name as a kind with words: `"text 160 application"`,
`"decimal places 2 from 0 to 100"`. Kinds are those of `EDM`; text and memo are followed by their length. Words:

- `places`, `from`, `to`, `default`, each with a number;
- `system`, `application`: the required level; `given`: the server gives a value when a caller does not;
- `readonly`; `createonly`, which no update changes; `updateonly`, which no create fills;
- `day`: a moment of which forms show the day; `fixed`: a moment that no time zone moves.

A lookup names its navigation properties with the entity sets that they can point to, and what the delete of a target
does to the row: `cascade` deletes it too, `clear` empties the lookup, `restrict` refuses the delete, `keep` does
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

type OnDelete = Literal["cascade", "clear", "restrict", "keep"]
type Level = Literal["None", "ApplicationRequired", "SystemRequired"]
type IndexStatus = Literal["Pending", "InProgress", "Active", "Failed"]

EDM: Mapping[str, str] = {
    "guid": "Edm.Guid",
    "text": "Edm.String",
    "memo": "Edm.String",
    "int": "Edm.Int32",
    "bigint": "Edm.Int64",
    "decimal": "Edm.Decimal",
    "double": "Edm.Double",
    "money": "Edm.Decimal",
    "bool": "Edm.Boolean",
    "time": "Edm.DateTimeOffset",
    "date": "Edm.Date",
    "image": "Edm.Binary",
    "choice": "Edm.Int32",
    "state": "Edm.Int32",
    "status": "Edm.Int32",
    "lookup": "Edm.Guid",
}
"""The kinds of columns and what they are in OData."""

NUMBERED_WORDS = frozenset({"places", "from", "to", "default"})
WORDS = frozenset({"system", "application", "given", "readonly", "createonly", "updateonly", "day", "fixed"})
_LEVELS: Mapping[str, Level] = {"application": "ApplicationRequired", "system": "SystemRequired"}


@dataclass(frozen=True, slots=True)
class Column:
    """A property of a row. A lookup's column is named `_<attribute>_value`.

    `low` and `high` are the least and the greatest value; `places` the digits behind the point that are kept;
    `default` the number that a new row has when nothing else is given. The level ApplicationRequired binds forms only,
    SystemRequired binds every write (wire.md 1.13). A column that is `day_only` shows a day in forms although it may
    hold a moment; one that is `zone_free` holds a moment that no time zone moves.
    """

    name: str
    schema: str
    kind: str
    length: int | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    places: int | None = None
    default: int | None = None
    level: Level = "None"
    given: bool = False
    readonly: bool = False
    create_only: bool = False
    update_only: bool = False
    choices: Mapping[int, str] | None = None
    flags: tuple[str, str] = ("No", "Yes")
    """What false and what true is called."""
    day_only: bool = False
    zone_free: bool = False

    @property
    def edm(self) -> str:
        return EDM[self.kind]

    @property
    def required(self) -> bool:
        """Whether a caller must give a value: no row is without one, and the server has none to put there."""
        given = self.given or self.readonly or self.default is not None
        return self.level == "SystemRequired" and not given

    @property
    def attribute(self) -> str:
        """The logical name: the column's name, and for a lookup the name inside `_..._value`."""
        return self.name.removeprefix("_").removesuffix("_value") if self.kind == "lookup" else self.name


@dataclass(frozen=True)
class Lookup:
    """A reference to a row of one of several tables, some of which the simulator may not have.

    `targets`: navigation property to the entity set that it points to. `shared`: the other entity sets of a
    navigation property that serves several, as an owner is a user or a team.
    """

    attribute: str
    targets: Mapping[str, str]
    on_delete: OnDelete
    readonly: bool = False
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def column(self) -> str:
        return f"_{self.attribute}_value"

    @cached_property
    def sets(self) -> tuple[str, ...]:
        """The entity sets of all its navigation properties."""
        return tuple(entity_set for navigation in self.targets for entity_set in self.leads_to(navigation))

    @property
    def polymorphic(self) -> bool:
        return len(self.sets) > 1

    def leads_to(self, navigation: str) -> tuple[str, ...]:
        """The entity sets that one of its navigation properties can point to."""
        return (self.targets[navigation], *self.shared.get(navigation, ()))


@dataclass(frozen=True, slots=True)
class Key:
    """An alternate key (wire.md 1.4): columns as rows have them. Only an Active index can address rows."""

    name: str
    columns: tuple[str, ...]
    status: IndexStatus = "Active"


def read_column(
    schema: str, text: str, choices: Mapping[str, Mapping[int, str]], flags: Mapping[str, tuple[str, str]]
) -> Column:
    """The column that a line of a table's file describes; `choices` and `flags` are by column name."""
    kind, *words = text.split()
    name = schema.lower()
    default, places = _number(words, "default"), _number(words, "places")
    return Column(
        name,
        schema,
        kind,
        length=int(words[0]) if words and words[0].isdecimal() else None,
        low=_number(words, "from"),
        high=_number(words, "to"),
        places=None if places is None else int(places),
        default=None if default is None else int(default),
        choices=choices.get(name),
        flags=flags.get(name, ("No", "Yes")),
        day_only="day" in words or kind == "date",
        zone_free="fixed" in words,
        **_when_written(words),
    )


def read_lookup(schema: str, entry: Mapping[str, Any]) -> tuple[Lookup, Column]:
    """The lookup that a line of a table's file describes, and its column."""
    *words, on_delete = entry["words"].split()
    sets = {navigation: tuple(text.split()) for navigation, text in entry["targets"].items()}
    lookup = Lookup(
        schema.lower(),
        {navigation: first for navigation, (first, *_) in sets.items()},
        on_delete,
        readonly="readonly" in words,
        shared={navigation: tuple(others) for navigation, (_, *others) in sets.items() if others},
    )
    return lookup, Column(lookup.column, schema, "lookup", **_when_written(words))


def _when_written(words: list[str]) -> dict[str, Any]:
    return {
        "level": next((level for word, level in _LEVELS.items() if word in words), "None"),
        "given": "given" in words,
        "readonly": "readonly" in words,
        "create_only": "createonly" in words,
        "update_only": "updateonly" in words,
    }


def _number(words: list[str], name: str) -> Decimal | None:
    return Decimal(words[words.index(name) + 1]) if name in words else None
