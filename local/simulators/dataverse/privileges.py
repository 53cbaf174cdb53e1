"""Which privileges the caller has, by table (wire.md 1.12); switches take them away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.simulators.dataverse import errors
from local.simulators.dataverse.rules import refusals
from local.simulators.dataverse.schema import Table

_NAMES = {
    "read": "Read", "write": "Write", "create": "Create", "delete": "Delete", "append": "Append",
    "append_to": "AppendTo", "organization_read": "Read",
}  # fmt: skip
_TO_MERGE = ("read", "write", "append", "append_to")
"""What a merge takes on the table, beside the privilege to merge at all; sharing is not simulated."""


class Privileges:
    """What the one caller of the simulator may do."""

    def __init__(self, switch: Callable[[str], Any], user_id: str) -> None:
        self._switch = switch
        self._user_id = user_id

    def check(self, table: Table, privilege: str) -> None:
        """Raise `errors.Refusal` when the caller lacks the privilege (one of `switches.PRIVILEGES`) on the table."""
        if table.entity_set in self._switch(f"no_{privilege}"):
            raise errors.no_privilege(_NAMES[privilege], table.schema, self._user_id)

    def check_merge(self, table: Table) -> None:
        """Raise `errors.Refusal` when the caller may not merge rows of the table: the same one, whatever is missing."""
        lacking = [privilege for privilege in _TO_MERGE if table.entity_set in self._switch(f"no_{privilege}")]
        if lacking or self._switch("no_merge"):
            raise refusals.merge_not_allowed()
