"""What an example in a mapping file may say."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict

type Value = str | int | bool | Decimal
type Columns = dict[str, Value | None]


class Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True)


class Defaults(Part):
    """What every example of the file is given; an example's own values go first."""

    sales: Columns = Field(default_factory=dict)
    """Columns of the Sales record, lookups without their `_..._value`."""
    finops: Columns = Field(default_factory=dict)
    """Properties of the F&O record (the source, or the existing record to adopt)."""
    settings: dict[str, str] = Field(default_factory=dict)
    """Settings that differ from their initial values."""
    lookups: dict[str, dict[str, Columns]] = Field(default_factory=dict)
    """Reference data for lookups: set, id, columns."""
    exists: dict[str, Annotated[tuple[str, ...], Strict(False)]] = Field(default_factory=dict)
    """Reference data of the target: set and the values it has."""


class Given(Defaults):
    """What an example starts from."""

    values: dict[str, dict[str, Value]] = Field(default_factory=dict)
    """Pairs that are added to a value map by an administrator."""
    link: Columns | None = None
    """The target key under which the record is linked already."""


class Expect(Part):
    """What comes out. Warnings must be exactly these; without `warnings` there is none."""

    create: Columns | None = None
    """The whole payload of a create."""
    has: Columns | None = None
    """A part of the payload of a create (for a linked record: of an update)."""
    lacks: Annotated[tuple[str, ...], Strict(False)] = ()
    """Properties that the payload does not have."""
    clears: Columns | None = None
    """What an update sends for values that became blank."""
    warnings: Annotated[tuple[str, ...], Strict(False)] = ()
    """All warnings, in order."""
    skipped: str | None = None
    """The record is skipped with this reason."""
    parked: str | None = None
    """The record is parked with this reason."""
    waiting: str | None = None
    """The record waits with this reason."""
    adopt: Literal[True] | str | None = None
    """true: the existing record is adopted; or the reason why not."""


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
