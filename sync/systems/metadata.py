"""What a system says about its tables, in words that both share; `sales_metadata` and `finops_metadata` read it.

None stands for what a system does not tell: F&O tells no lengths and no rights to write, Sales no nullability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

type Kind = Literal["text", "whole", "decimal", "yes_no", "date", "moment", "guid", "lookup", "choice", "enum", "other"]
"""`date` is a day and `moment` a point in time; `choice` a number of an option set, `enum` a member by its name."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `name` is the one in rows: a lookup of Sales is `_<attribute>_value`.

    `type` is the system's own word for its type: `Edm.String` or an enum's full name in F&O, the attribute type in
    Sales. `required` says that no row can be written without it, `nullable` that it can hold nothing. `members` are an
    enum's, by name; `options` those of an option set with their labels, which are in the language of the app's user and
    may repeat. `targets` are the logical names of the tables that a lookup can lead to, and `binds` its navigation
    properties with the entity sets that each leads to.
    """

    name: str
    kind: Kind
    type: str
    max_length: int | None = None
    required: bool | None = None
    nullable: bool | None = None
    creatable: bool | None = None
    updatable: bool | None = None
    members: Mapping[str, int] | None = None
    options: Mapping[int, str] | None = None
    targets: tuple[str, ...] = ()
    binds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its entity set, its own name (F&O: its entity type), its key, its columns by name.

    `change_tracking` is None where the system has no such thing.
    """

    set: str
    logical_name: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    change_tracking: bool | None = None
