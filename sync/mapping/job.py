"""One record on its way through the rows of a plan, and what a step of a row is."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from sync.errors import DataError, NotReady
from sync.mapping.terms import Facts, Field
from sync.model import Scalar, Values


class LeftOut(Enum):
    """Instead of a value: the field, or the block it stands in, is not sent."""

    FIELD = "field"
    BLOCK = "block"


class Job:
    """One record on its way through the rows.

    `target` is the existing row of the target, `own` the key value that it has there, or will have. `known` remembers
    values for other rows: by target column, in writes behind the first by "<step>.<column>". `natural` has the fields
    that it was identified by, `troubles` why steps cannot be done.
    """

    __slots__ = ("company", "facts", "hopes", "known", "natural", "own", "target", "troubles", "warnings")

    def __init__(self, facts: Facts, target: Values | None = None) -> None:
        self.facts = facts
        self.target = target
        self.company = ""
        self.own: Scalar | None = None
        self.warnings: dict[str, None] = {}
        self.hopes: dict[str, None] = {}
        self.known: dict[str, Scalar | None] = {}
        self.troubles: dict[str, DataError | NotReady] = {}
        self.natural: dict[str, Field | LeftOut] = {}

    def warn(self, code: str) -> None:
        """Note a warning, once."""
        if code:
            self.warnings[code] = None


type Result = Scalar | LeftOut | None
type Stage = Callable[[Scalar | None, Job], Result]
type RowStep = Callable[[Values, Job], Field | LeftOut]
type BlockStep = Callable[[Values, Job], tuple[Field, ...]]
