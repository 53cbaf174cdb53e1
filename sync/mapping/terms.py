"""What a plan takes and gives: look-ups, fields, and the parts that the engine acts on."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, Protocol

from sync.errors import DataError, NotReady
from sync.model import EntityRef, Link, Scalar, System, Use, Values

type When = Literal["create", "update", "both"]

COMPANY = "dataAreaId"
"""The key property of F&O that names the company."""

BY_TARGET = ">"
"""Stands behind the mapping in names of links by the key of their counterpart (NotReady.awaits)."""

NOTHING: Mapping[str, Scalar] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Lack:
    """A row that is off, or reads a blank (`blank`, of all its sources `always`), for want of a column or a table.

    `column` is what is lacking, or the other row's column that it builds on; `why` says so, a sentence without its end.
    `path` is the row's place in the mapping file.
    """

    row: str
    column: str
    why: str
    remedy: str
    path: tuple[str | int, ...]
    blank: bool = False
    always: bool = False

    def __str__(self) -> str:
        return f"{self.row} {'reads a blank' if self.blank else 'is switched off'}: {self.why}"


class UnknownId(LookupError):
    """A table of reference data has no row under this id."""


class Tables(Protocol):
    """Reference data of both systems: pure look-ups in tables that the engine has read before."""

    def lookup(self, system: System, set: str, id: str, give: str) -> Scalar | None:
        """The value of column `give` in the row with key `id`. Raises UnknownId when there is no such row."""
        ...

    def exists(self, system: System, set: str, column: str, value: str, company: str | None) -> str | None:
        """`value` as the system spells it (case ignored), or None when no row (of `company`) has it."""
        ...

    def rows(
        self, system: System, set: str, column: str, value: str, fits: Callable[[Values], bool]
    ) -> Sequence[Values]:
        """The rows of a table of reference data whose `column` is this text (compared by letters and digits), and that
        fit. When there is none the table is asked for anew: a row may be new, or mended."""
        ...


class Facts(Tables, Protocol):
    """What mapping may ask of the world."""

    def link(self, mapping: str, id: str) -> Link | None:
        """The link of another mapping's record, as last read; None when that record was never seen."""
        ...

    def owner(self, mapping: str, key: str) -> Link | None:
        """The link of the record whose counterpart has, or is to have, this key (`key_text`); None for nobody's."""
        ...

    def referred(self, use: Use, id: str) -> bool:
        """Whether such a row of another table refers to the record."""
        ...

    def today(self, zone: str = "UTC") -> date:
        """The day it is in a time zone."""
        ...


@dataclass(frozen=True, slots=True)
class RevisionRule:
    """Of records with one number the one with the highest number in `column` counts; others are skipped as `older`."""

    column: str
    older: str

    def of(self, values: Values) -> int:
        """The revision of a record; one without is the first."""
        return int(values.get(self.column) or 0)


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """Reference data that a plan asks for: `columns` are those beside the key, `by` those that rows are found by."""

    system: System
    set: str
    key: str
    columns: tuple[str, ...]
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recovery:
    """By which target columns the row of a create is known again whose answer was lost, and whose number the target may
    have replaced: `columns` are looked for, `constants` are the same in every row of the app."""

    columns: tuple[str, ...]
    constants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trigger:
    """Rows of another tracked Sales table whose changes concern the records that their lookup `column` holds."""

    set: str
    id: str
    column: str


@dataclass(frozen=True, slots=True)
class Field:
    """One property as mapped. `value` None is blank in the source: left out of a create.

    `block` names the address the field belongs to, which is sent whole. `clears` tells that an update empties the
    column when the value became blank, with `clear` (None: null). `fixed`: the value must stay what it was.
    """

    name: str
    value: Scalar | None
    when: When
    block: str | None
    clear: Scalar | None
    clears: bool = False
    fixed: Fixed | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the lines of a flow's documents are read and written.

    `source` rows belong to the record that their lookup `parent` names (as read), and stand in the order of the columns
    `order`, blanks last. `columns` are read of them. `target` rows have their `number` and the key of their document as
    key; `there` is read of them. With `remove`, rows whose line is gone are deleted. A line that says something else in
    the columns `another` is another line.
    `amount` is the column that the target computes, `differs` the warning when it is not what the source has.
    """

    source: EntityRef
    parent: str
    columns: tuple[str, ...]
    order: tuple[str, ...]
    target: EntityRef
    number: str
    there: tuple[str, ...]
    remove: bool = True
    amount: str = ""
    differs: str = ""
    another: tuple[str, ...] = ()

    def document(self, key: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """What the rows of a document have in common: its key, as far as theirs holds it."""
        return {name: key[name] for name in self.target.key if name != self.number}

    def key(self, document: Mapping[str, Scalar], number: int) -> dict[str, Scalar]:
        """The key of one row of a document."""
        return {name: number if name == self.number else document[name] for name in self.target.key}


@dataclass(frozen=True, slots=True)
class LineMapped:
    """One line of a document as mapped; `fields` without the columns of its key.

    `id` and `sequence` are the source line's. `same` names the fields that make it another line when they differ,
    `alike` those by which, together with `same`, a line is known again whose id and place are new. `amount` is what
    the target must come to, give or take the `tolerance`.
    """

    id: str
    sequence: int | None
    fields: tuple[Field, ...]
    same: tuple[str, ...]
    alike: tuple[str, ...] = ()
    amount: Decimal | None = None
    tolerance: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value that must stay what it was when the record was linked: else it is parked with `code`.

    `value` is what is compared: the field's own value, or the id of the record that it refers to.
    """

    code: str
    value: Scalar | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the filters say: the reason code of the one that refuses (None: it passes), and warnings.

    `successor` is the id of the record that has taken the place of one that is refused, "" if that is not said.
    """

    reason: str | None = None
    warnings: tuple[str, ...] = ()
    successor: str = ""


def says_who_replaced(mapping: str, id: str, link: Link | None = None) -> str:
    """The sentence that names the record which has taken another one's place, with its key in the target if it is
    linked."""
    return f"{with_key(mapping, id, link)} has taken its place."


def with_key(mapping: str, id: str, link: Link | None) -> str:
    """A record by its id and, where it is linked, by its key in the target."""
    key = ", ".join(map(str, link.target.values())) if link is not None else ""
    return f"{mapping} {id} ({key})" if key else f"{mapping} {id}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Under which key, company and number a record belongs into the target; judged before everything else.

    `search` holds the values by which a record without a link is looked for in the target: the key, or, where the key
    is chosen by the app, its natural key. `rule` is the id of the row that made the number.
    """

    key: Mapping[str, Scalar]
    company: str
    number: str
    search: Mapping[str, Scalar] = NOTHING
    rule: str = ""


@dataclass(frozen=True, slots=True)
class StepMapped:
    """What one more write behind the first one is to hold (flows.md 2.3).

    `entity` is the table that is written: the record's own, when `own` is set, else a child table, whose row is looked
    for by the fields that `match` names. `only_when` names columns of the record's own target row and the values that
    they must have for the step to be done. `keep` tells that a column which somebody else has filled is left alone.
    `refused` is the code of a refusal. `replaced` is the warning when the child row is another one than before.
    `trouble` says why the step cannot be done yet (NotReady), or at all (DataError).
    """

    name: str
    entity: EntityRef
    own: bool
    fields: tuple[Field, ...]
    match: tuple[str, ...] = ()
    only_when: Mapping[str, frozenset[Scalar | None]] = field(default_factory=dict)
    keep: bool = False
    refused: str = "target-refused"
    replaced: str = ""
    trouble: DataError | NotReady | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a record becomes.

    `key` has the target's key in its order, as sent; `fields` all other properties (those of a block that is left out
    are absent, blank ones have the value None); `warnings` are codes without values, each once. `hopes` names the links
    that it would refer to (as NotReady.awaits), `steps` are the writes behind the first, in their order, `lines` those
    of a document. `keeps` is what the link shall keep of what was computed once.
    """

    key: Mapping[str, Scalar]
    number: str
    fields: tuple[Field, ...]
    warnings: tuple[str, ...]
    company: str
    hopes: tuple[str, ...] = ()
    steps: tuple[StepMapped, ...] = ()
    lines: tuple[LineMapped, ...] = ()
    keeps: Mapping[str, str] = field(default_factory=dict)


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
    """What is written to the target when a source record stops passing the filter `reason` ("" for none), and when it
    does again.

    `hold` and `release` are None when nothing is written. `gone` is the warning when a linked record has left the
    source ("" for none); `hold` is written then, too, if `when_gone`.
    """

    reason: str
    hold: Mapping[str, Scalar] | None = None
    release: Mapping[str, Scalar] | None = None
    gone: str = ""
    when_gone: bool = False
