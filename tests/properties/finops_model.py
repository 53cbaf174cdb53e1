"""What customers and contact persons of an F&O environment must be after any writes: a model of dictionaries.

Rules are those of wire.md 2.2 to 2.5: keys compare without case (flows.md 1.2), a row of another company is there only
with `cross-company=true`, PATCH of a missing key creates nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

type Row = dict[str, Any]
type Known = tuple[str, str, str]
"""Entity set, company, number without case."""

NUMBER: Mapping[str, str] = {"CustomersV3": "CustomerAccount", "ContactPersons": "ContactPersonId"}
PARTY: Mapping[str, str] = {"CustomersV3": "PartyNumber", "ContactPersons": "ContactPersonPartyNumber"}
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "CustomersV3": (
        "dataAreaId", "CustomerAccount", "PartyNumber", "OrganizationName", "CustomerGroupId", "SalesCurrencyCode",
        "CreditLimit", "SalesMemo", "OnHoldStatus",
    ),
    "ContactPersons": (
        "dataAreaId", "ContactPersonId", "ContactPersonPartyNumber", "FirstName", "LastName", "EmploymentProfession",
        "AssociatedPartyNumber",
    ),
}  # fmt: skip
EMPTY: Mapping[str, Row] = {
    "CustomersV3": {"CreditLimit": 0, "SalesMemo": "", "OnHoldStatus": "No"},
    "ContactPersons": {"FirstName": "", "EmploymentProfession": ""},
}
OWN_COMPANY = "usmf"


class RefusedError(Exception):
    """The model refuses a write; `statuses` are those that the answer may carry outside of a change set."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(statuses)
        self.statuses = statuses


@dataclass(frozen=True)
class Write:
    """One write of one row. `number` None lets the number sequence choose; `bad` makes the payload unacceptable."""

    verb: Literal["create", "update", "delete"]
    entity_set: str
    company: str
    number: str | None
    values: Mapping[str, Any] = field(default_factory=dict)
    cross_company: bool = True
    if_match: str | None = None
    bad: Mapping[str, Any] = field(default_factory=dict)

    @property
    def known(self) -> Known:
        return self.entity_set, self.company, str(self.number).casefold()


@dataclass
class Environment:
    """The rows, the ETag that each was last read with, and what was written since."""

    rows: dict[Known, Row] = field(default_factory=dict)
    etags: dict[Known, str] = field(default_factory=dict)
    touched: set[Known] = field(default_factory=set)

    def check(self, write: Write) -> None:
        """Raises `RefusedError` for a write that must be refused."""
        exists = write.known in self.rows
        problems = (400,) if write.bad else ()
        if write.verb == "create":
            if problems or (exists and write.number is not None):
                raise RefusedError(400)
            return
        hidden = write.company != OWN_COMPANY and not write.cross_company
        if not exists or hidden:
            raise RefusedError(404, *problems)
        if write.if_match is not None and (write.known in self.touched or self.etags[write.known] != write.if_match):
            raise RefusedError(412, *problems)
        if problems:
            raise RefusedError(400)

    def apply(self, write: Write, created: Mapping[str, Any] | None = None) -> None:
        """Do a write that was acknowledged; `created` is the body of the answer to a create."""
        if write.verb == "delete":
            del self.rows[write.known]
            return
        if created is not None:
            number, party = NUMBER[write.entity_set], PARTY[write.entity_set]
            known = (write.entity_set, write.company, str(created[number]).casefold())
            given = {"dataAreaId": write.company, number: created[number], party: created[party]}
            self.rows[known] = {**EMPTY[write.entity_set], **write.values, **given}
            self.touched.add(known)
            return
        before = self.rows[write.known]
        self.rows[write.known] = {**before, **write.values}
        if self.rows[write.known] != before:
            self.touched.add(write.known)

    def trial(self, writes: Sequence[Write]) -> bool:
        """Whether a change set of these writes must be done; nothing is changed."""
        trial = deepcopy(self)
        for place, write in enumerate(writes):
            try:
                trial.check(write)
            except RefusedError:
                return False
            number = write.number or f"new {place}"
            made = {NUMBER[write.entity_set]: number, PARTY[write.entity_set]: ""}
            trial.apply(write, made if write.verb == "create" else None)
        return True

    def visible(self, entity_set: str, *, cross_company: bool) -> list[Row]:
        """The rows that a list of the set shows."""
        return [
            row
            for (name, company, _), row in self.rows.items()
            if name == entity_set and (cross_company or company == OWN_COMPANY)
        ]
