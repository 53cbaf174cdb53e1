"""The compiled parts of a plan: closures and small tables, made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from sync.mapping.job import BlockStep, Job, RowStep
from sync.mapping.terms import Facts, Mapped, StepMapped
from sync.model import Record, Scalar, Values

type WriteStep = Callable[[Values, Job], StepMapped]


@dataclass(frozen=True, slots=True)
class FilterTest:
    """A compiled filter; `linked` says what it means for a linked record, `replaced_by` is the column with the id of
    the record that has taken the place of one that is refused ("" for none)."""

    passes: Callable[[Record, Facts], bool]
    code: str
    linked: Literal["refuse", "pass", "warn"]
    replaced_by: str = ""


@dataclass(frozen=True, slots=True)
class AdoptCheck:
    """A compiled test of an existing row; one that is `always` made looks at the row alone.

    `title` and `remedy` are what people read when it does not hold, "" where the file does not say it.
    """

    passes: Callable[[Mapped | None, Values], bool]
    code: str
    column: str
    always: bool
    title: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Parts:
    """The compiled parts of a plan; `rows` has a step for each row or block, in the order of the file.

    `update_rows` are those for linked records. `key` has the rows of the target's key, the company first; where the key
    is chosen by the app, `chosen` makes it of the source's values, and `natural` has the rows that a record is looked
    for by. `number` is the column of key or natural whose value people know the record by, `rule` the id of its row;
    `derived_number` makes it where no source column holds it. `asked` are the links that are looked up: mapping, and
    source column with the id (None: the record's own).
    """

    filters: tuple[FilterTest, ...]
    key: tuple[tuple[str, RowStep], ...]
    natural: tuple[tuple[str, RowStep], ...]
    chosen: Callable[[Values], Scalar] | None
    rows: tuple[RowStep | BlockStep, ...]
    update_rows: tuple[RowStep | BlockStep, ...]
    writes: tuple[WriteStep, ...]
    adopt: tuple[AdoptCheck, ...]
    also_match: tuple[Mapping[str, str], ...]
    key_warnings: tuple[tuple[str, str], ...]
    number: str
    rule: str
    derived_number: Callable[[Values], str] | None
    asked: tuple[tuple[str, str | None], ...]
