"""One tree of errors, named by what to do next.

    SyncError
    ├── ConfigError     set up wrong: the flow stops and says so, no queue delivery is burned
    │   └── MassChange  more is gone or has changed than a setting lets through: a person decides
    ├── DataError       this record cannot be written as it is: parked as an issue, the others go on
    ├── NotReady        something else must exist first: a waiting row, released by the link or the sweep
    ├── Transient       try again later, after `delay` seconds
    │   ├── Throttled   the system said when (429, 503)
    │   ├── Busy        somebody else is at it, for `delay` seconds at most
    │   ├── Unavailable a whole system does not answer: no record is to blame
    │   ├── Contested   it is about the record, which other workers are at, too
    │   ├── Outdated    other rules hold for the flow now than those that this host was started with
    │   └── Unsure      the request may have been done: the claim is kept until its lease ends
    └── Conflict        both sides changed (two-way fields only)

Anything else is a bug: it is raised to the Functions host, whose poison function makes an issue of it.
"""

from __future__ import annotations

from collections.abc import Mapping


class SyncError(Exception):
    """An error with two readers: `what` and `remedy` for the operator, `details` for the engineer.

    Texts hold no token, key or personal data; `details` holds request ids and codes.
    """

    def __init__(
        self, what: str, *, where: str = "", remedy: str = "", details: Mapping[str, str] | None = None
    ) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        self.details = dict(details or {})
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        cure = f" {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{cure}"


class ConfigError(SyncError):
    """The app is set up wrong: a mapping, a setting, a right or an unknown column.

    `code` is that of the issue which tells that the flow is stopped.
    """

    code = "flow-stopped"


class MassChange(ConfigError):
    """More of a flow's records are gone or have changed at once than a setting lets through (promise 9)."""

    code = "mass-change"


class DataError(SyncError):
    """A record cannot be written as it is.

    `code` is a reason code of flows.md 1.10 without values, `column` the target property it is about (or "").
    `retryable` tells the sweep to try again with growing pauses, since reference data may have been mended.
    """

    def __init__(
        self,
        code: str,
        what: str,
        *,
        column: str = "",
        retryable: bool = False,
        where: str = "",
        remedy: str = "",
        details: Mapping[str, str] | None = None,
    ) -> None:
        self.code = code
        self.column = column
        self.retryable = retryable
        super().__init__(what, where=where, remedy=remedy, details=details)


class NotReady(SyncError):
    """A reference, or a reference datum, does not exist yet.

    `code` is a waiting code of flows.md 1.10, `awaits` names what is waited for: "<mapping>:<id>" for a link,
    "<mapping>>:<key>" for the link whose counterpart has this key, "<system>:<set>:<id>" for reference data. `others`
    are waited for, too: the record is taken up when any of them is there, and may then wait for the rest.
    """

    def __init__(
        self,
        code: str,
        what: str,
        *,
        awaits: str,
        others: tuple[str, ...] = (),
        where: str = "",
        remedy: str = "",
    ) -> None:
        self.code = code
        self.awaits = awaits
        self.others = others
        super().__init__(what, where=where, remedy=remedy)


class Transient(SyncError):
    """Nothing is wrong with the record; try again in `delay` seconds."""

    def __init__(
        self,
        what: str,
        *,
        delay: float,
        where: str = "",
        remedy: str = "",
        details: Mapping[str, str] | None = None,
    ) -> None:
        self.delay = delay
        super().__init__(what, where=where, remedy=remedy, details=details)


class Throttled(Transient):
    """The system asked to be left alone for `delay` seconds; nothing of the request was done."""


class Busy(Transient):
    """Another worker holds what is needed; it is free after `delay` seconds at the latest."""


class Unavailable(Transient):
    """A whole system, storage or the identity service does not answer: whatever was asked, no record is to blame."""


class Contested(Transient):
    """Other workers of the app are at the same record: it waits for what they come to; no system is to blame."""


class Outdated(Transient):
    """Other rules hold for the flow than those that this process goes by: its messages are for a process of theirs."""


class Unsure(Transient):
    """No answer came, or none that can be read: the request may or may not have been done."""


class Conflict(SyncError):
    """Both sides changed since the last sync; the mapping's `wins` decides."""
