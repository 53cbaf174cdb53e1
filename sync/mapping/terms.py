"""What a plan takes and gives: look-ups, fields, and the parts that the engine acts on."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol

from sync.model import Scalar, System

type When = Literal["create", "update", "both"]

NOTHING: Mapping[str, Scalar] = MappingProxyType({})


class UnknownId(LookupError):
    """A table of reference data has no row under this id."""


class Facts(Protocol):
    """What mapping may ask of the world: pure look-ups in tables that the engine has read before."""

    def lookup(self, system: System, set: str, id: str, give: str) -> Scalar | None:
        """The value of column `give` in the row with key `id`. Raises UnknownId when there is no such row."""
        ...

    def exists(self, system: System, set: str, column: str, value: str, company: str | None) -> str | None:
        """`value` as the system spells it (case ignored), or None when no row (of `company`) has it."""
        ...


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """Reference data that a plan asks for: `columns` are those beside the key."""

    system: System
    set: str
    key: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One property as mapped. `value` None is blank in the source: left out of a create.

    `block` names the address the field belongs to, which is sent whole. `clear` is what an update sends when the value
    became blank; None: it is never cleared.
    """

    name: str
    value: Scalar | None
    when: When
    block: str | None
    clear: Scalar | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Under which key, company and number a record belongs into the target; judged before everything else."""

    key: Mapping[str, Scalar]
    company: str
    number: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a record becomes.

    `key` has the target's key in its order, as sent; `fields` all other properties (those of a block that is left out
    are absent, blank ones have the value None); `warnings` are codes without values, each once.
    """

    key: Mapping[str, Scalar]
    number: str
    fields: tuple[Field, ...]
    warnings: tuple[str, ...]
    company: str


@dataclass(frozen=True, slots=True)
class Allocation:
    """Gives numbers to source records that have none (flows.md 1.3): the count comes from `counter`."""

    column: str
    counter: str
    first: int
    prefix: str
    digits: int
    suffix: int

    def number_for(self, id: str, n: int) -> str:
        """The number of the record with this id and count, e.g. ACC-01000-BVRCPS; the same on every machine."""
        derived = base64.b32encode(hashlib.sha256(id.lower().encode()).digest()).decode("ascii")
        return f"{self.prefix}{n:0{self.digits}d}-{derived[: self.suffix]}"


@dataclass(frozen=True, slots=True)
class OnDeactivate:
    """What is written to the target when a source record stops passing the filter `reason`, and when it does again.

    `hold` and `release` are None when nothing is written.
    """

    reason: str
    hold: Mapping[str, Scalar] | None = None
    release: Mapping[str, Scalar] | None = None
