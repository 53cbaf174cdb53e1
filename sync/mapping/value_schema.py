"""What a value map file and the file of shared settings may say."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sync.mapping.schema import Setting
from sync.mapping.words import Listed, Name, Part, Value


class Target(Part):
    """A target value with all that people write for it."""

    name: str | None = None
    """The name it is known by, also used in the other direction."""
    code: str | None = None
    """A second code for it (a country's three letters)."""
    also: Listed[str] = ()
    """Other texts that mean it."""


class ValueMapFile(Part):
    """One value map. A target value's own text always leads to it."""

    map: Name
    """The name that rows use; the file is called the same."""
    title: str
    """What it maps."""
    compare: Literal["text", "names"] = "text"
    """Texts compare by letters and digits, case and accents ignored. With `names`, besides, "and" and "the" do not
    count and "st" is "saint"."""
    left: Literal["sales", "finops"] = "sales"
    """Whose texts stand on the left of the pairs; those on the right are the other system's."""
    pairs: dict[str, Value] = Field(default_factory=dict)
    """Your own pairs, the text of `left` first; they go before everything else. "" is blank."""
    targets: dict[str, Target | str] = Field(default_factory=dict)
    """Target values with the texts that lead to them."""
    groups: dict[str, dict[str, Target | str]] = Field(default_factory=dict)
    """Target values by group, for rows with `within`; a group is named by the value of that other column."""


class SettingsFile(Part):
    """Settings that several mapping files read."""

    settings: Listed[Setting]
    """The settings."""
