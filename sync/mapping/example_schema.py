"""What an example in a mapping file may say."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sync.mapping.words import Code, Column, Listed, Name, Part, Value

type Columns = dict[str, Value | None]


class GivenLink(Part):
    """The link of a record that another file maps."""

    target: Columns = Field(default_factory=dict)
    """Its key in the target; without one it is not linked."""
    gives: dict[str, str] = Field(default_factory=dict)
    """The values that it gives."""
    state: str = ""
    """What became of it: linked, skipped, waiting, parked or removed."""
    reason: str = ""
    """The code of that."""
    successor: str = ""
    """The id of the record that has taken its place."""


class Defaults(Part):
    """What every example of the file is given; an example's own values go first."""

    sales: Columns = Field(default_factory=dict)
    """Columns of the source record in Sales, lookups without their `_..._value` (`x@table`: where lookup x points,
    `x@name`: the name that it shows)."""
    finops: Columns = Field(default_factory=dict)
    """Properties of the source record in F&O."""
    columns: Listed[Column] = ()
    """Optional Sales columns that exist."""
    settings: dict[str, str] = Field(default_factory=dict)
    """Settings that differ from their initial values."""
    lookups: dict[str, dict[str, Columns]] = Field(default_factory=dict)
    """Reference data of the source: set, id, columns."""
    exists: dict[str, Listed[str]] = Field(default_factory=dict)
    """Reference data of the target: set and the values it has."""
    rows: dict[str, Listed[Columns]] = Field(default_factory=dict)
    """Reference data of the target for `resolve`: set and its rows, lookups as `_..._value`."""
    links: dict[str, dict[str, GivenLink]] = Field(default_factory=dict)
    """Links of other files: file, id."""
    referred_by: Listed[Column] = ()
    """Tables that have rows which refer to the record."""
    values: dict[str, dict[str, Value]] = Field(default_factory=dict)
    """Pairs of value maps, in place of those that an installation has written into the maps' files (`unit: {}`: none).
    A map that is not named here has those of its file."""
    today: str = "2026-01-01"
    """The day it is."""


class Given(Defaults):
    """What an example starts from."""

    link: Columns | None = None
    """The target key under which the record is linked already."""
    target: Columns | None = None
    """The existing row of the target, lookups as `_..._value`."""
    kept: dict[str, str] = Field(default_factory=dict)
    """What the link keeps of what was computed once, by `*<setting>`."""
    lines: Listed[Columns] = ()
    """The lines of a document, in their order; columns as in `sales`."""


class ExpectStep(Part):
    """What a write behind the first is to hold."""

    has: Columns = Field(default_factory=dict)
    """A part of what it writes."""
    parked: Code | None = None
    """It cannot be done, with this code."""
    waiting: Code | None = None
    """It cannot be done yet, with this code."""


class Expect(Part):
    """What comes out. Warnings, hopes and steps must be exactly these."""

    create: Columns | None = None
    """The whole payload of a create."""
    has: Columns | None = None
    """A part of the payload of a create (for a linked record: of an update)."""
    lacks: Listed[str] = ()
    """Properties that the payload does not have."""
    clears: Columns | None = None
    """What an update sends for values that became blank."""
    lines: Listed[Columns] | None = None
    """A part of the payload of every line (without this key they are not looked at)."""
    steps: dict[Name, ExpectStep] | None = None
    """Every write behind the first (without this key they are not looked at)."""
    warnings: Listed[str] = ()
    """All warnings, in order."""
    hopes: Listed[str] = ()
    """The links that it would refer to, as `<file>:<id>`."""
    skipped: str | None = None
    """The record is skipped with this reason."""
    parked: str | None = None
    """The record is parked with this reason."""
    waiting: str | None = None
    """The record waits with this reason."""
    told: str | None = None
    """A part of what people read about the record that is parked, waits, or is skipped, or about the existing row that
    is not adopted: what is wrong, and what helps."""
    adopt: Literal[True] | str | None = None
    """true: the existing row is adopted; or the reason why not."""


class Example(Part):
    """One record, and what becomes of it."""

    name: str
    """What it shows."""
    direction: Literal["to_finops", "to_sales"] | None = None
    """Which of two flows it is about."""
    given: Given = Field(default_factory=Given)
    """What it starts from."""
    expect: Expect
    """What comes out."""
