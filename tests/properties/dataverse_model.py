"""What accounts and contacts of a Dataverse organisation must be after any writes: a model of dictionaries.

Rules are those of wire.md 1.2 to 1.5 and 1.9, and for deletes the relationships of the platform: an account takes its
contacts with it, a contact the contacts below it, every other lookup to a row that is gone is emptied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

type Row = dict[str, Any]
type Known = tuple[str, str]
"""Entity set and id."""
type Verb = Literal["create", "upsert", "update", "delete"]

NAVIGATIONS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "accounts": {
        "parentaccountid": ("_parentaccountid_value", "accounts"),
        "primarycontactid": ("_primarycontactid_value", "contacts"),
    },
    "contacts": {
        "parentcustomerid_account": ("_parentcustomerid_value", "accounts"),
        "parentcustomerid_contact": ("_parentcustomerid_value", "contacts"),
    },
}
"""Navigation property to the column that shows it and the set it leads to."""
KEY_COLUMN = "msdynce_contactnumber"
"""The alternate key of contacts, which the Prospect-to-cash solution brings."""
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "accounts": (
        "accountid", "name", "accountnumber", "description", "numberofemployees", "creditonhold", "statecode",
        "statuscode", "_parentaccountid_value", "_primarycontactid_value",
    ),
    "contacts": (
        "contactid", "lastname", "firstname", "jobtitle", KEY_COLUMN, "statecode", "statuscode",
        "_parentcustomerid_value",
    ),
}  # fmt: skip
KEY: Mapping[str, str] = {"accounts": "accountid", "contacts": "contactid"}
_FIRST: Mapping[str, Row] = {
    "accounts": {"creditonhold": False, "statecode": 0, "statuscode": 1},
    "contacts": {"statecode": 0, "statuscode": 1},
}
BAD_REQUEST, MISSING, FAILED_CONDITION = 400, 404, 412


class RefusedError(Exception):
    """The model refuses a write; `statuses` are those that the answer may carry."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(statuses)
        self.statuses = statuses


@dataclass(frozen=True)
class Write:
    """One write of one row, to be sent alone, in a batch, in a change set or as a target of a bulk message.

    `id` is None for a create whose id the server chooses. `bad` is put into the payload and makes it unacceptable.
    """

    verb: Verb
    entity_set: str
    id: str | None
    values: Mapping[str, Any] = field(default_factory=dict)
    binds: Mapping[str, str | None] = field(default_factory=dict)
    if_match: str | None = None
    if_none_match: str | None = None
    bad: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Organisation:
    """The rows by set and id, and the ETag that each was last read with.

    `log` names every row that was written or deleted, in that order; the first `looked` entries are from before the
    ETags were read.
    """

    rows: dict[str, dict[str, Row]] = field(default_factory=lambda: {"accounts": {}, "contacts": {}})
    etags: dict[Known, str] = field(default_factory=dict)
    log: list[Known] = field(default_factory=list)
    looked: int = 0

    def touched(self) -> set[Known]:
        """What was written since the ETags were read."""
        return set(self.log[self.looked :])

    def together(self, writes: Sequence[Write]) -> None:
        """All writes or none. Raises `RefusedError` for the first that is refused."""
        before, length = deepcopy(self.rows), len(self.log)
        try:
            for write in writes:
                self.apply(write)
        except RefusedError:
            self.rows = before
            del self.log[length:]
            raise

    def apply(self, write: Write) -> None:
        """Do one write whose id is known. Raises `RefusedError`, and then nothing is changed."""
        assert write.id is not None
        rows, known = self.rows[write.entity_set], (write.entity_set, write.id)
        exists = write.id in rows
        problems = self._problems(write)
        if not exists and (write.verb in ("update", "delete") or write.if_match is not None):
            raise RefusedError(MISSING, *problems)
        if exists and (write.verb == "create" or write.if_none_match == "*"):
            raise RefusedError(FAILED_CONDITION, *problems)
        if exists and write.if_match not in (None, "*") and not self._fresh(known, write.if_match):
            raise RefusedError(FAILED_CONDITION, *problems)
        if problems:
            raise RefusedError(*problems)
        if write.verb == "delete":
            self._delete(write.entity_set, write.id)
            return
        row = dict(rows[write.id]) if exists else {**_FIRST[write.entity_set], KEY[write.entity_set]: write.id}
        row |= write.values
        row |= {NAVIGATIONS[write.entity_set][name][0]: target for name, target in write.binds.items()}
        rows[write.id] = {name: value for name, value in row.items() if value is not None}
        self.log.append(known)

    def _fresh(self, known: Known, etag: str | None) -> bool:
        return known not in self.touched() and self.etags.get(known) == etag

    def _problems(self, write: Write) -> tuple[int, ...]:
        """With which statuses a payload may be refused."""
        targets = {(NAVIGATIONS[write.entity_set][name][1], target) for name, target in write.binds.items() if target}
        missing = any(target not in self.rows[target_set] for target_set, target in targets)
        number = write.values.get(KEY_COLUMN)
        taken = number and any(
            row.get(KEY_COLUMN) == number for id, row in self.rows["contacts"].items() if id != write.id
        )
        return ((BAD_REQUEST, MISSING) if write.bad or missing else ()) + ((FAILED_CONDITION,) if taken else ())

    def _delete(self, entity_set: str, id: str) -> None:
        self.log.append((entity_set, id))
        for contact in [one for one, row in self.rows["contacts"].items() if row.get("_parentcustomerid_value") == id]:
            if contact in self.rows["contacts"]:
                self._delete("contacts", contact)
        for account, row in self.rows["accounts"].items():
            for column in ("_parentaccountid_value", "_primarycontactid_value"):
                if row.get(column) == id:
                    del row[column]
                    self.log.append(("accounts", account))
        del self.rows[entity_set][id]
