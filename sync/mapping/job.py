"""One record on its way through the rows of a plan, and what a step of a row is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType

from sync.errors import DataError, NotReady
from sync.mapping.terms import Facts, Field
from sync.model import Scalar, Values

NOTHING_KEPT: Mapping[str, str] = MappingProxyType({})


class LeftOut(Enum):
    """Instead of a value: the field, or the block it stands in, is not sent."""

    FIELD = "field"
    BLOCK = "block"


class Job:
    """One record on its way through the rows.

    `linked` tells that it is linked; `kept` is what its link keeps of earlier runs, `keeps` what it shall keep as well.
    `target` is the existing row of the target, `own` the key value that it has there, or will have. `known` remembers
    values for other rows: by target column, in writes behind the first by "<step>.<column>". `natural` has the fields
    that it was identified by, `troubles` why steps cannot be done. `header` are the source values of the document that
    a line belongs to.
    """

    __slots__ = (
        "company",
        "facts",
        "header",
        "hopes",
        "keeps",
        "kept",
        "known",
        "linked",
        "natural",
        "own",
        "target",
        "troubles",
        "warnings",
    )

    def __init__(
        self,
        facts: Facts,
        target: Values | None = None,
        *,
        linked: bool = False,
        kept: Mapping[str, str] = NOTHING_KEPT,
        header: Values | None = None,
    ) -> None:
        self.facts = facts
        self.target = target
        self.linked = linked
        self.kept = kept
        self.header = header
        self.keeps: dict[str, str] = {}
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
