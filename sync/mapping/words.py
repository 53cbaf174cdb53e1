"""What all models of the mapping language share: kinds of text, conditions, values from settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, StringConstraints

type Value = str | int | bool | Decimal
type Many[T] = Annotated[tuple[T, ...], Strict(False), Field(min_length=1)]
"""A YAML list; frozen as a tuple."""
type Listed[T] = Annotated[tuple[T, ...], Strict(False)]
"""The same, which may be empty."""

COLUMN = r"^[A-Za-z_][A-Za-z0-9_]*$"
type Column = Annotated[str, StringConstraints(pattern=COLUMN)]
type Source = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(@name)?$")]
"""A source column; behind a lookup of Sales `@name` stands for the name of its row."""
type Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
type Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
type SettingName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")]


class Part(BaseModel):
    """The base of all models: strict, frozen, unknown keys refused."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True)


class Condition(Part):
    """Holds for what a setting is, or for whether the file's Sales table has a column; one of the two."""

    setting: SettingName | None = None
    """The setting's name; `is` or `set` says what it must be."""
    is_: Value | Many[Value] | None = Field(default=None, alias="is")
    """The setting's value, or a list of values; case is ignored, "" is none."""
    set: bool | None = None
    """true: the setting has a value. false: it has none."""
    column: Column | None = None
    """A column that an organisation may lack. Offline it is taken as lacking."""
    exists: bool = True
    """false: the condition holds where the column is lacking."""


type OnlyIf = Condition | Many[Condition]
"""One condition, or several that must all hold."""


type Known = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]*\.)?[A-Za-z_][A-Za-z0-9_]*$")]
"""A target column of the same record, <step>.<column>, or header.<column> in the lines of a document."""


class FromRow(Part):
    """The value of another row."""

    same_as: Known
    """Its target column, <step>.<column>, or header.<column> of the document."""


class FromDay(Part):
    """A day that is computed when a record first needs it, and kept with its link: it stays that day."""

    day: SettingName
    """The setting that says which: today, today+5d, or a date such as 2026-05-01."""
    zone: SettingName | None = None
    """The setting with the time zone in which it is today; else it is UTC."""
    when: Literal["create", "both"] = "both"
    """Whether a linked record gets it, too."""
    warn: Code | None = None
    """The warning when it is computed."""


class FromSetting(Part):
    """A value that each installation sets for itself."""

    setting: SettingName
    """The setting's name."""
