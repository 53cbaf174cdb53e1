"""The compiled parts of a plan: closures and small tables, made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from sync.mapping.job import BlockStep, Job, RowStep
from sync.mapping.terms import Facts, LineMapped, Mapped, StepMapped
from sync.model import Record, Scalar, Values

TABLE_OF = "@lookuplogicalname"
"""Stands behind a lookup column as it is read: the table that it points to (wire.md 1.5)."""

type WriteStep = Callable[[Values, Job], StepMapped]
type LinesStep = Callable[[Record, Mapping[str, Scalar], Job], tuple[LineMapped, ...]]
"""What the lines of a document become, by its key and behind its own rows."""


@dataclass(frozen=True, slots=True)
class FilterTest:
    """A compiled filter; `linked` says what it means for a linked record, `replaced_by` is the column with the id of
    the record that has taken the place of one that is refused ("" for none), `warns` that it refuses none."""

    passes: Callable[[Record, Facts], bool]
    code: str
    linked: Literal["refuse", "pass", "warn"]
    replaced_by: str = ""
    warns: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """Links that rows or filters ask for by a source column (None: by the record itself).

    `mappings` has the file of each table that the lookup may point to, or one file under "". With `by_target` the
    column holds the key of the link's counterpart, which has this name there. `line` tells that a line has the column.
    """

    column: str | None
    mappings: Mapping[str, str]
    by_target: str = ""
    line: bool = False

    def mapping(self, values: Values) -> str:
        """The file whose link is asked for, "" for none."""
        table = str(values.get(f"{self.column}{TABLE_OF}") or "")
        return self.mappings.get("") or self.mappings.get(table, "")


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
    `derived_number` makes it where no source column holds it. `asked` are the links that are looked up, `lines` makes
    the lines of a document.
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
    asked: tuple[Asked, ...]
    lines: LinesStep | None = None
